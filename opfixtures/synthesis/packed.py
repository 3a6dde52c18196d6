"""Weights that quantized operators take packed into a class: the module packs them from a tensor."""

from __future__ import annotations

from opfixtures.declarations.schema_types import Type

_CLASSES = "__torch__.torch.classes.quantized."
_WEIGHT = "quantized = torch.quantize_per_tensor({}, 0.125, 0, 12)"
# Of each class the number of dimensions that its operators convolve over, where no operator's name says it.
_DIMENSIONS = {f"{_CLASSES}Conv2dPackedParamsBase": 2, f"{_CLASSES}Conv3dPackedParamsBase": 3}


def packing(type_: Type, operator: str) -> tuple[str, ...]:
    """The lines that make a value `packed` of a class from a tensor `{}`; none for what is no class of such weights."""
    linear = type_.name == f"{_CLASSES}LinearPackedParamsBase"
    if linear and "fp16" in operator:
        return ("packed = torch.ops.quantized.linear_prepack_fp16({}, None)",)
    if linear:
        return (_WEIGHT, "packed = torch.ops.quantized.linear_prepack(quantized, None)")
    if type_.name == "__torch__.torch.classes.sparse.LinearPackedParamsBase":
        return (_WEIGHT, "packed = torch.ops.sparse.qlinear_prepack(quantized, None, 1, 4)")
    if type_.name == f"{_CLASSES}EmbeddingPackedParamsBase":
        kind = "quint4x2" if "4bit" in operator else "quint8"
        return (
            # A table of two rows, each quantized by itself: a lookup gives rows.
            "quantized = torch.quantize_per_channel(",
            f"    {{}}, torch.ones(2), torch.zeros(2), 0, torch.{kind}",
            ")",
            "packed = torch.ops.quantized.embedding_bag_prepack(quantized)",
        )
    if type_.name not in _DIMENSIONS:
        return ()
    count = 1 if "1d" in operator else _DIMENSIONS[type_.name]
    ones, zeros = str([1] * count), str([0] * count)
    kind, sizes = f"conv{count}d", f"{ones}, {zeros}, {ones}, 1"
    if "transpose" in operator:
        kind, sizes = f"conv_transpose{count}d", f"{ones}, {zeros}, {zeros}, {ones}, 1"
    return (_WEIGHT, f"packed = torch.ops.quantized.{kind}_prepack(", f"    quantized, None, {sizes}", ")")
