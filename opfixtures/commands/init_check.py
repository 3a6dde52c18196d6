"""`opfixtures init --check`: whether the settings can be used, and which runtime serves which operator version."""

from __future__ import annotations

import sys

from opfixtures.change.projects import folders_of_work_tree
from opfixtures.declarations.read import read_declarations
from opfixtures.errors import NothingToCheck
from opfixtures.report.settings_check import checks_json, checks_text
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.config import read_config
from opfixtures.synthesis.library.settings_check import check_settings


def run(report: str, folder: str, repository: Repository) -> int:
    """Print the check of each project of the work tree, and of `folder` whether it is staged or not.

    Returns 1 where something is to be mended. Raises ConfigurationError where settings cannot be used.
    """
    work_tree = WorkTreeSnapshot(repository.root)
    folders = [folder] if read_config(work_tree, folder) else []
    with GitObjects(repository) as objects:
        try:
            folders += folders_of_work_tree(objects, work_tree)
        except NothingToCheck:
            if not folders:
                raise
    configs = [config for one in dict.fromkeys(folders) if (config := read_config(work_tree, one))]
    checked = [
        check_settings(config, read_declarations(work_tree, config), work_tree.has) for config in configs
    ]
    sys.stdout.write(checks_json(checked) if report == "json" else checks_text(checked))
    return int(any(one.failed for one in checked))
