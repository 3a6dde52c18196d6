"""One operator, and what it was."""

import torch

__version__ = "1.1"


@torch.library.custom_op("mylib::scale", mutates_args=())
def scale_of_1_0(x: torch.Tensor, f: float = 2.0) -> torch.Tensor:
    return x * f


@torch.library.custom_op("mylib::scale_by", mutates_args=())
def scale(x: torch.Tensor, factor: float = 2.0) -> torch.Tensor:
    return x * factor


@scale_of_1_0.register_fake
@scale.register_fake
def _(x, *args, **kwargs):
    return torch.empty_like(x)
