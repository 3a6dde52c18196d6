"""Two operators."""

import torch

__version__ = "2.0"

_library = torch.library.Library("tinyops", "DEF")
_library.define("scale(Tensor x, float factor) -> Tensor")
_library.define("halve(Tensor x) -> Tensor")


def _scale(x, factor):
    return x * factor


def _halve(x):
    return x / 2


_library.impl("scale", _scale, "CompositeExplicitAutograd")
_library.impl("halve", _halve, "CompositeExplicitAutograd")

from . import upgraders  # noqa: E402,F401
