import torch


class TestVersionedDivTensorV3(torch.nn.Module):
    def forward(self, a, b):
        return torch.ops.aten.div(a, b)
