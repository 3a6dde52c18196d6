"""Where a release stands in for a tree, a branch cannot have another text compiled than the one that is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opfixtures.change.comparison import between
from opfixtures.change.held_upgraders import why_not_told
from opfixtures.change.read_change import read_change
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.declarations.test_mobile_code import ADDED, NOW
from tests.repositories import PYTORCH_TREE, VERSION_MAP, GitRepository

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
MOBILE = "torch/csrc/jit/mobile/upgrader_mobile.cpp"
TEXT = 'R"SCRIPT(\ndef gelu_0_9(self: Tensor) -> Tensor:\n  return torch.gelu(self)\n)SCRIPT"'
MAP = 'static std::unordered_map<std::string, std::string> kUpgradersEntryMap(\n    {{"gelu_0_9", %s}});\n'
ONE = "#include <x.h>\n" + MAP % TEXT
BROKEN = ONE.replace("torch.gelu(self)", "self")
BODY = ONE.removeprefix("#include <x.h>\n")
OTHER_NAME = ONE.replace("kUpgradersEntryMap", "kFormerMap")
OUTSIDE = f"{UPGRADERS} differs from target's outside of what it lists"
VERSIONS = str(PYTORCH_TREE[VERSION_MAP])


@pytest.fixture
def tree(new_repository: Callable[..., GitRepository]) -> GitRepository:
    return new_repository({**PYTORCH_TREE, UPGRADERS: ONE, MOBILE: NOW})


def why(repository: GitRepository) -> str:
    """Of the entry of gelu, for the commit here on top of the first."""
    found = Repository.discover(str(repository.root), repository.environment)
    with GitObjects(found) as objects:
        change = read_change(objects, between(objects, "main", "HEAD"))
        [*_, entry] = (one for one in change.version_map.entries if one.operator == "aten::gelu")
        return why_not_told(change, entry)


def changed(repository: GitRepository, **files: str | bytes) -> str:
    repository.git("checkout", "--quiet", "-b", "topic")
    for path, content in files.items():
        repository.write(path, content)
    repository.commit("changed")
    return why(repository)


# What PyTorch itself could have changed.
HONEST = [
    ("README.md", "other\n"),
    # What these list is read, and compared with what the release has.
    (UPGRADERS, BROKEN),
    (UPGRADERS, ONE.replace('{{"gelu', '{{"add_0_3", R"(def add_0_3(): pass)"}, {"gelu')),
    (UPGRADERS, f"// told\n{ONE}".replace("\n", "\r\n")),
    (VERSION_MAP, VERSIONS.replace('{"aten::gelu"', '{"aten::add", {{4, "add_0_3", "aten::add(Tensor a) -> Tensor"}}},\n{"aten::gelu"')),  # noqa: E501
    (MOBILE, ADDED),
]  # fmt: skip


@pytest.mark.parametrize(("path", "content"), HONEST)
def test_entries_that_come_leave_no_doubt_of_the_others(
    tree: GitRepository, path: str, content: str | bytes
) -> None:
    assert changed(tree, **{path: content}) == ""


@pytest.mark.parametrize(
    "source",
    [
        # What is read first is not what has the name.
        OTHER_NAME + BROKEN.removeprefix("#include <x.h>\n"),
        f"#include <x.h>\n#define kUpgradersEntryMap kNobodys\n{BODY}#undef kUpgradersEntryMap\n" + MAP % "kOther",
        OTHER_NAME + "static auto kUpgradersEntryMap = made(kOther);\n",
        f"#include <y.h>\n{BODY}",
        f"#include <x.h>\n#if 0\n#endif\n{BODY}",
        f"#if defined(OTHER)\n{ONE}#else\n{BROKEN}#endif\n",
        ONE.replace('{{"gelu', '\n#ifdef X\n{{"gelu'),
        f"{ONE}void f() {{ other(&kUpgradersEntryMap); }}\n",
        "",
    ],
)  # fmt: skip
def test_code_around_the_map_of_upgraders_makes_what_is_compiled_anybodys_guess(
    tree: GitRepository, source: str
) -> None:
    assert changed(tree, **{UPGRADERS: source}).startswith(OUTSIDE)


def test_so_does_code_around_the_version_map(tree: GitRepository) -> None:
    second = VERSIONS.replace("} // namespace", "static auto others = made();\n} // namespace")

    assert changed(tree, **{VERSION_MAP: second}).startswith(f"{VERSION_MAP} differs from target's")


def test_so_do_entries_that_do_not_ascend(tree: GitRepository) -> None:
    """torch takes the first one above the version of a model."""
    earlier = '{{12, "gelu_10_11", "aten::gelu(Tensor self) -> Tensor"}, {'
    assert changed(
        tree, **{VERSION_MAP: VERSIONS.replace('"aten::gelu", {{', f'"aten::gelu", {earlier}')}
    ) == (
        f"{VERSION_MAP} has the entries of aten::gelu not in ascending order, and torch takes the first that fits"
    )


def test_so_does_a_second_key_of_the_operator(tree: GitRepository) -> None:
    twice = VERSIONS.replace('{"aten::gelu"', '{"aten::gelu", {}}, {"aten::gelu"')

    assert changed(tree, **{VERSION_MAP: twice}) == (
        f"{VERSION_MAP} lists aten::gelu more than once, and of these the first counts"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "aten::gelu(Tensor self)",
            "aten:\\n:gelu(Tensor self)",
            "is not as torch prints it, aten::gelu(Tensor self) ->",
        ),
        (
            "aten::gelu(Tensor self)",
            "aten::gelu(Tensor  self)",
            "is not as torch prints it, aten::gelu(Tensor self) ->",
        ),
        (
            "aten::gelu(Tensor self)",
            "aten::gelu(Tensor self",
            "the old schema of aten::gelu does not parse",
        ),
        ("aten::gelu(Tensor self)", "aten::gelu(Tensor self, int? a=None)", ""),
    ],
)
def test_so_does_an_old_schema_that_torch_may_not_parse(
    tree: GitRepository, old: str, new: str, told: str
) -> None:
    reason = changed(tree, **{VERSION_MAP: VERSIONS.replace(old, new)})
    assert told in reason
    assert bool(told) is bool(reason)


def test_so_does_the_old_schema_of_another_overload(tree: GitRepository) -> None:
    """torch parses those of all overloads of a name, when it loads a model that calls one of them."""
    out = '{"aten::gelu.out", {{10, "gelu_0_9", "aten::gelu.out(Scalarr self) -> Tensor"}}},\n{"aten::gelu"'
    told = changed(tree, **{VERSION_MAP: VERSIONS.replace('{"aten::gelu"', out)})
    assert "the old schema of aten::gelu.out does not parse" in told


def test_a_schema_of_target_is_targets(new_repository: Callable[..., GitRepository]) -> None:
    odd = VERSIONS.replace("aten::gelu(Tensor self)", "aten::gelu( Tensor self )")
    assert changed(new_repository({**PYTORCH_TREE, VERSION_MAP: odd}), **{"README.md": "other"}) == ""


GENERATOR = "torchgen/operator_versions/gen_mobile_upgraders.py"


@pytest.mark.parametrize(
    ("excluded", "told"),
    [
        ("", f"{MOBILE} has no gelu_0_9 for aten::gelu"),
        ("aten::gelu", ""),
        ("gelu_0_9", ""),
        ("other", "has no gelu"),
    ],
)
def test_a_table_without_the_entry_is_not_the_releases(
    new_repository: Callable[..., GitRepository], excluded: str, told: str
) -> None:
    """Neither target's nor the branch's has it, and that of the release does."""
    other = NOW.replace(b"aten::gelu", b"aten::gelu_").replace(b'"gelu_0_9", 2', b'"gelu__0_9", 2')
    files = {**PYTORCH_TREE, UPGRADERS: ONE, MOBILE: other, GENERATOR: f"EXCLUDED_OP_SET = [{excluded!r}]\n"}
    reason = changed(new_repository(files), **{"README.md": "other"})
    assert told in reason
    assert bool(told) is bool(reason)
    assert "--" not in reason


def test_a_generator_of_the_branch_leaves_nothing_out(new_repository: Callable[..., GitRepository]) -> None:
    other = NOW.replace(b"aten::gelu", b"aten::gelu_")
    tree = new_repository({**PYTORCH_TREE, MOBILE: other, GENERATOR: "EXCLUDED_OP_SET = []\n"})
    assert "has no gelu_0_9" in changed(tree, **{GENERATOR: "EXCLUDED_OP_SET = ['aten::gelu']\n"})


def test_so_do_settings_that_name_another_file(tree: GitRepository) -> None:
    settings = '[tool.opfixtures]\npreset = "pytorch"\nupgraders = "docs/upgraders.cpp"\n'

    assert changed(tree, **{".opfixtures.toml": settings, "docs/upgraders.cpp": ONE, UPGRADERS: BROKEN}) == (
        "docs/upgraders.cpp is not where target has its own,"
        " and no build of the change was given to tell what of it is compiled"
    )


def test_so_do_settings_that_name_a_version_map_of_another_language(tree: GitRepository) -> None:
    """A C++ map that is emptied beside it would be the one that is compiled."""
    settings = '[tool.opfixtures]\npreset = "pytorch"\nversion-map = "docs/map.py"\n'
    entry = {
        "bumped_at_version": 10,
        "upgrader_name": "gelu_0_9",
        "old_schema": "aten::gelu(Tensor self) -> Tensor",
    }
    files = {
        ".opfixtures.toml": settings,
        "docs/map.py": f"OPERATOR_VERSIONS = {{'aten::gelu': [{entry}]}}\n",
    }

    assert changed(tree, **files) == (
        f"docs/map.py is the version map of this branch, and target's is {VERSION_MAP};"
        " no build of the change was given to tell what of it is compiled"
    )


def test_so_do_settings_that_name_a_copy_of_the_mobile_upgraders(tree: GitRepository) -> None:
    settings = '[tool.opfixtures]\npreset = "pytorch"\nmobile-upgraders = "docs/m.cpp"\n'
    files: dict[str, str | bytes] = {
        ".opfixtures.toml": settings,
        "docs/m.cpp": NOW,
        MOBILE: NOW.replace(b"RET", b"OP"),
    }

    assert changed(tree, **files).startswith("docs/m.cpp has another upgrader for aten::gelu than target")


@pytest.mark.parametrize(
    "content", [NOW.replace(b'"gelu_0_9", 2}', b'"gelu_0_9", 0}'), b"#define X\n" + NOW, None]
)
def test_another_mobile_upgrader_is_not_the_releases(tree: GitRepository, content: bytes | None) -> None:
    if content is None:
        tree.git("rm", "--quiet", MOBILE)
        content = b""
    expected = (
        f"{MOBILE} has another upgrader for aten::gelu than target, and no build of the change was given"
    )

    assert changed(tree, **{MOBILE: content}) == expected


def test_one_file_may_hold_both_maps(new_repository: Callable[..., GitRepository]) -> None:
    settings = f'[tool.opfixtures]\npreset = "pytorch"\nupgraders = "{VERSION_MAP}"\n'
    both = new_repository({**PYTORCH_TREE, ".opfixtures.toml": settings, VERSION_MAP: VERSIONS + BODY})

    assert changed(both, **{VERSION_MAP: VERSIONS.replace("gelu_0_9", "g_0_9") + BODY}) == ""
