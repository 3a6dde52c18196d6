"""A commit or the work tree is checked out beside the user's repository, of which no byte changes."""

import os
import shutil
import subprocess

import pytest

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository
from opfixtures.runtimes.side_checkout import check_out, content_of, work_tree_state
from opfixtures.settings.sources import Sources


def files_in(folder):
    """Each file with its content, kind and permission; the repository's own folder left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" in path.relative_to(folder).parts:
            continue
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = ("x " if os.access(path, os.X_OK) else "") + path.read_text(
                errors="surrogateescape"
            )
    return found


def every_byte(folder):
    """All of a folder, `.git` included."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


@pytest.fixture
def out(tmp_path, git_environment):
    """Checks a commit out, or the work tree, and gives the files."""

    def run(repository, commit=None, **environment):
        found = Repository.discover(str(repository.root), {**git_environment, **environment})
        folder = tmp_path / f"out {len(list(tmp_path.iterdir()))}"
        if commit is None:
            scratch = tmp_path / f"scratch {len(list(tmp_path.iterdir()))}"
            tree, objects = work_tree_state(found, str(scratch))
            check_out(found, tree, str(folder), objects)
        else:
            check_out(found, commit, str(folder))
        return files_in(folder)

    return run


NAMES = [
    "plain",
    "with space",
    'with "quotes"',
    "with:colon",
    "with\\backslash",
    "wíth ünicode",
    "two\nlines",
]


@pytest.fixture(params=[(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
def repository(request, new_repository):
    """One commit with a file, a program, a link and a folder."""
    made = new_repository(
        {"a": "one\n", "folder/b": "two\n", ".gitignore": "ignored\n"}, options=request.param
    )
    made.write("program", "#!/bin/sh\n")
    (made.root / "program").chmod(0o755)
    (made.root / "link").symlink_to("folder/b")
    made.git("add", "--all")
    made.commit("second")
    return made


COMMITTED = {
    ".gitignore": "ignored\n",
    "a": "one\n",
    "folder/b": "two\n",
    "link": "-> folder/b",
    "program": "x #!/bin/sh\n",
}


def test_a_commit_is_checked_out_as_it_was(repository, out):
    commit = repository.git("rev-parse", "HEAD")
    repository.write("a", "three\n")
    repository.commit()
    assert out(repository, commit) == COMMITTED


def test_the_work_tree_is_checked_out_as_it_stands(repository, out):
    root = repository.root
    repository.write("staged", "s\n")
    repository.write("staged and changed", "s\n")
    (root / "staged and changed").write_text("c\n")
    (root / "a").write_text("changed\n")
    (root / "folder" / "b").unlink()
    (root / "program").chmod(0o644)
    (root / "untracked").mkdir()
    (root / "untracked" / "u").write_text("u\n")
    (root / "untracked link").symlink_to("/nowhere")
    (root / "ignored").write_text("i\n")
    assert out(repository) == {
        ".gitignore": "ignored\n",
        "a": "changed\n",
        "link": "-> folder/b",
        "program": "#!/bin/sh\n",
        "staged": "s\n",
        "staged and changed": "c\n",
        "untracked link": "-> /nowhere",
        "untracked/u": "u\n",
    }


def test_the_users_repository_stays_byte_for_byte(repository, out):
    (repository.root / "a").write_text("changed\n")
    (repository.root / "untracked").write_text("u\n")
    repository.git("config", "core.splitIndex", "true")
    repository.git("update-index", "--split-index", "--untracked-cache")
    before = every_byte(repository.root)
    out(repository)
    out(repository, repository.git("rev-parse", "HEAD"))
    assert every_byte(repository.root) == before


@pytest.mark.parametrize("name", NAMES)
def test_any_path_will_do(new_repository, out, name):
    made = new_repository({"a": "one\n"}, name=name)
    # What git takes for unchanged it does not read: its content has to be found in the repository.
    os.utime(made.root / "a", (0, 0))
    made.git("update-index", "--refresh")
    (made.root / name).write_text("u\n")
    assert out(made) == {"a": "one\n", name: "u\n"}
    assert out(made, made.git("rev-parse", "HEAD")) == {"a": "one\n"}


def test_neither_hooks_nor_a_file_system_monitor_nor_filters_run(new_repository, out, tmp_path):
    made = new_repository({"a": "one\r\n", ".gitattributes": "filtered filter=mine\n", "filtered": "f\n"})
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 >> '{tmp_path}/sprung'\n")
    trap.chmod(0o755)
    for hook in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
        (made.root / ".git" / "hooks" / hook).symlink_to(trap)
    made.git("config", "core.fsmonitor", str(trap))
    made.git(
        "config", "--file", str(tmp_path / ".gitconfig"), "core.hooksPath", str(made.root / ".git/hooks")
    )
    made.git("config", "--file", str(tmp_path / ".gitconfig"), "core.autocrlf", "true")
    made.git("config", "--file", str(tmp_path / ".gitconfig"), "filter.mine.smudge", str(trap))
    (tmp_path / "sprung").unlink(missing_ok=True)
    out(made)
    checked_out = out(made, made.git("rev-parse", "HEAD"))
    assert not (tmp_path / "sprung").exists()
    assert checked_out["filtered"] == "f\n"


def test_line_endings_that_git_would_not_write_are_no_error(new_repository, out):
    made = new_repository({"a": "one\r\n"})
    made.write(".gitattributes", "* text eol=crlf\n")
    commit = made.commit()
    assert out(made, commit)["a"] == "one\n"
    assert out(made)["a"] == "one\n"


def test_a_repository_without_a_commit_has_a_work_tree(new_repository, out):
    made = new_repository()
    (made.root / "a").write_text("one\n")
    assert out(made) == {"a": "one\n"}


def test_a_linked_worktree_is_a_work_tree(repository, out, tmp_path):
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    (tmp_path / "linked" / "a").write_text("linked\n")
    linked = type(repository)(tmp_path / "linked", repository.environment)
    assert out(linked)["a"] == "linked\n"
    assert out(repository)["a"] == "one\n"


def test_a_submodule_is_left_out(new_repository, out, tmp_path):
    made, inner = new_repository({"a": "one\n"}), new_repository({"inner": "i\n"}, name="inner")
    made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    made.git("config", "--file", str(tmp_path / ".gitconfig"), "submodule.recurse", "true")
    commit = made.commit()
    assert set(out(made)) == set(out(made, commit)) == {"a", ".gitmodules"}


def test_the_commit_of_a_submodule_is_that_of_the_work_tree(new_repository, git_environment, tmp_path):
    made, inner = new_repository({"a": "one\n"}), new_repository({"inner": "i\n"}, name="inner")
    for name in ("moved", "gone", "empty"):
        made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), name)
    made.commit()
    before = made.git("rev-parse", "HEAD:moved")
    made.git("-C", "moved", "commit", "--quiet", "--allow-empty", "--message", "second")
    made.git("submodule", "--quiet", "deinit", "empty")
    shutil.rmtree(made.root / "gone")
    found = Repository.discover(str(made.root), git_environment)
    tree, objects = work_tree_state(found, str(tmp_path / "scratch"))
    listed = subprocess.run(
        ("git", "ls-tree", tree),
        cwd=made.root,
        env={**git_environment, "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    moved = made.git("-C", "moved", "rev-parse", "HEAD")
    assert moved != before
    links = [line for line in listed.splitlines() if line.startswith("160000 ")]
    assert links == [f"160000 commit {before}\tempty", f"160000 commit {moved}\tmoved"]


def test_a_sparse_checkout_is_whole(repository, out):
    repository.git("sparse-checkout", "set", "--no-cone", "/folder/")
    assert not (repository.root / "a").exists()
    assert out(repository) == COMMITTED


def test_the_index_that_git_was_called_with_is_the_one(repository, out):
    """`git commit -a` names another one, relative to where it was called."""
    other = repository.root / ".git" / "other"
    repository.git("read-tree", "--index-output", str(other), "HEAD")
    (repository.root / "a").write_text("changed\n")
    assert out(repository, GIT_INDEX_FILE=".git/other", GIT_DIR=".git")["a"] == "changed\n"


def test_settings_in_the_environment_stay(repository, out):
    (repository.root / "excluded").write_text("e\n")
    excludes = repository.root / ".git" / "excludes"
    excludes.write_text("excluded\n")
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.excludesFile",
        "GIT_CONFIG_VALUE_0": str(excludes),
    }
    assert out(repository, **settings) == COMMITTED


def test_a_commit_that_is_not_here_is_a_git_error(repository, out):
    with pytest.raises(GitError, match="git commit-tree failed: ") as caught:
        out(repository, "0" * 40)
    assert "git fetch" not in str(caught.value)


def test_what_a_partial_clone_lacks_can_be_fetched(new_repository, out, tmp_path):
    made = new_repository({"a": "one\n"})
    made.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    options = ("--quiet", "--no-checkout", "--filter=blob:none")
    made.git("clone", *options, made.root.as_uri(), str(clone))
    cloned = type(made)(clone, made.environment)
    with pytest.raises(GitError, match=r"lacks objects of [0-9a-f]{12}: `git fetch --refetch --no-filter`"):
        out(cloned, cloned.git("rev-parse", "HEAD"))
    cloned.git("fetch", "--quiet", "--refetch", "--no-filter")
    assert out(cloned, cloned.git("rev-parse", "HEAD")) == {"a": "one\n"}


def test_an_untracked_repository_without_a_commit_is_told(repository, out):
    subprocess.run(["git", "init", "--quiet", str(repository.root / "nested")], check=True)
    with pytest.raises(GitError, match="'nested/' does not have a commit checked out"):
        out(repository)


@pytest.fixture
def content(tmp_path, git_environment):
    """The hash of a commit's files, or of those of the work tree; of all that do not begin with `docs`."""

    def run(repository, commit=None):
        found = Repository.discover(str(repository.root), git_environment)

        if commit is not None:
            return content_of(found, commit, Sources())
        scratch = tmp_path / f"scratch {len(list(tmp_path.iterdir()))}"
        tree, objects = work_tree_state(found, str(scratch))
        return content_of(found, tree, Sources(), objects)

    return run


def test_content_is_that_of_the_files_that_count_wherever_they_are_had_from(repository, content):
    commit = repository.git("rev-parse", "HEAD")
    same = content(repository, commit)
    assert content(repository) == same
    repository.write("docs/a", "of no account")
    assert content(repository, repository.commit()) == content(repository) == same
    (repository.root / "docs/b").write_text("untracked")
    assert content(repository) == same


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "a").write_text("other\n"),
        lambda root: (root / "a").rename(root / "b"),
        lambda root: (root / "a").unlink(),
        lambda root: (root / "a").chmod(0o755),
        lambda root: (root / "untracked").write_text("u"),
        lambda root: (root / "link").unlink() or (root / "link").symlink_to("a"),
        lambda root: (root / "wíth\nünicode").write_text("u"),
    ],
)
def test_content_differs_with_path_mode_and_bytes(repository, content, change):
    before = content(repository)
    change(repository.root)
    assert content(repository) != before
    repository.git("add", "--all")
    assert content(repository, repository.commit()) == content(repository) != before


def test_content_differs_with_what_a_link_leads_to(repository, content):
    repository.write("tests/upgraders.py", "one")
    (repository.root / "upgraders.py").symlink_to("tests/upgraders.py")
    repository.git("add", "--all")
    first = content(repository, repository.commit())
    repository.write("tests/other.py", "of no account")
    assert content(repository) == first
    repository.write("tests/upgraders.py", "two")
    assert content(repository) != first
    assert content(repository, repository.commit()) == content(repository)


def test_content_of_what_a_shallow_clone_lacks_can_be_fetched(repository, content, tmp_path):
    commit = repository.git("rev-parse", "HEAD~1")
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(tmp_path / "shallow"))
    shallow = type(repository)(tmp_path / "shallow", repository.environment)
    with pytest.raises(GitError, match=r"lacks objects of [0-9a-f]{12}: `git fetch --unshallow` brings them"):
        content(shallow, commit)


def test_content_of_what_git_does_not_have_is_an_error(repository, content):
    with pytest.raises(GitError):
        content(repository, "0" * 40)


def test_content_of_thousands_of_links_is_read_by_one_git(repository, content, monkeypatch):
    for number in range(40):
        (repository.root / f"l{number}").symlink_to(f"l{number + 1}\n")
    repository.git("add", "--all")
    commit, asked, run = repository.commit(), list[str](), Repository.run

    def noted(self, *args, **more):
        asked.append(args[0])
        return run(self, *args, **more)

    monkeypatch.setattr(Repository, "run", noted)
    first = content(repository, commit)
    assert asked.count("cat-file") == 1
    (repository.root / "l39").unlink()
    (repository.root / "l39").symlink_to("a")
    repository.git("add", "--all")
    assert content(repository, repository.commit()) != first


def test_a_link_that_git_does_not_have_is_an_error(repository, content):
    (repository.root / "only-here").symlink_to("nowhere else")
    repository.git("add", "--all")
    commit = repository.commit()
    oid = repository.git("rev-parse", "HEAD:only-here")
    (repository.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(GitError, match="git has no only-here"):
        content(repository, commit)
