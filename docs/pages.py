"""Writes what the docs say and the program knows: the findings, the commands, the settings, the Action's inputs.

    python docs/pages.py

Each has one source. Whole pages are written anew; in others what stands between two marks is:

    <!-- settings: written by docs/pages.py -->
    ...
    <!-- end of settings -->

`tests/docs/test_pages.py` fails where what is committed is not what would be written.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from unittest import mock

import yaml

from opfixtures import cli
from opfixtures.rules import RULES
from opfixtures.rules.waived import NOT_TO_BE_WAIVED
from opfixtures.settings.described import RUNTIME_SETTINGS, SETTINGS, Described

DOCS = Path(__file__).resolve().parent
BENCHMARKS = DOCS.parent / "benchmarks"
ACTION = DOCS.parent / "action.yml"
MEASURED = BENCHMARKS / "measured.json"
"""What `make bench` found last."""
OWN = {"--help", "--debug"}
"""Options that each command has."""


def main() -> int:
    """Write all pages that are not as they should be, and name them."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.relative_to(DOCS.parent)}\n")
    return 0


def pages() -> dict[Path, str]:
    """What each page that is written here has to be."""
    configuration = _page("configuration.md")
    workflows = _page("workflows.md")
    return {
        DOCS / "findings.md": findings(),
        DOCS / "commands.md": commands(),
        DOCS / "configuration.md": _put(
            _put(configuration, "settings", settings(SETTINGS)), "runtimes", settings(RUNTIME_SETTINGS)
        ),
        DOCS / "workflows.md": _put(
            _put(workflows, "inputs", action("inputs")), "outputs", action("outputs")
        ),
        DOCS / "performance.md": _put(_page("performance.md"), "limits", limits()),
    }


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _put(text: str, name: str, written: str) -> str:
    """`text` with `written` between the marks of `name`."""
    begin, end = f"<!-- {name}: written by docs/pages.py -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"docs/pages.py: no marks of {name}")
    return f"{before}{begin}\n{written}\n\n{end}{after}"


def findings() -> str:
    """The page of all findings: the texts that `opfixtures explain` prints."""
    parts = [
        "# Findings",
        "Each finding has a code. `opfixtures explain OPF201` prints what this page says of it. Errors end `check`"
        " with status 1; warnings and notes do not.",
        "A finding that has to wait is [waived](configuration.md#waivers), with a reason and a date.",
        _table(("code", "severity", "says that"), _rows_of_findings()),
    ]
    for code, rule in sorted(RULES.items()):
        parts += [f"## {code}", f"*{rule.severity}*", _prose(cleandoc(rule.page))]
        if why := NOT_TO_BE_WAIVED.get(code):
            parts.append(f"It cannot be waived: {why}.")
    return "\n\n".join(parts) + "\n"


def _rows_of_findings() -> Iterator[tuple[str, ...]]:
    for code, rule in sorted(RULES.items()):
        yield f"[{code}](#{code.lower()})", str(rule.severity), _cell(cleandoc(rule.page).partition("\n")[0])


def _prose(text: str) -> str:
    """A page for a terminal as Markdown: what looks like a list there is one, and nothing is HTML by accident."""
    return "\n".join(
        line if line.startswith("    ") else re.sub(r"<(?=[^`]*(?:`[^`]*`[^`]*)*$)", r"\\<", line)
        for line in text.split("\n")
    )


def commands() -> str:
    """The page of all commands, by the parser of each."""
    parts = [
        "# Commands",
        "`opfixtures COMMAND --help` says the same. `--debug` shows the traceback of an error, for each of them.",
        _table(
            ("command", "use it to"),
            ((f"[`{name}`](#{name})", _cell(does)) for name, does in subcommands().items()),
        ),
        EXIT_STATUS,
    ]
    for name, does in subcommands().items():
        parser = parser_of(name)
        parts += [f"## {name}", _cell(parser.description or f"{does[0].upper()}{does[1:]}.")]
        usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
        parts.append(f"    {usage}".replace(" [-h] [--debug]", ""))
        if parser.epilog:
            parts.append(re.sub(r"(?i)^examples?: *(.*)$", r"Example: `\1`", " ".join(parser.epilog.split())))
        if rows := list(_rows_of_options(parser)):
            parts.append(_table(("argument", "means"), rows))
    return "\n\n".join(parts) + "\n"


EXIT_STATUS = """\
| exit status | means |
| --- | --- |
| 0 | nothing is wrong |
| 1 | there is a finding that is an error, or a fixture that is not [green](fixtures.md) |
| 2 | usage, configuration, git or the network |
| 128 and more | a signal ended the command: its number is added. Nothing runs on, and nothing is half written |

The schemas of the JSON formats are in the folder `opfixtures/report/schemas`."""


def subcommands() -> dict[str, str]:
    """All commands, each with the sentence that `opfixtures --help` has for it."""
    (action,) = (one for one in parser_of()._actions if isinstance(one, argparse._SubParsersAction))
    return {one.dest: one.help or "" for one in action._choices_actions}


@cache
def parser_of(*name: str) -> argparse.ArgumentParser:
    """The parser of a command, as the command line makes it; without a name that of all commands."""
    seen: list[argparse.ArgumentParser] = []

    def print_help(parser: argparse.ArgumentParser, _file: object = None) -> None:
        seen.append(parser)

    with (
        mock.patch.object(argparse.ArgumentParser, "print_help", print_help),
        mock.patch.dict(os.environ, {"COLUMNS": "80", "NO_COLOR": "1"}),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        cli.main([*name, "--help"])
    (parser,) = seen
    return parser


def _rows_of_options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if OWN & set(action.option_strings) or action.help == argparse.SUPPRESS:
            continue
        values = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else "")
        names = ", ".join(action.option_strings)
        text = " ".join(f"{names} {values if action.nargs != 0 else ''}".split()) or action.dest
        told = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
        yield f"`{text}`".replace("|", "\\|"), _cell(told)


def settings(described: Iterable[Described]) -> str:
    """A table of settings: what each is, and a line that sets it."""
    return _table(
        ("key", "is", "for example"), ((f"`{one.key}`", one.means, f"`{one.example}`") for one in described)
    )


def action(kind: str) -> str:
    """The table of the Action's inputs or outputs."""
    read = yaml.safe_load(ACTION.read_text(encoding="utf-8"))[kind]
    if kind == "outputs":
        return _table(("output", "is"), ((f"`{name}`", one["description"]) for name, one in read.items()))
    rows = ((f"`{name}`", one["description"], _default(one.get("default"))) for name, one in read.items())
    return _table(("input", "means", "default"), rows)


def limits() -> str:
    """The table of what `make bench` measures, by the limits in its scripts."""
    rows: list[tuple[str, ...]] = []
    found = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {"ratios": {}}
    with mock.patch.object(sys, "path", [str(BENCHMARKS), *sys.path]):
        for script in import_module("all").SCRIPTS:
            for what, (beside, most) in import_module(script).LIMITS.items():
                ratio = found["ratios"].get(what)
                took = (
                    "" if ratio is None else f"{ratio:g} times" if ratio <= most else f"**{ratio:g} times**"
                )
                rows.append(
                    (what, f"`{beside}`", took, f"{most:g} times", f"`python benchmarks/{script}.py`")
                )
    table = _table(("what", "beside", "took", "may take", "measured by"), rows)
    if found["ratios"]:
        table += f"\n\nMeasured on {found['day']} with Python {found['python']} on {found['processor']}."
    return table


def _default(value: str | None) -> str:
    return f"`{value}`" if value else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(re.sub(r" +\|", " |", f"| {' | '.join(line)} |") for line in lines)


def _cell(text: str) -> str:
    """A text on one line, in which nothing is a column or HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    sys.exit(main())
