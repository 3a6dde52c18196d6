import torch


class TestVersionedDivTensorV3(torch.nn.Module):
    def forward(self, a, b):
        return torch.ops.aten.div(a, b)


class TestVersionedGeluV9(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)


class TestVersionedGeluOutV9(torch.nn.Module):
    def forward(self, x):
        out = torch.zeros_like(x)
        return torch.ops.aten.gelu(x, out=out)
