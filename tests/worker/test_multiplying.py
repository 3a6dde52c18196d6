"""What an upgrader gives, multiplied: two multiples are put in so that nothing but the value tells them apart."""

import pytest

# What an upgrader returns, and what comes of it for 3 and for 1.
VALUES = {
    "x * 2": ([6.0, 12.0], [2.0, 4.0]),
    # It shares memory with the argument, or all its elements share one.
    "x": ([3.0, 6.0], [1.0, 2.0]),
    "x.sum().expand_as(x)": ([9.0, 9.0], [3.0, 3.0]),
    "x.to(torch.int32)": ([3, 6], [1, 2]),
    "x > 1.5": ([True, False], [False, True]),
}
NUMBERS = {
    "x.size(0)": ("int", 6, 2),
    "float(x.sum())": ("float", 9.0, 3.0),
    "x.numel() > 1": ("bool", False, True),
}


@pytest.fixture
def altered(worker):
    """The function of an upgrader that returns this, multiplied."""

    def make(expression, factor, in_place=False, returned="Tensor"):
        torch = worker.torch
        unit = torch._C.CompilationUnit()
        unit.define(f"def u(x: Tensor) -> {returned}:\n  return {expression}\n", {"torch": torch}.get)
        text = worker.multiplied(str(unit.find_function("u").graph), factor, in_place)
        return torch._C._create_function_from_graph("u", torch._C.parse_ir(text)) if text else None

    return make


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("expression", VALUES)
def test_a_tensor_is_multiplied_and_the_argument_left_alone(worker, altered, expression):
    for factor, wanted in zip((3, 1), VALUES[expression], strict=True):
        x = worker.torch.tensor([1.0, 2.0])
        given = altered(expression, factor)(x)
        assert given.tolist() == wanted
        assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("factor", [1, 3])
def test_what_is_no_value_is_the_same_for_both(worker, altered, factor):
    leaf = worker.torch.tensor([1.0, 2.0], requires_grad=True)
    given = altered("x * 2", factor)(leaf)
    assert (given.requires_grad, given._version, given.stride()) == (True, 0, (1,))
    assert altered("x.clone().mul_(5)", factor)(leaf.detach())._version == 0
    assert altered("x > 1.5", factor)(leaf).dtype == worker.torch.bool


@pytest.mark.parametrize(("factor", "wanted"), [(3, [3.0, 6.0]), (1, [1.0, 2.0])])
def test_where_an_argument_is_written_to_the_multiple_is_too(worker, altered, factor, wanted):
    x = worker.torch.tensor([1.0, 2.0])
    assert altered("x", factor, in_place=True)(x).tolist() == x.tolist() == wanted
    assert x._version == 1


def test_a_truth_that_is_written_turns_to_the_opposite(worker, altered):
    x = worker.torch.tensor([True, False])
    assert altered("x", 1, in_place=True)(x).tolist() == [True, False]
    assert altered("x", 3, in_place=True)(x).tolist() == x.tolist() == [False, True]


@pytest.mark.parametrize("expression", NUMBERS)
def test_a_number_is_multiplied_too(worker, altered, expression):
    returned, *wanted = NUMBERS[expression]
    x = worker.torch.tensor([1.0, 2.0])
    assert [altered(expression, factor, returned=returned)(x) for factor in (3, 1)] == wanted


@pytest.mark.parametrize(
    ("expression", "returned"),
    [
        ("[x]", "List[Tensor]"),
        ("(x, x)", "Tuple[Tensor, Tensor]"),
        ("'a'", "str"),
        ("None", "Optional[Tensor]"),
    ],
)
def test_of_what_has_no_multiple_none_is_tried(altered, expression, returned):
    assert altered(expression, 3, returned=returned) is None


def test_an_upgrader_that_is_not_there_is_not_multiplied(worker):
    assert "not_tried" in worker.replay_multiplied(b"", "nope_0_3", {}, 3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_an_operator_that_writes_to_an_argument_is_multiplied_in_place(worker):
    worker.warm_up()
    assert worker.writes_into_argument("div__Tensor_0_3")
    assert worker.writes_into_argument("div_out_0_3")
    assert not worker.writes_into_argument("div_Tensor_0_3")


CALLS = {
    "y": ("y = torch.relu(x)", [3.0, 6.0]),
    "in a branch": ("y = x\n    if x.dim() > 0:\n        y = torch.relu(x)", [3.0, 6.0]),
    "twice": ("y = torch.relu(torch.relu(x))", [9.0, 18.0]),
    "in place": ("y = x.clone()\n    torch.relu_(y)", [3.0, 6.0]),
    "in a task": ("y = torch.jit.wait(torch.jit.fork(torch.relu, x))", [3.0, 6.0]),
    "no call": ("y = x + 0", None),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("key", CALLS)
def test_what_an_operator_gives_is_multiplied_wherever_it_is_called(worker, key):
    torch = worker.torch
    body, wanted = CALLS[key]
    unit = torch._C.CompilationUnit()
    unit.define(f"def f(x: Tensor) -> Tensor:\n    {body}\n    return y\n", {"torch": torch}.get)
    for factor, given in ((3, wanted), (1, [1.0, 2.0])):
        graph = unit.find_function("f").graph.copy()
        name = "aten::relu_" if key == "in place" else "aten::relu"
        count = worker.multiply_calls(graph, name, factor)
        assert bool(count) is (wanted is not None)
        if count:
            function = torch._C._create_function_from_graph("f", graph)
            assert function(torch.tensor([1.0, 2.0])).tolist() == given
