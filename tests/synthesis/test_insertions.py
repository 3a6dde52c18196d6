"""Each way in which a map, a registry, modules and upgraders are written gets what is added, and stays what it was."""

from dataclasses import replace
from importlib.resources import files

import pytest

from opfixtures.errors import UserError
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.insertions import inserted
from tests.synthesis.conftest import CONFIG, CPP, entry, module, put, row, upgrader

A = '{"bumped_at_version": 4, "upgrader_name": "a_0_3", "old_schema": "my::a(Tensor x) -> Tensor"}'
NEW = """\
    "my::b": [
        {
            "bumped_at_version": 5,
            "upgrader_name": "b_0_4",
            "old_schema": "my::b(Tensor x) -> Tensor",
        },
    ],
"""
SECOND = """\
        {
            "bumped_at_version": 5,
            "upgrader_name": "a_0_4",
            "old_schema": "my::a(Tensor x) -> Tensor",
        },
"""


class TestAPythonMap:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{}", f"{{\n{NEW}}}"),
            ("{ }", f"{{\n{NEW}}}"),
            ("{\n}", f"{{\n{NEW}}}"),
            ("{\n    # none yet\n}", f"{{\n    # none yet\n{NEW}}}"),
            (f'{{\n    "my::a": [{A}],\n}}', f'{{\n    "my::a": [{A}],\n{NEW}}}'),
            (f'{{\n    "my::a": [{A}]\n}}', f'{{\n    "my::a": [{A}],\n{NEW}}}'),
            (
                f'{{\n    "my::a": [{A}]  # 1.0, the first\n    # the end\n}}',
                f'{{\n    "my::a": [{A}],  # 1.0, the first\n    # the end\n{NEW}}}',
            ),
            (f'{{"my::a": [{A}]}}', f'{{\n    "my::a": [{A}],\n{NEW}}}'),
            (f'{{"my::a": [{A}],}}', f'{{\n    "my::a": [{A}],\n{NEW}}}'),
            (f'{{\n  "my::a": [{A}]}}', f'{{\n  "my::a": [{A}],\n{NEW.replace("    ", "  ", 1)[:-2]}}}'),
            (f'{{\n    "my::a": [{A}],}}', f'{{\n    "my::a": [{A}],\n{NEW[:-1]}}}'),
        ],
    )
    def test_gets_an_operator(self, before, after):
        for name in ("OPERATOR_VERSIONS", "OPERATOR_VERSIONS: dict[str, list]"):
            put_in = put(f'"""Map."""\n\n{name} = {before}  # all\n', Additions((entry("b"),)), "map.py")
            if before.startswith('{\n  "'):
                # Its own width of two is kept, for all that is inside too.
                assert put_in.startswith(
                    f'"""Map."""\n\n{name} = {{\n  "my::a": [{A}],\n  "my::b": [\n    {{\n'
                )
            else:
                assert put_in == f'"""Map."""\n\n{name} = {after}  # all\n'

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (f"[\n        {A},\n    ]", f"[\n        {A},\n{SECOND}    ]"),
            (f"[\n        {A}  # 4\n    ]", f"[\n        {A},  # 4\n{SECOND}    ]"),
            (f"[{A}]", f"[\n        {A},\n{SECOND}    ]"),
            ("[]", f"[\n{SECOND}    ]"),
        ],
    )
    def test_gets_another_entry_of_an_operator(self, before, after):
        text = f'OPERATOR_VERSIONS = {{\n    "my::a": {before},\n}}\n'
        assert put(text, Additions((entry("a"),)), "map.py") == text.replace(before, after)

    def test_gets_an_earlier_entry_in_front_and_one_between(self):
        text = f'OPERATOR_VERSIONS = {{\n    "my::a": [\n        {A},\n        {A.replace("4", "9")},\n    ],\n}}\n'
        found = put(text, Additions((entry("a", 7), entry("a", 3), entry("a", 10))), "map.py")
        versions = [line.strip() for line in found.splitlines() if "bumped" in line]
        assert [one.partition('version": ')[2].partition(",")[0] for one in versions] == [
            "3",
            "4",
            "7",
            "9",
            "10",
        ]

    def test_that_is_sorted_stays_so_and_comments_stay_with_what_they_are_about(self):
        of_c = A.replace("a_0_3", "c_0_3").replace("my::a", "my::c")
        text = f'OPERATOR_VERSIONS = {{\n    # a\n    "my::a": [{A}],  # of a\n    # c\n    "my::c": [{of_c}],\n}}\n'
        found = put(text, Additions((entry("b"), entry("d"), entry("0"))), "map.py")
        order = [line.split('"')[1] for line in found.splitlines() if '"my::' in line and "[" in line]
        assert order == ["my::0", "my::a", "my::b", "my::c", "my::d"]
        assert '    # c\n    "my::c"' in found
        assert "# of a\n" in found

    def test_that_is_not_sorted_gets_it_at_the_end(self):
        entries = "".join(f'    "my::{name}": [{A}],\n' for name in ("c", "a"))
        found = put(f"OPERATOR_VERSIONS = {{\n{entries}}}\n", Additions((entry("b"),)), "map.py")
        assert found == f"OPERATOR_VERSIONS = {{\n{entries}{NEW}}}\n"

    def test_a_schema_with_quotes_is_written_as_ruff_would(self):
        schema = 'my::b(Tensor x, str s="a") -> Tensor'
        assert f"'{schema}'" in put("OPERATOR_VERSIONS = {}\n", Additions((entry("b", 5, schema),)), "map.py")
        both = 'my::b(Tensor x, str s="a\'\\\\") -> Tensor'
        assert 's=\\"a\'\\\\\\\\\\"' in put(
            "OPERATOR_VERSIONS = {}\n", Additions((entry("b", 5, both),)), "map.py"
        )

    def test_a_character_that_nobody_sees_is_escaped(self):
        hidden = replace(entry("b"), operator="my::\u202eb")
        assert "'my::\\u202eb': [" in put("OPERATOR_VERSIONS = {}\n", Additions((hidden,)), "map.py")

    def test_line_ends_and_encoding_stay(self):
        text = f'# -*- coding: latin-1 -*-\r\n# é\r\nOPERATOR_VERSIONS = {{\r\n    "my::a": [{A}]\r\n}}\r\n'
        sources = {"map.py": text.encode("latin-1")}
        new = inserted(sources, CONFIG, Additions((entry("b"),)))["map.py"].decode("latin-1")
        assert new.replace("\r\n", "\n") == text.replace("\r\n", "\n").replace("]\n}", f"],\n{NEW}}}")
        assert new.count("\n") == new.count("\r\n")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("OPERATOR_VERSIONS = dict(a=1)\n", "map.py:1:21: OPERATOR_VERSIONS is not a dict literal"),
            ("OPERATOR_VERSIONS = {**A}\n", "map.py:1:24: `**` brings entries"),
            ("OPERATOR_VERSIONS = {\n", "map.py:1:21: Python cannot parse"),
            (
                'OPERATOR_VERSIONS = {}\nOPERATOR_VERSIONS["x"] = []\n',
                "map.py:2:1: OPERATOR_VERSIONS is bound",
            ),
        ],
    )
    def test_that_only_a_run_could_tell_is_refused_with_its_place(self, text, said):
        with pytest.raises(UserError, match=said.replace("*", "\\*")) as refused:
            put(text, Additions((entry("b"),)), "map.py")
        assert str(refused.value).endswith("(nothing is written before)")

    def test_parentheses_around_an_entry_stay_around_it(self):
        text = f'OPERATOR_VERSIONS = {{\n    "my::a": [({A})],\n}}\n'
        assert f"        ({A}),\n" in put(text, Additions((entry("a", 3),)), "map.py")


MAP = "static std::unordered_map<std::string, std::vector<UpgraderEntry>> m({}{}{});\n"
OLD = '{"my::a", {{4, "a_0_3", "my::a(Tensor x) -> Tensor"}}}'
CPP_NEW = '{"my::b", {{5, "b_0_4", "my::b(Tensor x) -> Tensor"}}}'


class TestACppMap:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{}", f"{{\n    {CPP_NEW},\n}}"),
            ("{{}}", f"{{\n    {CPP_NEW},\n}}"),
            ("{\n    }", f"{{\n        {CPP_NEW},\n    }}"),
            (f"\n    {{{OLD}}}", f"\n    {{{OLD},\n     {CPP_NEW}}}"),
            (f"\n    {{{OLD},\n    }}", f"\n    {{{OLD},\n     {CPP_NEW},\n    }}"),
            (f"{{\n    {OLD},\n}}", f"{{\n    {OLD},\n    {CPP_NEW},\n}}"),
            (f"{{\n    {OLD}, // of a\n}}", f"{{\n    {OLD}, // of a\n    {CPP_NEW},\n}}"),
            (f"{{\n    {OLD} // of a\n}}", f"{{\n    {OLD}, // of a\n    {CPP_NEW}\n}}"),
        ],
    )
    def test_gets_an_operator(self, before, after):
        head, tail = MAP.split("{}{}{}")
        found = put(f"{head}{before}{tail}", Additions((entry("b"),)), "map.cpp")
        assert found == f"{head}{after}{tail}"

    def test_in_one_more_pair_of_braces_gets_it_inside(self):
        assert ",\n" in put(MAP.replace("{}{}{}", f"{{{{{OLD}}}}}"), Additions((entry("b"),)), "map.cpp")

    def test_is_wrapped_as_clang_format_has_it(self):
        schema = "my::long_name(Tensor self, *, str approximate, float alpha=1.0) -> Tensor"
        found = put(MAP.format("", "{}", ""), Additions((entry("long_name", 5, schema),)), "map.cpp")
        assert (
            f'    {{"my::long_name",\n     {{{{5,\n       "long_name_0_4",\n       "{schema}"}}}}}},\n'
        ) in found

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (OLD, f'{{"my::a", {{{OLD[11:-2]},\n{" " * 15}{{5, "a_0_4", "my::a(Tensor x) -> Tensor"}}}}}}'),
            (
                '{"my::a",\n     {{4,\n       "a_0_3",\n       "my::a(Tensor x) -> Tensor"}}}',
                '{"my::a",\n     {{4,\n       "a_0_3",\n       "my::a(Tensor x) -> Tensor"},\n'
                '      {5, "a_0_4", "my::a(Tensor x) -> Tensor"}}}',
            ),
        ],
    )
    def test_gets_another_entry_of_an_operator(self, old, new):
        text = MAP.replace("{}{}{}", "{{\n    {},\n}}").format(old)
        assert put(text, Additions((entry("a"),)), "map.cpp") == text.replace(old, new)

    def test_gets_earlier_entries_in_front(self):
        text = MAP.replace("{}{}{}", f"{{{OLD}}}")
        found = put(text, Additions((entry("a", 2), entry("a", 3))), "map.cpp")
        places = [found.index(f"{{{version},") for version in (2, 3, 4)]
        assert places == sorted(places)

    def test_that_is_sorted_stays_so(self):
        text = MAP.replace("{}{}{}", f"\n    {{{OLD},\n     // of c\n     {OLD.replace('::a', '::c')}}}")
        found = put(text, Additions((entry("b"), entry("0"), entry("d"))), "map.cpp")
        order = [one.split('"')[0] for one in found.split('{"my::')[1:]]
        assert order == ["0", "a", "b", "c", "d"]
        assert '// of c\n     {"my::c"' in found

    def test_an_if_around_all_of_it_is_no_obstacle(self):
        text = "#ifndef X\n#define X\n" + MAP.replace("{}{}{}", f"{{\n    {OLD},\n}}") + "#endif\n"
        assert put(text, Additions((entry("b"),)), "map.cpp") == text.replace(
            ",\n}", f",\n    {CPP_NEW},\n}}"
        )

    @pytest.mark.parametrize(
        "inside",
        [
            f"\n#ifdef A\n    {OLD},\n#endif\n",
            f"\n#ifdef A\n    {OLD.replace('::a', '::c')},\n#else\n    {OLD},\n#endif\n",
        ],
    )
    def test_an_if_at_its_end_is_refused_with_its_place(self, inside):
        text = MAP.replace("{}{}{}", f"{{{inside}}}")
        with pytest.raises(UserError, match=r"map.cpp:\d+:6: what stands here is under an `#if`"):
            put(text, Additions((entry("b"),)), "map.cpp")
        # The list of an operator is all in one arm, and stays there.
        assert "a_0_4" in put(text, Additions((entry("a"),)), "map.cpp")

    def test_entries_under_several_arms_are_refused(self):
        one, other = ('{4, "' + name + '", "my::a() -> Tensor"}' for name in ("a_0_3", "x_0_3"))
        arms = f'{{"my::a", {{\n#ifdef A\n {one}\n#else\n {other}\n#endif\n}}}}'
        with pytest.raises(UserError, match="the entries of my::a stand under an `#if`, or there are none"):
            put(MAP.replace("{}{}{}", f"{{{arms}}}"), Additions((entry("a"),)), "map.cpp")

    def test_a_map_in_each_of_two_arms_is_refused(self):
        one = MAP.replace("{}{}{}", f"{{\n    {OLD},\n}}")
        with pytest.raises(UserError, match="there are several lists, each in its arm of an `#if`"):
            put(f"#ifdef A\n{one}#else\n{one}#endif\n", Additions((entry("b"),)), "map.cpp")

    def test_a_header_that_only_declares_has_no_initialiser(self):
        config = replace(CPP, version_map="map.h")
        text = b"const std::unordered_map<std::string, std::vector<UpgraderEntry>>& get();\n"
        with pytest.raises(UserError, match=r"map\.h:1:1: there is no initialiser"):
            inserted({"map.h": text}, config, Additions((entry("b"),)))

    def test_an_initialiser_of_empty_braces_in_braces_is_refused(self):
        with pytest.raises(UserError, match=r"map\.cpp:1:\d+: the initialiser is not empty"):
            put(MAP.replace("{}{}{}", "{{{}}}"), Additions((entry("b"),)), "map.cpp")

    def test_line_ends_stay(self):
        text = MAP.replace("{}{}{}", f"{{\n    {OLD}\n}}").replace("\n", "\r\n")
        found = put(text, Additions((entry("b"),)), "map.cpp")
        assert found == text.replace(f"{OLD}", f"{OLD},\r\n    {CPP_NEW}")


class TestUpgraders:
    HEAD = "static std::unordered_map<std::string, std::string> kUpgradersEntryMap("

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{\n}", "{\n    {NEW},\n}"),
            ("{\n    {OLD},\n}", "{\n    {OLD},\n    {NEW},\n}"),
            ("\n    {{OLD}}", "\n    {{OLD},\n     {NEW}}"),
        ],
    )
    def test_in_cpp_get_another_one(self, before, after):
        def text(form):
            for name, what in (("OLD", "a_0_3"), ("NEW", "b_0_4")):
                form = form.replace(name, f'"{what}", R"SCRIPT(\n{upgrader(what).text})SCRIPT"')
            return f"{self.HEAD}{form});\n"

        assert put(text(before), Additions(upgraders=(upgrader("b_0_4"),)), "upgraders.cpp") == text(after)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('""', '"""{}"""'),
            ("''", '"""{}"""'),
            ('"""\n"""', '"""{}"""'),
            ("'''\ndef a(): pass\n'''", "'''\ndef a(): pass\n{}'''"),
            ('r"""\ndef a(): pass"""', 'r"""\ndef a(): pass\n{}"""'),
        ],
    )
    def test_in_python_get_another_one(self, before, after):
        added = after.format(f"\n{upgrader('b_0_4').text}")
        found = put(f"UPGRADERS = {before}\n", Additions(upgraders=(upgrader("b_0_4"),)), "upgraders.py")
        assert found == f"UPGRADERS = {added}\n"

    @pytest.mark.parametrize("line_break", ["\r\n", "\r"])
    @pytest.mark.parametrize(
        "text",
        [
            '"""\n"""',
            '"""\ndef a(): pass\n"""',
            'r"""\ndef a(): pass\n\ndef c(): pass"""',
            '"""\ndef a(): pass\n\ndef c(): pass\n"""',
            (files("opfixtures.synthesis.library") / "templates/upgraders.py.txt")
            .read_text("utf-8")
            .partition("UPGRADERS = ")[2][:-1],
        ],
    )
    def test_in_python_get_another_one_whatever_ends_the_lines(self, text, line_break):
        text = f"# Upgraders.\nUPGRADERS = {text}\n\n\ndef register():\n    pass\n"
        added = Additions(upgraders=(upgrader("b_0_4"),))
        found = put(text.replace("\n", line_break), added, "upgraders.py")
        assert found == put(text, added, "upgraders.py").replace("\n", line_break)

    def test_in_python_are_escaped_where_the_literal_is(self):
        text = replace_text = upgrader("b_0_4").text.replace("return x", "return x  # \\d")
        new = Additions(upgraders=(replace(upgrader("b_0_4"), text=text),))
        assert "\\\\d" in put('UPGRADERS = ""\n', new, "upgraders.py")
        assert replace_text in put('UPGRADERS = r""\n', new, "upgraders.py")

    @pytest.mark.parametrize(
        "text", ["UPGRADERS = make()\n", "UPGRADERS = 'def a(): pass'\n", "X = 1\n", "(\n"]
    )
    def test_in_python_otherwise_are_refused(self, text):
        with pytest.raises(
            UserError, match=r"upgraders.py:\d+:\d+: (UPGRADERS is not one plain literal|Python cannot)"
        ):
            put(text, Additions(upgraders=(upgrader("b_0_4"),)), "upgraders.py")

    def test_of_joined_literals_are_not_believed(self):
        text = "UPGRADERS = '''\n''' '''\n'''\n"
        with pytest.raises(UserError, match=r"upgraders\.py would not say what is meant"):
            put(text, Additions(upgraders=(upgrader("b_0_4"),)), "upgraders.py")


class TestModules:
    @pytest.mark.parametrize("before", ["import torch\n", "import torch\n\nx = '\\d'\n"])
    def test_that_parse_and_do_not_compile_are_not_believed(self, before):
        text = "class TestBV4(torch.nn.Module):\n    def forward(self, x, x):\n        return x\n"
        new = Additions(modules=(replace(module("TestBV4"), text=text),))
        with pytest.raises(UserError, match=r"modules\.py would not say what is meant"):
            put(before, new, "modules.py")
        # What did not compile before is no reason.
        assert text in put(f"{before}return\n", new, "modules.py")

    CLASS = module("TestBV4").text

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("import torch\n", "import torch\n\n\n{}"),
            ("import torch", "import torch\n\n\n{}"),
            ("import torch\n\n\n\n", "import torch\n\n\n{}\n\n\n"),
            (
                "import torch\n\nclass A: pass\n\nclass B: pass\n",
                "import torch\n\nclass A: pass\n\nclass B: pass\n\n{}",
            ),
            (
                "import torch\n\n\n@x\nclass A: pass\n# the end\n",
                "import torch\n\n\n@x\nclass A: pass\n# the end\n\n\n{}",
            ),
            ("", "import torch\n\n\n{}"),
            (
                "import torch\n\n\nclass A: pass\n\n\nif __name__ == '__main__':\n    A()\n",
                "import torch\n\n\nclass A: pass\n\n\n{}\n\nif __name__ == '__main__':\n    A()\n",
            ),
            ("# Ours.\n", "# Ours.\nimport torch\n\n\n{}"),
            ('"""Ours."""\n', '"""Ours."""\n\nimport torch\n\n\n{}'),
            (
                "import os\nfrom typing import List\n",
                "import os\nfrom typing import List\n\nimport torch\n\n\n{}",
            ),
            (
                "import os\n\nimport numpy\nimport zlib2\n",
                "import os\n\nimport numpy\nimport torch\nimport zlib2\n\n\n{}",
            ),
            ("import numpy\n", "import numpy\nimport torch\n\n\n{}"),
            ("from torch import nn\n", "import torch\nfrom torch import nn\n\n\n{}"),
            ("import torch.nn\n", "import torch.nn\n\n\n{}"),
            ("from x import torch\n", None),
            ("X = 1\n", "import torch\n\n\nX = 1\n\n\n{}"),
        ],
    )
    def test_get_another_one_and_the_import_that_it_needs(self, before, after):
        if after is None:
            with pytest.raises(UserError, match=r"modules\.py would not say what is meant"):
                put(before, Additions(modules=(module("TestBV4"),)), "modules.py")
            return
        found = put(before, Additions(modules=(module("TestBV4"),)), "modules.py")
        assert found == after.format(self.CLASS)

    def test_get_several_with_blank_lines_between(self):
        found = put(
            "import torch\r\n", Additions(modules=(module("TestBV4"), module("TestCV4"))), "modules.py"
        )
        expected = f"import torch\n\n\n{self.CLASS}\n\n{module('TestCV4').text}"
        assert found == expected.replace("\n", "\r\n")

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('["TestAV3"]', '["TestAV3", "TestBV4"]'),
            ('["TestAV3", "TestZV3"]', '["TestAV3", "TestBV4", "TestZV3"]'),
            (
                '(\n    "TestBV3",\n    "TestBV10",\n)',
                '(\n    "TestBV3",\n    "TestBV4",\n    "TestBV10",\n)',
            ),
            ("[]", '[\n    "TestBV4",\n]'),
        ],
    )
    def test_name_it_in_all_where_that_is_written_out(self, before, after):
        found = put(
            f"import torch\n\n__all__ = {before}\n", Additions(modules=(module("TestBV4"),)), "modules.py"
        )
        assert found == f"import torch\n\n__all__ = {after}\n\n\n{self.CLASS}"

    def test_an_all_that_is_computed_stays(self):
        text = "import torch\n\n__all__ = dir()\n"
        assert put(text, Additions(modules=(module("TestBV4"),)), "modules.py").startswith(text)


class TestARegistry:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{}", '{\n    TestBV4(): "my::b",\n}'),
            ("{\n}", '{\n    TestBV4(): "my::b",\n}'),
            ('{\n    A(): "my::a",\n}', '{\n    A(): "my::a",\n    TestBV4(): "my::b",\n}'),
            (
                '{\n    A(): "my::a"  # one, two\n}',
                '{\n    A(): "my::a",  # one, two\n    TestBV4(): "my::b",\n}',
            ),
            ('{A(): "my::a"}', '{A(): "my::a", TestBV4(): "my::b"}'),
            ('{A(): "my::a",}', '{A(): "my::a", TestBV4(): "my::b",}'),
            (
                '{A(): "my::a",\n               C(): "my::c"}',
                '{A(): "my::a",\n               C(): "my::c",\n               TestBV4(): "my::b"}',
            ),
            (
                '{Long(): "my::loooooooooooooooooooooooooooooooooooooooooooong", D(): "d"}',
                '{\n    Long(): "my::loooooooooooooooooooooooooooooooooooooooooooong",\n    D(): "d",\n'
                '    TestBV4(): "my::b",\n}',
            ),
        ],
    )
    def test_gets_a_row(self, before, after):
        for head in ("from modules import *\n\nALL_MODULES = ", "X = ALL_MODULES = ", "ALL_MODULES: dict = "):
            found = put(
                f"{head}{before}  # rows\n", Additions(rows=(row("TestBV4", "my::b"),)), "registry.py"
            )
            if "oooo" in before and len(head) > 40:
                continue
            # The first row of a registry that has no classes yet brings their import.
            is_first = before in ("{}", "{\n}") and "import" not in head
            added = "from modules import TestBV4\n\n" if is_first else ""
            assert found == f"{added}{head}{after}  # rows\n"

    def test_gets_several(self):
        rows = (row("TestBV4", "my::b"), row("TestCV4", "my::c"))
        found = put('ALL_MODULES = {A(): "my::a"}\n', Additions(rows=rows), "registry.py")
        assert found == (
            'ALL_MODULES = {\n    A(): "my::a",\n    TestBV4(): "my::b",\n    TestCV4(): "my::c",\n}\n'
        )

    @pytest.mark.parametrize(
        ("before", "after", "prefix"),
        [
            ("from modules import *", "from modules import *", ""),
            ("from pkg.modules import *", "from pkg.modules import *", ""),
            ("from modules import A", "from modules import A, TestBV4", ""),
            (
                "try:\n    from .modules import A\nexcept ImportError:\n    from modules import A, B",
                "try:\n    from .modules import A, TestBV4\nexcept ImportError:\n    from modules import A, B, TestBV4",
                "",
            ),
            (
                "try:\n    from .modules import *\nexcept ImportError:\n    from modules import A",
                "try:\n    from .modules import *\nexcept ImportError:\n    from modules import A, TestBV4",
                "",
            ),
            ("from modules import A, Z", "from modules import A, TestBV4, Z", ""),
            ("from modules import Z, A", "from modules import Z, A, TestBV4", ""),
            ("from modules import A as B", "from modules import A as B, TestBV4", ""),
            ("from .modules import (A, Z)", "from .modules import (A, TestBV4, Z)", ""),
            (
                "from modules import (\n    A,\n    Z,\n)",
                "from modules import (\n    A,\n    TestBV4,\n    Z,\n)",
                "",
            ),
            ("from modules import TestBV4", "from modules import TestBV4", ""),
            (
                f"from modules import {'A' * 40}, {'B' * 30}",
                f"from modules import (\n    {'A' * 40},\n    {'B' * 30},\n    TestBV4,\n)",
                "",
            ),
            ("import modules", "import modules", "modules."),
            ("import pkg.modules as m", "import pkg.modules as m", "m."),
            ("from pkg import modules", "from pkg import modules", "modules."),
            ("from other import *\nimport os", "from other import *\nimport os", ""),
        ],
    )
    def test_imports_the_class_as_it_does_the_others(self, before, after, prefix):
        tail = 'ALL_MODULES = {\n    A(): "my::a",\n'
        found = put(f"{before}\n\n{tail}}}\n", Additions(rows=(row("TestBV4", "my::b"),)), "registry.py")
        assert found == f'{after}\n\n{tail}    {prefix}TestBV4(): "my::b",\n}}\n'

    def test_an_import_over_lines_without_parentheses_is_refused(self):
        text = "from modules import A, \\\n    B\n\nALL_MODULES = {}\n"
        with pytest.raises(
            UserError, match=r"registry.py:1:1: put the names of this import into parentheses"
        ):
            put(text, Additions(rows=(row("TestBV4"),)), "registry.py")

    @pytest.mark.parametrize("text", ["ALL_MODULES = make()\n", "x = 1\n", "ALL_MODULES = {**A}\n"])
    def test_that_only_a_run_could_tell_is_refused(self, text):
        with pytest.raises(UserError, match=r"registry.py:\d+:\d+: .*\(nothing is written before\)"):
            put(text, Additions(rows=(row("TestBV4"),)), "registry.py")


class TestTheHeader:
    TEXT = "uint64_t kProducedFileFormatVersion = 0xAL;\nuint64_t kMaxSupportedFileFormatVersion = 0xCL;\n"

    @pytest.mark.parametrize(
        ("version", "produced", "maximum"), [(9, "A", "C"), (10, "A", "C"), (11, "B", "C"), (13, "D", "D")]
    )
    def test_is_raised_where_it_is_below(self, version, produced, maximum):
        found = put(self.TEXT, Additions(version=version), "versions.h")
        assert found == self.TEXT.replace("0xAL", f"0x{produced}L").replace("0xCL", f"0x{maximum}L")


@pytest.mark.parametrize(
    ("additions", "path"),
    [
        (Additions((entry("b"),)), "map.py"),
        (Additions(rows=(row("TestBV4"),)), "registry.py"),
        (Additions(modules=(module("TestBV4"),)), "modules.py"),
        (Additions(upgraders=(upgrader("b_0_4"),)), "upgraders.py"),
    ],
)
def test_a_file_that_is_not_there_is_named(additions, path):
    with pytest.raises(
        UserError, match=f"{path} is not there: add it, or name the right file in the settings"
    ):
        inserted({}, CONFIG, additions)
