"""The docs' workflows run by `act` on this machine: real torch, no GitHub, no Docker.

Third-party actions are stand-ins: a checkout that fetches one commit, a cache that has what this machine has, and
artifacts in a folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.github_server import GitHubServer, Pull
from tests.repositories import GitRepository

ROOT = Path(__file__).parents[2]
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "opfixtures")
"""The user's, where released torches are."""
STAND_INS = Path(__file__).parent / "stand_ins"
OUT_OF_REACH = "http://127.0.0.1:9"
REPOSITORY = {"id": 1, "full_name": "octo/library", "default_branch": "main"}
TOPIC = "refs/heads/topic"


@dataclass(frozen=True)
class Server:
    """A folder of repositories, `owner/name`, and of what workflows leave behind.

    `trees` are those of the demonstration that `library` has, `cache` is where runtimes are kept.
    """

    folder: Path
    library: GitRepository
    trees: Path
    cache: str

    def change(self, *trees: str) -> None:
        """A branch `topic` with these trees of the demonstration."""
        self.library.git("switch", "--quiet", "--create", "topic")
        self.add(*trees)

    def add(self, *trees: str) -> None:
        """Stage these trees of the demonstration."""
        for tree in trees:
            shutil.copytree(self.trees / tree, self.library.root, dirs_exist_ok=True)
        self.library.git("add", "--all")

    def open(self) -> tuple[str, str]:
        """Commit the branch as pull request 7, merged as GitHub does; base and head."""
        head = self.library.commit("the change")
        self.library.git("switch", "--quiet", "--detach", "main")
        self.library.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        self.library.git("update-ref", "refs/pull/7/merge", "HEAD")
        self.library.git("update-ref", "refs/pull/7/head", head)
        return self.library.git("rev-parse", "main"), head

    def offer(self, github: GitHubServer, owner: str = "octo") -> tuple[dict[str, Any], str]:
        """Open the branch as pull request 7 from `owner`'s repository on GitHub: the payload, and the head."""
        base, head = self.open()
        name = f"{owner}/library"
        hub = github.hub
        self.library.git("push", "--quiet", str(hub.folder("octo/library")), f"{base}:refs/heads/main")
        if owner != "octo":
            hub.fork(name)
        self.library.git("push", "--quiet", str(hub.folder(name)), f"{head}:{TOPIC}")
        hub.pulls[7] = Pull(7, name, "topic")
        payload = opened(base, head)
        repository = {"id": 1 if owner == "octo" else 2, "full_name": name}
        payload["pull_request"]["head"] |= {"repo": repository, "user": {"login": owner}}
        return payload, head

    def act(
        self, event: str, payload: object, workflow: str, api: str = OUT_OF_REACH, token: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a workflow of the docs, with `<owner>/opfixtures` as it stands here, and GitHub's API at `api`."""
        if event != "workflow_run":
            # That is another run, and takes what this one left.
            shutil.rmtree(self.folder / "artifacts", ignore_errors=True)
        work = GitRepository(self.folder / "work", self.library.environment)
        shutil.rmtree(work.root, ignore_errors=True)
        work.root.mkdir()
        work.git("init", "--quiet", "--initial-branch", "main")
        work.git("remote", "add", "origin", "https://github.com/octo/library.git")
        work.write(".github/workflows/fixtures.yml", workflow.replace("<owner>", "owner"))
        work.commit()
        (self.folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        command = [os.path.join(os.path.dirname(sys.executable), "act"), event]
        command += [f"--eventpath={self.folder / 'event.json'}", "--platform=ubuntu-latest=-self-hosted"]
        command += ["--pull=false", "--no-cache-server", "--no-skip-checkout", "--action-offline-mode"]
        command += [f"--action-cache-path={self.folder / 'act'}"]
        command += [f"--local-repository={name}={path}" for name, path in self._actions().items()]
        command += [f"--secret=GITHUB_TOKEN={token}"] if token else []
        told = {"API_URL": api, "SERVER_URL": OUT_OF_REACH, "REPOSITORY": "octo/library"}
        command += [f"--env=GITHUB_{name}={value}" for name, value in told.items()]
        os.makedirs(self.cache, exist_ok=True)
        command += [f"--env=STAND_IN_SERVER={self.folder}", f"--env=STAND_IN_CACHE={self.cache}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            command, cwd=work.root, env=environment, capture_output=True, text=True, check=False
        )

    def _actions(self) -> dict[str, str]:
        files = [ROOT / "action.yml", *(ROOT / ".github/workflows").glob("*.yml")]
        texts = "".join(path.read_text(encoding="utf-8") for path in files)
        pinned = re.findall(r"uses: actions/([a-z-]+)\S*@([0-9a-f]{40})", texts)
        actions = {f"actions/{name}@{commit}": str(STAND_INS / name) for name, commit in pinned}
        return {**actions, "owner/opfixtures@v0.1.0": str(self.folder / "owner/opfixtures")}

    def results(self) -> dict[str, dict[str, str]]:
        """Of each artifact, what became of each operator."""
        found = {}
        for path in sorted((self.folder / "artifacts").glob("*/result.json")):
            rows = json.loads(path.read_text(encoding="utf-8"))["fixtures"]
            found[path.parent.name] = {row["operator"]: row["status"] for row in rows}
        return found


def opened(base: str, head: str) -> dict[str, Any]:
    """The payload of a pull request that was opened."""
    pull = {
        "number": 7,
        "base": {"sha": base, "ref": "main", "repo": REPOSITORY},
        "head": {"sha": head, "ref": "topic", "repo": REPOSITORY, "user": {"login": "octocat"}},
    }
    return {"action": "opened", "number": 7, "pull_request": pull, "repository": REPOSITORY}
