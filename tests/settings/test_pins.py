"""What becomes an argument of an installer is a name and one version, and nothing else."""

from __future__ import annotations

import pytest

from opfixtures.settings.pins import Pin, read_pin


@pytest.mark.parametrize(
    ("text", "pin", "argument"),
    [
        ("mylib==1.2", Pin("mylib", "1.2"), "mylib==1.2"),
        ("My_Lib.x==1.2rc1", Pin("my-lib-x", "1.2rc1"), "my-lib-x==1.2rc1"),
        ("m==1!2.0.post1.dev3+CU118", Pin("m", "1!2.0.post1.dev3+cu118"), "m==1!2.0.post1.dev3+cu118"),
        ("mylib[GPU,a_b,a-b]==1", Pin("mylib", "1", ("a-b", "gpu")), "mylib[a-b,gpu]==1"),
    ],
)
def test_a_pin_is_read_into_its_normal_form(text: str, pin: Pin, argument: str) -> None:
    assert read_pin(text) == pin
    assert str(pin) == argument
    assert read_pin(argument) == pin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mylib",
        "mylib>=1.2",
        "mylib==1.*",
        "mylib===1.2",
        "mylib==1.2,==1.3",
        "mylib == 1.2",
        " mylib==1.2",
        "mylib==1.2\n",
        "mylib==1.2 ; python_version < '3'",
        "mylib==1.2 --index-url=https://example.org",
        "mylib @ https://example.org/mylib-1.2-py3-none-any.whl",
        "https://example.org/mylib==1.2",
        "--find-links==1.2",
        "-r==1.2",
        "./mylib==1.2",
        "../wheels/mylib-1.2-py3-none-any.whl",
        "mylib/x==1.2",
        "mylib-==1.2",
        "mylib==v1.2",
        "mylib==-1",
        "mylib[]==1.2",
        "mylib[a,]==1.2",
        "mylib[-r]==1.2",
        "m\u00fclib==1.2",
        "mylib==\u0661",
        "m" * 200 + "==1",
    ],
)
def test_what_is_no_pin_is_none(text: str) -> None:
    assert read_pin(text) is None
