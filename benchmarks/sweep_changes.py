"""What changed between torch 1.11.0 and 2.13.0, as somebody said who looked at it: operators, statuses, what.

Operators are a pattern of names without `aten::`; the first that has a name and a status says what changed.
"""

from __future__ import annotations

GONE = "gone load"
CHANGES: tuple[tuple[str, str, str], ...] = (
    (
        r"floor_divide.*",
        "values",
        "It rounds down; it cut off towards zero, so negative quotients are one less.",
    ),
    (
        r"clamp(_max|_min)?_?(\..*)?",
        "dtype raises",
        "Bounds take part in type promotion: whole numbers with a float bound give floats, and a result that is "
        "written into whole numbers is refused. The bounds were cut off.",
    ),
    (
        r"(symeig|eig|lstsq|solve|matrix_rank)(\..*)?",
        GONE,
        "It is gone; `torch.linalg` has another function, with other results in another order.",
    ),
    (
        r"l1_loss_backward.*|.*_backward(\..*)?",
        GONE,
        "This gradient is gone, or has another signature; models that called it by name do not load.",
    ),
    (
        r"native_batch_norm_backward",
        "shape",
        "The gradient of a weight has one dimension; it had those of the weight.",
    ),
    (r"l1_loss\.out", GONE, "It has no variant with `out` any more."),
    (r"align_(as|tensors)", GONE, "It is gone with named tensors in TorchScript."),
    (r"(ones|zeros|full)\.names", GONE, "It has no variant with names of dimensions any more."),
    (r"frobenius_norm", GONE, "The variant without `dim` is gone."),
    (r"unflatten\.int", GONE, "`names` is gone from its arguments, and a model passes it by place."),
    (
        r"scatter_reduce\.two",
        GONE,
        "It takes `src` where it took `reduce`: 1.11.0 computed without a source.",
    ),
    (
        r"(linalg_norm|linalg_matrix_norm|linalg_vector_norm|norm)(\..*)?",
        "raises",
        "Whole numbers are refused, also where `dtype` names floats; they were converted first.",
    ),
    (
        r"bitwise_(left|right)_shift_?(\..*)?",
        "raises",
        "Floats are refused; they were multiplied by powers of two.",
    ),
    (r"(tril|triu)_indices", "raises", "Indices cannot be floats any more."),
    (r"stft", "raises", "A real input needs `return_complex`; without it, it gave pairs of reals."),
    (r"bilinear", "raises", "All tensors have to have one dtype."),
    (r"kl_div", "raises", "Whole numbers are refused."),
    (r"mse_loss\.out", "shape", "`out` gets the shape of the mean; it had one dimension more."),
    (
        r"quantize_per_tensor_dynamic",
        "values",
        "A value halfway between two steps is rounded to the other one.",
    ),
    (r"nll_loss_forward\.output", "raises", "A target of floats is refused, an empty one too."),
)
