"""What `opfixtures sweep` says to type next."""

from __future__ import annotations

import argparse

import pytest

from opfixtures.commands.sweep import add_arguments, command_of


@pytest.mark.parametrize(
    "more", ["", " --project libraries/two", " --format pt2", " --project . --format pt2"]
)
def test_the_command_for_a_witness_has_what_the_sweep_had(more):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(f"--old HEAD~1 --new HEAD{more}".split())
    assert command_of(options, "two::a") == f"opfixtures sweep --old HEAD~1 --new HEAD{more} --witness two::a"
