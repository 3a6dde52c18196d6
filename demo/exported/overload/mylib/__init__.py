"""One operator in two overloads."""

import torch

__version__ = "1.1"


@torch.library.custom_op("mylib::scale", mutates_args=())
def scale(x: torch.Tensor, f: float = 2.0) -> torch.Tensor:
    return x * f


torch.library.define("mylib::scale.by", "(Tensor x, *, float factor) -> Tensor")


@torch.library.impl("mylib::scale.by", "CompositeExplicitAutograd")
def scale_by(x, *, factor):
    return x * factor


@scale.register_fake
@torch.library.register_fake("mylib::scale.by")
def _(x, *args, **kwargs):
    return torch.empty_like(x)
