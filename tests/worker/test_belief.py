"""Module code yields an archive and sample inputs, and nothing else that is believed."""

import base64
import io
import json
import sys
import zipfile

import pytest

from opfixtures.worker.told import TOLD_NOTHING, exported
from tests.defences import ENDED_BETWEEN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process give this up")

# Finds what the module's child has to tell with, as code that runs in it may.
FINDS = """
frame = sys._getframe()
while "token" not in frame.f_locals:
    frame = frame.f_back
pipe, token = frame.f_locals["writer"], frame.f_locals["token"]
def tell(told):
    os.write(pipe, b"\\n" + token + json.dumps(told).encode() + b"\\n")
"""
HALF = {"tensor": "float32", "shape": [2], "values": [0.5, 0.5]}
FORGED = {
    "samples": [{"inputs": [HALF], "output": HALF}],
    "again": [],
    "ran": {"ran": True},
    "archive": "AAE=",
}
# What a module does when it is made; all of it without an effect on what is recorded.
ATTACKS = {
    "loads what it likes": (
        "real = torch.jit.load\ntorch.jit.load = lambda *given: (real(*given), lambda x: torch.zeros(2))[1]"
    ),
    "has another default type": "torch.set_default_dtype(torch.float64)",
    "runs what it likes": "sys.modules['__main__'].run = lambda *_: 3",
    "answers in plain": (
        f"for fd in range(3, 50):\n    if is_pipe(fd):\n        os.write(fd, {json.dumps(FORGED)!r}.encode())"
    ),
}
DEFAULTS = """
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        {statements}

    def forward(self, x):
        return x + torch.ones(2) * torch.rand(1), torch.zeros(1), torch.ops.aten.gelu(x)

    def sample_inputs(self):
        return (torch.ones(2, dtype=torch.float32),)
"""


@pytest.fixture(scope="module")
def attacked(new_modules, when_made):
    modules = new_modules()
    head = when_made("pass").split("\nclass M")[0]
    for key, statements in {"good": "pass", **ATTACKS}.items():
        source = DEFAULTS.format(statements=statements.replace("\n", "\n        "))
        modules.add(key, head + source)
    return modules, modules.export()


@pytest.mark.parametrize("key", ATTACKS)
def test_what_a_module_does_to_its_process_is_not_recorded(attacked, key):
    _, answers = attacked
    good, told = ({**answers.rows[name], "archive": ""} for name in ("good", key))
    assert exported(answers.rows["good"]).ran.ran
    assert told == good


# What a module tells in its child's place before it exits well, and what the row is refused for.
TOLD = {
    # They are taken for inputs by name, and the archive for what it is.
    "outputs": (FORGED, "not a ZIP archive"),
    "outputs beside inputs": ({**FORGED, "samples": [[HALF], FORGED]}, "not a ZIP archive"),
    "no archive": ({"samples": None}, "neither an archive nor sample inputs"),
    "no base64": ({"archive": "%", "samples": None}, "neither an archive nor sample inputs"),
    "no inputs": ({"archive": "AAE=", "samples": []}, "neither an archive nor sample inputs"),
    "many inputs": ({"archive": "AAE=", "samples": [[HALF]] * 65}, "neither an archive nor sample inputs"),
    "inputs that are no values": ({"archive": None, "samples": [[{"tensor": 3}]]}, "cannot be read"),
    "inputs that do not run": ({"archive": None, "samples": [[3]]}, "Expected a value of type 'Tensor'"),
    "no archive's bytes": ({"archive": "AAE=", "samples": None}, "zip archive"),
    "no object": ([], "exited before it was done"),
    "a refusal that is no text": ({"refused": 3}, TOLD_NOTHING),
}


@pytest.fixture(scope="module")
def told(new_modules, good, when_made):
    modules = new_modules()
    modules.add("good", good)
    modules.export()
    archive = base64.b64encode(modules.archive("good")).decode()
    for key, (told, _) in TOLD.items():
        if isinstance(told, dict) and told.get("archive", "") is None:
            told = {**told, "archive": archive}
        modules.add(key, when_made(f"{FINDS}\ntell({told!r})\nos._exit(0)"))
    honest = {"archive": archive, "samples": [[HALF]]}
    modules.add("an archive and inputs", when_made(f"{FINDS}\ntell({honest!r})\nos._exit(0)"))
    return modules, modules.export()


@pytest.mark.parametrize("key", TOLD)
def test_what_is_told_in_place_of_an_archive_and_inputs_is_refused(told, key):
    modules, answers = told
    assert TOLD[key][1] in exported(answers.rows[key]).refusal
    assert not modules.archive(key)


def test_an_archive_and_inputs_are_taken_for_what_they_are(told):
    """However they came about: the outputs are what the archive gives."""
    _, answers = told
    (sample,) = answers.rows["an archive and inputs"]["samples"]
    assert sample["inputs"] == [HALF]
    assert sample["output"]["values"] == pytest.approx([0.3457312, 0.3457312])


LEAVES = """
if os.fork() == 0:
    os.setsid()
    os.execv("/bin/sleep", ["sleep", "99.125"])
"""
LOOKS = """def _scale(x, factor=2.0):
    import glob
    return x * ("99.125" in "".join(open(path).read() for path in glob.glob("/proc/[0-9]*/cmdline")))
"""


@pytest.mark.parametrize("ended", [True, False])
def test_no_process_of_a_module_lives_when_its_archive_is_run(modules, when_made, library, without, ended):
    scale = "def _scale(x, factor=2.0):\n    return x * factor\n"
    python = library("before", edits=(("__init__.py", scale, LOOKS),))
    modules.add("leaves", when_made(LEAVES).replace("aten.gelu", "tinyops.scale"))
    if not ended:
        without(ENDED_BETWEEN)
    answers = modules.export(python, module="tinyops")
    outputs = [value for sample in answers.rows["leaves"]["samples"] for value in sample["output"]["values"]]
    assert outputs
    assert any(outputs) is not ended


def test_an_archive_cannot_answer_for_the_child_that_runs_it(modules, good, replay):
    """Its code can write files, that of its own process's pipe as well: each row tries another descriptor."""
    modules.add("good", good)
    answers = modules.export()
    (sample,) = answers.rows["good"]["samples"]
    wrong = [{**sample, "output": sample["inputs"][0]}]
    line = json.dumps(
        {"load_error": None, "differences": [None], "registered": True, "found": True, "ran": True}
    )
    archives = {}
    for fd in range(3, 20):
        told = json.dumps(f"\n{line}\n" * 9)
        call = f'    torch.save({told}, "/proc/self/fd/{fd}")\n    return '.encode()
        data = rewritten(modules.archive("good"), call)
        archives[f"{fd}"] = (data, wrong, None)
    _, seen = replay(sys.executable, archives, module=None)
    differences = [row.as_written["torch.jit.load"].differences for row in seen.values()]
    assert all(len(found) == 1 and found[0] for found in differences)
    # At least one came so far.
    assert any("raises" not in found[0] for found in differences)


def rewritten(data, call):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"    return ", call, 1) if name.endswith(".py") else content)
    return out.getvalue()
