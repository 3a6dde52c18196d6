"""`opfixtures install-hooks`: git hooks for a repository without the pre-commit framework."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys

from opfixtures.atomic_write import remove_half_written, write_whole
from opfixtures.change.comparison import staged
from opfixtures.change.projects import projects
from opfixtures.commands.writable import refuse_links
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable

HOOKS = ("pre-commit", "pre-merge-commit", "pre-push")
_SCRIPTS = os.path.join(os.path.dirname(__file__), "hooks")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures install-hooks` takes."""
    command.add_argument("--uninstall", action="store_true", help="take these hooks out again, and no others")


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.uninstall)


def run(uninstall: bool) -> int:
    """Write the hooks into the folder where git looks for them, or take ours out of it.

    Raises:
        UserError: a hook that is not ours stands there, which is left alone; or git looks for the hooks of
            every repository in that folder.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    folder = os.path.join(
        repository.root, os.fsdecode(repository.run("rev-parse", "--git-path", "hooks")[:-1])
    )
    folder = os.path.normpath(folder)
    refuse_links(folder, repository.root, "a hook")
    remove_half_written(folder)
    paths = {name: os.path.join(folder, name) for name in HOOKS}
    if uninstall:
        ours = [name for name in HOOKS if _is_ours(paths[name])]
        for name in ours:
            os.unlink(paths[name])
        sys.stdout.write(f"opfixtures: took {', '.join(ours) or 'no hook'} out of {folder}\n")
        return 0
    _refuse_to_share(repository, folder)
    for name, path in paths.items():
        if os.path.lexists(path) and not _is_ours(path):
            raise UserError(
                f'{path} is another hook: add the line `opfixtures hook {name} "$@" || exit` to it'
            )
    for name, path in paths.items():
        # git passes over one that nobody may execute.
        write_whole(path, _script(name).encode(), mode=0o755)
    sys.stdout.write(f"opfixtures: {', '.join(HOOKS)} are in {folder}\n")
    _warn_of_nothing(repository)
    return 0


def _warn_of_nothing(repository: Repository) -> None:
    """Say so where the hooks have nothing to check: they let everything pass then."""
    with GitObjects(repository) as objects:
        try:
            projects(objects, staged(objects))
        except NothingToCheck as error:
            sys.stderr.write(
                f"opfixtures: warning: {printable(str(error))} (until then the hooks let every commit pass)\n"
            )


def _refuse_to_share(repository: Repository, folder: str) -> None:
    scope = (repository.ask("config", "--show-scope", "--get", "core.hooksPath") or b"").split(b"\t")[0]
    if scope in (b"system", b"global"):
        raise UserError(
            f"core.hooksPath has git run the hooks in {folder} for every repository: let this one have its "
            "own, `git config core.hooksPath .git/hooks`"
        )


def _is_ours(path: str) -> bool:
    # A link may lead to a file that others use too.
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read().startswith(_head(os.path.basename(path)).encode())


def _head(name: str) -> str:
    """What one of our hooks begins with, in every version: the line that starts the shell, and who wrote it."""
    return "".join(_text(name).splitlines(keepends=True)[:2])


def _script(name: str) -> str:
    """The hook, which finds this installation where PATH has no other: git may be called by an editor."""
    folders = os.pathsep.join(
        os.path.dirname(os.path.abspath(path)) for path in (sys.argv[0], sys.executable)
    )
    found = shutil.which("opfixtures", path=folders)
    line = f"PATH=$PATH:{shlex.quote(os.path.dirname(found))}\n" if found else ""
    return _head(name) + line + _text(name).removeprefix(_head(name))


def _text(name: str) -> str:
    with open(os.path.join(_SCRIPTS, name), encoding="utf-8") as file:
        return file.read()
