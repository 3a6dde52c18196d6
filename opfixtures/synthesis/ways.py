"""Ways to give an operator what a record cannot hold: quantized, sparse and mkldnn tensors are made in the module."""

from __future__ import annotations

import re
from collections.abc import Callable

from opfixtures.declarations.schema_types import Argument, FunctionSchema
from opfixtures.values import dataclass

# 13 is quint8, 12 qint8 (c10/core/ScalarType.h).
_QUANTIZED = "torch.quantize_per_tensor({}, 0.125, 10, 13)"
_CHANNELS = "torch.quantize_per_channel({}, torch.ones(2), torch.zeros(2), 0, 13)"


@dataclass(frozen=True, slots=True)
class Way:
    """How tensors are given and taken back: `tensor` is the text that makes one of `{}`, of those that `is_given` so.

    `taken` is what makes the result one that a record can hold. `words` is a pattern: torch's errors say one of them
    where this way may help.
    """

    name: str
    tensor: str = "{}"
    is_given: Callable[[Argument], bool] = lambda _: False
    taken: str = ""
    words: str = ""

    def given(self, name: str, type_name: str, argument: Argument) -> str:
        """What a parameter becomes before it is passed; itself where nothing is done to it."""
        if self.tensor == "{}" or not self.is_given(argument):
            return name
        if type_name == "Tensor":
            return self.tensor.format(name)
        return f"[{self.tensor.format('one')} for one in {name}]" if type_name == "List[Tensor]" else name

    def result(self, schema: FunctionSchema) -> str:
        """What stands behind the call: nothing where it returns something else than one tensor."""
        one_tensor = len(schema.returns) == 1 and schema.returns[0].type.name == "Tensor"
        return self.taken if one_tensor else ""

    def first_result(self, schema: FunctionSchema) -> str:
        """What stands behind the first of several results, as an unpacked weight has a bias beside it."""
        several = len(schema.returns) > 1 and schema.returns[0].type.name == "Tensor"
        return self.taken if several else ""


def _every(_: Argument) -> bool:
    return True


def _named_quantized(argument: Argument) -> bool:
    return bool(re.match("q|X$|input$|self$|tensors$|packed", argument.name))


def _first(argument: Argument) -> bool:
    return argument.name in ("self", "input", "sparse", "mat1", "A", "t")


PLAIN = Way("plain")
_SPARSE_WORDS = "[Ss]parse|not dense"
_MKLDNN_WORDS = "[Mm]kldnn|not dense"
OTHERS = (
    Way("quantized", _QUANTIZED, _named_quantized, ".dequantize()", "[Qq]uant"),
    Way("quantized, and so is the result", _QUANTIZED, _named_quantized, "", "[Qq]uant"),
    Way("all quantized", _QUANTIZED, _every, ".dequantize()", "[Qq]uant"),
    Way("channels quantized", _CHANNELS, _first, "", "[Qq]uant"),
    Way("a quantized result", taken=".dequantize()", words="[Qq]uant|quint8|qint"),
    Way("a sparse result", taken=".to_dense()", words=f"{_SPARSE_WORDS}|{_MKLDNN_WORDS}"),
    Way("sparse", "{}.to_sparse()", _first, ".to_dense()", _SPARSE_WORDS),
    Way("sparse with a dense result", "{}.to_sparse()", _first, "", _SPARSE_WORDS),
    Way("all sparse", "{}.to_sparse()", _every, ".to_dense()", _SPARSE_WORDS),
    Way("all sparse with a dense result", "{}.to_sparse()", _every, "", _SPARSE_WORDS),
    Way("sparse rows", "{}.to_sparse_csr()", _first, ".to_dense()", _SPARSE_WORDS),
    Way("sparse rows with a dense result", "{}.to_sparse_csr()", _first, "", _SPARSE_WORDS),
    Way("mkldnn", "{}.to_mkldnn()", _every, ".to_dense()", _MKLDNN_WORDS),
)
