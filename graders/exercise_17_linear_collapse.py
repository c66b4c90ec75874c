"""Hidden checks of exercise 17.

Truth for collapsed stacks is the chain of `x @ W.T + b` in float64, applied to the zero input
(the bias) and to the unit vectors (the weight). For `is_affine` it is known by construction:
every function here is a hidden layer of relu, tanh and square units with given weights, or two
of them. Where it bends and where it does not is decided by the weights alone, so that its code
tells nothing.
XOR needs no source.
"""

import random

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_number,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    show,
)
from gradekit.grading.training import assert_untouched, linear, numbers, set_modes, snapshot

# Not drawn: solve_xor: its contract is about the seeds from 0 to 9, and those are tried.

RTOL = {torch.float32: 1e-4, torch.float64: 1e-9}  # products of up to six, or twelve, matrices
ATOL = {torch.float32: 2e-5, torch.float64: 1e-9}  # entries of about 1, subtracted at times
SOLVED = [False, True, True, False]


# What probes build on the other side


def stack_of(layers):
    """An nn.Sequential of linear layers from pairs (weight, bias or None)."""
    return nn.Sequential(*[linear(*layer) for layer in layers])


def probe_collapse(answer, layers):
    """What comes back: its type, weight and bias; and the stack before and after."""
    stack = stack_of(layers)
    parts = ("parameters", "modes", "requires_grad")
    before = snapshot(stack, parts=parts), [type(layer).__name__ for layer in stack]
    layer = answer.collapse_linear(stack)
    after = snapshot(stack, parts=parts), [type(layer).__name__ for layer in stack]
    if type(layer) is not nn.Linear:
        return {"kind": type(layer).__name__, "before": before, "after": after}
    return {
        "kind": "Linear", "weight": layer.weight, "bias": layer.bias,
        "before": before, "after": after,
    }  # fmt: skip


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
        "Linear": lambda: linear(torch.ones(3, 3), torch.ones(3)),
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


def hidden_layers(units):
    """x -> relu(x @ W + b) @ V + tanh(x @ T + t) @ Q + (x @ S + s)**2 @ R + c, in the dtype of x.

    Of twice as many units the second half is a layer after the first.
    """

    def f(x):
        for start in range(0, len(units), 10):
            W, b, V, T, t, Q, S, s, R, c = (unit.to(x.dtype) for unit in units[start : start + 10])
            bends = torch.relu(x @ W + b) @ V + torch.tanh(x @ T + t) @ Q
            x = bends + (x @ S + s) ** 2 @ R + c
        return x

    return f


def probe_affine(answer, units, in_features, args, kwargs):
    """The answer for a function, from a known random state."""
    torch.default_generator.manual_seed(3)
    return answer.is_affine(hidden_layers(units), in_features, *args, **kwargs)


def probe_affine_model(answer, layers):
    """The answer for a module, in which there is also a layer without a weight."""
    stack = nn.Sequential(stack_of(layers), nn.Identity())
    return answer.is_affine(stack, stack[0][0].in_features)


def probe_draws(answer, units, in_features):
    """What torch and NumPy draw after a call, from two different states before it."""
    draws = []
    for seed in (5, 6):
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)
        answer.is_affine(hidden_layers(units), in_features)
        draws.append((torch.rand(4), np.random.rand(4)))
    return draws


def probe_affine_state(answer, layers):
    """What a model in mixed modes looks like before and after it was tested for bends."""
    first, last = (linear(*layer) for layer in layers)
    model = nn.Sequential(first, nn.Sequential(nn.Dropout(0.0), last))
    set_modes(model, [True, True, False, True, False])
    model[0].bias.requires_grad_(False)
    before = snapshot(model)
    answer.is_affine(model, first.in_features)
    return before, snapshot(model)


class Bilinear(nn.Module):
    """a + b x0 + c x1 + d x0 x1, its four numbers a parameter or not."""

    def __init__(self, numbers, trainable):
        super().__init__()
        self.numbers = nn.Parameter(numbers) if trainable else numbers
        self.inner = nn.Sequential(nn.Dropout(0.0), nn.Identity())

    def forward(self, x):
        ones = torch.ones_like(x[:, :1])
        terms = torch.cat([ones, x, x[:, :1] * x[:, 1:]], dim=1)
        return self.inner(terms @ self.numbers[:, None])


def probe_accuracy(answer, numbers, trainable):
    """The accuracy of a bilinear model, and the model's state before and after."""
    model = Bilinear(numbers, trainable)
    set_modes(model, [True, True, False, True])
    before = snapshot(model)
    return answer.xor_accuracy(model), before, snapshot(model)


def probe_solve(answer, seeds, disturb):
    """Logits of the four points, and of others, from a model per seed and random state."""
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    others = torch.tensor([[0.5, 0.5], [2.0, -1.0], [-1.5, 0.25]])
    results = []
    for seed, noise in zip(seeds, disturb, strict=True):
        torch.default_generator.manual_seed(noise)
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


# Functions to be tested for bends: sums of terms in z = x . direction + shift


def function(terms, in_features, out_features=1, scale=1.0, offset=0.0, seed=0):
    """The units of a hidden layer that computes scale * (the sum of the terms) + offset.

    Each term is (kind, direction, shift, the outputs that it adds to). A relu unit and its
    mirror image make a line, so every function has units of all kinds, in any order.
    """
    # (direction, shift, outputs) of relu units, of tanh units, of square units
    ramps, curves, squares = [], [], []
    for kind, direction, shift, outputs in terms:
        u = torch.as_tensor(direction, dtype=torch.float64)
        v = torch.as_tensor(outputs, dtype=torch.float64)
        if kind in ("tanh", "square"):
            (curves if kind == "tanh" else squares).append((u, shift, v))
        else:
            ramps += [(side * u, side * shift - place, height * v)
                      for side, place, height in KINDS[kind]]
    nothing = torch.zeros(in_features).double(), 0.0, torch.zeros(out_features).double()
    rng = np.random.default_rng(seed)
    units = []
    for rows in (ramps, curves, squares):
        rows = [rows[i] for i in rng.permutation(len(rows))] or [nothing]
        units += [
            torch.stack([u for u, _, _ in rows], dim=1),
            torch.tensor([float(shift) for _, shift, _ in rows]).double(),
            scale * torch.stack([v for _, _, v in rows]),
        ]
    return [*units, torch.as_tensor(offset).double().expand(out_features).clone()]


KINDS = {  # relu units by the side that they look at, how far out they begin, and their slope
    "line": [(1, 0, 1), (-1, 0, -1)],
    "relu": [(1, 0, 1)],
    "abs": [(1, 0, 1), (-1, 0, 1)],
    "leaky": [(1, 0, 1), (-1, 0, -0.01)],
    "dead zone": [(1, 1, 1), (-1, 1, -1)],  # odd, as x ** 3 is
    "hat": [(1, -1, 1), (1, 0, -2), (1, 1, 1)],
}


def mixed(kind, in_features, out_features, seed, scale=1.0, offset=0.0):
    """scale * (kind of x @ A + c) + offset, with A and c of about 1."""
    normal = numbers(seed, torch.float64)
    directions, shifts = normal(in_features, out_features), normal(out_features)
    eye = np.eye(out_features)
    terms = [(kind, directions[:, k], float(shifts[k]), eye[k]) for k in range(out_features)]
    return function(terms, in_features, out_features, scale, offset, seed)


def columns(kind, n, scale=1.0, offset=0.0):
    """The same kind of bend in every column: relu(x), |x| and the like."""
    eye = np.eye(n)
    return function([(kind, eye[k], 0.0, eye[k]) for k in range(n)], n, n, scale, offset)


def kink(direction, distance):
    """x -> (u, u / 2 + relu(u - distance)), u the coordinate along a unit direction."""
    unit = np.array(direction) / np.linalg.norm(direction)
    terms = [("line", unit, 0.0, [1.0, 0.5]), ("relu", unit, -distance, [0.0, 1.0])]
    return function(terms, len(unit), 2)


def bump(centre, n=1):
    """x -> x0 / 4 + a hat of height 1 from centre - 1 to centre + 1."""
    first = np.eye(n)[0]
    return function([("line", first, 0.0, [0.25]), ("hat", first, -centre, [1.0])], n)


def slightly(slope, n=2):
    """x -> x + slope * |x|."""
    eye = np.eye(n)
    return function([(kind, eye[k], 0.0, size * eye[k])
                     for k in range(n) for kind, size in (("line", 1.0), ("abs", slope))], n, n)


CROSS = [("abs", [1, 1], 0.0, [0.5]), ("abs", [1, -1], 0.0, [-0.5])]  # 0 along both axes
CROSS_AND_MORE = [*(("abs", [*u, 0], 0.0, v) for _, u, _, v in CROSS),
                  ("line", [0, 0, 1], 0.0, [1.0])]  # fmt: skip
LAST_BENT = [("line", [1, 0], 0, [1, 0, 0]), ("line", [0, 1], 0, [0, 1, 0]),
             ("abs", [1, 0], 0, [0, 0, 1])]  # fmt: skip
FIRST_BENT = [("abs", [1, 0], 0, [1, 0, 0]), ("line", [1, 0], 0, [0, 1, 0]),
              ("line", [0, 1], 0, [0, 0, 1])]  # fmt: skip
CANCELLING = [("abs", [1, 0], 0, [1, -1])]
PRODUCT = [("square", [1, 1], 0, [0.25]), ("square", [1, -1], 0, [-0.25])]
# The middle one of x0, x1 and 0, from their minimum and maximum: linear on every line through the
# origin.
MIDDLE = [
    *function([("line", [1, 1], 0, [0.5, -0.5]), ("abs", [1, -1], 0, [-0.5, -0.5])], 2, 2),
    *function([("relu", [1, 0], 0, [1]), ("relu", [0, 1], 0, [-1])], 2),
]


# What the checks have in common


def draw(dtype, widths, biases, seed=0):
    """Layers through `widths`, as (weight, bias or None), with outputs of about 1."""
    normal = numbers(seed, dtype)
    return [
        (normal(out, into) / into**0.5, normal(out) if has_bias else None)
        for into, out, has_bias in zip(widths[:-1], widths[1:], biases, strict=True)
    ]


def through(layers, x):
    """The stack's output, one layer after another, in float64."""
    for weight, bias in layers:
        x = x @ weight.double().T
        if bias is not None:
            x = x + bias.double()
    return x


def judge_collapsed(submission, cases, judge):
    """Call `judge(what came back, layers, dtype, the call in words)` for each stack."""
    stacks = [(draw(dtype, widths, biases, seed),) for dtype, widths, biases, seed in cases]
    answers = submission.each_probe(probe_collapse, stacks)
    for (dtype, widths, biases, _), ((layers,), got) in zip(cases, answers, strict=True):
        flags = "" if all(biases) else f", bias={biases}"
        given = f"collapse_linear of widths {widths}{flags}, {dtype}"
        expect(got["kind"] == "Linear", f"expected an nn.Linear, got a {got['kind']}", given=given)
        judge(got, layers, dtype, given)


def judge_layer(got, layers, dtype, given):
    """Fail unless the layer's weight and bias are what the stack does to any input."""
    n = layers[0][0].shape[1]
    bias = through(layers, torch.zeros(1, n).double())[0]
    weight = (through(layers, torch.eye(n).double()) - bias).T
    tolerance = {"rtol": RTOL[dtype], "atol": ATOL[dtype]}
    assert_close(got["weight"], weight.to(dtype), **tolerance, given=f"the weight of {given}")
    if got["bias"] is not None or bool((bias != 0).any()):
        expect(got["bias"] is not None, "expected a bias, got None", given=given)
        assert_close(got["bias"], bias.to(dtype), **tolerance, given=f"the bias of {given}")


def drawn_stack(rng, dtype, depth, some_biases):
    """A case for `judge_collapsed` that nobody has seen before."""
    widths = [int(width) for width in rng.integers(2, 6, depth + 1)]
    biases = [some_biases] * depth
    return dtype, widths, biases, int(rng.integers(2**31))


def judge_affine(submission, cases):
    """Fail unless `is_affine` is right for each (truth, name, units, further arguments)."""
    sent = [
        (units, len(units[0]), tuple(args), kwargs)
        for _, _, units, *args, kwargs in [
            case if isinstance(case[-1], dict) else (*case, {}) for case in cases
        ]
    ]
    answers = submission.each_probe(probe_affine, sent)
    for (truth, name, *_), ((_, width, args, kwargs), got) in zip(cases, answers, strict=True):
        more = "".join([*(f", {a}" for a in args), *(f", {k}={v}" for k, v in kwargs.items())])
        judge_word(got, truth, f"is_affine({name}, {width}{more})")


def judge_word(got, truth, given):
    """Fail unless `got` is True or False as it should be."""
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
    rng = rng_of(submission)
    judge_collapsed(submission, [
        (torch.float64, [5, 2, 6, 3], [False] * 3, 0),
        # Square layers run in any order, so only the values tell.
        (torch.float64, [4, 4, 4, 4], [False] * 3, 1),
        (torch.float32, [3, 5, 1, 4], [False] * 3, 2),
        drawn_stack(rng, torch.float64, 3, some_biases=False),
        (torch.float64, [3] * 4, [False] * 3, int(rng.integers(2**31))),
    ], judge_layer)


@check("collapse_linear", points=0.5, hint="What does the second layer do to the bias of the "
                                           "first, and the third to both?")  # fmt: skip
def test_forgets_to_carry_the_biases(submission):
    """The biases of early layers pass through all later ones."""
    rng = rng_of(submission)
    judge_collapsed(submission, [
        (torch.float64, [2, 4, 3], [True] * 2, 0),
        (torch.float64, [4, 4, 3], [True] * 2, 5),
        (torch.float64, [3, 5, 4, 2], [True] * 3, 1),
        (torch.float32, [3, 4, 4, 4, 4, 4, 2], [True] * 6, 2),
        (torch.float64, [3, 4, 2, 5, 1], [True] * 4, 3),
        (torch.float64, [2] * 13, [True] * 12, 4),
        drawn_stack(rng, torch.float64, int(rng.integers(2, 5)), some_biases=True),
    ], judge_layer)


@check("collapse_linear", points=0.5, hint="nn.Linear(3, 4, bias=False).bias is None. What does "
                                           "such a layer do to the biases before it? And what "
                                           "should come of a stack with one layer?")  # fmt: skip
def test_expects_every_layer_to_have_a_bias(submission):
    """Layers may lack a bias, wherever they stand, and one layer is a stack, too."""
    rng = rng_of(submission)
    f32, f64 = torch.float32, torch.float64
    seeds = [int(seed) for seed in rng.integers(2**31, size=2)]
    judge_collapsed(submission, [
        (f64, [3, 4, 5, 2], [True, False, True], 0),
        (f64, [3, 4, 5, 2], [False, True, False], 1),
        (f64, [3, 4, 5, 2], [True, False, False], 2),
        (f64, [3, 4, 5, 2], [False, False, True], 3),
        (f32, [3, 4, 2], [False, True], 5),
        (f64, [3, 2], [True], 6),
        (f32, [2, 3], [False], 7),
        # The bias fits behind a square layer as it is, so nothing stops who leaves it there.
        (f64, [3, 4, 4, 2], [True, False, True], 8),
        (f64, [2, 3, 3], [True, False], 9),
        (f64, [int(rng.integers(2, 5)), 4, 4, 3], [True, False, True], seeds[0]),
        (f64, [int(rng.integers(2, 5)), 3, 5, 2], [False, True, False], seeds[1]),
    ], judge_layer)


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

    def judge(got, layers, dtype, given):
        (before, kinds), (after, kinds_after) = got["before"], got["after"]
        expect(kinds == kinds_after, f"expected the layers {kinds}, got {kinds_after}",
               given=f"the stack after {given}")  # fmt: skip
        assert_untouched(before, after, given=f"the stack after {given}")

    judge_collapsed(submission, [
        (torch.float64, [3, 4, 4, 4], [True] * 3, 0),
        (torch.float64, [2, 3, 3], [False, True], 0),
        (torch.float64, [3, 2], [True], 0),
        (torch.float32, [3, 3, 3, 3], [True] * 3, 0),
        (torch.float32, [4, 3, 2], [True] * 2, 0),
    ], judge)


@check("is_affine", points=1, hint="Each shortcut has a function that passes it: relu passes "
                                   "f(2x) = 2f(x), tanh f(-x) = -f(x), x0 * x1 every test along "
                                   "an axis. What holds between any two points?")  # fmt: skip
def test_overlooks_a_bend(submission):
    """Functions with a bend are not affine, symmetric and homogeneous ones included."""
    rng = rng_of(submission)
    seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
    n, k = (int(size) for size in rng.integers(1, 4, 2))
    judge_affine(submission, [
        (True, "x -> x", columns("line", 3)),  # a "no" to everything is no answer
        (False, "relu", columns("relu", 3)),
        (False, "abs", columns("abs", 2)),
        (False, "tanh", columns("tanh", 1)),
        (False, "x less what lies within 1 of 0", columns("dead zone", 1)),
        (False, "(|x0 + x1| - |x0 - x1|) / 2", function(CROSS, 2)),
        (False, "(|x0 + x1| - |x0 - x1|) / 2 + x2", function(CROSS_AND_MORE, 3)),
        (False, "(x0, x1, |x0|)", function(LAST_BENT, 2, 3)),
        (False, "(|x0|, x0, x1)", function(FIRST_BENT, 2, 3)),
        (False, "(|x0|, -|x0|)", function(CANCELLING, 2, 2)),
        (False, "x0 * x1", function(PRODUCT, 2)),
        (False, "the middle one of x0, x1 and 0", MIDDLE),
        (False, "relu(x @ A + c)", mixed("relu", 5, 2, 0)),
        (False, "leaky_relu(x @ A + c)", mixed("leaky", 1, 1, 0)),
        (False, "tanh(x @ A + c)", mixed("tanh", 8, 3, 0)),
        (False, "relu(x @ A + c), A and c drawn", mixed("relu", n, k, seeds[0])),
        (False, "tanh(x @ A + c), A and c drawn", mixed("tanh", n, k, seeds[1])),
        (True, "x @ A + c, A and c drawn", mixed("line", n, k, seeds[2])),
    ])


@check("is_affine", points=0.5, hint="Affine is more than linear: which of your tests does "
                                     "f(x) = x + 1 pass? And what do you divide by where the "
                                     "output never varies?")  # fmt: skip
def test_wants_more_than_affine(submission):
    """Affine maps pass, with an offset, constant, or deep; one with a bend does not."""
    rng = rng_of(submission)
    n, k = (int(size) for size in rng.integers(1, 6, 2))
    constant = function([], 2, 2, offset=torch.tensor([2.0, -0.5]))
    judge_affine(submission, [
        (True, "x @ A + c", mixed("line", 5, 3, 0)),
        (True, "x @ A + c", mixed("line", 1, 1, 1)),
        (True, "x @ A + c", mixed("line", 20, 4, 2)),
        (True, "(x @ A + c) @ B + d", [*mixed("line", 3, 4, 3), *mixed("line", 4, 2, 4)]),
        (True, "x -> x", columns("line", 3)),
        (True, "x -> 0", function([], 2, 2)),
        (True, "x -> (2, -0.5)", constant),
        (True, "x @ A + c, A and c drawn", mixed("line", n, k, int(rng.integers(2**31)))),
        (False, "abs", columns("abs", 3)),
    ])
    layers = draw(torch.float32, [4, 6, 6, 5, 2], [True] * 4)
    judge_word(submission.probe(probe_affine_model, layers), True,
               "is_affine(a float32 nn.Sequential of linear layers, 4)")  # fmt: skip


@check("is_affine", points=0.5, hint="What does an absolute tolerance mean to outputs of 1e8, "
                                     "or of 1e-8? What could you compare it with?")  # fmt: skip
def test_judges_by_an_absolute_difference(submission):
    """The unit in which the output is measured makes no difference."""
    rng = rng_of(submission)
    cases = []
    for scale in (1e8, 1e-8, float(10.0 ** rng.uniform(7, 9)), float(10.0 ** -rng.uniform(7, 9))):
        seed = 0 if scale in (1e8, 1e-8) else int(rng.integers(2**31))
        cases += [
            (True, f"{scale:.2g} * (x @ A + c)", mixed("line", 4, 3, seed, scale)),
            (False, f"{scale:.2g} * tanh(x @ A + c)", mixed("tanh", 4, 3, seed, scale)),
        ]
    judge_affine(submission, cases)


@check("is_affine", points=0.5, hint="Next to 100000 any bend looks small. Which measure of the "
                                     "output ignores a constant that is added?")  # fmt: skip
def test_is_misled_by_an_offset(submission):
    """A large constant in the output neither hides a bend nor looks like one."""
    rng = rng_of(submission)
    drawn = [float(round(size)) for size in rng.uniform(5e4, 1e5, 3)]
    seed = int(rng.integers(2**31))
    # float32 around 1e5 is exact to 0.004: the bends of about 1 stay visible.
    judge_affine(submission, [
        *(
            (False, f"tanh(x @ A + c) + {offset}",
             mixed("tanh", 4, 3, 0, offset=torch.tensor(offset)))
            for offset in ([1e5, 1e5, 1e5], [1e5, -1e5, 1e5], [-5e4, -1e5, 0.0])
        ),
        (False, "|x| + 1e5", columns("abs", 1, offset=1e5)),
        # Around 100 rounding is 4e-6, far below 1e-4 of how much the output varies.
        (True, "x @ A + c + (100, -100)",
         mixed("line", 4, 2, 0, offset=torch.tensor([100.0, -100.0]))),
        (True, "1000 * (x @ A + c) + 1e5", mixed("line", 3, 2, 0, 1e3, 1e5)),
        (False, f"tanh(x @ A + c) + {drawn}, A and c drawn",
         mixed("tanh", 4, 3, seed, offset=torch.tensor(drawn))),
        (True, f"1000 * (x @ A + c) + {drawn[0]}, A and c drawn",
         mixed("line", 3, 2, seed, 1e3, drawn[0])),
    ])


@check("is_affine", points=0.5, hint="How often does a standard normal number pass 3? And what "
                                     "do inputs of size 1000 see of a bump near zero?")  # fmt: skip
def test_looks_in_one_place_only(submission):
    """A bend within a few units of the origin is found, wherever it lies."""
    rng = rng_of(submission)
    cases = [(True, "x -> x", columns("line", 3))]  # as above
    for direction in ([1.0], [-1.0], [0.0, 1.0], [1.0, 1.0, 1.0], [0.0, -1.0, 0.0, 0.0, 1.0]):
        cases.append((False, f"a kink 3 units out along {direction}", kink(direction, 3.0)))
    for centre in (0.0, 1.5, -1.5):
        cases.append((False, f"x0 / 4 plus a hat 2 wide at {centre}", bump(centre)))
    for n in (1, 2, 3):
        direction, distance = rng.normal(size=n), float(rng.uniform(1, 3))
        name = f"a kink {distance:.2g} units out along {np.round(direction, 2).tolist()}"
        cases.append((False, name, kink(direction, distance)))
    centre = float(rng.uniform(-1.5, 1.5))
    cases.append((False, f"x0 / 4 plus a hat 2 wide at {centre:.2g}", bump(centre, 2)))
    judge_affine(submission, cases)


@check("is_affine", points=0.5, hint="Is `tolerance` used, and by that name? What is its default? "
                                     "Which random state do you touch?")  # fmt: skip
def test_ignores_the_tolerance(submission):
    """The tolerance decides, and the global random state is not reseeded."""
    rng = rng_of(submission)
    slope = float(rng.uniform(0.003, 0.006))
    some, drawn = slightly(0.005), slightly(slope)
    judge_affine(submission, [
        (False, "x + 0.005 |x|", some),
        (True, "x + 0.005 |x|", some, 0.5),
        (True, "x + 0.005 |x|", some, {"tolerance": 0.5}),
        (False, "x + 0.005 |x|", some, {"tolerance": 1e-4}),
        (True, "x + 0.000001 |x|", slightly(1e-6)),
        (False, f"x + {slope:.4f} |x|", drawn),
        (True, f"x + {slope:.4f} |x|", drawn, 0.5),
    ])
    first, second = submission.probe(probe_draws, some, 2)
    for library, one, two in zip(("torch", "NumPy"), first, second, strict=True):
        expect(not same(one, two), f"it resets {library}'s global random state", given="is_affine")
    layers = draw(torch.float32, [3, 4, 2], [True] * 2)
    assert_untouched(*submission.probe(probe_affine_state, layers), given="a model after is_affine")


@check("xor_accuracy", points=0.5, hint="Count for one model by hand. Which shape does comparing "
                                        "(4, 1) with (4,) have?")  # fmt: skip
def test_compares_every_prediction_with_every_label(submission):
    """The share is of the four points, each against its own label."""
    judge_accuracy(submission, [
        [-1.5, 2.0, 3.0, -4.0],
        [-1.5, 2.0, 3.0, 4.0],
        [5.0, -2.0, 3.0, 4.0],
        [5.0, -2.0, 3.0, -4.0],
        [1.5, -2.0, -3.0, 4.0],
        *drawn_logits(submission),
    ])


def drawn_logits(submission, near=8):
    """Two tables of logits that are no smaller than 1 / near, and no fractions of 1 / 8."""
    signs = rng_of(submission).choice([-1.0, 1.0], size=(2, 4))
    sizes = rng_of(submission).integers(1, 30, size=(2, 4)) / near
    return (signs * sizes).tolist()


def judge_accuracy(submission, tables, dtype=torch.float32, trainable=True):
    """Fail unless the accuracy of each table of logits is right; return the states seen."""
    models = []
    for at_00, at_01, at_10, at_11 in tables:
        mixed_term = at_11 - at_01 - at_10 + at_00  # eighths: exact in either dtype
        terms = [at_00, at_10 - at_00, at_01 - at_00, mixed_term]
        models.append((torch.tensor(terms, dtype=dtype), trainable))
    states = []
    answers = submission.each_probe(probe_accuracy, models)
    for logits, (_, (accuracy, *around)) in zip(tables, answers, strict=True):
        given = f"xor_accuracy of a {dtype} model with logits {logits} at (0,0) (0,1) (1,0) (1,1)"
        right = sum((logit > 0) == label for logit, label in zip(logits, SOLVED, strict=True))
        assert_number(accuracy, given=given)
        assert_close(accuracy, right / 4, rtol=1e-6, given=given)  # quarters are exact
        states.append(around)
    return states


@check("xor_accuracy", points=0.5, hint="These are logits. Which of them belongs to a probability "
                                        "of one half, and to which class here?")  # fmt: skip
def test_puts_the_threshold_elsewhere(submission):
    """A logit is class 1 where it is above 0, however little, and class 0 at 0 itself."""
    drawn = rng_of(submission).integers(0, 4, size=(2, 4)) / 16.0
    judge_accuracy(submission, [
        [0.0, 1.0, 2.0, 0.0],
        [-1.0, 0.0, 2.0, -1.0],
        [0.25, 0.125, 0.375, 0.25],
        [-0.125, 0.25, 0.4375, -0.25],
        [-30.0, 0.0625, 40.0, 0.0],
        *drawn.tolist(),
    ])


@check("xor_accuracy", points=0.5, hint="Which dtype does the model want? What about it is "
                                        "different after your call?")  # fmt: skip
def test_leaves_the_model_in_another_state(submission):
    """float64 and parameterless models work, and a model keeps parameters and modes."""
    tables = [[-1.0, 2.0, -0.5, -3.0], *drawn_logits(submission)]
    for dtype in (torch.float32, torch.float64):
        for around in judge_accuracy(submission, tables, dtype):
            assert_untouched(*around, given="the model after xor_accuracy")
    judge_accuracy(submission, [[-0.5, 0.5, 0.5, -0.5], *tables[1:]], trainable=False)


# Seeds by how often small networks of the usual kinds get stuck with them.


@check("solve_xor", points=0.5, hint="A ReLU unit that is off at all four points has no gradient. "
                                     "How many units, of which kind, leave a way out?")  # fmt: skip
def test_gets_stuck_at_once(submission):
    """solve_xor: seeds 1 and 6 give models that get all four points right."""
    judge_solved(submission, [1, 6])


@check("solve_xor", points=0.5, hint="Does every seed get there? What could you change so that "
                                     "an unlucky start does not matter?")  # fmt: skip
def test_gets_stuck_with_an_unlucky_seed(submission):
    """solve_xor: so do seeds 2 and 7, with which small networks often get stuck."""
    judge_solved(submission, [2, 7])


@check("solve_xor", points=0.5, hint="Print the loss at the end, seed by seed. Is every run done "
                                     "when it stops?")  # fmt: skip
def test_stops_before_every_seed_is_done(submission):
    """solve_xor: seeds 5 and 9 give models that get all four points right."""
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
    # where they were not fitted, too. A library may round otherwise where its data lie otherwise
    # in memory, and a fit by least squares makes much of that; another model is far off.
    for now, then, where in (
        (second, first, "the four points"),
        (second_elsewhere, first_elsewhere, "(0.5, 0.5), (2, -1) and (-1.5, 0.25)"),
    ):
        assert_close(now.double(), then.double(), rtol=1e-3, atol=1e-4,
                     given=f"logits of solve_xor(0) a second time, at {where}")  # fmt: skip
