"""`opfixtures` and `python -m opfixtures`."""

import os
import sys

from opfixtures import hook_fast_path


def command() -> None:
    """Run the command line and end the process."""
    status = main()
    if sys.argv[1:] == ["check"]:
        # All is written. Python would take every module apart first, for a tenth of the time of a check.
        os._exit(status)
    sys.exit(status)


def main() -> int:
    """Run the command line; returns the exit status, 130 where it was interrupted."""
    try:
        differing = hook_fast_path.differing(sys.argv[1:])
        if differing == []:
            os.write(1, b"opfixtures: nothing is owed\n")
            return 0
        if sys.argv[1:] == ["check"]:
            return _check(differing)
        from opfixtures import cli

        return cli.main(sys.argv[1:])
    except KeyboardInterrupt:
        if "--debug" in sys.argv:
            raise
        os.write(2, b"opfixtures: interrupted\n")
        return 130


def _check(differing: list[str] | None) -> int:
    # As the hook calls it: argparse, and a collector for a process that is over at once, only cost it time.
    import gc

    gc.disable()
    from opfixtures.commands import check
    from opfixtures.ending import ended

    return ended(lambda: check.run(differing=differing), debug=False)


if __name__ == "__main__":
    command()
