"""The file format versions are read as the header sets them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.place import Place
from opfixtures.declarations.produced_version import read_produced_version
from opfixtures.declarations.upgrader_model import FileFormatVersions, VersionConstant

LIKE_PYTORCH = """\
#pragma once
#include <cstdint>

namespace caffe2::serialize {

constexpr uint64_t kMinSupportedFileFormatVersion = 0x1L;

constexpr uint64_t kMaxSupportedFileFormatVersion = 0xAL;

// kProducedFileFormatVersion = 0x3L; was it once.
constexpr uint64_t kProducedFileFormatVersion = 0xAL;

// Absolute minimum version we will write packages.
constexpr uint64_t kMinProducedFileFormatVersion = 0x3L;

constexpr uint64_t kProducedBytecodeVersion = 0x8L;

static_assert(
    kProducedBytecodeVersion >= kProducedFileFormatVersion,
    "kProducedBytecodeVersion must be higher or equal to kProducedFileFormatVersion.");
} // namespace caffe2::serialize
"""


def read(source):
    return read_produced_version("versions.h", source.encode())


def test_a_header_like_pytorchs_gives_the_three_versions_and_their_places():
    assert read(LIKE_PYTORCH) == FileFormatVersions(
        "versions.h",
        produced=VersionConstant(10, Place("versions.h", 11, 49)),
        minimum=VersionConstant(1, Place("versions.h", 6, 53)),
        maximum=VersionConstant(10, Place("versions.h", 8, 53)),
    )


@pytest.mark.parametrize(
    "source",
    [
        "constexpr uint64_t kProducedFileFormatVersion{0xBL};",
        "constexpr uint64_t kProducedFileFormatVersion /* so far */ =\n  11;",
        "#if 0\nint kProducedFileFormatVersion = 3;\n#endif\nint kProducedFileFormatVersion = 11u;",
    ],
)
def test_the_produced_version_is_read_however_it_is_written(source):
    versions = read(source)
    assert (versions.produced.value, versions.problems) == (11, ())


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("int other = 3;", "1:1 kProducedFileFormatVersion is not set here"),
        ("bool x = kProducedFileFormatVersion == 3;", "1:1 kProducedFileFormatVersion is not set here"),
        (
            "int kProducedFileFormatVersion = kOther;",
            "1:34 kProducedFileFormatVersion is `kOther`, not an int",
        ),
        ("int kProducedFileFormatVersion = 3 + 1;", "1:34 kProducedFileFormatVersion is `3`, not an integer"),
        (
            "int kProducedFileFormatVersion = 3;\n#if X\nint kProducedFileFormatVersion = 4;\n#endif",
            "3:34 kProducedFileFormatVersion is set once more",
        ),
        (
            "#if X\nint kProducedFileFormatVersion = 3;\n#if Y\nint kProducedFileFormatVersion = 4;\n#endif\n#endif",
            "4:34 kProducedFileFormatVersion is set once more",
        ),
        (
            "int kProducedFileFormatVersion =\n#if X\n3;\n#else\n4;\n#endif",
            "3:1 an `#if` divides kProducedFileFormatVersion: write all of it in each of the arms",
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_place(source, problem):
    [found] = read(source).problems
    assert f"{found.place.line}:{found.place.column} {found.message}".startswith(problem)


UPGRADERS_ENABLED = """\
#ifndef VERSIONS_H
#define VERSIONS_H
#if ENABLE_UPGRADERS
constexpr uint64_t kMinSupportedFileFormatVersion = 0x2L;
constexpr uint64_t kMaxSupportedFileFormatVersion = 0xAL;
#else
constexpr uint64_t kMinSupportedFileFormatVersion = 0x1L;
constexpr uint64_t kMaxSupportedFileFormatVersion = 0x6L;
#endif
#if ENABLE_UPGRADERS
constexpr uint64_t kProducedFileFormatVersion = 0xAL;
#else
constexpr uint64_t kProducedFileFormatVersion = 0x3L;
#endif
#endif // VERSIONS_H
"""


@pytest.mark.parametrize("condition", ["#if ENABLE_UPGRADERS", "#ifdef ENABLE_UPGRADERS"])
def test_what_each_arm_sets_for_itself_is_the_widest_range(condition):
    """As PyTorch wrote it from January to May 2022."""
    versions = read(UPGRADERS_ENABLED.replace("#if ENABLE_UPGRADERS", condition))
    assert (versions.produced.value, versions.minimum.value, versions.maximum.value) == (10, 1, 10)
    assert (versions.produced.place.line, versions.maximum.place.line, versions.problems) == (11, 5, ())


@pytest.mark.parametrize(
    "arms",
    [
        "#if X\n{10}\n#elif Y\n{3}\n#else\n{4}\n#endif",
        "#if X\n{3}\n#else\n#if Y\n{10}\n#else\n{4}\n#endif\n#endif",
        "#ifdef X\n{3}\n#endif\n#ifndef X\n{10}\n#endif",
        "#ifndef GUARD_H\n#ifdef X\n{10}\n#endif\n#ifndef X\n{3}\n#endif\n#endif",
    ],
)
def test_arms_are_once_however_they_are_written(arms):
    lines = {number: f"int kProducedFileFormatVersion = {number};" for number in (3, 4, 10)}
    for number, line in lines.items():
        arms = arms.replace(f"{{{number}}}", line)
    versions = read(arms)
    assert (versions.produced.value, versions.problems) == (10, ())


@given(st.lists(st.sampled_from(["kProducedFileFormatVersion", *"={};\n/*", "0xA", "#if X"])).map(" ".join))
def test_any_text_gives_a_version_or_says_why_not(source):
    versions = read(source)
    assert versions.problems or versions.produced
