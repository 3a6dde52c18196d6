"""The mobile upgrader table and its generator's exclusions are read as PyTorch writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.mobile_upgraders import read_mobile_upgraders
from opfixtures.declarations.place import Place
from opfixtures.declarations.upgrader_model import MobileUpgrader

TABLE = b"""\
/**
 * @generated
 */
const std::unordered_map<std::string, std::vector<Upgrader>>
getOperatorVersionMapForMobile() {
  static std::unordered_map<std::string, std::vector<Upgrader>>
        operatorVersionMapForMobile({
                {std::string("aten::div.Scalar"),
                    std::vector<Upgrader>({
                        Upgrader({0, 3, "div_Scalar_0_3", 0})
                    })},
                {std::string("aten::gelu"),
                    std::vector<Upgrader>({
                        Upgrader({0, 9, "gelu_0_9", 11}), Upgrader({10, 11, "gelu_10_11", 12})
                    })},
      });
  return operatorVersionMapForMobile;
}

const std::vector<ByteCodeFunctionWithOperator>& getUpgraderBytecodeList() {
  Upgrader({0, 1, "no_row", 0})
"""
GENERATOR = b"""\
from torchgen.code_template import CodeTemplate

EXCLUDED_OP_SET = [
    "aten::full",
    "aten::full.out",
]

EXCLUE_UPGRADER_SET = ["full_0_4", full()]
OTHER = ["gelu"]
"""


def test_a_table_like_pytorchs_gives_its_rows():
    assert read_mobile_upgraders("t.cpp", TABLE, None).rows == (
        MobileUpgrader("aten::div.Scalar", 0, 3, "div_Scalar_0_3", Place("t.cpp", 10, 25)),
        MobileUpgrader("aten::gelu", 0, 9, "gelu_0_9", Place("t.cpp", 14, 25)),
        MobileUpgrader("aten::gelu", 10, 11, "gelu_10_11", Place("t.cpp", 14, 59)),
    )


@pytest.mark.parametrize(
    ("instead", "names"),
    [
        (b"#if ENABLE_UPGRADERS\n%s\n#endif", ["div_Scalar_0_3", "gelu_0_9", "gelu_10_11"]),
        (b"#if 0\n%s\n#endif", ["div_Scalar_0_3"]),
        (b"#if 1\n#else\n%s\n#endif", ["div_Scalar_0_3"]),
        (b"/* %s */", ["div_Scalar_0_3"]),
    ],
)
def test_what_is_never_compiled_is_no_row(instead, names):
    begin, end = TABLE.index(b'{std::string("aten::gelu")'), TABLE.index(b"      });")
    table = TABLE[:begin] + instead % TABLE[begin:end] + TABLE[end:]
    rows = read_mobile_upgraders("t.cpp", table, None).rows
    assert [row.upgrader_name for row in rows] == names
    windows = read_mobile_upgraders("t.cpp", table.replace(b"\n", b"\r\n"), None).rows
    assert windows == rows


def test_a_word_over_two_lines_moves_no_row():
    table = TABLE.replace(b"operatorVersionMapForMobile(", b"operator\\\nVersionMapForMobile(")
    places = [row.place for row in read_mobile_upgraders("t.cpp", table, None).rows]
    assert places == [Place("t.cpp", 11, 25), Place("t.cpp", 15, 25), Place("t.cpp", 15, 59)]


def test_a_generator_like_pytorchs_gives_its_exclusions():
    assert read_mobile_upgraders("t.cpp", b"", ("g.py", GENERATOR)).excluded == (
        ("aten::full", Place("g.py", 4, 5)),
        ("aten::full.out", Place("g.py", 5, 5)),
        ("full_0_4", Place("g.py", 8, 24)),
    )


def test_a_generator_that_python_cannot_parse_excludes_nothing():
    assert read_mobile_upgraders("t.cpp", TABLE, ("g.py", b"EXCLUDED_OP_SET = [")).excluded == ()


@given(st.binary(), st.binary())
def test_any_bytes_are_read_without_an_exception(table, generator):
    assert read_mobile_upgraders("t.cpp", table, ("g.py", generator)).path == "t.cpp"
