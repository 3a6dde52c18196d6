"""What CHANGELOG.md says of a release: `python .github/release.py v1.2.3` prints it.

Exit status 1 where the tag is not the version of the package, or the changelog has no section of it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, package: str, changelog: str) -> str:
    """The section of a release, without its heading.

    `package` is the text of the package's `__init__.py`. Raises ValueError if one of the three says otherwise.
    """
    version = re.search(r'^__version__ = "([^"]+)"$', package, re.MULTILINE)
    if version is None or tag != f"v{version[1]}":
        raise ValueError(f"tag {tag} is not v{version[1] if version else '?'}, the version of the package")
    heading = rf"^## {re.escape(version[1])} \(\d{{4}}-\d\d-\d\d\)\n"
    section = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ValueError(f"CHANGELOG.md has no section `## {version[1]} (YYYY-MM-DD)`")
    return section[1].strip() + "\n"


def main(arguments: list[str]) -> int:
    """Print the notes of the release named by its tag; the exit status."""
    (tag,) = arguments
    package, changelog = (ROOT / "opfixtures/__init__.py", ROOT / "CHANGELOG.md")
    try:
        sys.stdout.write(
            notes(tag, package.read_text(encoding="utf-8"), changelog.read_text(encoding="utf-8"))
        )
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
