"""`opfixtures` and `python -m opfixtures`."""

import os
import sys

from opfixtures.commands import hook_fast_path


def command() -> None:
    """Run the command line and end the process."""
    status = main()
    if sys.argv[1:] == ["check"]:
        # All is written. Python would take every module apart first, for a tenth of the time of a check.
        os._exit(status)
    sys.exit(status)


def main() -> int:
    """Run the command line; returns the exit status, 128 and the number of a signal that ended it, 2 without a standard
    output."""
    try:
        _open_streams()
        look = hook_fast_path.first_look(sys.argv[1:])
        if look is not None and not look[0]:
            os.write(1, b"opfixtures: no problems found\n")
            if sys.argv[1:] == ["check"]:
                hook_fast_path.say_that_nothing_is_staged()
            return 0
        if sys.argv[1:] == ["check"]:
            return _check(look)
        return _command()
    except KeyboardInterrupt:
        if "--debug" in sys.argv:
            raise
        from opfixtures.commands import signals

        said, status = signals.what_came(signals.came())
        _complain(said)
        return status
    except BrokenPipeError:
        # As in `exit_status`: who reads no more has seen enough.
        return 1
    except OSError as error:
        _complain(f"error: {error.strerror}")
        return 2


def _command() -> int:
    from opfixtures import cli
    from opfixtures.commands import signals

    signals.heed()
    try:
        status = cli.main(sys.argv[1:])
    except OSError:
        if signals.came() is None:
            raise
        # It is of the tidying up.
        raise KeyboardInterrupt from None
    return status if signals.came() is None else signals.what_came(signals.came())[1]


def _complain(sentence: str) -> None:
    try:
        os.write(2, f"opfixtures: {sentence}\n".encode())
    except OSError:
        # Nobody listens. Python would try once more with what could not be written, and end with another status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _open_streams() -> None:
    """Raises OSError where standard output is closed. What else is closed opens on nothing, so that no file which
    is opened later takes its number."""
    _open_if_closed(0)
    try:
        os.fstat(1)
    except OSError as error:
        _open_if_closed(1)
        _open_if_closed(2)
        reason = "standard output is closed: direct it somewhere, to /dev/null if nobody reads it"
        raise OSError(error.errno, reason) from error
    if _open_if_closed(2):
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _open_if_closed(descriptor: int) -> bool:
    """Whether it was closed. Every lower one is open."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)
        return True
    return False


def _check(look: hook_fast_path.Look | None) -> int:
    # As the hook calls it: argparse, and a collector for a process that is over at once, only cost it time.
    import gc

    gc.disable()
    from opfixtures.commands import check
    from opfixtures.commands.exit_status import ended

    return ended(lambda: check.run(look=look, by_hand=True), debug=False)


if __name__ == "__main__":
    command()
