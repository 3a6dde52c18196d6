"""A page of `explain`, with the paths of the tree that it is read in where PyTorch's would stand."""

from __future__ import annotations

import os

from opfixtures.errors import UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.presets import PYTORCH_MODULES, PYTORCH_OPERATORS, PYTORCH_PATHS


def in_words_of_the_tree(page: str) -> str:
    """`page` as a project around the working folder would say it; as it is where there is none, or it is PyTorch's."""
    config = _config_here()
    return page if config is None else _said(page, config)


def _said(page: str, config: Config) -> str:
    own = {
        PYTORCH_PATHS["version-map"]: config.version_map,
        PYTORCH_PATHS["upgraders"]: config.upgraders,
        PYTORCH_PATHS["versions"]: config.versions,
        PYTORCH_PATHS["mobile-upgraders"]: config.mobile_upgraders,
        PYTORCH_PATHS["registry"]: config.registry,
        PYTORCH_MODULES[0]: config.fixture_modules[0],
        PYTORCH_OPERATORS: config.operators[0] if config.operators else None,
        f"{PYTORCH_PATHS['fixtures']}/": f"{config.fixtures}/",
    }
    for path, mine in own.items():
        page = page.replace(path, mine) if mine else page
    module = next((spec.module for spec in config.runtimes if spec.module), None)
    # Without it torch does not know the library's operators.
    return page.replace("'import torch\n", f"'import torch, {module}\n") if module else page


def _config_here() -> Config | None:
    """The settings in the working folder or the nearest above it, as far as they can be read."""
    try:
        root = os.path.realpath(Repository.discover(os.getcwd(), os.environ).root)
        work_tree = WorkTreeSnapshot(root)
        folder = os.path.relpath(os.path.realpath(os.getcwd()), root).replace(os.sep, "/")
        while True:
            config = read_config(work_tree, "" if folder == "." else folder)
            if config is not None or folder in (".", ""):
                return config
            folder = os.path.dirname(folder)
    except (UserError, OSError):
        # A page can be read anywhere.
        return None
