"""`opfixtures status --format html` in a browser: what it shows, to the eye, to keys and to a reader of the screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from opfixtures.change.changes import Change
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.read import declare
from opfixtures.declarations.upgrader_model import Upgrader
from opfixtures.proving.loaded import Loaded, Outcome
from opfixtures.proving.result import Accepted, Answer, Fact, Facts, FixtureResult, LoaderFacts
from opfixtures.proving.result import Status as Verdict
from opfixtures.records.record import dump_record
from opfixtures.report.html import legible
from opfixtures.report.orphans import OrphanModule
from opfixtures.report.status import (
    ArchiveStatus,
    EntryStatus,
    FixtureStatus,
    GuardStatus,
    OperatorStatus,
    RecordStatus,
    Status,
)
from opfixtures.report.status_html import ROWS_OF_A_CHUNK, About, Project, status_html
from opfixtures.settings.accepted_breaks import AcceptedBreak, Way
from opfixtures.settings.waivers import Waiver
from tests.browser.browser import Browser
from tests.browser.test_page import HOSTILE
from tests.report.test_status import RECORD
from tests.repositories import config_of
from tests.tree_fixtures import VERSION_MAP, Files

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
RUNTIMES = ("torch-1.11.0", "torch-2.13.0")
OLD, NEW = "aten::gelu(Tensor self) -> Tensor", "aten::gelu(Tensor self, *, str approximate='none') -> Tensor"
THEN = {"tensor": "float32", "shape": [2], "values": [0.5, 2.0]}
NOW = {"tensor": "float32", "shape": [2], "values": [0.5, 2.5]}
UPGRADER = "def gelu_0_9(self: Tensor) -> Tensor:\n  return torch.gelu(self, approximate='none')"


def a_change(old_schema: str = OLD, operator: str = "aten::gelu", name: str = "gelu_0_9") -> Change:
    """A tree with PyTorch's paths that has an entry and its upgrader."""
    texts = [json.dumps(text) for text in (operator, name, old_schema, name)]
    files = {
        VERSION_MAP: "static std::unordered_map<std::string, std::vector<UpgraderEntry>> kOperatorVersionMap("
        f"{{{{{texts[0]}, {{{{10, {texts[1]}, {texts[2]}}}}}}}}});\n",
        UPGRADERS: "static std::unordered_map<std::string, std::string> kUpgradersEntryMap({\n"
        f'{{{texts[3]}, R"SCRIPT(\n{UPGRADER}\n{old_schema}\n)SCRIPT"}},\n}});\n',
    }
    config = config_of(Files(files))
    after = declare({path: text.encode() for path, text in files.items()}, config)
    nothing = declare({}, config)
    return Change(config, nothing, after, frozenset(), lambda: nothing, files.__contains__)


def a_result(verdict: Verdict, **more: Any) -> FixtureResult:
    yes = Fact(Answer.YES)
    seen = LoaderFacts(
        yes, Fact(Answer.YES, "2 samples"), yes, Fact(Answer.NO, "it passes without the upgrader too")
    )
    facts = Facts(yes, yes, Fact(Answer.NOT_APPLICABLE), {"torch.jit.load": seen, "lite": seen})
    same = Loaded(Outcome.SAME, "", (None,))
    told = {
        "facts": facts,
        "replayed_by": "torch 2.13.0",
        "schema_now": NEW,
        "loaded": {"lite": same},
        **more,
    }
    return FixtureResult("aten::gelu", 10, "gelu_0_9", verdict, **told)


def a_fixture(module: str = "TestVersionedGeluV9", **more: Any) -> FixtureStatus:
    loads = {RUNTIMES[0]: {"lite": Loaded(Outcome.SAME, "", (None,))}, RUNTIMES[1]: {}}
    told = {"archive": ArchiveStatus(3, True), "record": RecordStatus("torch 1.11.0"), "loads": loads, **more}
    return FixtureStatus(module, True, f"fixtures/{module}.ptl", committed=date(2026, 1, 1), **told)


def an_operator(operator: str, *fixtures: FixtureStatus, at: int = 10) -> OperatorStatus:
    return OperatorStatus(operator, (EntryStatus(at, range(at), "gelu_0_9", True, fixtures),), ())


def read(_: str) -> bytes:
    """The record of every fixture: with a sample whose output then was `THEN`."""
    return dump_record(replace(RECORD, samples=({"inputs": [1, True], "output": THEN},)))


def every_state() -> Status:
    """An operator in each state that a fixture can be in, and all that is beside operators."""
    differs = Loaded(Outcome.OTHER_RESULTS, "", ("element 1: 2.0 then, 2.5 now",), (NOW,))
    accepted = Accepted(Way.RAISES, "gone", "torch 3", "too slow", "pyproject.toml", False)
    results = {
        "aten::gelu": a_result(Verdict.MISMATCH, reason="it differs", loaded={"torch.jit.load": differs}),
        **{
            f"aten::{one}": a_result(one)
            for one in Verdict
            if one not in (Verdict.MISMATCH, Verdict.ACCEPTED)
        },
        "aten::accepted": a_result(Verdict.ACCEPTED, accepted=accepted),
        "aten::waived": a_result(Verdict.MISMATCH, waived="waived until 2027-06-30: not for mobile"),
    }
    unreadable = a_fixture(
        archive=ArchiveStatus(None, False, "it is no archive"), record=RecordStatus(None, "no")
    )
    waiver = Waiver("aten::bare", ("replay.lite",), "not for mobile", date(2027, 6, 30))
    two = (
        EntryStatus(
            4, range(4), "two_0_3", False, (a_fixture("V3"), *[a_fixture(f"More{n}V3") for n in range(5)])
        ),
        EntryStatus(8, range(4, 8), "two_4_7", None, (replace(a_fixture("V7"), module_defined=False),)),
    )
    return Status(
        operators=(
            *(an_operator(name, a_fixture(replayed=one)) for name, one in results.items()),
            an_operator("aten::there", a_fixture()),
            an_operator("aten::missing", a_fixture(archive=None, record=None)),
            an_operator("aten::unreadable", unreadable),
            an_operator("aten::uncovered", a_fixture(archive=ArchiveStatus(12, False))),
            OperatorStatus("aten::bare", an_operator("").entries, (waiver,)),
            OperatorStatus("aten::two", two, ()),
        ),
        guards=(
            GuardStatus("aten::elu", a_fixture("TestElu")),
            GuardStatus("aten::elu", a_fixture("TestElu2")),
        ),
        orphan_modules=(
            OrphanModule("Old", "aten::x", Place("a.py", 1, 2), "its operator is not in the version map"),
        ),
        orphan_fixtures=("fixtures/old.ptl",),
        orphan_upgraders=(Upgrader("old_0_3", ("old_0_3",), Place("a.cpp", 3, 4)),),
        problems=(Problem(Place("b.py", 5, 6), "it does not parse"),),
        breaks=(AcceptedBreak("aten::accepted", Way.NOT_LOADED, "torch 3", "gone"),),
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of every state."""
    return written(tmp_path, [Project("", every_state(), a_change(), read)], RUNTIMES)


def written(folder: Path, projects: list[Project], runtimes: tuple[str, ...] = ()) -> Path:
    file = folder / "status.html"
    file.write_text(status_html(projects, About("library", "ab" * 20, runtimes)), encoding="utf-8")
    return file


ACCESSIBLE = """
const width = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const overflow = [await width()];
if (OPENS) {
  await page.locator(".notes summary").click();
  await page.locator(".rows .row").first().click();
  const inside = await page.locator(".panel").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
  overflow.push(await width(), inside);
}
return { found: await axe(), overflow: Math.max(...overflow) };
"""
LOOKS = (("light", 360, False), ("dark", 360, True), ("light", 1440, True), ("dark", 1440, True))


def test_it_is_accessible_in_light_and_dark_on_a_phone_and_on_a_desk(browser: Browser, page: Path) -> None:
    # On a desk the list stands beside the details.
    for scheme, width, opens in LOOKS:
        script = ACCESSIBLE.replace("OPENS", str(opens).lower())
        seen = browser.look(page, script, scheme=scheme, width=width)
        assert seen.value == {"found": [], "overflow": 0}, (scheme, width)
        assert (seen.said, seen.asked) == ([], [])


SHOWN = """
const rows = await page.locator(".rows .row").evaluateAll((rows) => rows.map((row) => [
  row.querySelector(".operator").textContent,
  row.querySelector(".versions .unseen").textContent,
  [...row.querySelectorAll(".runtime")].map((one) => one.querySelector(".badge, .quiet").textContent),
  row.querySelector(".state").textContent,
]));
await page.locator(".rows .row").first().click();
const texts = (name) => page.locator(`.panel ${name}`).allTextContents();
const marked = await texts("del, ins, .differs");
const panel = { marked, code: await texts("pre"), headings: await texts("h2, h3, h4") };
return { rows, panel, notes: await page.locator(".notes li").allTextContents() };
"""


def test_every_fixture_stands_in_its_row_by_mark_and_word(browser: Browser, page: Path) -> None:
    seen = browser.look(page, SHOWN, height=1600).value
    rows = {name: (words, loads, state) for name, words, loads, state in seen["rows"]}
    words = "versions 0 to 9, upgrader gelu_0_9: 1 mismatch"
    assert rows["aten::gelu"] == (words, ["same", "not loaded"], "mismatch")
    assert {name: state for name, (_, _, state) in rows.items()} == {
        "aten::gelu": "mismatch",
        **{
            f"aten::{one}": str(one)
            for one in ("verified", "generated", "unproven", "failed", "refused", "waived")
        },
        "aten::accepted": "accepted break",
        "aten::there": "not replayed",
        "aten::missing": "no fixture",
        "aten::unreadable": "unreadable",
        "aten::uncovered": "wrong version",
        "aten::bare": "no fixture",
        "aten::two": "7 not replayed",
        "aten::elu": "2 not replayed",
    }
    assert rows["aten::bare"][0] == "versions 0 to 9, upgrader gelu_0_9: no fixture entry"
    assert rows["aten::two"][0] == (
        "versions 0 to 3, upgrader two_0_3: 6 not replayed; versions 4 to 7, upgrader two_4_7: 1 not replayed"
    )
    assert rows["aten::elu"][0] == "guard: 2 not replayed"
    assert seen["panel"]["marked"] == [", *, str approximate='none'", "2.0", "2.5"]
    assert UPGRADER in seen["panel"]["code"][2]
    assert {"Schema then", "Schema now", "Output then", "Output now, torch.jit.load"} <= set(
        seen["panel"]["headings"]
    )
    assert [note.partition(" ")[0] for note in seen["notes"]] == [
        "b.py:5:6",
        "a.py:1:2",
        "a.cpp:3:4",
        "fixtures/old.ptl",
        "aten::accepted:",
    ]


USED = """
const at = () => page.evaluate(() => document.activeElement.textContent.slice(0, 40));
const names = () => page.locator(".rows .operator").allTextContents();
const told = () => page.locator(".told").textContent();
const seen = {};
await page.keyboard.press("/");
await page.keyboard.type("TWO v8");
await page.waitForFunction(() => document.querySelector(".told").textContent.startsWith("1 of"));
seen.searched = [await names(), await told(), page.url().split("#")[1]];
await page.getByRole("button", { name: "Clear" }).click();
await page.locator('.chip[data-value="failed"]').click();
await page.locator('.chip[data-value="refused"]').click();
seen.filtered = [await names(), await told(), await page.locator('.chip[aria-pressed="true"]').count()];
await page.keyboard.press("/");
await page.keyboard.press("ArrowDown");
await page.keyboard.press("ArrowDown");
seen.moved = await at();
await page.keyboard.press("Enter");
seen.opened = [await page.locator(".panel h2").textContent(), await at(), page.url().split("#")[1]];
await page.getByRole("button", { name: "Previous" }).click();
seen.stepped = await page.locator(".panel h2").textContent();
await page.keyboard.press("Escape");
seen.closed = [await page.locator(".panel").isVisible(), await at()];
await page.getByRole("button", { name: "Clear" }).click();
await page.locator("#order").selectOption("worst");
seen.sorted = (await names()).slice(0, 3);
await page.keyboard.press("/");
await page.keyboard.type("nothing like this");
await page.locator(".empty").waitFor();
seen.empty = await page.locator(".empty").textContent();
return seen;
"""


def test_it_is_searched_filtered_sorted_and_read_by_key(browser: Browser, page: Path) -> None:
    seen = browser.look(page, USED, height=1600)
    assert seen.value == {
        "searched": [["aten::two"], "1 of 15 operators", "q=TWO+v8"],
        "filtered": [["aten::failed", "aten::refused"], "2 of 15 operators", 2],
        "moved": "aten::refusedgelu_0_9versions 0 to 9, up",
        "opened": ["aten::refused", "aten::refused", "fixture=refused%2Cfailed&open=aten%3A%3Arefused"],
        "stepped": "aten::failed",
        "closed": [False, "aten::failedgelu_0_9versions 0 to 9, upg"],
        "sorted": ["aten::gelu", "aten::failed", "aten::refused"],
        "empty": "No operators match.",
    }
    assert seen.said == []
    # What is sent to somebody is seen by them.
    script = (
        "return [await page.locator('.panel h2').textContent(), await page.locator('.told').textContent()]"
    )
    again = browser.look(page, script, fragment="#fixture=refused%2Cfailed&open=aten%3A%3Arefused")
    assert again.value == ["aten::refused", "2 of 15 operators"]


def hostile(text: str) -> Project:
    """A project that says this text wherever a pull request can."""
    place = Place(text, 1, 1)
    fact = Fact(Answer.NO, text)
    facts = Facts(fact, fact, fact, {text: LoaderFacts(fact, fact, fact, fact)})
    loads = {text: {text: Loaded(Outcome.RAISES, text, (text,), (text,))}}
    accepted = Accepted(Way.RAISES, text, text, text, text, True)
    result = a_result(
        Verdict.MISMATCH,
        reason=text,
        waived=text,
        facts=facts,
        replayed_by=text,
        loaded=loads[text],
        accepted=accepted,
    )
    fixture = FixtureStatus(
        text,
        False,
        text,
        ArchiveStatus(3, True),
        RecordStatus(text),
        date(2026, 1, 1),
        replace(result, schema_now=text),
        loads,
    )
    status = Status(
        operators=(
            OperatorStatus(
                text,
                (EntryStatus(10, range(10), text, True, (fixture,)),),
                (Waiver(text, (text,), text, date.max),),
            ),
        ),
        guards=(GuardStatus(text, fixture),),
        orphan_modules=(OrphanModule(text, text, place, text),),
        orphan_fixtures=(text,),
        orphan_upgraders=(Upgrader(text, (), place),),
        problems=(Problem(place, text),),
        breaks=(AcceptedBreak(text, Way.RAISES, text, text, text, (text,), (text,)),),
    )
    samples = ({"inputs": {"x": text}, "output": {"dict": [[text, text]]}},)
    entry, module = replace(RECORD.entry, old_schema=text), replace(RECORD.module, name=text, path=text)
    runtime = replace(RECORD.runtime, name=text, torch=text, torch_git=text, python=text, platform=text)
    archive = replace(RECORD.archive, file=text, operators=(text,))
    record = replace(RECORD, entry=entry, module=module, runtime=runtime, archive=archive, samples=samples)
    return Project(text, status, a_change(text, text, text), lambda _: dump_record(record))


READ = """
const texts = [];
await page.locator(".rows .row").first().click();
for (let number = 0; number < NUMBER; number += 1) {
  texts.push(await page.locator(".panel").textContent());
  await page.getByRole("button", { name: "Next" }).click();
}
await page.keyboard.press("Escape");
const attacked = await page.evaluate(() => window.attacked ?? null);
const markup = await page.locator("img, iframe, a, body style, body script:not([type])").count();
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
return { texts, attacked, markup, overflow };
"""


def test_nothing_that_a_tree_says_is_markup_or_is_run(browser: Browser, tmp_path: Path) -> None:
    # Half a surrogate pair is in no file that can be read.
    said = [text.replace("\ud83d", "") for text in HOSTILE]
    file = written(tmp_path, [hostile(text) for text in said], tuple(said))
    seen = browser.look(file, READ.replace("NUMBER", str(2 * len(said))), width=360)
    for number, text in enumerate(said):
        shown = str(legible(text))
        # Old schema, upgrader, samples, record, verdict, loads: each says it.
        assert seen.value["texts"][2 * number].count(shown) > 20, text
        assert seen.value["texts"][2 * number + 1].count(shown) > 15, text
    assert (seen.value["attacked"], seen.value["markup"], seen.value["overflow"]) == (None, 1, 0)
    assert (seen.said, seen.asked) == ([], [])


def many(number: int) -> Iterator[OperatorStatus]:
    """Operators with a fixture each, of which few have a record and a result: to read these is not what is tried."""
    seen = {"record": RecordStatus("torch 1.11.0"), "replayed": a_result(Verdict.VERIFIED)}
    for one in range(number):
        more = seen if one % 100 == 0 else {"record": None}
        fixture = a_fixture(f"TestVersionedOperator{one}V9", loads={}, **more)
        yield an_operator(f"mylib::operator_{one}", fixture)


MANY = """
const seen = { rows: await page.locator(".rows .row").count() };
await page.locator(".rows .row").first().focus();
await page.keyboard.press("End");
seen.last = await page.evaluate(() => document.activeElement.textContent.slice(0, 20));
seen.index = await page.evaluate(() => document.activeElement.ariaRowIndex);
seen.rowsThen = await page.locator(".rows .row").count();
await page.keyboard.press("Enter");
seen.opened = await page.locator(".panel h2").textContent();
await page.keyboard.press("/");
await page.keyboard.type("operator_777");
await page.waitForFunction(() => document.querySelector(".told").textContent.startsWith("11 of"));
seen.told = await page.locator(".told").textContent();
await page.evaluate(() => { location.hash = "#open=mylib::operator_5000"; });
await page.getByRole("heading", { name: "mylib::operator_5000" }).waitFor();
const box = await page.locator('.row[aria-selected="true"]').boundingBox();
seen.inSight = box.y > 0 && box.y < 900;
return seen;
"""


def test_of_ten_thousand_operators_only_those_in_sight_are_on_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    status = Status(tuple(many(10_000)), (), (), (), (), ())
    data = read("")
    file = written(tmp_path, [Project("", status, a_change(), lambda _: data)])
    assert file.read_text(encoding="utf-8").count('id="chunk-') == -(-10_000 // ROWS_OF_A_CHUNK)
    seen = browser.look(file, MANY)
    assert (seen.value["rows"], seen.value["rowsThen"]) < (60, 60)
    assert (seen.value["last"], seen.value["index"]) == ("mylib::operator_9999", "10001")
    assert seen.value["inSight"]
    assert (seen.value["opened"], seen.value["told"]) == ("mylib::operator_9999", "11 of 10,000 operators")
    assert seen.said == []
