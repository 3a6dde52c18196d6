"""The inputs of action.yml, read once from `OPFIXTURES_<INPUT>` and cleaned one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from opfixtures.errors import UserError
from opfixtures.pull_request.events import Dispatch, Mode
from opfixtures.pull_request.payload import OBJECT_ID, is_branch

_LONGEST = 4096
_MOST_OPERATORS = 256
ARTIFACT = "opfixtures-result"
"""What the artifact is called, unless the workflow says otherwise."""
AUTHOR = "github-actions[bot]"
"""As whom the token of a job comments."""
ARTIFACT_NAME = re.compile(r"[A-Za-z0-9_.+-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(\[bot\])?")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a workflow asks for. `operators` are full names, `result` is the absolute path of the artifact's folder.

    `runtime` names the only runtime to make fixtures with, `post_change_python` is the Python of a build of the
    pull request, an absolute path or a command. `artifact` is the artifact's name, `author` the login that the token
    comments as. `require_fixtures` is None where nobody said: an error then for what nobody commits any more. `sweep`
    compares a library's operators before the change and after it.
    """

    mode: Mode
    token: str = field(repr=False)
    asked: Dispatch
    operators: tuple[str, ...]
    regenerate: bool
    dry_run: bool
    require_fixtures: bool | None
    commit: bool
    runtime: str | None
    post_change_python: str | None
    result: str
    artifact: str = ARTIFACT
    author: str = AUTHOR
    sweep: bool = False


INPUTS = (
    "mode",
    "token",
    "pull-request",
    "base",
    "head",
    "operators",
    "regenerate",
    "dry-run",
    "require-fixtures",
    "commit",
    "runtime",
    "post-change-python",
    "result",
    "artifact",
    "author",
    "sweep",
)
"""The names of all inputs that are read here, as action.yml has them."""


def variable(name: str) -> str:
    """The environment variable of an input."""
    return f"OPFIXTURES_{name.upper().replace('-', '_')}"


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """The inputs in `environment`. An empty one counts as not given. Raises UserError that names the input."""
    given = {name: environment.get(variable(name), "").strip() for name in INPUTS}
    for name, value in given.items():
        if len(value) > _LONGEST or not value.replace("\n", "").isprintable():
            raise _wrong(name, f"printable and of at most {_LONGEST} characters")
    return Inputs(
        mode=_mode(given["mode"]),
        token=_token(given["token"]),
        asked=Dispatch(_number(given["pull-request"]), _revision(given["base"]), _head(given["head"])),
        operators=_operators(given["operators"]),
        regenerate=_flag("regenerate", given["regenerate"]),
        dry_run=_flag("dry-run", given["dry-run"]),
        require_fixtures=_flag("require-fixtures", given["require-fixtures"])
        if given["require-fixtures"]
        else None,
        commit=_flag("commit", given["commit"]),
        runtime=_line("runtime", given["runtime"]),
        post_change_python=_python(given["post-change-python"], environment),
        result=_folder(given["result"], environment),
        artifact=_matching("artifact", given["artifact"] or ARTIFACT, ARTIFACT_NAME),
        author=_matching("author", given["author"] or AUTHOR, _LOGIN),
        sweep=_flag("sweep", given["sweep"]),
    )


def _mode(value: str) -> Mode:
    try:
        return Mode(value or Mode.ALL)
    except ValueError:
        raise _wrong("mode", f"one of {', '.join(Mode)}") from None


def _token(value: str) -> str:
    # It becomes a header of a request.
    if not value.isascii() or any(character.isspace() for character in value):
        raise _wrong("token", "a token: ASCII, without white space")
    return value


def _number(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19 and int(value)):
        raise _wrong("pull-request", "the number of a pull request")
    return int(value)


def _revision(value: str) -> str | None:
    if value and not (OBJECT_ID.fullmatch(value) or is_branch(value)):
        raise _wrong("base", "a branch, or the full id of a commit")
    return value or None


def _head(value: str) -> str | None:
    if value and not OBJECT_ID.fullmatch(value):
        raise _wrong("head", "the full id of a commit")
    return value or None


def _operators(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.split()))
    if len(names) > _MOST_OPERATORS or any("::" not in name or name.startswith("-") for name in names):
        raise _wrong("operators", f"up to {_MOST_OPERATORS} full names, such as aten::div.Tensor")
    return names


def _flag(name: str, value: str) -> bool:
    if value.lower() not in ("", "true", "false"):
        raise _wrong(name, "true or false")
    return value.lower() == "true"


def _line(name: str, value: str) -> str | None:
    if "\n" in value or value.startswith("-"):
        raise _wrong(name, "one line that does not start with '-'")
    return value or None


def _matching(name: str, value: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        raise _wrong(
            name, "a name of letters, digits, '.', '_', '+' and '-'" if name == "artifact" else "a login"
        )
    return value


def _python(value: str, environment: Mapping[str, str]) -> str | None:
    python = _line("post-change-python", value)
    # Without a slash it is a command on PATH.
    return _in_workspace(os.path.expanduser(python), environment) if python and "/" in python else python


def _folder(value: str, environment: Mapping[str, str]) -> str:
    if "\n" in value:
        raise _wrong("result", "the path of a folder")
    default = os.path.join(environment.get("RUNNER_TEMP") or ".", "opfixtures", "result")
    return _in_workspace(value, environment) if value else os.path.abspath(default)


def _in_workspace(path: str, environment: Mapping[str, str]) -> str:
    """The step runs elsewhere: a path in a workflow is meant from the workspace."""
    return os.path.abspath(os.path.join(environment.get("GITHUB_WORKSPACE") or ".", path))


def _wrong(name: str, wanted: str) -> UserError:
    return UserError(f"input {name!r} must be {wanted}: correct it in the workflow")
