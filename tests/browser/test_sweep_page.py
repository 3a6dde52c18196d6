"""The page of a sweep, in a browser: what it shows, how it is filtered, and that hostile texts stay texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.report.sweep_html import sweep_html
from opfixtures.sweep.judgement import Replay, Verdict
from opfixtures.sweep.swept import Sweep, Swept
from opfixtures.sweep.then import Made
from opfixtures.sweep.witness import Sides
from opfixtures.synthesis.modules import modules_for
from tests.browser.browser import Browser
from tests.browser.test_page import HOSTILE

SIDES = Sides("torch 1.11.0", "torch 2.13.0", "1.11.0", "2.13.0")
SCHEMA = "aten::abs(Tensor self) -> Tensor"


def tensor(value: float) -> dict[str, object]:
    return {"tensor": "float32", "shape": [1], "values": [value]}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with one that changed, one that raises, one that is the same, and one with hostile texts."""
    (module,) = modules_for(parse_schema(SCHEMA), "AbsGuard")
    made = Made(module, b"archive", ({"inputs": [tensor(-1.0)], "output": tensor(1.0)},))
    values = {
        "samples": [{"output": tensor(7.5), "inputs_after": [tensor(3.5)], "difference": "1.0 then, 7.5 now"}]
    }
    raises = {"samples": [{"raises": HOSTILE[0]}]}
    rows = [
        Swept("aten::same", Verdict("same", "", Replay(made, values), 0), SCHEMA, SCHEMA, False, "script"),
        Swept(
            "aten::abs",
            Verdict("values", "1.0 then, 7.5 now", Replay(made, values), 0),
            SCHEMA,
            SCHEMA,
            True,
            "script",
        ),
        Swept(
            "lib::bad",
            Verdict("raises", HOSTILE[1], Replay(made, raises), 0),
            SCHEMA,
            None,
            False,
            HOSTILE[2],
        ),
        Swept(
            "lib::gone",
            Verdict("gone", "no model", Replay(made, {"load_error": "no"})),
            SCHEMA,
            None,
            False,
            "script",
        ),
        Swept("lib::none", Verdict("no-model", "no kernel"), SCHEMA, SCHEMA, False, None),
    ]
    path = tmp_path / "sweep.html"
    path.write_text(sweep_html(Sweep(SIDES, "pt", rows, {"aten::rand": HOSTILE[3]}, (1.0, 1.0))))
    return path


def test_what_changed_comes_first_and_both_outputs_stand_side_by_side(browser: Browser, page: Path) -> None:
    seen = browser.look(page, LOOK)
    assert seen.value["rows"] == ["lib::gone", "lib::bad", "aten::abs", "aten::same", "lib::none"]
    assert seen.value["filtered"] == ["aten::abs"]
    assert "7.5" in seen.value["panel"]
    assert "Inputs after the run" in seen.value["panel"]
    assert HOSTILE[0] in seen.value["hostile"]
    assert not seen.value["attacked"]
    assert seen.value["violations"] == []
    assert (seen.said, seen.asked) == ([], [])


LOOK = """
const names = () => page.$$eval(".rows .row .cell.operator", (cells) => cells.map((cell) => cell.textContent));
const rows = await names();
await page.click(".rows .row:nth-child(2) .cell.kind");
const hostile = await page.$eval(".panel", (node) => node.textContent);
await page.keyboard.press("Escape");
await page.click('[data-value="values"]');
const filtered = await names();
await page.click(".rows .row .cell.kind");
const panel = await page.$eval(".panel", (node) => node.textContent);
const violations = await axe();
return { rows, filtered, panel, hostile, violations, attacked: await page.evaluate(() => Boolean(window.attacked)) };
"""
