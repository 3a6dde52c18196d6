"""However the numbers are written, they alone change: every other byte of the files stays."""

import pytest

from opfixtures.synthesis.source_text import number_like
from tests.renumber.conftest import (
    BAR,
    CLASS,
    ENTRY,
    FOO,
    GELU,
    MAP,
    MODULES,
    REGISTRY,
    UPGRADER,
    UPGRADERS,
    VERSIONS,
    facts,
    tree,
)

FOO_FACTS, FOO_AFTER = facts("foo", 11), facts("foo", 12)
SCHEMA = '"aten::foo(Tensor self) -> Tensor"'


@pytest.fixture
def written_so(branches):
    """Writes what stands for foo in one file otherwise; returns the file's bytes before and after."""
    branches.land(tree(BAR, GELU, produced=11))
    branches.lay(tree(GELU, FOO, produced=11))

    def write(path, text, encoding="utf-8"):
        template = {MAP: ENTRY, UPGRADERS: UPGRADER, MODULES: CLASS}[path]
        branches.put(path, template.format(**FOO_FACTS), text, encoding)
        before = branches.state()[path]
        branches.renumber("--apply")
        return before, branches.state()[path]

    yield write
    assert branches.errors() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            f'{{"aten::foo", {{{{11, "foo_0_10", {SCHEMA}}}}}}},\n',
            f'{{"aten::foo", {{{{12, "foo_0_11", {SCHEMA}}}}}}},\n',
        ),
        (
            f'{{"aten::foo",\n  {{\n   {{\n 11,\n\n"foo_0_10",\n {SCHEMA},\n}},\n}},\n }},\n',
            f'{{"aten::foo",\n  {{\n   {{\n 12,\n\n"foo_0_11",\n {SCHEMA},\n}},\n}},\n }},\n',
        ),
        (
            f'{{"aten::foo", {{{{0xB, R"(foo_0_10)", {SCHEMA}}}}}}},\n',
            f'{{"aten::foo", {{{{0xC, R"(foo_0_11)", {SCHEMA}}}}}}},\n',
        ),
        (
            f'{{"aten::foo", {{UpgraderEntry{{.bumped_at_version = 11u, .upgrader_name = "foo_0_10", '
            f".old_schema = {SCHEMA}}}}}}},\n",
            f'{{"aten::foo", {{UpgraderEntry{{.bumped_at_version = 12u, .upgrader_name = "foo_0_11", '
            f".old_schema = {SCHEMA}}}}}}},\n",
        ),
        (
            f'/* é, 11, "foo_0_10" */ {{"aten::foo", /* ü */ {{{{/* 11 ä */ 11, /* "foo_0_10" */ '
            f'"foo_0_10", {SCHEMA}}}}}}},\n',
            f'/* é, 11, "foo_0_10" */ {{"aten::foo", /* ü */ {{{{/* 11 ä */ 12, /* "foo_0_10" */ '
            f'"foo_0_11", {SCHEMA}}}}}}},\n',
        ),
        (
            f'#if A\n{{"aten::foo", {{{{11, "foo_0_10", {SCHEMA}}}}}}},\n#else\n'
            f'{{"aten::foo", {{{{11, "foo_0_10",\n#pragma x\n {SCHEMA}}}}}}},\n#endif\n',
            f'#if A\n{{"aten::foo", {{{{12, "foo_0_11", {SCHEMA}}}}}}},\n#else\n'
            f'{{"aten::foo", {{{{12, "foo_0_11",\n#pragma x\n {SCHEMA}}}}}}},\n#endif\n',
        ),
        (
            f'{{"aten::foo",\n#if 0\n{{{{11, "foo_0_10", "old"}}}}\n#endif\n {{{{11, "foo_0_10", {SCHEMA}}}}}}},\n',
            f'{{"aten::foo",\n#if 0\n{{{{11, "foo_0_10", "old"}}}}\n#endif\n {{{{12, "foo_0_11", {SCHEMA}}}}}}},\n',
        ),
        (
            f'{{"aten::foo", {{{{\n#if 0\n11, "foo_0_10",\n#endif\n11, "foo_0_10", {SCHEMA}}}}}}},\n',
            f'{{"aten::foo", {{{{\n#if 0\n11, "foo_0_10",\n#endif\n12, "foo_0_11", {SCHEMA}}}}}}},\n',
        ),
        (
            f'std::make_pair(std::string("aten::foo"), std::vector<UpgraderEntry>({{UpgraderEntry{{UINT64_C(11), '
            f'std::string("foo_0_10"), {SCHEMA}}}}})),\n',
            f'std::make_pair(std::string("aten::foo"), std::vector<UpgraderEntry>({{UpgraderEntry{{UINT64_C(12), '
            f'std::string("foo_0_11"), {SCHEMA}}}}})),\n',
        ),
        (
            f'{{"aten::foo", {{UpgraderEntry(static_cast<uint64_t>(0xB), ("foo_0_10"), {SCHEMA})}}}},\n',
            f'{{"aten::foo", {{UpgraderEntry(static_cast<uint64_t>(0xC), ("foo_0_11"), {SCHEMA})}}}},\n',
        ),
    ],
    ids=[
        "one line",
        "many lines",
        "raw and hexadecimal",
        "designated",
        "comments",
        "two arms",
        "a dead arm",
        "dead fields",
        "named types",
        "parentheses",
    ],
)
def test_an_entry_of_the_map(written_so, old, new):
    before, after = written_so(MAP, old)
    assert after == before.replace(old.encode(), new.encode()) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '{"foo_0_10", "def foo_0_10(x: int):\\n" // foo_0_10\n "  return foo_0_10(x) + foo_0_100\\n"},\n',
            '{"foo_0_11", "def foo_0_11(x: int):\\n" // foo_0_10\n "  return foo_0_11(x) + foo_0_100\\n"},\n',
        ),
        (
            '{u8"foo_0_10", R"é(\ndef é(x):\n  return x\ndef foo_0_10(x):\n  return é(x)\n)é",},\n',
            '{u8"foo_0_11", R"é(\ndef é(x):\n  return x\ndef foo_0_11(x):\n  return é(x)\n)é",},\n',
        ),
        (
            'std::make_pair(std::string("foo_0_10"), std::string("def foo_0_10(x):\\n  return x\\n")),\n',
            'std::make_pair(std::string("foo_0_11"), std::string("def foo_0_11(x):\\n  return x\\n")),\n',
        ),
    ],
    ids=["joined", "raw", "named types"],
)
def test_an_upgrader(written_so, old, new):
    before, after = written_so(UPGRADERS, old)
    assert after == before.replace(old.encode(), new.encode()) != before


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_a_module_with_all_that_refers_to_it(branches, written_so, encoding):
    cookie = f"# -*- coding: {encoding.removesuffix('-sig')} -*-\n"
    content = (branches.root / MODULES).read_text()
    (branches.root / MODULES).write_bytes((cookie + content).encode(encoding))
    template = """\
class Bäse(torch.nn.Module): pass
class {0}(Bäse):  # ä {1} stays
    'ö'; self_type = 'é', "{0}"
    def forward(self, x): return "{1} in a text" if isinstance(x, {0}) else x.{0}
__all__ = ['Bäse', '{0}', "{1}0"]
"""
    old = template.format("TestVersionedFooV10", "TestVersionedFooV10")
    new = template.format("TestVersionedFooV11", "TestVersionedFooV10")
    before, after = written_so(MODULES, old, encoding.removesuffix("-sig"))
    assert after == before.replace(
        old.encode(encoding.removesuffix("-sig")), new.encode(encoding.removesuffix("-sig"))
    )
    assert after != before


@pytest.mark.parametrize("path", [MAP, UPGRADERS, VERSIONS, REGISTRY, MODULES])
@pytest.mark.parametrize("marked", [False, True], ids=["", "byte order mark"])
def test_line_ends_stay_as_they_are(branches, path, marked):
    branches.land(tree(BAR, GELU, produced=11))
    branches.lay(tree(GELU, FOO, produced=11))
    file = branches.root / path

    def with_other_ends(content):
        first, *others = content.split(b"\n")
        return b"\xef\xbb\xbf" * marked + first + b"\n" + b"\r\n".join(others)

    file.write_bytes(with_other_ends(file.read_bytes()))
    shown = branches.renumber("--apply")
    assert "\r" not in shown
    assert r"\r" not in shown
    assert file.read_bytes() == with_other_ends(tree(GELU, ("foo", 12), produced=12)[path].encode())


@pytest.mark.parametrize("path", [MAP, UPGRADERS, VERSIONS])
def test_a_byte_that_is_no_text_stays(branches, path):
    branches.land(tree(BAR, GELU, produced=11))
    branches.lay(tree(GELU, FOO, produced=11))
    foreign = b"// \xff\xe9 \xd7\xa2\xca\xcd\n"
    content = (branches.root / path).read_bytes()
    (branches.root / path).write_bytes(foreign + content + foreign)
    branches.renumber("--apply")
    wanted = tree(GELU, ("foo", 12), produced=12)[path].encode()
    assert branches.state()[path] == foreign + wanted + foreign


def test_every_arm_that_sets_the_highest_version(branches):
    line = "constexpr uint64_t kProducedFileFormatVersion = 0x{0:X}L;\n"
    arms = "#if A\n{produced}#elif B\nconstexpr uint64_t kProducedFileFormatVersion = 0x3L;\n#else\n{produced}#endif\n"

    def files(*bumps, produced):
        whole = line.format(produced)
        content = tree(*bumps, produced=produced)
        return {**content, VERSIONS: content[VERSIONS].replace(whole, arms.format(produced=whole))}

    branches.land(files(BAR, GELU, produced=11))
    branches.lay(files(GELU, FOO, produced=11))
    branches.renumber("--apply")
    assert branches.state()[VERSIONS] == files(GELU, ("foo", 12), produced=12)[VERSIONS].encode()
    assert branches.errors() == []


def test_a_tab_is_shown_and_a_control_character_escaped(branches):
    branches.land(tree(BAR, GELU, produced=11))
    branches.lay(tree(GELU, FOO, produced=11))
    branches.put(VERSIONS, "constexpr uint64_t kProduced", "\t/* \x1b[2J */ constexpr uint64_t kProduced")
    assert "+\t/* \\x1b[2J */ constexpr uint64_t kProducedFileFormatVersion = 0xCL;\n" in branches.renumber()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("11", "12"),
        ("0xBL", "0xCL"),
        ("0Xbul", "0Xcul"),
        ("0x9", "0xC"),
        ("013", "12"),
        ("0b1011", "12"),
        ("1'1", "12"),
        ("1_1", "12"),
        ("11ULL", "12ULL"),
    ],
)
def test_a_number_is_written_as_the_one_before(old, new):
    assert number_like(old, 12) == new
