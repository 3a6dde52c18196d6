"""A fixture module that goes wrong, or means harm, is one refused row. All rows here run in one job."""

import pytest

from opfixtures.archives.archive import read_archive

# Modules that never come to run, and why they are refused.
BROKEN = {
    "does not script": (
        "class M(torch.nn.Module):\n  def forward(self): return nowhere",
        "undefined value nowhere",
    ),
    "is not Python here": ("match 1:\n  case 1 2: pass", "SyntaxError"),
    "has no forward": ("class M(torch.nn.Module): pass", "forward"),
    "is no module": ("class M: pass", "M is no torch.nn.Module"),
    "needs arguments": ("class M(torch.nn.Module):\n  def __init__(self, n): pass", "TypeError"),
    "imports what is not there": ("import no_such_package", "No module named 'no_such_package'"),
}
# What others do when they are made.
HARMFUL = {
    "crashes": ("os.abort()", "crashed: SIGABRT"),
    "segfaults": ("ctypes.string_at(0)", "crashed: SIGSEGV"),
    "ends by a signal without a name": ("os.kill(os.getpid(), 40)", "crashed: signal 40"),
    "hangs": ("while True: pass", "did not end within"),
    "hangs with its files closed": ("os.closerange(0, 100)\ntime.sleep(99)", "did not end within"),
    "exits well": ("os._exit(0)", "exited before it was done"),
    "exits badly": ("os._exit(7)", "exited with status 7"),
    "raises SystemExit": ("raise SystemExit(3)", "SystemExit: 3"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises what cannot be shown": (
        "class E(Exception): __str__ = None\nraise E",
        "E: an error that cannot be shown",
    ),
    "raises a long story": ("raise ValueError('a' * 10**6)", "ValueError: aaa"),
    "recurses without end": ("f = lambda: f()\nf()", "RecursionError"),
    "eats memory": ("bytearray(1 << 40)", "MemoryError"),
    "writes a huge file": ("with open('f', 'wb') as f: f.truncate(1 << 40)", "File too large"),
    "ends the worker": ("os.kill(os.getppid(), 9)\ntime.sleep(99)", "PermissionError"),
    "stays after its end": ("os._exit = lambda status: None\nraise ValueError('still here')", ""),
    "changes torch": ("torch.jit.load = torch.ops.aten.gelu = torch.manual_seed", ""),
    "takes torch away": ("sys.modules['torch'] = None", "import of torch halted"),
    "tells half a story": (
        "[os.write(fd, b'{\"samples\": [1e9') for fd in range(3, 50) if is_pipe(fd)]\nos._exit(0)",
        "exited before it was done",
    ),
    "tells a number of many digits": (
        "[os.write(fd, b'9' * 21) for fd in range(3, 50) if is_pipe(fd)]\nos._exit(0)",
        "exited before it was done",
    ),
    "tells without end": (
        "[os.write(fd, b'9' * 60000) for n in range(400) for fd in range(3, 50) if is_pipe(fd)]",
        "more than 16 MiB",
    ),
}
# What others do without being refused.
HARMLESS = {
    "prints": "print('{}')\nos.write(1, b'{}' * 9999)\nos.write(2, b'{}' * 9999)",
    "closes its output": "os.close(1)\nos.close(2)",
    "changes the folder": "os.chdir('/')",
    "leaves a module behind": "open('typing.py', 'w').write('raise ValueError')",
}


@pytest.fixture(scope="module")
def exported(new_modules, good, when_made):
    modules = new_modules()
    modules.add("first", good)
    for key, (source, _) in BROKEN.items():
        modules.add(key, source)
    for key, (statements, _) in HARMFUL.items():
        modules.add(key, when_made(statements))
    for key, statements in HARMLESS.items():
        modules.add(key, when_made(statements))
    modules.add("last", good)
    return modules, modules.export(seconds=4)


@pytest.mark.parametrize(
    ("key", "reason"), [(key, reason) for key, (_, reason) in (BROKEN | HARMFUL).items()]
)
def test_a_module_that_fails_is_refused(exported, key, reason):
    modules, answers = exported
    refusal = answers.rows[key]["refused"]
    assert reason in refusal
    assert len(refusal) <= 2000
    assert not modules.archive(key)


@pytest.mark.parametrize("key", ["last", *HARMLESS])
def test_the_others_are_as_if_alone(exported, key):
    modules, answers = exported
    first, told = ({**answers.rows[name], "archive": ""} for name in ("first", key))
    assert told == first
    assert len(told["samples"]) == 1
    assert modules.archive(key)


def test_the_last_is_the_first_byte_by_byte(exported):
    modules, _ = exported
    assert modules.archive("last") == modules.archive("first")


def test_what_they_print_is_kept_nowhere(exported):
    modules, _ = exported
    for log in modules.folder.glob("scratch/*/worker.log"):
        assert log.read_text() == ""


def test_nothing_else_went_wrong(exported):
    modules, answers = exported
    assert answers.failure == ""
    assert set(answers.rows) == {row["key"] for row in modules.rows}
    assert answers.runtime.torch.startswith("2.")


def test_an_archive_is_one_of_the_lite_interpreter(exported):
    modules, _ = exported
    archive = read_archive(modules.archive("first"))
    assert archive.operators == {"aten::gelu"}
    assert archive.version == 10


def test_the_same_modules_give_the_same_bytes(new_modules, good):
    """In other folders, in another order, beside another class of the same name."""
    other = good.replace("gelu", "relu")
    one, two = new_modules(), new_modules()
    one.add("a", good)
    one.add("b", other)
    two.add("b", other)
    two.add("a", good)
    answers = one.export(), two.export()
    assert answers[0].rows == answers[1].rows
    for key in ("a", "b"):
        assert one.archive(key) == two.archive(key)
    assert one.archive("a") != one.archive("b")


def test_a_module_with_random_parameters_is_the_same_each_time(modules):
    source = """
    import random
    class M(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 3)
            self.scale = random.random()
        def forward(self, x):
            return self.linear(x) * self.scale * torch.rand(3)
    """
    modules.add("one", source)
    modules.add("two", source)
    answers = modules.export()
    assert answers.rows["one"] == answers.rows["two"]
    assert "samples" in answers.rows["one"]
    assert modules.archive("one") == modules.archive("two")
