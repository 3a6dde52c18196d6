"""A browser that looks at pages: Chromium, headless, driven by `driver.mjs`."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("driver.mjs")


@dataclass(frozen=True)
class Seen:
    """What a script gave, what the page said on its console, and what it asked for beside itself."""

    value: Any
    said: list[str]
    asked: list[str]


class Browser:
    """One browser for all pages that tests look at, one after the other."""

    def __init__(self, modules: Path, executable: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(DRIVER), str(modules), str(executable)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def look(
        self,
        page: Path,
        script: str,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        fragment: str = "",
    ) -> Seen:
        """Open a page and run a script there: the body of an async function of `page` and `axe` (`driver.mjs`).

        Raises AssertionError with its error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        url = f"{page.resolve().as_uri()}{fragment}"
        request = {"url": url, "width": width, "height": height, "scheme": scheme, "script": script}
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert "error" not in answer, "\n".join((answer["error"], *answer["said"]))
        return Seen(answer["value"], answer["said"], answer["asked"])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
