"""The settings as they are understood: as text, and as JSON (schemas/config.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opfixtures.report.screen import BOLD, Screen, wrapped
from opfixtures.report.settings_check import kind_text, project_json
from opfixtures.repository.printable import printable
from opfixtures.settings.understood import Setting
from opfixtures.synthesis.library.settings_check import Checked

SCHEMA = 1
"""Rises with a change of meaning."""


class Shown(NamedTuple):
    """A project: its settings, and which runtime serves which version."""

    settings: Sequence[Setting]
    checked: Checked


def config_text(shown: Sequence[Shown], screen: Screen) -> str:
    """A line a setting, with where it comes from; then the runtime for each version, and what is to be mended."""
    return "\n".join("".join(f"{line}\n" for line in _lines(one, screen)) for one in shown)


def config_json(shown: Sequence[Shown]) -> str:
    """The same as one object."""
    projects = []
    for one in shown:
        settings = [{"key": key.key, "value": _json(key), "from": key.origin} for key in one.settings]
        projects.append({**project_json(one.checked), "values": settings})
    return json.dumps({"schema": SCHEMA, "projects": projects}, indent=2) + "\n"


def _json(setting: Setting) -> str | list[str] | None:
    return list(setting.value) if isinstance(setting.value, tuple) else setting.value


def _lines(one: Shown, screen: Screen) -> Iterator[str]:
    told = [setting for setting in one.settings if setting.value]
    width = max(len(setting.key) for setting in told)
    origins = dict.fromkeys(setting.origin for setting in told)
    for origin in origins:
        yield screen.painted(f"from {printable(origin)}:" if origin != "default" else "by default:", BOLD)
        for setting in (setting for setting in told if setting.origin == origin):
            value = setting.value if isinstance(setting.value, str) else ", ".join(setting.value or ())
            head = f"  {setting.key:<{width}}  "
            first, *more = wrapped(value, screen.width - len(head), more="")
            yield head + first
            yield from (" " * len(head) + line for line in more)
    yield ""
    yield from _runtimes(one.checked, screen)
    for problem in one.checked.problems:
        yield from wrapped(f"to be mended: {problem}", screen.width, more="    ")


def _runtimes(checked: Checked, screen: Screen) -> Iterator[str]:
    """Which runtime has an operator as it was before a bump: versions that have the same are told together."""
    together: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    kinds = {}
    for served in checked.served:
        name = served.runtime.name if served.runtime else "no runtime: add one to `runtimes`"
        together.setdefault((name, served.operators), []).append(served.version)
        kinds[name] = kind_text(served.runtime) if served.runtime else ""
    if together:
        head = "what makes the fixture of an operator, by the version that it is bumped at:"
        yield from (screen.painted(line, BOLD) for line in wrapped(head, screen.width, more=""))
    for (name, operators), versions in together.items():
        first, *_, last = [*versions, versions[-1]]
        head = f"  {first if first == last else f'{first} to {last}'}".ljust(10)
        of = f", for {', '.join(operators)}" if operators else ""
        kind = "" if kinds[name] == name.replace("-", " ") or not kinds[name] else f": {kinds[name]}"
        start, *more = wrapped(f"{name}{kind}{of}", screen.width - len(head), more="")
        yield head + start
        yield from (" " * len(head) + line for line in more)
    if checked.guards and not checked.served:
        yield from wrapped(
            f"guards are made by {checked.guards.name}: {kind_text(checked.guards)}", screen.width
        )
