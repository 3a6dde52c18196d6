"""The docs' workflows as they would be pasted, run by `act`, most of them where GitHub cannot be reached."""

from __future__ import annotations

import os

import pytest
import yaml

from tests.action.act import REPOSITORY, STAND_INS, Server, opened
from tests.action.test_manifest import FILES, blocks, read, steps
from tests.action_fixtures import HARDSWISH, HARDSWISH_MODULE, HARDSWISH_ROW
from tests.github_server import GitHubServer
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

GELU_OUT = '"aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor"}}}'


def test_a_pull_request_that_bumps_nothing(server: Server) -> None:
    server.change()
    server.library.write("README.md", "another text\n")
    done = server.act("pull_request", opened(*server.open()), blocks()[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was built or replayed" in done.stdout
    assert server.results() == {"opfixtures-result": {}}


def test_a_pull_request_of_a_branch_with_a_fixture_to_make_and_one_to_refuse(server: Server) -> None:
    server.change("change", "entries")
    server.library.replace(VERSION_MAP, f"{GELU_OUT}", f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    done = server.act("pull_request", opened(*server.open()), blocks()[0])
    assert done.returncode == 1
    assert server.results() == {
        "opfixtures-result": {
            "aten::gelu": "verified",
            "aten::gelu.out": "verified",
            "aten::hardswish": "refused",
        }
    }
    assert f"::error file={VERSION_MAP},line=" in done.stdout
    assert 'set-output:: refused=["aten::hardswish"]' in done.stdout
    server.library.git("switch", "--quiet", "topic")
    server.library.git("apply", str(server.folder / "artifacts/opfixtures-result/fixtures.patch"))
    made = server.library.git("ls-files", "--others").splitlines()
    assert [os.path.basename(path) for path in made] == [
        "test_versioned_gelu_out_v9.ptl",
        "test_versioned_gelu_out_v9.ptl.json",
        "test_versioned_gelu_v9.ptl",
        "test_versioned_gelu_v9.ptl.json",
    ]


@pytest.mark.thorough
def test_a_dispatch_with_a_job_for_each_of_two_runtimes(server: Server, github: GitHubServer) -> None:
    """GitHub says where the two revisions meet; there is no pull request to tell."""
    server.change("change", "entries")
    library = server.library
    library.replace(VERSION_MAP, f"{GELU_OUT}", f"{GELU_OUT},\n{HARDSWISH.rstrip()[:-1]}")
    library.write(MODULES, library.read(MODULES) + HARDSWISH_MODULE)
    library.replace(REGISTRY, "}", HARDSWISH_ROW)
    inputs = {"base": "main", "head": server.offer(github)[1]}
    payload = {"ref": "refs/heads/main", "repository": REPOSITORY, "inputs": inputs}
    done = server.act("workflow_dispatch", payload, blocks()[2], github.url, "reads")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [request.path for request in github.requests] == [
        f"/repos/octo/library/compare/main...{inputs['head']}"
    ] * 3
    assert github.writes == []
    assert server.results() == {
        "opfixtures-plan": {},
        "opfixtures-part-torch-1.11.0": {"aten::gelu": "verified", "aten::gelu.out": "verified"},
        "opfixtures-part-torch-2.13.0": {"aten::hardswish": "generated"},
    }
    cached = (server.folder / "cache.log").read_text(encoding="utf-8").split()
    assert ("restore" in cached, "save" in cached) == (True, False)


def test_what_is_handed_to_a_third_party_are_inputs_that_its_stand_in_has() -> None:
    """And `inputs.yml` beside the stand-ins holds those of the real ones, as their action.yml has them."""
    real = yaml.safe_load((STAND_INS / "inputs.yml").read_text(encoding="utf-8"))
    handed: dict[str, set[str]] = {}
    for manifest in [*map(read, FILES), *map(yaml.safe_load, blocks())]:
        for step in steps(manifest):
            name, _, commit = step.get("uses", "").partition("@")
            if name.startswith("actions/"):
                handed.setdefault(f"{name}@{commit}", set()).update(step.get("with", {}))
    assert set(handed) == set(real)
    for used, inputs in handed.items():
        assert inputs <= set(real[used]), used
        stand_in = STAND_INS / used.partition("@")[0].removeprefix("actions/") / "action.yml"
        if stand_in.exists():
            assert inputs <= set(read(stand_in)["inputs"]) <= set(real[used]), used
