from test.jit.fixtures_srcs.fixtures_src import *  # noqa: F403

ALL_MODULES = {
    TestVersionedDivTensorV3(): "aten::div.Tensor",
    TestVersionedGeluV9(): "aten::gelu",
    TestVersionedGeluOutV9(): "aten::gelu.out",
}
