"""An error says its cause in one sentence, in old releases and today's: no stack, no advice for others."""

import pytest

RELEASES = ("1.5.1", "1.9.1", "1.11.0", "2.13.0")
BOILERPLATE = (
    "The following operation failed",
    "Traceback",
    "employee",
    "fburl",
    "Debug info",
    "selective/custom build",
    "INTERNAL ASSERT",
    "enforce fail",
)
MODULE = """
class M(torch.nn.Module):
    def forward(self, x):
        {body}

    def sample_inputs(self):
        return ({sample},)
"""
X = "torch.ones(3, 3)"
# What a module does, and the cause by release, the newest for those that are not named.
RUN = {
    "shapes": (
        "return torch.mm(x, torch.ones(1, 7))",
        {"1.5.1": "size mismatch", "": "shapes cannot be multiplied"},
    ),
    "nothing to clamp to": ("return torch.clamp(x)", {"": "At least one of 'min' or 'max' must not be None"}),
    "an index": ("return [x][3]", {"": "list index out of range"}),
    "a scalar": ("return int(x)", {"": "a Tensor with 9 elements cannot be converted to Scalar"}),
    "einsum": (
        "return torch.einsum('', [x])",
        {"1.5.1": "dimension mismatch for operand 0", "": "einsum(): the number of subscripts"},
    ),
    "indices": ("return torch.embedding(x, x)", {"": "Expected tensor for argument #1 'indices'"}),
    "probability": (
        "return torch.bernoulli(x, 3.5)",
        {"": "bernoulli_ expects p to be in [0, 1], but got p=3.5"},
    ),
    "no kernel": ("return torch.bincount(x)", {"": "\"bincount_cpu\" not implemented for 'Float'"}),
    "no backend": (
        "return torch.ops.quantized.add(x, x, 1.0, 1)",
        {"": "Could not run 'quantized::add' with arguments from the 'CPU"},
    ),
    "an assertion": (
        "assert x.numel() < 0, 'not so many'\n        return x",
        {"1.5.1": "RuntimeError: Exception", "": "AssertionError: not so many"},
    ),
    "an exception": (
        "raise ValueError('two\\nlines')",
        {
            "1.5.1": "RuntimeError: Exception",
            "1.9.1": "RuntimeError: two",
            "1.11.0": "RuntimeError: two",
            "": "ValueError: two",
        },
    ),
    "in a submodule's function": (
        "return apart(x)",
        {"1.5.1": "size mismatch", "": "shapes cannot be multiplied"},
    ),
}
# What does not script.
UNSCRIPTED = {
    "a wrong argument": (
        "return torch.ops.aten.relu(3)",
        "Expected a value of type 'Tensor' for argument 'self' but instead found type 'int'",
    ),
    "an argument too many": (
        "return torch.ops.aten.relu(x, 3)",
        "Expected at most 1 arguments but found 2 positional arguments",
    ),
    "an argument too few": ("return torch.ops.aten.div(x)", "Argument other not provided"),
    "a keyword": ("return torch.ops.aten.full([2], 3, bad=3)", "Keyword argument bad unknown"),
    "an unknown name": ("return nowhere(x)", "undefined value nowhere"),
    "an unknown operator": ("return torch.ops.aten.no_such(x)", "no_such"),
}
APART = """
def apart(x):
    return torch.mm(x, torch.ones(1, 7))
"""


@pytest.fixture(scope="module", params=RELEASES)
def refused(request, release, new_modules):
    """The release, and why each module is refused there."""
    modules = new_modules()
    for key, (body, *_) in (RUN | UNSCRIPTED).items():
        modules.add(key, APART + MODULE.format(body=body, sample=X))
        modules.add(
            f"{key}, from types", APART + MODULE.format(body=body, sample=X).partition("    def sample")[0]
        )
    modules.add("a wrong sample", MODULE.format(body="return torch.mm(x, x)", sample="'text'"))
    answers = modules.export(release(request.param))
    return request.param, {key: row["refused"] for key, row in answers.rows.items() if "refused" in row}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", RUN)
def test_what_fails_when_it_runs_is_told_with_its_cause_first(refused, key):
    version, reasons = refused
    causes = RUN[key][1]
    cause, first = causes.get(version, causes[""]), reasons[key].splitlines()[0]
    assert cause in first
    assert not any(words in first for words in BOILERPLATE)
    # What was called where stands behind it.
    assert "forward" in reasons[key].partition("\n")[2]


@pytest.mark.parametrize("key", RUN)
def test_what_no_sample_made_from_types_runs_is_one_line(refused, key):
    _, reasons = refused
    reason = reasons[f"{key}, from types"]
    assert reason.startswith("no sample made from types runs, give it sample_inputs(): ")
    assert "\n" not in reason
    assert not any(words in reason for words in BOILERPLATE)
    assert len(reason) < 400


@pytest.mark.parametrize("key", UNSCRIPTED)
def test_what_does_not_script_is_told_with_what_does_not_fit(refused, key):
    _, reasons = refused
    assert UNSCRIPTED[key][1] in reasons[key]


def test_a_wrong_sample_is_told_as_such(refused):
    _, reasons = refused
    assert reasons["a wrong sample"].startswith(
        "RuntimeError: forward() Expected a value of type 'Tensor' for argument 'x' but instead found type 'str'."
    )


# Errors of other machines and other releases, as torch has them, and what is told of them.
TEXTS = {
    "[enforce fail at inline_container.cc:230] . Attempted to read a PyTorch file with version 9999, but the maximum"
    " supported version for reading is 10. The version of your PyTorch installation may be too old, please upgrade"
    " PyTorch to latest version to mitigate this issue.": (
        "Attempted to read a PyTorch file with version 9999, but the maximum supported version for reading is 10."
        " The version of your PyTorch installation may be too old, please upgrade PyTorch to latest version to"
        " mitigate this issue."
    ),
    'version_ <= kMaxSupportedFileFormatVersionINTERNAL ASSERT FAILED at "../caffe2/serialize/inline_container.cc":147,'
    " please report a bug to PyTorch. Attempted to read a PyTorch file with version 9999": (
        "Attempted to read a PyTorch file with version 9999"
    ),
    'new_outputs.size() == old_outputs.size() INTERNAL ASSERT FAILED at "x.cpp":3, please report a bug to PyTorch. ': (
        'new_outputs.size() == old_outputs.size() INTERNAL ASSERT FAILED at "x.cpp":3, please report a bug to PyTorch.'
    ),
    "Following ops cannot be found: [aten::nope]. Please check if the operator library is included in the build. If"
    " you are a Meta employee, please see fburl.com/missing_ops for a fix. Or post it in"
    " https://discuss.pytorch.org/c/mobile/ ()": (
        "Following ops cannot be found: [aten::nope]. Please check if the operator library is included in the build."
    ),
    "mat1 and mat2 shapes cannot be multiplied (3x3 and 1x7)\n  \n  Debug info for handle(s): debug_handles:{-1}": (
        "mat1 and mat2 shapes cannot be multiplied (3x3 and 1x7)"
    ),
    "Found no NVIDIA driver on your system. Please check that you\nhave an NVIDIA GPU and installed a driver from\n"
    "http://www.nvidia.com/Download/index.aspx": (
        "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from"
        " http://www.nvidia.com/Download/index.aspx"
    ),
    "CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be asynchronously"
    " reported at some other API call": "CUDA error: no kernel image is available for execution on the device",
    "\n\naten::relu(Tensor self) -> (Tensor):\nExpected at most 1 arguments but found 2 positional arguments.\n:\n "
    ' File "m.py", line 5\n': (
        "aten::relu(Tensor self) -> (Tensor): Expected at most 1 arguments but found 2 positional arguments."
    ),
    "Exception raised from f at x.cpp:3 (most recent call first):\nframe #0: f + 0x42\nthe cause": "the cause",
    "The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript, as it was written:\n"
    '  File "m.py", line 3\n    ~~ <--- HERE\nRuntimeError: The following operation failed in the TorchScript'
    " interpreter.\nTraceback of TorchScript (most recent call last):\n    ~~ <--- HERE\n        return x\n"
    "RuntimeError: list index out of range\n": None,
    "The following operation failed in the TorchScript interpreter.": (
        "The following operation failed in the TorchScript interpreter."
    ),
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_torch_is_told_in_a_sentence(worker, text):
    told = TEXTS[text]
    expected = "RuntimeError: list index out of range" if told is None else f"RuntimeError: {told}"
    assert worker.headline(RuntimeError(text)) == expected


def test_a_long_text_is_told_soon_and_keeps_its_end(worker):
    text = "failed in the TorchScript interpreter." + "INTERNAL ASSERT FAILED at ." * 100_000
    assert len(worker.headline(RuntimeError(text))) <= 2000
    cause = worker.headline(RuntimeError(f"{text}\n    ~~ <--- HERE\nRuntimeError: the cause\n"))
    assert cause == "RuntimeError: the cause"
