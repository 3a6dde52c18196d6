"""Where a release stands in for a tree, what a branch writes in C++ is read as a compiler reads it, or nothing rests on
it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opfixtures.change import plain_files
from opfixtures.change.comparison import between
from opfixtures.change.plain_files import why_not_plain
from opfixtures.change.read_change import read_change
from opfixtures.declarations.plain_cpp import PlainFile, read_plain
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.change.test_held_upgraders import BROKEN, HONEST, MAP, MOBILE, ONE, TEXT, UPGRADERS, VERSIONS
from tests.declarations.test_mobile_code import NOW
from tests.repositories import PYTORCH_TREE, VERSION_MAP, GitRepository

PAIR = f'{{"gelu_0_9", {TEXT}}}'
NOT_PLAIN = "is not in the form that PyTorch writes"
BUILD = ", and only a build of the change tells what is compiled (--post-change-python)"


@pytest.fixture
def tree(new_repository: Callable[..., GitRepository]) -> GitRepository:
    return new_repository({**PYTORCH_TREE, UPGRADERS: ONE, MOBILE: NOW})


def why(repository: GitRepository, target: str = "main") -> str:
    found = Repository.discover(str(repository.root), repository.environment)
    with GitObjects(found) as objects:
        return why_not_plain(read_change(objects, between(objects, target, "HEAD")))


def changed(repository: GitRepository, **files: str | bytes) -> str:
    repository.git("checkout", "--quiet", "-b", "topic")
    for path, content in files.items():
        repository.write(path, content)
    repository.commit("changed")
    return why(repository)


@pytest.mark.parametrize(
    ("minimum", "maximum", "told"),
    [
        ("9", "11", "the oldest version that is read is 9 here, and 1 in target"),
        ("1", "8", "the newest version that is read is 8 here, and 10 in target"),
        ("x", "10", "the oldest version that is read is not to be read here, and 1 in target"),
        ("1", "12", ""),
    ],
)
def test_which_models_are_loaded_a_release_does_not_tell(
    tree: GitRepository, minimum: str, maximum: str, told: str
) -> None:
    header = "constexpr uint64_t kMinSupportedFileFormatVersion = {};\n"
    header += "constexpr uint64_t kMaxSupportedFileFormatVersion = {};\n"
    header += "constexpr uint64_t kProducedFileFormatVersion = 10;\n"
    tree.write("caffe2/serialize/versions.h", header.format(1, 10))
    tree.commit("versions")
    assert told in changed(tree, **{"caffe2/serialize/versions.h": header.format(minimum, maximum)})
    assert bool(told) is (why(tree) != "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "std::vector<OperatorString>()",
            'std::vector<OperatorString>({OperatorString({"aten::none", "", 1})})',
        ),
        ("std::vector<OperatorString>()", 'std::vector<c10::TypePtr>({c10::parseType("NoSuchType[")})'),
        ("OpCode::RET", "OpCode::NONE"),
        ('registerFunc("gelu_0_9"', 'registerFunc("gelu..0_9"'),
    ],
)
def test_what_torch_may_refuse_of_the_mobile_upgraders_is_target_s(
    tree: GitRepository, old: str, new: str
) -> None:
    """All functions of the list are made for any one: what fails in one, of no entry, fails for each model."""
    told = changed(tree, **{MOBILE: NOW.decode().replace(old, new, 1)})
    assert NOT_PLAIN in told
    assert "which target's has nowhere" in told


@pytest.mark.parametrize(("path", "content"), HONEST)
def test_what_pytorch_writes_is_plain(tree: GitRepository, path: str, content: str | bytes) -> None:
    assert changed(tree, **{path: content}) == ""


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        # A line that ends so hides the next one.
        (UPGRADERS, ONE.replace("    {{", f"    {{// as before \\\r\r\n{PAIR.replace('torch.gelu', '')},\n{{"), ":1"),
        # One pair of two strings, each made of two pointers.
        (UPGRADERS, ONE.replace(PAIR, f'{{{PAIR}, {{"z", "Z"}}}}'), ":3"),
        (VERSION_MAP, VERSIONS.replace("{{10,", "{{not int(8),"), ":6"),
        (VERSION_MAP, VERSIONS.replace("{{10,", "{{static_cast<std::is_same<int,int>::value_type>(8),"), ":6"),
        (MOBILE, NOW.replace(b"({Instruction", b"({\n%\\\n:define IValue(x) 7\nInstruction", 1), ":5"),
        # A quote in the delimiter of a raw string.
        (MOBILE, NOW.replace(b"OpCode::RET, 0, 0", b'R"a"b(,)a"b"', 1), ":4"),
        (MOBILE, NOW.replace(b"OpCode::RET, 0, 0", b"OpCode::RET, (f(), 0), 0", 1), ":4"),
    ],
)  # fmt: skip
def test_what_a_compiler_may_read_otherwise_is_not(
    tree: GitRepository, path: str, content: str | bytes, told: str
) -> None:
    reason = changed(tree, **{path: content})
    assert reason.startswith(f"{path}{told} {NOT_PLAIN}: ")
    assert reason.endswith(BUILD)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (UPGRADERS, f"{ONE}int x;\n"),
        (UPGRADERS, MAP % TEXT),
        (UPGRADERS, f"#define X\n{ONE}"),
        (UPGRADERS, "\n"),
        (MOBILE, NOW + b"int x;\n"),
    ],
)  # fmt: skip
def test_code_around_is_targets(tree: GitRepository, path: str, content: str | bytes) -> None:
    assert changed(tree, **{path: content}) == f"{path} differs from target's outside of what it lists{BUILD}"


def test_comments_that_target_has_may_stay_in_any_language(
    new_repository: Callable[..., GitRepository],
) -> None:
    tree = new_repository({**PYTORCH_TREE, UPGRADERS: f"// \xe9\n{ONE}"})
    assert changed(tree, **{UPGRADERS: f"// \xe9\n{BROKEN}"}) == ""
    tree.write(UPGRADERS, f"// \xe8\n{BROKEN}")
    tree.commit("another")
    assert why(tree).startswith(f"{UPGRADERS}:1 {NOT_PLAIN}: '\\xe8'")


def test_beside_a_file_of_target_that_is_not_plain_nothing_can_be_told(
    new_repository: Callable[..., GitRepository],
) -> None:
    tree = new_repository({**PYTORCH_TREE, UPGRADERS: f"#if A\n{ONE}#endif\n"})
    assert why(tree) == ""
    assert changed(tree, **{UPGRADERS: f"#if A\n{BROKEN}#endif\n"}).startswith(
        f"target's own {UPGRADERS}:3 {NOT_PLAIN}: a map under an `#if`"
    )


def test_a_file_that_target_has_not_is_held_to_its_form_alone(
    new_repository: Callable[..., GitRepository],
) -> None:
    tree = new_repository(PYTORCH_TREE)
    assert changed(tree, **{UPGRADERS: ONE}) == ""
    tree.write(UPGRADERS, ONE.replace(TEXT, f"std::string({TEXT})"))
    tree.commit("another")
    assert why(tree).startswith(f"{UPGRADERS}:3 {NOT_PLAIN}")


def test_before_the_first_commit_there_is_nobody_elses_word(tree: GitRepository) -> None:
    assert changed(tree, **{UPGRADERS: f"{BROKEN}/*"}) != ""
    found = Repository.discover(str(tree.root), tree.environment)
    with GitObjects(found) as objects:
        change = read_change(objects, between(objects, "main", "HEAD"))
        assert why_not_plain(replace(change, published_at=lambda: None)) == ""


@pytest.mark.parametrize("what", ["tokens", "texts"])
def test_what_two_readers_take_otherwise_is_not_plain(
    tree: GitRepository, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """No text is known that they do: so one of them reads something else here."""
    if what == "tokens":
        monkeypatch.setattr(plain_files, "tokenise", lambda _: ())
    else:
        monkeypatch.setattr(
            plain_files, "read_plain", lambda tokens: PlainFile(read_plain(tokens).around, (), ())
        )
    assert changed(tree, **{UPGRADERS: BROKEN}) != ""
