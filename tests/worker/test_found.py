"""What is committed is run again where it was made, whatever becomes of the module that made it."""

import io
import zipfile

import pytest

from opfixtures.worker.observations import RanSeen, Reproduced
from opfixtures.worker.told import exported
from tests.defences import SIGNALS, take_out

RELU = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.relu(x)
"""
RANDOM = """
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        return torch.ops.aten.gelu(self.linear(x) * torch.rand(3))
"""
RAN, DID_NOT = RanSeen(True), RanSeen(False)


def without(data, folder):
    """The archive without the members of a folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if f"/{folder}/" not in name:
                new.writestr(name, old.read(name))
    return out.getvalue()


@pytest.fixture(scope="module")
def committed(new_modules, good, tmp_path_factory):
    """Archives that were made before, and the samples of their records."""
    modules = new_modules()
    for key, source in {"gelu": good, "relu": RELU, "random": RANDOM}.items():
        modules.add(key, source)
    told = modules.export().rows
    folder = tmp_path_factory.mktemp("committed")
    for key in told:
        (folder / key).write_bytes(modules.archive(key))
    (folder / "noise").write_bytes(b"noise")
    (folder / "lite alone").write_bytes(without((folder / "gelu").read_bytes(), "code"))
    return folder, {key: row["samples"] for key, row in told.items()}


@pytest.fixture(scope="module")
def seen(committed, new_modules, good, when_made):
    folder, samples = committed
    modules = new_modules()

    def add(key, source, archive, recorded):
        modules.add(key, source, found=(folder / archive).read_bytes(), samples=samples[recorded])

    add("both", good, "gelu", "gelu")
    add("random", RANDOM, "random", "random")
    add("no module", None, "gelu", "gelu")
    add("another archive", None, "relu", "gelu")
    add("no archive", good, "noise", "gelu")
    add("lite alone", None, "lite alone", "gelu")
    add("a module that does not script", "class M: pass", "gelu", "gelu")
    add("a module that crashes", when_made("os.abort()"), "gelu", "gelu")
    add(
        "a module that ends the worker", when_made("os.kill(os.getppid(), 9)\ntime.sleep(99)"), "gelu", "gelu"
    )
    rewrites = (
        "import pathlib\n"
        f"for path in [{str(folder / 'relu')!r}, *pathlib.Path({str(modules.folder)!r}).rglob('*')]:\n"
        "    try:\n"
        f"        open(path, 'wb').write(open({str(folder / 'gelu')!r}, 'rb').read())\n"
        "    except OSError:\n"
        "        pass"
    )
    add("a module that writes into all it finds", when_made(rewrites), "gelu", "gelu")
    add("what was written into", None, "relu", "relu")
    modules.add("nothing committed", good)
    with pytest.MonkeyPatch.context() as patch:
        take_out(patch, SIGNALS)
        return modules, modules.export()


def found(seen, key):
    return exported(seen[1].rows[key]).found


def test_an_archive_gives_what_its_record_says(seen):
    assert found(seen, "both") == found(seen, "no module") == Reproduced((None,), ran=RAN)
    assert found(seen, "random") == Reproduced((None,), ran=RAN)
    assert exported(seen[1].rows["nothing committed"]).found is None


def test_what_is_made_beside_it_is_told_as_ever(seen):
    modules, answers = seen
    plain = dict(answers.rows["nothing committed"])
    both = {name: value for name, value in answers.rows["both"].items() if name != "found"}
    assert both == {**plain, "again": [None]}
    assert modules.archive("both") == modules.archive("nothing committed")
    assert not modules.archive("no module")


def test_an_archive_that_gives_something_else_differs(seen):
    differs = found(seen, "another archive")
    assert differs.failure == ""
    assert differs.differences[0].startswith("element 0: ")
    assert differs.ran == DID_NOT


def test_what_does_not_load_is_told_with_its_cause(seen):
    noise = found(seen, "no archive")
    assert "failed reading zip archive" in noise.failure
    assert noise.differences == ()
    assert noise.ran.ran is None
    assert exported(seen[1].rows["no archive"]).refusal == ""


def test_lite_loads_what_torch_jit_load_does_not(seen):
    lite = found(seen, "lite alone")
    assert (lite.failure, lite.differences) == ("", (None,))
    # It cannot be looked into.
    assert lite.ran.ran is None


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("a module that does not script", "M is no torch.nn.Module"),
        ("a module that crashes", "crashed: SIGABRT"),
        ("a module that ends the worker", "the worker ended early (SIGKILL)"),
    ],
)
def test_a_module_that_is_refused_takes_nothing_from_what_is_committed(seen, key, reason):
    _, answers = seen
    row = exported(answers.rows[key])
    assert row.refusal == reason
    assert row.found == Reproduced((None,), ran=RAN)


def test_no_module_changes_what_is_committed_for_another_row(committed, seen):
    (folder, _), (_, answers) = committed, seen
    assert (folder / "relu").read_bytes() != (folder / "gelu").read_bytes()
    own = exported(answers.rows["a module that writes into all it finds"]).found
    assert own is not None
    assert own.differences == (None,)
    assert found(seen, "what was written into") == Reproduced((None, None), ran=DID_NOT)


@pytest.mark.parametrize("release_name", ["1.5.1", "1.9.1", "1.11.0"])
def test_old_releases_run_their_own_again(release, new_modules, good, release_name):
    python, made = release(release_name), new_modules()
    made.add("gelu", good)
    samples = made.export(python).rows["gelu"]["samples"]
    again = new_modules()
    again.add("gelu", good, found=made.archive("gelu"), samples=samples)
    again.add("noise", None, found=b"noise", samples=samples)
    answers = again.export(python)
    assert exported(answers.rows["gelu"]).found == Reproduced((None,), ran=RAN)
    assert again.archive("gelu") == made.archive("gelu")
    seen = exported(answers.rows["noise"]).found
    assert seen is not None
    assert seen.failure
