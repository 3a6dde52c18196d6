"""What of a file of mobile upgraders an operator depends on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.mobile_code import read_mobile_code

ROWS = {
    "aten::div.Scalar": [(0, 3, "div_Scalar_0_3", 0)],
    "aten::gelu": [(0, 9, "gelu_0_9", 2), (10, 11, "gelu_10_11", 1)],
}
FUNCTIONS = ["div_Scalar_0_3", "gelu_10_11", "gelu_0_9"]


def table(rows: dict[str, list[tuple[int, int, str, int]]], functions: list[str]) -> bytes:
    """As gen_mobile_upgraders.py writes it."""

    def row(first: int, last: int, name: str, number: int) -> str:
        return f'Upgrader({{{first}, {last}, "{name}", {number}}})'

    listed = ",\n".join(
        f'{{std::string("{operator}"), std::vector<Upgrader>({{ {", ".join(row(*one) for one in some)} }})}}'
        for operator, some in rows.items()
    )
    functions = [
        f'ByteCodeFunctionWithOperator({{ mobile::Function::registerFunc("{name}", std::vector<Instruction>'
        "({Instruction{OpCode::RET, 0, 0}})), std::vector<OperatorString>() }),"
        for name in functions
    ]
    return f"""\
// generated
static std::unordered_map<std::string, std::vector<Upgrader>> operatorVersionMapForMobile({{ {listed}, }});
std::vector<ByteCodeFunctionWithOperator> upgrader_function_list({{ {" ".join(functions)} }});
for (const auto& one : upgrader_function_list) {{}}
""".encode()


NOW = table(ROWS, FUNCTIONS)
ADDED = table(
    {
        "aten::add": [(0, 3, "add_0_3", 0)],
        "aten::gelu": [(0, 9, "gelu_0_9", 3), (10, 11, "gelu_10_11", 2)],
        "aten::div.Scalar": [(0, 3, "div_Scalar_0_3", 1)],
    },
    ["add_0_3", *FUNCTIONS],
)


@pytest.mark.parametrize(
    ("after", "same"),
    [
        (NOW, ["aten::div.Scalar", "aten::gelu"]),
        (NOW.replace(b"// generated", b"/* and a comment */"), ["aten::div.Scalar", "aten::gelu"]),
        # One more, in front of all others.
        (ADDED, ["aten::div.Scalar", "aten::gelu"]),
        # Another number, another function, another row, none.
        (NOW.replace(b'"div_Scalar_0_3", 0}', b'"div_Scalar_0_3", 1}'), ["aten::gelu"]),
        (NOW.replace(b'"div_Scalar_0_3", 0}', b'"div_Scalar_0_3", 9}'), ["aten::gelu"]),
        (NOW.replace(b"Func(\"gelu_0_9\", std::vector<Instruction>({Instruction{OpCode::RET", b"Func(\"gelu_0_9\", std::vector<Instruction>({Instruction{OpCode::OP"), ["aten::div.Scalar"]),  # noqa: E501
        (table({**ROWS, "aten::gelu": ROWS["aten::gelu"][:1]}, FUNCTIONS), ["aten::div.Scalar"]),
        (table({"aten::gelu": ROWS["aten::gelu"]}, FUNCTIONS), ["aten::gelu"]),
        # A second one of the same operator: nobody tells which counts.
        (NOW.replace(b"ForMobile({", b'ForMobile({ {std::string("aten::gelu"), kOther},'), ["aten::div.Scalar"]),
        # Code around: a second map, other names, what is done behind.
        (NOW.replace(b"operatorVersion", b"formerVersion") + NOW, []),
        (b"#define operatorVersionMapForMobile kNobodys\n" + NOW, []),
        (NOW + b'operatorVersionMapForMobile.erase("aten::gelu");', []),
        (NOW.decode().encode("utf-16"), []),
        (NOW[:-200], []),
        (b"", []),
    ],
)  # fmt: skip
def test_an_operator_has_the_same_where_all_that_its_rows_lead_to_is_the_same(
    after: bytes, same: list[str]
) -> None:
    one, other = read_mobile_code("m.cpp", NOW), read_mobile_code("m.cpp", after)

    assert [operator for operator in ROWS if one.is_same(other, operator)] == same
    assert other.is_same(read_mobile_code("m.cpp", after), "aten::gelu")


@given(st.binary())
def test_any_bytes_are_read_without_an_exception(source: bytes) -> None:
    assert read_mobile_code("m.cpp", source).is_same(read_mobile_code("m.cpp", source), "")
