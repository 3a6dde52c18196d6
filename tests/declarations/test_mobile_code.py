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


DECOY = NOW.replace(
    b"ForMobile({", b'ForMobile({ {std::string(%s), std::vector<Upgrader>({Upgrader({0, 7, "f", 0})})},'
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
        # What is not written as the program writes it may be read in another way than here.
        (DECOY % br'"aten::lin\163pace"', []),
        (DECOY % b'"aten::" "linspace"', []),
        (DECOY % b'R"(aten::linspace)"', []),
        (DECOY % br'"aten::linspace\0"', []),
        (DECOY % b'"aten::linspace\0"', []),
        (DECOY % b'"aten::linspace", 3', []),
        (NOW.replace(b"ForMobile({", b"ForMobile({\n#define RET OP\n"), []),
        (NOW.replace(b"ForMobile({", b"ForMobile({\n%:define RET OP\n"), []),
        (NOW.replace(b"_list({", b"_list({\n#if 0\n,\n#endif\n"), []),
        (NOW.replace(b"_list({", b"_list({ Of<int, int>(),"), []),
        (NOW.replace(b"// generated", b"// generated\r#define RET OP"), []),
        (NOW.replace(b"// generated", b"// generated ??/"), []),
        (NOW.replace(b"// generated", b"// generated (why??)"), ["aten::div.Scalar", "aten::gelu"]),
        # A number that is another one, or none: any function may be meant.
        (NOW.replace(b'"gelu_0_9", 2}', b'"gelu_0_9", 02}'), ["aten::div.Scalar"]),
        (NOW.replace(b'"gelu_0_9", 2}', b'"gelu_0_9", 2u}'), ["aten::div.Scalar"]),
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


def test_a_number_that_is_no_plain_one_may_lead_to_any_function() -> None:
    octal = NOW.replace(b'"gelu_0_9", 2}', b'"gelu_0_9", 010}')
    one, other = (
        read_mobile_code("m.cpp", text)
        for text in (octal, octal.replace(b'"div_Scalar_0_3", std', b'"f", std'))
    )

    assert not one.is_same(other, "aten::gelu")


def test_the_same_elsewhere_is_not_what_is_compiled() -> None:
    assert not read_mobile_code("m.cpp", NOW).is_same(read_mobile_code("docs/m.cpp", NOW), "aten::gelu")


def test_a_large_function_is_not_repeated_for_each_row_that_leads_to_it() -> None:
    rows = {f"aten::op{number}": [(0, 9, "gelu_0_9", 0)] for number in range(300)}
    source = table(rows, FUNCTIONS).replace(b"RET, 0, 0", b"RET, 0, 0" + b" + 1" * 3000, 1)
    code = read_mobile_code("m.cpp", source)

    assert sum(len(part) for some in code.of.values() for one in some for part in one) < 2 * len(source)


@given(st.binary())
def test_any_bytes_are_read_without_an_exception(source: bytes) -> None:
    assert read_mobile_code("m.cpp", source).is_same(read_mobile_code("m.cpp", source), "")
