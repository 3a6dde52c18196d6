"""Fixture modules: each calls one operator as models did before it changed."""

import torch


class TestVersionedScaleV3(torch.nn.Module):
    def forward(self, x):
        return torch.ops.tinyops.scale(x)


class TestVersionedHalveV3(torch.nn.Module):
    def forward(self, x):
        return torch.ops.tinyops.halve(x)
