"""An accepted break that no fixture can show is said where it stands."""

import json

import pytest

REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
SETTINGS = '[tool.opfixtures]\npreset = "pytorch"\n\n[tool.opfixtures.accepted-breaks]\n'
SAID = 'how = "other results", release = "torch 3.0", reason = "it is faster"'


@pytest.fixture
def found(opfixtures, pytorch):
    """Severity, operator, message and line of each finding about them, with these accepted breaks staged too."""

    def find(breaks, *args):
        pytorch.write(".opfixtures.toml", SETTINGS + breaks)
        ran = opfixtures(pytorch, "check", "--format", "json", *args)
        rows = [row for row in json.loads(ran.out)["findings"] if row["code"] == "OPF403"]
        return [(row["severity"], row["operator"], row["message"], row["line"]) for row in rows]

    return find


def test_an_operator_without_a_fixture_entry_is_told_whatever_the_change_touches(found):
    breaks = f'"aten::gelu" = {{ {SAID} }}\n"aten::glu" = {{ {SAID} }}\n'
    message = "an accepted break is about no fixture: no fixture entry has aten::glu"
    assert found(breaks) == found(breaks, "--all") == [("warning", "aten::glu", message, 6)]


def test_so_is_a_module_that_is_not_the_operators(found):
    breaks = f'"aten::gelu" = {{ {SAID}, modules = ["TestVersionedGeluV9", "TestVersionedGeluV8"] }}\n'
    message = (
        "an accepted break is about no fixture: no fixture entry has TestVersionedGeluV8 with aten::gelu"
    )
    assert found(breaks) == [("warning", "aten::gelu", message, 5)]


def test_one_that_has_its_fixture_entries_is_not(found):
    assert found(f'"aten::gelu" = {{ {SAID}, modules = ["TestVersionedGeluV9"] }}\n') == []
    assert found("") == []


def test_so_is_a_format_that_nobody_asks_for_and_no_fixture_has(found):
    breaks = f'"aten::gelu" = {{ {SAID}, formats = ["pt2"] }}\n'
    message = "an accepted break is about no fixture: nobody asks for a .pt2"
    assert found(breaks) == [("warning", "aten::gelu", message, 5)]
    assert found(breaks.replace("pt2", "ptl")) == []


def test_a_registry_that_cannot_be_read_may_have_it(found, pytorch):
    pytorch.replace(REGISTRY, "ALL_MODULES = {", "ALL_MODULES = more() | {")
    assert found(f'"aten::glu" = {{ {SAID} }}\n') == []
    pytorch.git("rm", "--quiet", "--force", REGISTRY)
    assert found(f'"aten::glu" = {{ {SAID} }}\n') == []


def test_it_may_wait_as_other_findings_may(found):
    waiver = 'codes = ["OPF403"], reason = "comes next", expires = 2099-01-01'
    breaks = f'"aten::glu" = {{ {SAID} }}\n\n[tool.opfixtures.waivers]\n"aten::glu" = {{ {waiver} }}\n'
    assert [row[0] for row in found(breaks)] == ["note"]
