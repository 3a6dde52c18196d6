"""Which fixture module stands for which operator, as test/jit/fixtures_srcs/generate_models.py has it in PyTorch."""

from fixtures_src.modules import *

ALL_MODULES = {
    TestVersionedDivTensorV3(): "aten::div.Tensor",
    TestVersionedDivScalarIntV3(): "aten::div.Scalar",
    TestVersionedDivScalarFloatV3(): "aten::div.Scalar",
    TestVersionedDivOutV3(): "aten::div.out",
    TestVersionedDivInplaceTensorV3(): "aten::div_.Tensor",
    TestVersionedDivInplaceScalarIntV3(): "aten::div_.Scalar",
    TestVersionedDivInplaceScalarFloatV3(): "aten::div_.Scalar",
    TestVersionedDivTensorModeV3(): "aten::div.Tensor_mode",
    TestVersionedDivScalarModeIntV3(): "aten::div.Scalar_mode",
    TestVersionedDivScalarModeFloatV3(): "aten::div.Scalar_mode",
    TestVersionedDivOutModeV3(): "aten::div.out_mode",
    TestVersionedDivInplaceTensorModeV3(): "aten::div_.Tensor_mode",
    TestVersionedDivInplaceScalarModeIntV3(): "aten::div_.Scalar_mode",
    TestVersionedDivInplaceScalarModeFloatV3(): "aten::div_.Scalar_mode",
    TestVersionedFullIntV4(): "aten::full",
    TestVersionedFullFloatV4(): "aten::full",
    TestVersionedFullOutIntV4(): "aten::full.out",
    TestVersionedFullOutFloatV4(): "aten::full.out",
    TestVersionedLinspaceIntV7(): "aten::linspace",
    TestVersionedLinspaceFloatV7(): "aten::linspace",
    TestVersionedLinspaceStepsV7(): "aten::linspace",
    TestVersionedLinspaceOutV7(): "aten::linspace.out",
    TestVersionedLogspaceIntV8(): "aten::logspace",
    TestVersionedLogspaceFloatV8(): "aten::logspace",
    TestVersionedLogspaceStepsV8(): "aten::logspace",
    TestVersionedLogspaceOutV8(): "aten::logspace.out",
    TestVersionedGeluV9(): "aten::gelu",
    TestVersionedGeluOutV9(): "aten::gelu.out",
}
