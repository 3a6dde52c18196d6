"""Guards: each calls one operator, as the models of users do."""

import torch


class ScaleBy(torch.nn.Module):
    def forward(self, x, f: float):
        return torch.ops.mylib.scale(x, f)

    def sample_inputs(self):
        return [(torch.tensor([1.0]), 5.0)]


class ScaleByDefault(torch.nn.Module):
    def forward(self, x):
        return torch.ops.mylib.scale(x)

    def sample_inputs(self):
        return [(torch.tensor([1.0]),)]
