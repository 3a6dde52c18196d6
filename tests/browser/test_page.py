"""What every page of one file keeps to, whatever its data: shown as text, nothing loaded, nothing run but its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opfixtures.report import html
from opfixtures.report.html import embedded, legible, page
from tests.browser.browser import Browser

HOSTILE = (
    "</script><script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    "<!--<script>",
    "]]></style><svg onload=window.attacked=1>",
    "javascript:window.attacked=1",
    "${window.attacked = 1}{{window.attacked}}",
    '" onclick="window.attacked=1" x="',
    "\u2028\u2029\x00\x1b[31m\u202e\ud83d",
    "&lt;b&gt;&amp;",
)
"""Texts that a pull request may put anywhere."""
A_LIST = """
const { items } = pageData();
browse({
  title: items[0], subtitle: items[1], above: [], below: [], what: "things", one: "thing", items,
  key: (item) => item, search: (item) => item,
  facets: [{
    name: "long", label: items[2], of: () => ["<b>"],
    options: [{ value: "<b>", label: items[0], mark: mark("check", "good") }],
  }],
  sorts: [{ value: "given", label: items[3] }],
  columns: [["<i>", items[4]]], cells: (item) => [item], rowHeight: () => 30,
  details: (item) => ({
    title: item,
    nodes: [
      section(item, code(item), shownValue({ dict: [[item, { list: [item] }]] })),
      codeThenAndNow(item, `${item}!`),
    ],
  }),
});
"""


def test_what_is_embedded_is_the_same_data_and_no_markup() -> None:
    data = {"texts": HOSTILE, "number": -0.0, "nothing": None}
    text = embedded(data)
    assert json.loads(text) == json.loads(json.dumps(data))
    assert text.isascii()
    assert not set("<>&\u2028") & set(text)


def test_what_no_screen_shows_is_shown_as_an_escape() -> None:
    assert legible({"a\x00": ["\u202eb\t\n", ("ü😀", 1, None)]}) == {
        "a\\x00": ["\\u202eb\t\n", ["ü😀", 1, None]]
    }


def test_no_number_that_json_lacks_is_embedded() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded(float("nan"))


def test_a_page_holds_no_markup_of_its_title() -> None:
    text = page(HOSTILE[0], {}, without_scripts=HOSTILE[1])
    assert text.count("<script>") == text.count("</script>") - 1 == 1
    assert "<img" not in text


def test_a_page_shows_hostile_texts_as_they_are_and_runs_nothing_of_them(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = html._file
    monkeypatch.setattr(html, "_file", lambda name: A_LIST if name == "own.js" else read(name))
    file = tmp_path / "page.html"
    file.write_text(page(HOSTILE[0], {"items": HOSTILE}, scripts=["own.js"]), encoding="utf-8")
    script = """
    await page.locator(".rows .row").first().click();
    const shown = await page.locator(".rows .row").allTextContents();
    // What a hole in the scripts would let through, the policy stops.
    const stopped = await page.evaluate(() => {
      const refused = [];
      try { document.body.innerHTML = "<b>"; } catch (error) { refused.push(error.name); }
      try { document.body.setAttribute("onclick", "window.attacked = 1"); } catch (error) { refused.push(error.name); }
      const script = document.createElement("script");
      try { script.textContent = "window.attacked = 1"; } catch (error) { refused.push(error.name); }
      return refused;
    });
    const panel = await page.locator(".panel code").first().textContent();
    const attacked = await page.evaluate(() => window.attacked ?? null);
    const markup = await page.locator("img, script:not([type]), iframe, .rows b").count();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    const names = await page.evaluate(() => typeof browse);
    return { shown, panel, attacked, markup, stopped, title: await page.title(), names, width };
    """
    seen = browser.look(file, script, width=360)
    assert seen.value["shown"] == legible(HOSTILE)
    assert seen.value["panel"] == HOSTILE[0]
    assert (seen.value["attacked"], seen.value["markup"], seen.value["title"]) == (None, 1, HOSTILE[0])
    assert seen.value["stopped"] == ["TypeError", "TypeError", "TypeError"]
    assert (seen.value["names"], seen.value["width"], seen.asked) == ("undefined", 360, [])
