"""Hidden checks of exercise 17.

Truth for collapsed stacks is the chain of `x @ W.T + b` in plain float64 tensor arithmetic,
layer by layer. For `is_affine` it is known by construction: every function here is written
down as an affine map or with its bend in the formula. XOR needs no source.
"""

import random

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_number,
    assert_tensor,
    check,
    expect,
    same,
    show,
)

RTOL = {torch.float32: 1e-4, torch.float64: 1e-9}  # products of up to six matrices
ATOL = {torch.float32: 2e-5, torch.float64: 1e-9}  # entries of about 1, subtracted at times
SOLVED = [False, True, True, False]


# What probes build on the other side


def stack_of(layers):
    """An nn.Sequential of linear layers from pairs (weight, bias or None)."""
    stack = nn.Sequential()
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, dtype=weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(weight)
            if bias is not None:
                linear.bias.copy_(bias)
        stack.append(linear)
    return stack


def contents(stack):
    """What a stack holds, layer by layer, as plain data."""
    return [
        (
            type(layer).__name__,
            layer.weight.detach().clone(),
            None if layer.bias is None else layer.bias.detach().clone(),
            [parameter.requires_grad for parameter in layer.parameters()],
            [stack.training, layer.training],
        )
        for layer in stack
    ]


def probe_collapse(answer, layers, x):
    """The kind of what comes back, its output for `x`, and the stack before and after."""
    stack = stack_of(layers)
    before = contents(stack)
    layer = answer.collapse_linear(stack)
    after = contents(stack)
    if not isinstance(layer, nn.Linear):
        return {"kind": type(layer).__name__}
    return {"kind": "Linear", "out": layer(x), "before": before, "after": after}


class Dense(nn.Module):
    """A layer with a weight and a bias like those of nn.Linear, and a tanh behind them."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.ones(out_features, in_features) / in_features)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return torch.tanh(x @ self.weight.T + self.bias)


def probe_collapse_mixed(answer, kinds):
    """Collapse a stack built from names of layers, 3 features wide throughout."""
    build = {
        "Linear": lambda: nn.Linear(3, 3),
        "ReLU": nn.ReLU,
        "Tanh": nn.Tanh,
        "Identity": nn.Identity,
        "Dropout": nn.Dropout,
        "Flatten": nn.Flatten,
        "BatchNorm1d": lambda: nn.BatchNorm1d(3),
        "LayerNorm": lambda: nn.LayerNorm(3),
        "Dense": lambda: Dense(3, 3),
    }
    return type(answer.collapse_linear(nn.Sequential(*[build[k]() for k in kinds]))).__name__


class Table(nn.Module):
    """Looks the logits of the four points up, in whatever dtype and order they come."""

    def __init__(self, logits, dtype):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits, dtype=dtype))
        self.inner = nn.Sequential(nn.Dropout(0.0), nn.Identity())

    def forward(self, x):
        if x.dtype != self.logits.dtype:
            raise TypeError(f"the model is {self.logits.dtype}, its input {x.dtype}")
        place = (2 * x[:, 0] + x[:, 1]).long()
        return self.inner(self.logits[place].unsqueeze(1))


class Bilinear(nn.Module):
    """x0 + x1 - 2 x0 x1 - 1/2, without a parameter."""

    def forward(self, x):
        return (x[:, :1] + x[:, 1:] - 2 * x[:, :1] * x[:, 1:]) - 0.5


def probe_accuracy(answer, logits, dtype_name):
    """The accuracy of a table of logits, and the model's state and modes after it."""
    model = Table(logits, getattr(torch, dtype_name))
    model.train()
    model.inner[0].eval()
    before = [module.training for module in model.modules()]
    accuracy = answer.xor_accuracy(model)
    return {
        "accuracy": accuracy,
        "logits": model.logits.detach().clone(),
        "trainable": model.logits.requires_grad,
        "before": before,
        "after": [module.training for module in model.modules()],
    }


def probe_accuracy_without_parameters(answer):
    """The accuracy of a model that has no parameter."""
    return answer.xor_accuracy(Bilinear())


def probe_affine(answer, f, in_features, args, kwargs):
    """The answer for `f`, from a known random state."""
    torch.manual_seed(3)
    return answer.is_affine(f, in_features, *args, **kwargs)


def probe_draws(answer, f, in_features):
    """What torch and NumPy draw after a call, from two different states before it."""
    draws = []
    for seed in (5, 6):
        torch.manual_seed(seed)
        np.random.seed(seed)
        answer.is_affine(f, in_features)
        draws.append((torch.rand(4), np.random.rand(4)))
    return draws


def probe_affine_state(answer):
    """What a model in mixed modes looks like before and after it was tested for bends."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Dropout(0.0), nn.Linear(4, 2)))
    for module, training in zip(model.modules(), [True, True, False, True, False], strict=True):
        module.training = training
    model[0].bias.requires_grad_(False)

    def look():
        return (
            [module.training for module in model.modules()],
            [parameter.requires_grad for parameter in model.parameters()],
            [parameter.detach().clone() for parameter in model.parameters()],
        )

    before = look()
    answer.is_affine(model, 3)
    return before, look()


def probe_solve(answer, seeds, disturb):
    """Logits of the four points, and of others, from a model per seed and random state."""
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    others = torch.tensor([[0.5, 0.5], [2.0, -1.0], [-1.5, 0.25]])
    results = []
    for seed, noise in zip(seeds, disturb, strict=True):
        torch.manual_seed(noise)
        np.random.seed(noise)
        random.seed(noise)
        model = answer.solve_xor(seed)
        if not isinstance(model, nn.Module):
            results.append((type(model).__name__, None))
            continue
        results.append([model(x).detach().clone() for x in (points, others)])
        with torch.no_grad():  # a model is its caller's: the next one must not be this one again
            for parameter in model.parameters():
                parameter.zero_()
    return results


# Functions to be tested for bends


def affine(in_features, out_features, scale=1.0, offset=0.0, seed=0):
    """x -> scale * (x @ A + c) + offset, with A and c of about 1."""
    rng = torch.Generator().manual_seed(seed)
    matrix = torch.randn(in_features, out_features, generator=rng)
    shift = torch.randn(out_features, generator=rng)

    def f(x):
        if x.dim() != 2 or x.shape[1] != in_features:
            raise ValueError(f"f takes (N, {in_features}), got {tuple(x.shape)}")
        return scale * (x @ matrix.to(x.dtype) + shift.to(x.dtype)) + offset

    return f


def bent(bend, in_features, out_features, scale=1.0, offset=0.0, seed=0):
    """x -> scale * bend(x @ A + c) + offset."""
    inner = affine(in_features, out_features, seed=seed)
    return lambda x: scale * bend(inner(x)) + offset


def kink(direction, distance):
    """x -> (u, u / 2 + relu(u - distance)), u the coordinate along a unit direction."""
    unit = torch.tensor(direction) / torch.tensor(direction).norm()

    def f(x):
        along = x @ unit.to(x.dtype)
        return torch.stack([along, along / 2 + torch.relu(along - distance)], dim=1)

    return f


def bump(centre):
    """x -> x0 / 4 + a hat of height 1 from centre - 1 to centre + 1."""

    def f(x):
        return x[:, :1] / 4 + torch.relu(1 - (x[:, :1] - centre).abs())

    return f


# What the checks have in common


def draw(dtype, widths, biases, seed=0):
    """Layers through `widths`, as (weight, bias or None), with outputs of about 1."""
    rng = torch.Generator().manual_seed(seed)
    layers = []
    for into, out, has_bias in zip(widths[:-1], widths[1:], biases, strict=True):
        weight = torch.randn(out, into, generator=rng, dtype=torch.float64) / into**0.5
        bias = torch.randn(out, generator=rng, dtype=torch.float64) if has_bias else None
        layers.append((weight.to(dtype), None if bias is None else bias.to(dtype)))
    x = torch.randn(7, widths[0], generator=rng, dtype=torch.float64).to(dtype)
    return layers, x


def through(layers, x):
    """The stack's output, one layer after another, in float64."""
    out = x.double()
    for weight, bias in layers:
        out = out @ weight.double().T
        if bias is not None:
            out = out + bias.double()
    return out.to(x.dtype)


def judge_collapse(submission, dtype, widths, biases, seed=0):
    """Fail unless the collapsed layer computes what the stack computes."""
    layers, x = draw(dtype, widths, biases, seed)
    got = submission.probe(probe_collapse, layers, x)
    flags = "" if all(biases) else f", bias={biases}"
    given = f"collapse_linear of widths {widths}{flags}, {dtype}, on 7 inputs"
    expect(got["kind"] == "Linear", f"expected an nn.Linear, got a {got['kind']}", given=given)
    assert_close(got["out"], through(layers, x), rtol=RTOL[dtype], atol=ATOL[dtype], given=given)
    return got


def judge_affine(submission, truth, name, f, in_features, *args, **kwargs):
    """Fail unless `is_affine` says `truth` of `f`."""
    got = submission.probe(probe_affine, f, in_features, args, kwargs)
    more = "".join([*(f", {a}" for a in args), *(f", {k}={v}" for k, v in kwargs.items())])
    given = f"is_affine({name}, {in_features}{more})"
    expect(
        isinstance(got, bool | np.bool_),
        f"expected True or False, got the {type(got).__name__} {show(got)}",
        given=given,
    )
    expect(bool(got) is truth, f"expected {truth}, got {got}", given=given)


def judge_solved(submission, seeds):
    """Fail unless the models for `seeds` get all four points right."""
    answers = submission.probe(probe_solve, seeds, [1000 + seed for seed in seeds])
    for seed, (logits, _) in zip(seeds, answers, strict=True):
        judge_logits(seed, logits)


def judge_logits(seed, logits):
    """Fail unless `logits` are those of a model that solves XOR."""
    given = f"solve_xor({seed})"
    if isinstance(logits, str):
        raise Mismatch(f"expected an nn.Module, got a {logits}", given)
    assert_tensor(logits, shape=(4, 1), given=f"{given} on the four points")
    expect(
        (logits > 0).flatten().tolist() == SOLVED,
        f"expected logits above 0 at (0, 1) and (1, 0) only, got {show(logits.flatten())}",
        given=given,
    )


@check("collapse_linear", points=1, hint="torch stores a weight as (out, in) and computes "
                                         "x @ W.T. For W2 (W1 x), which product is the one "
                                         "matrix, and what is its shape?")  # fmt: skip
def test_multiplies_in_the_wrong_order(submission):
    """Three layers without a bias collapse to the product of their weights."""
    judge_collapse(submission, torch.float64, [5, 2, 6, 3], [False] * 3)
    # Square layers run in any order, so only the values tell.
    judge_collapse(submission, torch.float64, [4, 4, 4, 4], [False] * 3, seed=1)
    judge_collapse(submission, torch.float32, [3, 5, 1, 4], [False] * 3, seed=2)


@check("collapse_linear", points=0.5, hint="What does the second layer do to the bias of the "
                                           "first, and the third to both?")  # fmt: skip
def test_forgets_to_carry_the_biases(submission):
    """The biases of early layers pass through all later ones."""
    judge_collapse(submission, torch.float64, [2, 4, 3], [True] * 2)
    judge_collapse(submission, torch.float64, [3, 5, 4, 2], [True] * 3, seed=1)
    judge_collapse(submission, torch.float32, [3, 4, 4, 4, 4, 4, 2], [True] * 6, seed=2)


@check("collapse_linear", points=0.5, hint="nn.Linear(3, 4, bias=False).bias is None. And what "
                                           "should come of a stack with one layer?")  # fmt: skip
def test_expects_every_layer_to_have_a_bias(submission):
    """Layers may lack a bias, wherever they stand, and one layer is a stack, too."""
    for place, biases in enumerate(([True, False, True], [False, True, False],
                                    [True, False, False], [False, False, True])):  # fmt: skip
        judge_collapse(submission, torch.float64, [3, 4, 5, 2], biases, seed=place)
    judge_collapse(submission, torch.float32, [3, 4, 2], [False, True], seed=5)
    judge_collapse(submission, torch.float64, [3, 2], [True], seed=6)
    judge_collapse(submission, torch.float32, [2, 3], [False], seed=7)


@check("collapse_linear", points=0.5, hint="Which layers may you multiply together, and what "
                                           "tells a linear layer from another that has a "
                                           "weight, or none?")  # fmt: skip
def test_collapses_what_is_not_linear(submission):
    """Any other kind of layer in the stack raises ValueError, linear ones do not."""
    kind = submission.probe(probe_collapse_mixed, ["Linear", "Linear"])
    expect(kind == "Linear", f"expected an nn.Linear, got a {kind}",
           given="collapse_linear of Linear, Linear")  # fmt: skip
    for kinds in (
        ["Linear", "ReLU", "Linear"],
        ["Linear", "Linear", "Tanh"],
        ["Identity", "Linear", "Linear"],
        ["Linear", "Dropout", "Linear"],
        ["Linear", "BatchNorm1d", "Linear"],
        ["Linear", "Linear", "LayerNorm"],
        ["Flatten", "Linear"],
        ["Linear", "Dense", "Linear"],
        ["Linear", "Identity"],
        ["ReLU"],
    ):
        try:
            with pytest.raises(ValueError):
                submission.probe(probe_collapse_mixed, kinds)
        except pytest.fail.Exception:
            text = "expected a ValueError, and it raised nothing"
            raise Mismatch(text, f"collapse_linear of {', '.join(kinds)}") from None


@check("collapse_linear", points=0.5, hint="Which tensors do you write to? Two names can mean "
                                           "the same parameter.")  # fmt: skip
def test_changes_the_stack(submission):
    """The stack keeps its layers, their weights, biases and modes."""
    for widths, biases, dtype in (
        ([3, 4, 4, 4], [True] * 3, torch.float64),
        ([2, 3, 3], [False, True], torch.float64),
        ([3, 2], [True], torch.float64),
        ([3, 3, 3, 3], [True] * 3, torch.float32),
        ([4, 3, 2], [True] * 2, torch.float32),
    ):
        layers, x = draw(dtype, widths, biases)
        got = submission.probe(probe_collapse, layers, x)
        given = f"collapse_linear of widths {widths}, {dtype}"
        expect(got["kind"] == "Linear", f"expected an nn.Linear, got a {got['kind']}", given=given)
        expect(same(got["after"], got["before"]), "the stack is not what it was", given=given)


@check("is_affine", points=1, hint="Each shortcut has a function that passes it: relu passes "
                                   "f(2x) = 2f(x), tanh f(-x) = -f(x), x0 * x1 every test along "
                                   "an axis. What holds between any two points?")  # fmt: skip
def test_overlooks_a_bend(submission):
    """Functions with a bend are not affine, symmetric and homogeneous ones included."""
    judge_affine(submission, True, "x -> x", lambda x: x, 3)  # a "no" to everything is no answer
    for name, f, width in (
        ("relu", torch.relu, 3),
        ("abs", torch.abs, 2),
        ("tanh", torch.tanh, 1),
        ("x ** 2", torch.square, 4),
        ("x ** 3", lambda x: x**3, 1),
        ("x0 * x1", lambda x: x[:, :1] * x[:, 1:2], 2),
        ("x0 * x1 + x2", lambda x: x[:, :1] * x[:, 1:2] + x[:, 2:], 3),
        ("(x0, x1, |x0|)", lambda x: torch.cat([x, x[:, :1].abs()], dim=1), 2),
        ("(|x0|, x0, x1)", lambda x: torch.cat([x[:, :1].abs(), x], dim=1), 2),
        ("relu(x @ A + c)", bent(torch.relu, 5, 2), 5),
        ("leaky_relu(x @ A + c)", bent(nn.functional.leaky_relu, 1, 1), 1),
        ("sigmoid(x @ A + c)", bent(torch.sigmoid, 8, 3), 8),
    ):
        judge_affine(submission, False, name, f, width)


@check("is_affine", points=0.5, hint="Affine is more than linear: which of your tests does "
                                     "f(x) = x + 1 pass? And what do you divide by where the "
                                     "output never varies?")  # fmt: skip
def test_wants_more_than_affine(submission):
    """Affine maps pass, with an offset, constant, or deep and in float32; a square does not."""
    stack = stack_of(draw(torch.float32, [4, 6, 6, 6, 5, 2], [True] * 5)[0])
    for name, f, width in (
        ("x @ A + c", affine(5, 3), 5),
        ("x @ A + c", affine(1, 1, seed=1), 1),
        ("x @ A + c", affine(20, 4, seed=2), 20),
        ("x -> x", lambda x: x, 3),
        ("x -> 0", lambda x: torch.zeros_like(x), 2),
        ("x -> (2, -0.5)", lambda x: 0 * x + torch.tensor([2.0, -0.5]).to(x.dtype), 2),
        ("a float32 nn.Sequential of linear layers", stack, 4),
    ):
        judge_affine(submission, True, name, f, width)
    judge_affine(submission, False, "x -> x * x", lambda x: x * x, 3)


@check("is_affine", points=0.5, hint="What does an absolute tolerance mean to outputs of 1e8, "
                                     "or of 1e-8? What could you compare it with?")  # fmt: skip
def test_judges_by_an_absolute_difference(submission):
    """The unit in which the output is measured makes no difference."""
    for scale in (1e8, 1e-8):
        judge_affine(submission, True, f"{scale:g} * (x @ A + c)", affine(4, 3, scale), 4)
        judge_affine(submission, False, f"{scale:g} * tanh(x @ A + c)",
                     bent(torch.tanh, 4, 3, scale), 4)  # fmt: skip
        judge_affine(submission, False, f"{scale:g} * |x|", lambda x, s=scale: s * x.abs(), 2)


@check("is_affine", points=0.5, hint="Next to 100000 any bend looks small. Which measure of the "
                                     "output ignores a constant that is added?")  # fmt: skip
def test_is_misled_by_an_offset(submission):
    """A large constant in the output neither hides a bend nor looks like one."""
    # float32 around 1e5 is exact to 0.004: the bends of about 1 stay visible.
    for offset in ([1e5, 1e5, 1e5], [1e5, -1e5, 1e5], [-5e4, -1e5, 0.0]):
        judge_affine(submission, False, f"tanh(x @ A + c) + {offset}",
                     bent(torch.tanh, 4, 3, offset=torch.tensor(offset)), 4)  # fmt: skip
    judge_affine(submission, False, "|x| + 1e5", lambda x: x.abs() + 1e5, 1)
    # Around 100 rounding is 4e-6, far below 1e-4 of how much the output varies.
    judge_affine(submission, True, "x @ A + c + (100, -100)",
                 affine(4, 2, offset=torch.tensor([100.0, -100.0])), 4)  # fmt: skip
    judge_affine(submission, True, "1000 * (x @ A + c) + 1e5", affine(3, 2, 1e3, 1e5), 3)


@check("is_affine", points=0.5, hint="How often does a standard normal number pass 3? And what "
                                     "do inputs of size 1000 see of a bump near zero?")  # fmt: skip
def test_looks_in_one_place_only(submission):
    """A bend within a few units of the origin is found, wherever it lies."""
    judge_affine(submission, True, "x -> x", lambda x: x, 3)  # as above
    for direction in ([1.0], [-1.0], [0.0, 1.0], [-1.0, 0.0], [1.0, 1.0, 1.0],
                      [0.0, -1.0, 0.0, 0.0, 1.0]):  # fmt: skip
        name = f"a kink 3 units out along {direction}"
        judge_affine(submission, False, name, kink(direction, 3.0), len(direction))
    for centre in (0.0, 1.5, -1.5):
        name = f"x0 / 4 plus a hat 2 wide at {centre}"
        judge_affine(submission, False, name, bump(centre), 1)
    judge_affine(submission, False, "x0 / 4 plus a hat 2 wide at 0.5", bump(0.5), 2)


@check("is_affine", points=0.5, hint="Is `tolerance` used, and by that name? What is its default? "
                                     "Which random state do you touch?")  # fmt: skip
def test_ignores_the_tolerance(submission):
    """The tolerance decides, and the global random state is not reseeded."""

    def slightly(x):
        return x + 0.005 * x.abs()

    def hardly(x):
        return x + 1e-6 * x.abs()

    judge_affine(submission, False, "x + 0.005 |x|", slightly, 2)
    judge_affine(submission, True, "x + 0.005 |x|", slightly, 2, 0.5)
    judge_affine(submission, True, "x + 0.005 |x|", slightly, 2, tolerance=0.5)
    judge_affine(submission, False, "x + 0.005 |x|", slightly, 2, tolerance=1e-4)
    judge_affine(submission, True, "x + 0.000001 |x|", hardly, 2)
    first, second = submission.probe(probe_draws, slightly, 2)
    for library, one, two in zip(("torch", "NumPy"), first, second, strict=True):
        expect(not same(one, two), f"it resets {library}'s global random state", given="is_affine")
    before, after = submission.probe(probe_affine_state)
    for what, then, now in zip(("modes (training?)", "requires_grad"), before, after, strict=False):
        expect(then == now, f"expected its {what} to stay {then}, got {now}",
               given="a model after is_affine")  # fmt: skip
    expect(same(before[2], after[2]), "its parameters changed", given="a model after is_affine")


@check("xor_accuracy", points=0.5, hint="Count for one model by hand. Which shape does comparing "
                                        "(4, 1) with (4,) have?")  # fmt: skip
def test_compares_every_prediction_with_every_label(submission):
    """The share is of the four points, each against its own label."""
    for logits in (
        [-1.5, 2.0, 3.0, -4.0],
        [1.5, 2.0, 3.0, -4.0],
        [-1.5, -2.0, 3.0, -4.0],
        [-1.5, 2.0, -3.0, -4.0],
        [-1.5, 2.0, 3.0, 4.0],
        [5.0, -2.0, 3.0, 4.0],
        [5.0, -2.0, 3.0, -4.0],
        [1.5, -2.0, -3.0, 4.0],
    ):
        judge_accuracy(submission, logits)


def judge_accuracy(submission, logits, dtype="float32"):
    """Fail unless the accuracy of a table of logits is right; return what the probe saw."""
    got = submission.probe(probe_accuracy, logits, dtype)
    given = f"xor_accuracy of a {dtype} model with logits {logits} at (0,0) (0,1) (1,0) (1,1)"
    right = sum((logit > 0) == label for logit, label in zip(logits, SOLVED, strict=True))
    expected = right / 4
    assert_number(got["accuracy"], given=given)
    assert_close(got["accuracy"], expected, rtol=1e-6, given=given)  # quarters are exact
    return got


@check("xor_accuracy", points=0.5, hint="These are logits. Which of them belongs to a probability "
                                        "of one half, and to which class here?")  # fmt: skip
def test_puts_the_threshold_elsewhere(submission):
    """A logit is class 1 where it is above 0, however little, and class 0 at 0 itself."""
    for logits in (
        [0.0, 1.0, 2.0, 0.0],
        [-1.0, 0.0, 2.0, -1.0],
        [0.25, 0.125, 0.375, 0.25],
        [-0.125, 0.25, 0.4375, -0.25],
        [-30.0, 0.0625, 40.0, 0.0],
    ):
        judge_accuracy(submission, logits)


@check("xor_accuracy", points=0.5, hint="Which dtype does the model want? What about it is "
                                        "different after your call?")  # fmt: skip
def test_leaves_the_model_in_another_state(submission):
    """float64 and parameterless models work, and a model keeps parameters and modes."""
    for dtype in ("float32", "float64"):
        logits = [-1.0, 2.0, -0.5, -3.0]
        got = judge_accuracy(submission, logits, dtype)
        given = "the model after xor_accuracy"
        assert_equal(got["logits"], torch.tensor(logits, dtype=getattr(torch, dtype)), given=given)
        expect(got["trainable"], "a parameter no longer requires its gradient", given=given)
        expect(
            got["after"] == got["before"],
            f"expected modes (training?) {got['before']}, got {got['after']}",
            given=given,
        )
    assert_close(submission.probe(probe_accuracy_without_parameters), 1.0, rtol=1e-6,
                 given="xor_accuracy of x0 + x1 - 2 x0 x1 - 1/2")  # fmt: skip


# Seeds by how often small networks of the usual kinds get stuck with them.


@check("solve_xor", points=0.5, hint="A ReLU unit that is off at all four points has no gradient. "
                                     "How many units, of which kind, leave a way out?")  # fmt: skip
def test_gets_stuck_at_once(submission):
    """Seeds 1 and 6 give models that get all four points right."""
    judge_solved(submission, [1, 6])


@check("solve_xor", points=0.5, hint="Does every seed get there? What could you change so that "
                                     "an unlucky start does not matter?")  # fmt: skip
def test_gets_stuck_with_an_unlucky_seed(submission):
    """So do seeds 2 and 7, with which small networks often get stuck."""
    judge_solved(submission, [2, 7])


@check("solve_xor", points=0.5, hint="Print the loss at the end, seed by seed. Is every run done "
                                     "when it stops?")  # fmt: skip
def test_stops_before_every_seed_is_done(submission):
    """Seeds 5 and 9 give models that get all four points right."""
    judge_solved(submission, [5, 9])


@check("solve_xor", points=0.5, hint="What is drawn before you set the seed, and what from "
                                     "another generator?")  # fmt: skip
def test_is_not_reproducible(submission):
    """The same seed gives the same model, whatever was drawn before."""
    (first, first_elsewhere), (second, second_elsewhere) = submission.probe(
        probe_solve, [0, 0], [11, 22]
    )
    judge_logits(0, first)
    assert_tensor(second, shape=(4, 1), given="solve_xor(0) a second time")
    # An exact fit gives the same four logits with any hidden layer: models are compared
    # where they were not fitted, too.
    for now, then, where in (
        (second, first, "the four points"),
        (second_elsewhere, first_elsewhere, "(0.5, 0.5), (2, -1) and (-1.5, 0.25)"),
    ):
        assert_close(now.double(), then.double(), rtol=1e-5, atol=1e-6,  # the same arithmetic twice
                     given=f"logits of solve_xor(0) a second time, at {where}")  # fmt: skip
