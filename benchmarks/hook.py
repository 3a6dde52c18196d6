"""How long the hook takes, next to a Python that does nothing.

    python benchmarks/hook.py [--runs N] [--command PATH]

Runs the installed `opfixtures check` in a repository of PyTorch's size and shape: with an untouched version map, at the
root, in a folder, and beside settings, short ones and wordy ones; and with one that one entry was added to, or a
hundred. Prints medians of N interleaved runs and their ratios to `python -c pass`. Exit status 1 where a ratio is above
its limit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Command, medians, report
from tree import add_entries, repository

BARE = "python -c pass"
PLAIN = """\
[tool.opfixtures]
preset = "pytorch"
"""
WORDY = f"""\
{PLAIN}operators = ["folder0/**/*.yaml"]
identity-upgraders = {{ op0_0_9 = "nothing changes: it's the same kernel" }}

[tool.opfixtures.waivers."aten::op1"]
codes = ["OPF201"]
reason = "Größe: torch doesn't say, see https://example.org/1"
expires = 2099-12-31

[tool.opfixtures.accepted-breaks."aten::op2"]
how = "does not load"
release = "torch 3"
reason = "it's wrong in the old one, and nobody asked for that"
"""
"""What a settings file has to say, with all that people say in it."""
LIMITS = {
    "untouched map": (BARE, 3.0),
    "untouched map in a folder": (BARE, 3.0),
    "with settings": (BARE, 3.0),
    "with waivers, notes, operators": (BARE, 3.0),
    "changed map": (BARE, 8.0),
    "100 operators added": (BARE, 12.0),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the hook")
    parser.add_argument("--runs", type=int, default=30, help="default: %(default)s")
    installed = Path(sys.executable).with_name("opfixtures")
    parser.add_argument("--command", default=str(installed), help="default: the one beside this Python")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        untouched, changed = repository(Path(folder, "untouched")), repository(Path(folder, "changed"))
        below = repository(Path(folder, "below"), folder="third_party/pytorch")
        hundred = repository(Path(folder, "hundred"))
        settled, wordy = (
            repository(Path(folder, name), settings=text)
            for name, text in (("plain", PLAIN), ("wordy", WORDY))
        )
        add_entries(changed)
        add_entries(hundred, 100)
        check = (options.command, "check")
        commands = {
            BARE: Command((sys.executable, "-c", "pass"), untouched),
            "untouched map": Command(check, untouched),
            "untouched map in a folder": Command(check, below),
            "with settings": Command(check, settled),
            "with waivers, notes, operators": Command(check, wordy),
            "changed map": Command(check, changed, status=1),
            "100 operators added": Command(check, hundred, status=1),
        }
        return int(report(options.runs, medians(commands, options.runs), LIMITS))


if __name__ == "__main__":
    raise SystemExit(main())
