"""`opfixtures config`: the settings as they are understood, where each comes from, and the runtime for each version."""

from __future__ import annotations

import argparse
import os
import sys

from opfixtures.change.projects import folders_of_work_tree
from opfixtures.declarations.read import read_declarations
from opfixtures.report.config_report import Shown, config_json, config_text
from opfixtures.report.screen import screen_of
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.config import read_config
from opfixtures.settings.understood import understood
from opfixtures.synthesis.library.settings_check import check_settings


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures config` takes."""
    command.add_argument("--format", choices=("text", "json"), default="text", help="(default: %(default)s)")


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.format)


def run(report: str) -> int:
    """Print the settings of each project of the work tree; the exit status is 1 where something is to be mended.

    Raises ConfigurationError where settings cannot be used, NothingToCheck where there are none.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        folders = folders_of_work_tree(objects, work_tree)
    shown = []
    for folder in folders:
        config = read_config(work_tree, folder)
        if config is not None:
            declared = read_declarations(work_tree, config)
            checked = check_settings(config, declared, work_tree.has)
            shown.append(Shown(understood(work_tree, config), checked))
    if report == "json":
        sys.stdout.write(config_json(shown))
    else:
        sys.stdout.write(config_text(shown, screen_of(os.environ, sys.stdout)))
    return int(any(one.checked.failed for one in shown))
