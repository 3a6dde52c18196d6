"""Archives: written by this torch, loaded by it, and carried back to older bytecode."""

from __future__ import annotations

import base64
import importlib
import io
import os
import tempfile
from typing import Any, Callable

import torch


def save_for_lite(module: Any, _: Any, path: str) -> None:
    torch.jit.script(module)._save_for_lite_interpreter(path)


def save_for_jit(module: Any, _: Any, path: str) -> None:
    torch.jit.save(torch.jit.script(module), path)


def load_lite(archive: bytes) -> Any:
    mobile = importlib.import_module("torch.jit.mobile")
    return loaded(archive, mobile._load_for_lite_interpreter)


def load_jit(archive: bytes) -> Any:
    return loaded(archive, torch.jit.load)


def loaded(archive: bytes, load: Callable[[Any], Any]) -> Any:
    """What an archive loads to. It is in no file: there its code could read, as it is loaded, whether it was altered.

    Of what is in memory torch says less where it is malformed: of that it is asked once more.
    """
    try:
        return load(io.BytesIO(archive))
    except Exception:
        path = written(archive)
        try:
            load(path)
        finally:
            os.unlink(path)
        raise


def written(archive: bytes, name: str = "archive") -> str:
    """The path of a file with the archive in it."""
    path = os.path.join(os.getcwd(), name)
    with open(path, "wb") as stream:
        stream.write(archive)
    return path


def load_as_it_can(archive: bytes) -> Any:
    """The archive under torch.jit.load, or else under lite where this torch has it."""
    try:
        return load_jit(archive)
    except Exception:
        if mobile_module() is None:
            raise
        return load_lite(archive)


def mobile_module() -> Any:
    """torch.jit.mobile, None before torch 1.6."""
    try:
        return importlib.import_module("torch.jit.mobile")
    except ImportError:
        return None


def backported(archive: bytes, name: str, bytecode: int | None) -> str | None:
    """The archive as this torch backports it, None where it need not or cannot (it can from 1.9.1 on)."""
    mobile = mobile_module()
    if bytecode is None or not hasattr(mobile, "_backport_for_mobile"):
        return None
    path, other = written(archive, name), os.path.join(tempfile.mkdtemp(), name)
    if mobile._get_model_bytecode_version(path) <= bytecode:
        return None
    mobile._backport_for_mobile(path, other, bytecode)
    with open(other, "rb") as stream:
        return base64.b64encode(stream.read()).decode()
