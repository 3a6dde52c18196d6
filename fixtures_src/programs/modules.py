"""Fixture modules of common operators of PyTorch, which are exported as programs (`.pt2`)."""

import torch


class AddTensor(torch.nn.Module):
    def forward(self, input, other, alpha):
        # type: (Tensor, Tensor, number) -> Tensor
        return torch.ops.aten.add(input, other, alpha=alpha)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                0.5,
            ),
        ]


class AddTensorDefaults(torch.nn.Module):
    def forward(self, input, other):
        return torch.ops.aten.add(input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class SubTensor(torch.nn.Module):
    def forward(self, input, other, alpha):
        # type: (Tensor, Tensor, number) -> Tensor
        return torch.ops.aten.sub(input, other, alpha=alpha)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                0.5,
            ),
        ]


class SubTensorDefaults(torch.nn.Module):
    def forward(self, input, other):
        return torch.ops.aten.sub(input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class MulTensor(torch.nn.Module):
    def forward(self, input, other):
        return torch.ops.aten.mul(input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class DivTensor(torch.nn.Module):
    def forward(self, input, other):
        return torch.ops.aten.div(input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class DivTensorMode(torch.nn.Module):
    def forward(self, input, other, rounding_mode):
        # type: (Tensor, Tensor, Optional[str]) -> Tensor
        return torch.ops.aten.div(input, other, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                "floor",
            ),
        ]


class PowTensorScalar(torch.nn.Module):
    def forward(self, input, exponent):
        # type: (Tensor, number) -> Tensor
        return torch.ops.aten.pow(input, exponent)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0.5),
        ]


class Exp(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.exp(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Sqrt(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.sqrt(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Relu(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.relu(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Gelu(torch.nn.Module):
    def forward(self, input, approximate: str):
        return torch.ops.aten.gelu(input, approximate=approximate)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), "tanh"),
        ]


class GeluDefaults(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.gelu(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Silu(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.silu(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Sigmoid(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.sigmoid(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Tanh(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.tanh(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Clamp(torch.nn.Module):
    def forward(self, input, min, max):
        # type: (Tensor, Optional[number], Optional[number]) -> Tensor
        return torch.ops.aten.clamp(input, min, max)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0.5, 4.5),
        ]


class SoftmaxInt(torch.nn.Module):
    def forward(self, input, dim, dtype):
        # type: (Tensor, int, Optional[int]) -> Tensor
        return torch.ops.aten.softmax(input, dim, dtype)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, 6),
        ]


class SoftmaxIntDefaults(torch.nn.Module):
    def forward(self, input, dim: int):
        return torch.ops.aten.softmax(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0),
        ]


class LogSoftmaxInt(torch.nn.Module):
    def forward(self, input, dim, dtype):
        # type: (Tensor, int, Optional[int]) -> Tensor
        return torch.ops.aten.log_softmax(input, dim, dtype)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, 6),
        ]


class LogSoftmaxIntDefaults(torch.nn.Module):
    def forward(self, input, dim: int):
        return torch.ops.aten.log_softmax(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0),
        ]


class SumDimIntList(torch.nn.Module):
    def forward(self, input, dim, keepdim, dtype):
        # type: (Tensor, Optional[List[int]], bool, Optional[int]) -> Tensor
        return torch.ops.aten.sum(input, dim, keepdim, dtype=dtype)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [0], True, 6),
        ]


class SumDimIntListDefaults(torch.nn.Module):
    def forward(self, input, dim):
        # type: (Tensor, Optional[List[int]]) -> Tensor
        return torch.ops.aten.sum(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [0]),
        ]


class MeanDim(torch.nn.Module):
    def forward(self, input, dim, keepdim, dtype):
        # type: (Tensor, Optional[List[int]], bool, Optional[int]) -> Tensor
        return torch.ops.aten.mean(input, dim, keepdim, dtype=dtype)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [0], True, 6),
        ]


class MeanDimDefaults(torch.nn.Module):
    def forward(self, input, dim):
        # type: (Tensor, Optional[List[int]]) -> Tensor
        return torch.ops.aten.mean(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [0]),
        ]


class VarCorrection(torch.nn.Module):
    def forward(self, input, dim, correction, keepdim):
        # type: (Tensor, Optional[List[int]], Optional[number], bool) -> Tensor
        return torch.ops.aten.var(
            input,
            dim,
            correction=correction,
            keepdim=keepdim,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                [0],
                0.5,
                True,
            ),
        ]


class VarCorrectionDefaults(torch.nn.Module):
    def forward(self, input, correction):
        # type: (Tensor, Optional[number]) -> Tensor
        return torch.ops.aten.var(input, correction=correction)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0.5),
        ]


class MaxDim(torch.nn.Module):
    def forward(self, input, dim: int, keepdim: bool):
        return torch.ops.aten.max(input, dim, keepdim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, True),
        ]


class MaxDimDefaults(torch.nn.Module):
    def forward(self, input, dim: int):
        return torch.ops.aten.max(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0),
        ]


class Argmax(torch.nn.Module):
    def forward(self, input, dim, keepdim):
        # type: (Tensor, Optional[int], bool) -> Tensor
        return torch.ops.aten.argmax(input, dim, keepdim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, True),
        ]


class ArgmaxDefaults(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.argmax(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Topk(torch.nn.Module):
    def forward(self, input, k: int, dim: int, largest: bool, sorted: bool):
        return torch.ops.aten.topk(input, k, dim, largest, sorted)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                1,
                0,
                False,
                False,
            ),
        ]


class TopkDefaults(torch.nn.Module):
    def forward(self, input, k: int):
        return torch.ops.aten.topk(input, k)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 1),
        ]


class Sort(torch.nn.Module):
    def forward(self, input, dim: int, descending: bool):
        return torch.ops.aten.sort(input, dim, descending)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, True),
        ]


class SortDefaults(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.sort(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Cumsum(torch.nn.Module):
    def forward(self, input, dim, dtype):
        # type: (Tensor, int, Optional[int]) -> Tensor
        return torch.ops.aten.cumsum(input, dim, dtype=dtype)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, 6),
        ]


class CumsumDefaults(torch.nn.Module):
    def forward(self, input, dim: int):
        return torch.ops.aten.cumsum(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0),
        ]


class Matmul(torch.nn.Module):
    def forward(self, input, other):
        return torch.ops.aten.matmul(input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class Bmm(torch.nn.Module):
    def forward(self, input, mat2):
        return torch.ops.aten.bmm(input, mat2)

    def sample_inputs(self):
        return [
            (
                torch.tensor(
                    [
                        [[-1.125, 0.625], [-0.125, -0.875]],
                        [[0.875, 0.125], [-0.625, 1.125]],
                    ],
                ),
                torch.tensor(
                    [
                        [[0.625, -0.125], [-0.875, 0.875]],
                        [[0.125, -0.625], [1.125, 0.375]],
                    ],
                ),
            ),
        ]


class Linear(torch.nn.Module):
    def forward(self, input, weight, bias):
        # type: (Tensor, Tensor, Optional[Tensor]) -> Tensor
        return torch.ops.aten.linear(input, weight, bias)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                torch.tensor([0.3125, 0.125]),
            ),
        ]


class LinearDefaults(torch.nn.Module):
    def forward(self, input, weight):
        return torch.ops.aten.linear(input, weight)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
            ),
        ]


class Conv2d(torch.nn.Module):
    def forward(
        self,
        input,  # type: Tensor
        weight,  # type: Tensor
        bias,  # type: Optional[Tensor]
        stride,  # type: List[int]
        padding,  # type: List[int]
        dilation,  # type: List[int]
        groups,  # type: int
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.conv2d(
            input,
            weight,
            bias,
            stride,
            padding,
            dilation,
            groups,
        )

    def sample_inputs(self):
        return [
            (
                torch.reshape(
                    (torch.arange(0, 32) * 7 % 10 * 2 - 9) * 0.125,
                    [1, 2, 4, 4],
                ),
                torch.reshape(
                    (torch.arange(1, 17) * 7 % 10 * 2 - 9) * 0.125,
                    [2, 2, 2, 2],
                ),
                torch.tensor([0.3125, 0.125]),
                [2, 2],
                [1, 1],
                [2, 2],
                1,
            ),
        ]


class Conv2dDefaults(torch.nn.Module):
    def forward(self, input, weight):
        return torch.ops.aten.conv2d(input, weight)

    def sample_inputs(self):
        return [
            (
                torch.reshape(
                    (torch.arange(0, 32) * 7 % 10 * 2 - 9) * 0.125,
                    [1, 2, 4, 4],
                ),
                torch.reshape(
                    (torch.arange(1, 17) * 7 % 10 * 2 - 9) * 0.125,
                    [2, 2, 2, 2],
                ),
            ),
        ]


class MaxPool2d(torch.nn.Module):
    def forward(
        self,
        input,  # type: Tensor
        kernel_size,  # type: List[int]
        stride,  # type: List[int]
        padding,  # type: List[int]
        dilation,  # type: List[int]
        ceil_mode,  # type: bool
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.max_pool2d(
            input,
            kernel_size,
            stride,
            padding,
            dilation,
            ceil_mode,
        )

    def sample_inputs(self):
        return [
            (
                torch.reshape(
                    (torch.arange(0, 32) * 7 % 10 * 2 - 9) * 0.125,
                    [1, 2, 4, 4],
                ),
                [2, 2],
                [1, 1],
                [1, 1],
                [2, 2],
                True,
            ),
        ]


class MaxPool2dDefaults(torch.nn.Module):
    def forward(self, input, kernel_size):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.max_pool2d(input, kernel_size)

    def sample_inputs(self):
        return [
            (
                torch.reshape(
                    (torch.arange(0, 32) * 7 % 10 * 2 - 9) * 0.125,
                    [1, 2, 4, 4],
                ),
                [2, 2],
            ),
        ]


class LayerNorm(torch.nn.Module):
    def forward(
        self,
        input,  # type: Tensor
        normalized_shape,  # type: List[int]
        weight,  # type: Optional[Tensor]
        bias,  # type: Optional[Tensor]
        eps,  # type: float
        cudnn_enable,  # type: bool
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.layer_norm(
            input,
            normalized_shape,
            weight,
            bias,
            eps,
            cudnn_enable,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([-1.125, 0.625, -0.125, -0.875]),
                [4],
                torch.tensor([-0.125, -0.875, 0.875, 0.125]),
                torch.tensor([0.125, 0.5625, 0.375, 0.1875]),
                0.001,
                False,
            ),
        ]


class LayerNormDefaults(torch.nn.Module):
    def forward(self, input, normalized_shape):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.layer_norm(input, normalized_shape)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [2, 2]),
        ]


class Embedding(torch.nn.Module):
    def forward(
        self,
        weight,
        indices,
        padding_idx: int,
        scale_grad_by_freq: bool,
        sparse: bool,
    ):
        return torch.ops.aten.embedding(
            weight,
            indices,
            padding_idx,
            scale_grad_by_freq,
            sparse,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[1, 0], [1, 0]]),
                0,
                True,
                True,
            ),
        ]


class EmbeddingDefaults(torch.nn.Module):
    def forward(self, weight, indices):
        return torch.ops.aten.embedding(weight, indices)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[1, 0], [1, 0]]),
            ),
        ]


class Cat(torch.nn.Module):
    def forward(self, tensors, dim):
        # type: (List[Tensor], int) -> Tensor
        return torch.ops.aten.cat(tensors, dim)

    def sample_inputs(self):
        return [
            (
                [
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                ],
                1,
            ),
        ]


class CatDefaults(torch.nn.Module):
    def forward(self, tensors):
        # type: (List[Tensor]) -> Tensor
        return torch.ops.aten.cat(tensors)

    def sample_inputs(self):
        return [
            (
                [
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                ],
            ),
        ]


class Stack(torch.nn.Module):
    def forward(self, tensors, dim):
        # type: (List[Tensor], int) -> Tensor
        return torch.ops.aten.stack(tensors, dim)

    def sample_inputs(self):
        return [
            (
                [
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                ],
                1,
            ),
        ]


class StackDefaults(torch.nn.Module):
    def forward(self, tensors):
        # type: (List[Tensor]) -> Tensor
        return torch.ops.aten.stack(tensors)

    def sample_inputs(self):
        return [
            (
                [
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                    torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                ],
            ),
        ]


class SplitTensor(torch.nn.Module):
    def forward(self, input, split_size: int, dim: int):
        return torch.ops.aten.split(input, split_size, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 2, 1),
        ]


class SplitTensorDefaults(torch.nn.Module):
    def forward(self, input, split_size: int):
        return torch.ops.aten.split(input, split_size)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 2),
        ]


class IndexSelect(torch.nn.Module):
    def forward(self, input, dim: int, index):
        return torch.ops.aten.index_select(input, dim, index)

    def sample_inputs(self):
        return [
            (
                torch.tensor([-1.125, 0.625, -0.125, -0.875]),
                0,
                torch.tensor([1, 0, 1, 0]),
            ),
        ]


class Gather(torch.nn.Module):
    def forward(self, input, dim: int, index, sparse_grad: bool):
        return torch.ops.aten.gather(
            input,
            dim,
            index,
            sparse_grad=sparse_grad,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                0,
                torch.tensor([[1, 0], [1, 0]]),
                True,
            ),
        ]


class GatherDefaults(torch.nn.Module):
    def forward(self, input, dim: int, index):
        return torch.ops.aten.gather(input, dim, index)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                0,
                torch.tensor([[1, 0], [1, 0]]),
            ),
        ]


class ScatterAdd(torch.nn.Module):
    def forward(self, input, dim: int, index, src):
        return torch.ops.aten.scatter_add(input, dim, index, src)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                0,
                torch.tensor([[1, 0], [1, 0]]),
                torch.tensor([[-0.875, 0.875], [0.125, -0.625]]),
            ),
        ]


class WhereSelf(torch.nn.Module):
    def forward(self, condition, input, other):
        return torch.ops.aten.where(condition, input, other)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[False, True], [False, False]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                torch.tensor([[-0.125, -0.875], [0.875, 0.125]]),
            ),
        ]


class MaskedFillScalar(torch.nn.Module):
    def forward(self, input, mask, value):
        # type: (Tensor, Tensor, number) -> Tensor
        return torch.ops.aten.masked_fill(input, mask, value)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([False, True]),
                0.5,
            ),
        ]


class TransposeInt(torch.nn.Module):
    def forward(self, input, dim0: int, dim1: int):
        return torch.ops.aten.transpose(input, dim0, dim1)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0, 1),
        ]


class Permute(torch.nn.Module):
    def forward(self, input, dims):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.permute(input, dims)

    def sample_inputs(self):
        return [
            (torch.tensor([-1.125, 0.625, -0.125, -0.875]), [0]),
        ]


class Reshape(torch.nn.Module):
    def forward(self, input, shape):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.reshape(input, shape)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [2, 2]),
        ]


class ExpandDefaults(torch.nn.Module):
    def forward(self, input, size):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.expand(input, size)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [2, 2]),
        ]


class Unsqueeze(torch.nn.Module):
    def forward(self, input, dim: int):
        return torch.ops.aten.unsqueeze(input, dim)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 0),
        ]


class SliceTensor(torch.nn.Module):
    def forward(self, input, dim, start, end, step):
        # type: (Tensor, int, Optional[int], Optional[int], int) -> Tensor
        return torch.ops.aten.slice(input, dim, start, end, step)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), 1, 0, 3, 2),
        ]


class SliceTensorDefaults(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.slice(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class Pad(torch.nn.Module):
    def forward(self, input, pad, mode, value):
        # type: (Tensor, List[int], str, Optional[float]) -> Tensor
        return torch.ops.aten.pad(input, pad, mode, value)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                [1, 1],
                "constant",
                0.5,
            ),
        ]


class PadDefaults(torch.nn.Module):
    def forward(self, input, pad):
        # type: (Tensor, List[int]) -> Tensor
        return torch.ops.aten.pad(input, pad)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]), [1, 1]),
        ]


class ArangeStartStep(torch.nn.Module):
    def forward(
        self,
        start,  # type: number
        end,  # type: number
        step,  # type: number
        dtype,  # type: Optional[int]
        layout,  # type: Optional[int]
        device,  # type: Optional[Device]
        pin_memory,  # type: Optional[bool]
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.arange(
            start,
            end,
            step,
            dtype=dtype,
            layout=layout,
            device=device,
            pin_memory=pin_memory,
        )

    def sample_inputs(self):
        return [
            (0.5, 4.5, 0.5, 6, None, None, None),
        ]


class ArangeStartStepDefaults(torch.nn.Module):
    def forward(self, start, end, step):
        # type: (number, number, number) -> Tensor
        return torch.ops.aten.arange(start, end, step)

    def sample_inputs(self):
        return [
            (0.5, 4.5, 0.5),
        ]


class Full(torch.nn.Module):
    def forward(
        self,
        size,  # type: List[int]
        fill_value,  # type: number
        dtype,  # type: Optional[int]
        layout,  # type: Optional[int]
        device,  # type: Optional[Device]
        pin_memory,  # type: Optional[bool]
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.full(
            size,
            fill_value,
            dtype=dtype,
            layout=layout,
            device=device,
            pin_memory=pin_memory,
        )

    def sample_inputs(self):
        return [
            ([2, 2], 0.5, 6, None, None, None),
        ]


class FullDefaults(torch.nn.Module):
    def forward(self, size, fill_value):
        # type: (List[int], number) -> Tensor
        return torch.ops.aten.full(size, fill_value)

    def sample_inputs(self):
        return [
            ([2, 2], 0.5),
        ]


class OnesLike(torch.nn.Module):
    def forward(
        self,
        input,  # type: Tensor
        dtype,  # type: Optional[int]
        layout,  # type: Optional[int]
        device,  # type: Optional[Device]
        pin_memory,  # type: Optional[bool]
        memory_format,  # type: Optional[int]
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.ones_like(
            input,
            dtype=dtype,
            layout=layout,
            device=device,
            pin_memory=pin_memory,
            memory_format=memory_format,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                6,
                None,
                None,
                None,
                None,
            ),
        ]


class OnesLikeDefaults(torch.nn.Module):
    def forward(self, input):
        return torch.ops.aten.ones_like(input)

    def sample_inputs(self):
        return [
            (torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),),
        ]


class ScaledDotProductAttention(torch.nn.Module):
    def forward(
        self,
        query,  # type: Tensor
        key,  # type: Tensor
        value,  # type: Tensor
        attn_mask,  # type: Optional[Tensor]
        dropout_p,  # type: float
        is_causal,  # type: bool
        scale,  # type: Optional[float]
        enable_gqa,  # type: bool
    ):
        # type: (...) -> Tensor
        return torch.ops.aten.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask,
            dropout_p,
            is_causal,
            scale=scale,
            enable_gqa=enable_gqa,
        )

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                torch.tensor([[-0.125, -0.875], [0.875, 0.125]]),
                None,
                0.5,
                True,
                0.5,
                False,
            ),
        ]


class ScaledDotProductAttentionDefaults(torch.nn.Module):
    def forward(self, query, key, value):
        return torch.ops.aten.scaled_dot_product_attention(query, key, value)

    def sample_inputs(self):
        return [
            (
                torch.tensor([[-1.125, 0.625], [-0.125, -0.875]]),
                torch.tensor([[0.625, -0.125], [-0.875, 0.875]]),
                torch.tensor([[-0.125, -0.875], [0.875, 0.125]]),
            ),
        ]
