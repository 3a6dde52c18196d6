"""Pages of one file: no network, no external resource, and nothing of the data is ever read as markup or script.

A page is a list of style sheets and scripts (files of this package), and data. The parts that pages share stand in this
folder: `SHARED_STYLES`, `SHARED_SCRIPTS`. `browse.js` says what a page with a searchable list has to give it.

Three walls stand around the data, which a pull request may have written:

- it is JSON in a block that no browser runs, and no `<` is in it (`embedded`);
- scripts put it on the page as text alone (`dom.js`);
- a Content-Security-Policy runs no script and no style but those whose hashes it names, loads nothing, and lets no
  string become markup (Trusted Types).
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files

SHARED_STYLES = ("html/page.css", "html/list.css", "html/panel.css")
SHARED_SCRIPTS = (
    "html/dom.js",
    "html/marks.js",
    "html/values.js",
    "html/rows.js",
    "html/filters.js",
    "html/panel.js",
    "html/browse.js",
)
"""Files below `opfixtures/report/`, in the order that a page needs them."""

# A green dot. It keeps a browser from asking the server of the page for an icon.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%231f883d'/%3E%3C/svg%3E"
)

# What JSON writes as an escape, but for line ends and tabs.
_HIDDEN = re.compile(r"\\(?:u|[bfr])")


def page(
    title: str,
    data: object,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    chunks: Iterable[object] = (),
    without_scripts: str = "This page needs JavaScript.",
) -> str:
    """The text of a page. `data` is what `pageData` gives its scripts, `chunks` what `pageChunk(number)` gives: each is
    parsed when somebody first asks for it, so that a page with megabytes of details opens at once. Texts in both
    are made `legible`.

    `styles` and `scripts` are files below `opfixtures/report/`, taken after the shared ones. `title` and
    `without_scripts`, which a browser shows that runs no scripts, are plain text.
    """
    style = "\n".join(map(_file, (*SHARED_STYLES, *styles)))
    # One scope for all of them, and nothing of it on `window`.
    code = "\n".join(map(_file, (*SHARED_SCRIPTS, *scripts)))
    script = f'(() => {{\n"use strict";\n{code}}})();\n'
    blocks = [_block("data", data), *(_block(f"chunk-{n}", one) for n, one in enumerate(chunks))]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<title>{html.escape(title)}</title>\n<link rel="icon" href="{_ICON}">\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        f'<noscript><p class="without-scripts">{html.escape(without_scripts)}</p></noscript>\n'
        f"{''.join(blocks)}<script>{script}</script>\n</body>\n</html>\n"
    )


def embedded(data: object) -> str:
    """JSON for a block of a page, in ASCII: no `<` that could end the block or open a comment, no `&`, no `>`."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _block(name: str, data: object) -> str:
    text = json.dumps(data, ensure_ascii=False)
    # Most blocks have nothing of the kind, and to go through each text takes long.
    is_legible = text.isprintable() and not _HIDDEN.search(text)
    told = embedded(data if is_legible else legible(data))
    return f'<script type="application/json" id="{name}">{told}</script>\n'


def legible(data: object) -> object:
    """The data with every character of its texts that a browser would not just show written as an escape, but for line
    ends and tabs: some reorder or hide what follows."""
    if isinstance(data, str):
        return data if data.isprintable() else "".join(map(_shown, data))
    if isinstance(data, dict):
        return {legible(name): legible(value) for name, value in data.items()}
    return [legible(one) for one in data] if isinstance(data, (list, tuple)) else data


def _shown(character: str) -> str:
    is_shown = character.isprintable() or character in "\n\t"
    return character if is_shown else character.encode("unicode_escape").decode()


def _policy(style: str, script: str) -> str:
    parts = (
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(parts)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return files("opfixtures.report").joinpath(*name.split("/")).read_text(encoding="utf-8")
