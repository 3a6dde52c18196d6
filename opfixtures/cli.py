"""The command line. One function a subcommand; each imports what it runs when it runs it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from opfixtures import __version__
from opfixtures.ending import ended
from opfixtures.report import FORMATS

# What `add_subparsers` returns has no public name.
Subcommands = Any


def main(argv: Sequence[str]) -> int:
    """Run one subcommand.

    Returns:
        0: nothing wrong. 1: an error finding, a fixture refused or mismatching. 2: usage, configuration, git
        or network.
    """
    options = _parser().parse_args(argv)
    return ended(lambda: int(options.run(options)), debug=getattr(options, "debug", False))


def _parser() -> argparse.ArgumentParser:
    debug = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    debug.add_argument("--debug", action="store_true", help="show tracebacks")
    parser = argparse.ArgumentParser(
        prog="opfixtures", description="Fixtures for versioned tensor operators.", parents=[debug]
    )
    parser.add_argument("--version", action="version", version=f"opfixtures {__version__}")
    # With `prog`, argparse need not lay out a usage message, for which it imports shutil.
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)
    adders = (
        _check,
        _status,
        _explain,
        _generate,
        _verify,
        _publish,
        _renumber,
        _install_hooks,
        _hook,
        _action,
    )
    for add in adders:
        add(subcommands, debug)
    return parser


def _check(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "check", parents=[debug], help="report what a change of the version map owes"
    )
    command.add_argument("--from-ref", metavar="A", help="compare B with the merge base of A and B")
    command.add_argument("--to-ref", metavar="B", help="instead of the index with HEAD")
    command.add_argument("--all", action="store_true", help="judge all that is declared, not the change")
    command.add_argument(
        "--require-fixtures", action="store_true", help="a fixture that is not there is an error"
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="github: annotations of a workflow; lintrunner: a linter of .lintrunner.toml, which ends with "
        "status 0 whatever it finds (default: %(default)s)",
    )

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import check

        return check.run(
            options.from_ref,
            options.to_ref,
            everything=options.all,
            require_fixtures=options.require_fixtures,
            report=options.format,
        )

    command.set_defaults(run=run)


def _status(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "status",
        parents=[debug],
        help="show every operator: versions, upgrader, fixture entry, fixture",
        description="Show where every operator of the version map stands in the work tree, staged or not, and "
        "what belongs to none. It informs and ends with status 0; `check` is what refuses.",
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    command.add_argument(
        "--replay",
        action="store_true",
        help="replay the fixtures too, as verify does, and show what came of it",
    )

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import status

        return status.run(options.format, replay=options.replay)

    command.set_defaults(run=run)


def _explain(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser("explain", parents=[debug], help="say what a finding's code means")
    command.add_argument("code", metavar="CODE", help="such as OPF201")

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import explain

        return explain.run(options.code)

    command.set_defaults(run=run)


def _generate(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "generate", parents=[debug], help="make the fixtures that a change owes, by the old operators"
    )
    command.add_argument(
        "--base", metavar="REV", help="the pre-change commit (default: target's, or what history shows)"
    )
    command.add_argument(
        "--target", metavar="REV", help="what is published, whatever `target` in the settings says"
    )
    command.add_argument(
        "--operator", metavar="OP", action="append", default=[], help="only this one; repeatable"
    )
    command.add_argument(
        "--all", action="store_true", help="every entry of the version map that lacks a fixture"
    )
    command.add_argument(
        "--regenerate", action="store_true", help="replace a fixture that is there, unless target holds it"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be made, and by which runtime"
    )
    command.add_argument(
        "--runtime", metavar="NAME", help="make only what this runtime of the settings makes"
    )
    command.add_argument(
        "--post-change-python",
        metavar="PATH",
        help="replay with the torch of this Python: a build of the change",
    )
    _report(command)

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import generate

        wanted = generate.Wanted(
            base=options.base,
            target=options.target,
            operators=tuple(options.operator),
            everything=options.all,
            regenerate=options.regenerate,
            dry_run=options.dry_run,
            runtime=options.runtime,
            post_change_python=options.post_change_python,
        )
        return generate.run(wanted, options.report)

    command.set_defaults(run=run)


def _verify(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser("verify", parents=[debug], help="replay fixtures after the change")
    command.add_argument(
        "fixtures", metavar="FIXTURE", nargs="*", help="a path (default: every registered fixture)"
    )
    command.add_argument(
        "--runtime", metavar="NAME", help="the post-change runtime, by its name in the settings"
    )
    _report(command)

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import verify

        return verify.run(options.fixtures, options.runtime, options.report)

    command.set_defaults(run=run)


def _publish(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "publish",
        parents=[debug],
        help="comment a result on its pull request, and commit its fixtures",
        description="Comment a result on the pull request that it is of, with GITHUB_TOKEN, on the GitHub that "
        "GITHUB_API_URL and GITHUB_REPOSITORY name. Nothing in RESULT is trusted, loaded or run.",
    )
    command.add_argument("result", metavar="RESULT", help="the artifact: its zip file, or the folder of it")
    command.add_argument(
        "--head", metavar="OWNER:BRANCH", required=True, help="the head, as the event has it"
    )
    command.add_argument("--head-sha", metavar="SHA", required=True, help="and its commit")
    command.add_argument(
        "--pull-request",
        dest="number",
        metavar="N",
        type=int,
        help="its number, where the event is about a pull request (default: looked up by its head)",
    )
    command.add_argument(
        "--run", dest="run_id", metavar="ID", type=int, help="the workflow run that has the artifact"
    )
    command.add_argument(
        "--artifact",
        metavar="NAME",
        default="opfixtures-result",
        help="and its name there (default: %(default)s)",
    )
    command.add_argument(
        "--author",
        metavar="LOGIN",
        default="github-actions[bot]",
        help="whose comments the token writes (default: %(default)s)",
    )
    command.add_argument(
        "--commit", action="store_true", help="commit fixtures and records to the head branch"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be written, and write nothing"
    )

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import publish
        from opfixtures.pull_request.publish import Wanted

        wanted = Wanted(options.head, options.head_sha, options.author, options.commit, options.number)
        return publish.run(options.result, wanted, options.run_id, options.artifact, dry_run=options.dry_run)

    command.set_defaults(run=run)


def _renumber(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "renumber",
        parents=[debug],
        help="give a branch's entries the next free version, in all files at once",
    )
    command.add_argument(
        "--operator",
        metavar="OP",
        action="append",
        default=[],
        help="only this one, even where it looks like a backfill; repeatable",
    )
    command.add_argument("--apply", action="store_true", help="write the files (default: show the diff)")

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import renumber

        return renumber.run(options.operator, apply=options.apply)

    command.set_defaults(run=run)


def _install_hooks(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "install-hooks",
        parents=[debug],
        help="have git check commits, merges and pushes, without the pre-commit framework",
    )
    command.add_argument("--uninstall", action="store_true", help="take these hooks out again, and no others")

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import install_hooks

        return install_hooks.run(options.uninstall)

    command.set_defaults(run=run)


def _hook(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "hook", parents=[debug], help="what a git hook calls: pre-push judges every ref that is pushed"
    )
    command.add_argument(
        "name", choices=("pre-commit", "pre-merge-commit", "pre-push"), help="git's name of it"
    )
    command.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="what git gives it; stdin too")

    def run(options: argparse.Namespace) -> int:
        from opfixtures.commands import hook

        return hook.run(options.name, options.arguments)

    command.set_defaults(run=run)


def _action(subcommands: Subcommands, debug: argparse.ArgumentParser) -> None:
    command = subcommands.add_parser(
        "action",
        parents=[debug],
        help="what action.yml runs in a workflow of GitHub",
        description="Check the change that a workflow's event is about, and make its fixtures. The inputs of"
        " action.yml are read from OPFIXTURES_*, the event from GITHUB_*.",
    )

    def run(_: argparse.Namespace) -> int:
        from opfixtures.commands import action

        return action.run()

    command.set_defaults(run=run)


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", metavar="FILE", help="also write the result as JSON to FILE")
