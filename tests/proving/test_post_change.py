"""Which runtime replays: the tree, wherever it can be built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.errors import RuntimeUnavailable
from opfixtures.making.tools import Tools
from opfixtures.proving import post_change
from opfixtures.proving.post_change import PostChange, starting_early
from opfixtures.runtimes import Runtime
from opfixtures.settings.config import Config
from opfixtures.settings.pins import Pin
from opfixtures.settings.runtime_spec import RuntimeKind, RuntimeSpec
from opfixtures.settings.version_range import VersionRange

PLACE = Place("a.py", 1, 1)
ROW = FixtureEntry("ScaleV3", "tiny::scale", PLACE)
OF_4 = Owner(ROW, "fixtures/scale_v3.ptl", MapEntry("tiny::scale", 4, "scale_0_3", "", PLACE), range(4), 6)
GUARD = Owner(ROW, "fixtures/scale_v3.ptl")


def spec(
    kind: RuntimeKind, versions: str = "", name: str = "", operators: tuple[str, ...] = ()
) -> RuntimeSpec:
    held = VersionRange.parse(versions) if versions else VersionRange()
    return RuntimeSpec(
        kind, name or f"{kind} {versions}".strip(), held, None, None, None, (), None, operators
    )


def replays(owner: Owner, *specs: RuntimeSpec, named: RuntimeSpec | None = None) -> str:
    config = Config("map.py", None, "registry.py", (), "fixtures", None, specs, "pyproject.toml")
    return PostChange(config, None, named).spec_for(owner).name


@pytest.mark.parametrize("owner", [OF_4, GUARD])
@pytest.mark.parametrize("first", ["interpreter", "release"])
def test_a_build_of_the_tree_replays_whatever_stands_before_it(owner: Owner, first: RuntimeKind) -> None:
    assert replays(owner, spec(first), spec("checkout")) == "checkout"
    assert replays(owner, spec("checkout"), spec(first)) == "checkout"


def test_a_build_that_only_has_the_newest_versions_replays_what_another_made() -> None:
    assert replays(OF_4, spec("release", "<=4"), spec("checkout", ">=5")) == "checkout >=5"


def test_of_two_recipes_that_of_the_newest_version_builds_the_tree() -> None:
    assert replays(OF_4, spec("checkout", "<=4"), spec("checkout", ">=5")) == "checkout >=5"
    assert replays(OF_4, spec("checkout", "<=4"), spec("release", ">=5")) == "checkout <=4"


def test_a_build_for_other_operators_is_none_of_this_one() -> None:
    other = spec("checkout", operators=("tiny::add",))
    for owner in (OF_4, GUARD):
        assert replays(owner, other, spec("release", "<=9"), spec("interpreter")) == "interpreter"


def test_a_librarys_own_release_never_replays_what_it_made() -> None:
    released = replace(spec("release", name="mylib-1.2"), packages=(Pin("mylib", "1.2"),))
    assert replays(OF_4, released, spec("checkout")) == "checkout"
    assert replays(OF_4, released, spec("interpreter")) == "interpreter"
    with pytest.raises(RuntimeUnavailable, match="nothing builds the work tree to replay with: add a"):
        replays(OF_4, released)


def test_what_somebody_named_replays() -> None:
    assert replays(OF_4, spec("checkout"), named=spec("interpreter", name="mine")) == "mine"


@pytest.mark.parametrize(
    ("spec_of", "is_early"),
    [
        (replace(spec("release"), torch="0.1", python="3.11"), True),
        # To install one takes minutes, and may fail: then it is wanted for what was made.
        (replace(spec("release"), torch="0.2", python="3.11"), False),
        (spec("checkout"), False),
        (spec("interpreter"), False),
    ],
)
def test_a_release_that_is_installed_imports_torch_before_it_has_a_job(
    spec_of: RuntimeSpec, is_early: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_change, "is_installed", lambda one, _: one.torch == "0.1")
    entered = list[str]()

    class Early:
        def __init__(self, python: str) -> None:
            self.python = python

        def __enter__(self) -> Early:
            entered.append(self.python)
            return self

        def __exit__(self, *_: object) -> None:
            entered.append("ended")

    class Given:
        cache = str(tmp_path)

        def obtain(self, one: RuntimeSpec, _: object) -> Runtime:
            return Runtime("release", f"torch {one.torch}", "python of it")

    monkeypatch.setattr(post_change, "EarlyWorker", Early)
    config = Config("map.py", None, "registry.py", (), "fixtures", None, (spec_of,), "pyproject.toml")
    tools = Tools(str(tmp_path), Given(), print)  # type: ignore[arg-type]
    with starting_early([OF_4, GUARD], PostChange(config, None), tools) as given:
        assert (given.early is not None) == is_early
    assert entered == (["python of it", "ended"] if is_early else [])
    with starting_early([], PostChange(config, None), tools) as given:
        assert given.early is None
    nothing = PostChange(replace(config, runtimes=()), None)
    with starting_early([OF_4], nothing, tools) as given:
        assert given.early is None
