"""Names that follow from names: class and file of a fixture, and its row."""

from __future__ import annotations

import re
from functools import lru_cache

_VERSION = re.compile("V([0-9]{1,9})")
_RANGE = re.compile("_[0-9]{1,10}_[0-9]{1,10}")


# Every rule that asks who owns a fixture asks for the names of all.
@lru_cache(maxsize=1 << 15)
def fixture_stem(class_name: str) -> str:
    """The file name, without its ending, that PyTorch's generate_models.py gives the fixture of a class.

    `TestVersionedSTFTV10` is `test_versioned_s_t_f_t_v10`.
    """
    return "".join("_" + char.lower() if char.isupper() else char for char in class_name).lstrip("_")


def module_version(class_name: str) -> int | None:
    """The operator version n in the suffix `V<n>` of a fixture module's class; None without such a suffix."""
    start = class_name.rfind("V")
    match = _VERSION.fullmatch(class_name, start) if start >= 0 else None
    return int(match[1]) if match else None


def module_of_version(class_name: str, version: int) -> str:
    """The class's name with another operator version in its suffix: `TestVersionedGeluV10`."""
    return f"{class_name[: class_name.rindex('V')]}V{version}"


def upgrader_of_range(name: str, covers: range) -> str:
    """The upgrader's name for an entry that covers these versions: `gelu_0_10` for gelu_0_9 and 0 to 10.

    A name that ends in no range stays.
    """
    start = name.rfind("_", 0, max(name.rfind("_"), 0))
    if start < 0 or not _RANGE.fullmatch(name, start):
        return name
    return f"{name[:start]}_{covers.start}_{covers.stop - 1}"


def class_name_for(operator: str, version: int) -> str:
    """A name for the fixture module of `operator` at `version`, in the way of PyTorch's.

    `aten::gelu.out` at 9 is `TestVersionedGeluOutV9`, `aten::div_.Tensor` at 3
    `TestVersionedDivInplaceTensorV3`. It is an identifier, whatever the text.
    """
    return f"TestVersioned{_words(operator)}V{max(version, 0)}"


def guard_name_for(operator: str) -> str:
    """A name for a guard's fixture module, which ends in no version: `mylib::scale.out` is `ScaleOutGuard`.

    It is an identifier, and no word of Python, whatever the text.
    """
    words = _words(operator)
    return f"{'Op' * words[:1].isdigit()}{words}Guard"


def _words(operator: str) -> str:
    """Name and overload of an operator, each word of them with a capital letter."""
    _, name, overload = _split(operator)
    if name.endswith("_") and not name.endswith("__"):
        name += "inplace"
    words = re.findall("[A-Za-z0-9]+", f"{name}.{overload}")
    return "".join(word[0].upper() + word[1:] for word in words)


def numbered(class_name: str, number: int) -> str:
    """Another name for a class, told apart by a number in front of its suffix: `TestVersionedGelu2V9`."""
    stem = class_name[: class_name.rindex("V")] if module_version(class_name) is not None else class_name
    return f"{stem}{number}{class_name[len(stem) :]}"


def suggested_row(operator: str, class_name: str) -> str:
    """The registry's row for a fixture module: `    TestVersionedGeluV9(): "aten::gelu",`."""
    text = f'"{operator}"' if operator.isprintable() and not set(operator) & set('"\\') else repr(operator)
    return f"    {class_name}(): {text},"


def _split(operator: str) -> tuple[str, str, str]:
    """Namespace, name and overload; what has no namespace is PyTorch's own."""
    before, separator, after = operator.partition("::")
    namespace, rest = (before, after) if separator else ("aten", operator)
    name, _, overload = rest.partition(".")
    return namespace, name, overload


def span(covers: range, letter: str = "", to: str = " to ") -> str:
    """The first and the last of versions, as `0 to 3` or `V0 to V3`; of one alone that one."""
    first, last = covers.start, covers.stop - 1
    return f"{letter}{first}" if first == last else f"{letter}{first}{to}{letter}{last}"


def versions_of(covers: range) -> str:
    """The same in words: `version 4`, `versions 0 to 3`."""
    return f"version{'s' * (len(covers) != 1)} {span(covers)}"
