"""The command line: from arguments to an exit status. Which commands there are is in `opfixtures.commands.parsers`."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.commands.exit_status import ended
from opfixtures.commands.parsers import COMMANDS, meant, parser_of

__all__ = ["COMMANDS", "main"]


def main(argv: Sequence[str]) -> int:
    """Run one subcommand.

    Returns:
        0: nothing wrong. 1: an error finding, a fixture refused or mismatching. 2: usage, configuration, git
        or network.
    """
    parser = parser_of(argv)
    for word in argv[: argv.index("--")] if "--" in argv else argv:
        name, _, value = word.partition("=")
        # Python 3.11 would make a list of it: https://github.com/python/cpython/issues/109475
        if name.startswith("--") and value == "--":
            parser.error(f"argument {name}: expected a value, not '--'")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(f"there is no option or argument {unknown[0]!r}{meant(parser, argv, unknown[0])}")
    return ended(lambda: int(options.main(options)), debug=getattr(options, "debug", False))
