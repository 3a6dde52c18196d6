"""Settings that need no file, shaped like `[tool.opfixtures]` itself.

Imports nothing: the hook reads PyTorch's paths here before it imports anything else.
"""

PYTORCH_PATHS = {
    "version-map": "torch/csrc/jit/operator_upgraders/version_map.cpp",
    "upgraders": "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp",
    "versions": "caffe2/serialize/versions.h",
    "mobile-upgraders": "torch/csrc/jit/mobile/upgrader_mobile.cpp",
    "mobile-upgraders-generator": "torchgen/operator_versions/gen_mobile_upgraders.py",
    "registry": "test/jit/fixtures_srcs/generate_models.py",
    "fixtures": "test/jit/fixtures",
}
PYTORCH_MODULES = ["test/jit/fixtures_srcs/fixtures_src.py"]
PYTORCH_OPERATORS = "aten/src/ATen/native/native_functions.yaml"
PYTORCH_MAP = PYTORCH_PATHS["version-map"]
SIGNS_OF_PYTORCH = tuple(PYTORCH_PATHS[key] for key in ("version-map", "registry", "upgraders"))
"""One of these at the root, and it is a tree with PyTorch's paths. Below a folder it has to be the version map."""

PYTORCH: dict[str, object] = {
    **PYTORCH_PATHS,
    "fixture-modules": PYTORCH_MODULES,
    "operators": [PYTORCH_OPERATORS],
    # PyTorch's convention: what begins with an underscore is internal. Two are those of `x & y` and its like.
    # Of autograd, which no archive has, and internal.
    "unversioned-operators": ["aten::_[!_]*", "aten::*_backward", "aten::*_backward.*"],
    # For every operator version a release that still has the old operators, and whose archives the loaders of
    # today read, altered where they would not. `>=10` is for a bump above what any release produces: the newest
    # stable torch.
    "runtimes": [
        {
            "operator-versions": "<=3",
            "operators": [
                "aten::div.Tensor_mode",
                "aten::div.Scalar_mode",
                "aten::div.out_mode",
                "aten::div_.Tensor_mode",
                "aten::div_.Scalar_mode",
            ],
            "kind": "release",
            "name": "torch-1.9.1-stamped-3",
            "torch": "1.9.1",
            "python": "3.8",
            "version-record": 3,
            "reason": "no release has the operator before version 4; the schema of 1.9.1 is the old one",
        },
        {
            "operator-versions": "<=4",
            "kind": "release",
            "torch": "1.5.1",
            "python": "3.8",
            "bytecode": 4,
            "reason": "lite reads no bytecode below 4 any more",
        },
        {"operator-versions": ">=5,<=8", "kind": "release", "torch": "1.9.1", "python": "3.8"},
        {
            "operator-versions": "==9",
            "kind": "release",
            "torch": "1.11.0",
            "python": "3.8",
            "bytecode": 5,
            "reason": "bytecode 7 leaves defaults out, which hides the upgrader from lite",
        },
        {"operator-versions": ">=10", "kind": "release", "torch": "2.13.0", "python": "3.11"},
    ],
}

PRESETS = {"pytorch": PYTORCH}
