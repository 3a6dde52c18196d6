"""Pictures of a page of one file, for docs: `python -m tests.browser.pictures PAGE PREFIX [FRAGMENT]`.

They are PREFIX-light.png and PREFIX-dark.png, of 1,440 by 900 pixels. FRAGMENT is the part of the address from `#` on:
what is searched for, filtered and open.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.action_fixtures import ROOT
from tests.browser.browser import Browser

SCHEMES = ("light", "dark")


def main(arguments: Sequence[str]) -> int:
    """Take them."""
    page, prefix, fragment = Path(arguments[0]), Path(arguments[1]).absolute(), "".join(arguments[2:])
    browser = Browser(ROOT / ".venv/npm/node_modules", ROOT / ".venv/chromium")
    try:
        for scheme in SCHEMES:
            path = json.dumps(f"{prefix}-{scheme}.png")
            browser.look(
                page, f"await page.screenshot({{ path: {path} }});", scheme=scheme, fragment=fragment
            )
    finally:
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
