"""Hidden checks of exercise 18.

Truth comes from one small network and its losses written out in plain float64 arithmetic:
no module, no mode, no dropout. What a model must look like after a measurement needs no
formula: before and after are compared.
"""

import math

import torch
from torch import nn

from gradekit.grading import assert_close as compare
from gradekit.grading import assert_equal, assert_number, check, expect, same, show

RTOL = {torch.float32: 1e-4, torch.float64: 1e-9}  # three layers and a mean over 70 rows
ATOL = {torch.float32: 1e-5, torch.float64: 1e-10}

# Modes of: the network, body, linear, batchnorm, tanh, dropout, head
ALL_TRAIN = [True] * 7
ALL_EVAL = [False] * 7
FROZEN_NORM = [True, True, True, False, True, True, True]
MIXED = [False, True, False, True, False, True, True]


# What probes build on the other side


class Network(nn.Module):
    """Linear, BatchNorm, tanh and dropout, one level down, and a head with one logit."""

    def __init__(self, weights):
        super().__init__()
        dtype = weights["W1"].dtype
        hidden, features = weights["W1"].shape
        self.body = nn.Sequential(
            nn.Linear(features, hidden), nn.BatchNorm1d(hidden), nn.Tanh(), nn.Dropout(0.4)
        )
        self.head = nn.Linear(hidden, 1)
        self.to(dtype)
        with torch.no_grad():
            self.body[0].weight.copy_(weights["W1"])
            self.body[0].bias.copy_(weights["b1"])
            self.body[1].running_mean.copy_(weights["mean"])
            self.body[1].running_var.copy_(weights["var"])
            self.head.weight.copy_(weights["W2"])
            self.head.bias.copy_(weights["b2"])
        self.body[0].bias.requires_grad_(False)

    def forward(self, x):
        return self.head(self.body(x))


class Witness(nn.Module):
    """Mean squared error that notes whether what it is given can be differentiated."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, prediction, target):
        self.seen.append(prediction.requires_grad or target.requires_grad)
        return ((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean()


def criterion_by_name(name):
    """One of the losses that the checks use."""
    if name == "BCEWithLogitsLoss":
        return nn.BCEWithLogitsLoss()
    if name == "MSELoss":
        return nn.MSELoss()
    if name == "L1Loss":
        return nn.L1Loss()
    return Witness()


def state(model, data):
    """All that a measurement must leave alone."""
    return {
        "modes": [module.training for module in model.modules()],
        "tensors": {name: value.clone() for name, value in model.state_dict().items()},
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "data": [tensor.clone() for tensor in data],
        "grad_enabled": torch.is_grad_enabled(),
    }


def probe_measure(answer, function, weights, modes, data, criterion_name):
    """What `function` returns for a network in given modes, and its state around the call."""
    torch.set_grad_enabled(True)
    torch.manual_seed(8)
    model = Network(weights)
    for module, training in zip(model.modules(), modes, strict=True):
        module.training = training
    criterion = criterion_by_name(criterion_name)
    before = state(model, data)
    result = getattr(answer, function)(model, *data, criterion)
    after = state(model, data)
    torch.set_grad_enabled(True)
    return {
        "result": result,
        "before": before,
        "after": after,
        "differentiable": criterion.seen if criterion_name == "Witness" else None,
    }


def probe_draws(answer, function, weights, data):
    """What torch draws after a measurement, from two random states before it."""
    draws = []
    for seed in (8, 9):
        model = Network(weights)
        torch.manual_seed(seed)
        getattr(answer, function)(model, *data, nn.MSELoss())
        draws.append(torch.rand(4))
    return draws


# Truth


def draw(dtype, rows, seed=0):
    """Weights of a network of 3 features and 4 hidden units, and data of (train, val) rows."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64).to(dtype)

    weights = {
        "W1": normal(4, 3),
        "b1": normal(4),
        "mean": normal(4),
        "var": 0.5 + normal(4).abs(),
        "W2": 1.5 * normal(1, 4),
        "b2": normal(1),
    }
    data = []
    for count in rows:
        data += [normal(count, 3), (normal(count) > 0.3).to(dtype)]
    return weights, data


def logits(weights, x):
    """The network in evaluation mode, in float64."""
    w = {name: value.double() for name, value in weights.items()}
    hidden = x.double() @ w["W1"].T + w["b1"]
    hidden = torch.tanh((hidden - w["mean"]) / torch.sqrt(w["var"] + 1e-5))  # nn.BatchNorm1d's eps
    return (hidden @ w["W2"].T + w["b2"]).flatten()


def loss_of(weights, x, y, criterion_name):
    """The mean loss of each row, written out."""
    z, y = logits(weights, x).tolist(), y.tolist()
    each = {
        # log(1 + e^z) - y z
        "BCEWithLogitsLoss": lambda z, y: max(z, 0) + math.log1p(math.exp(-abs(z))) - y * z,
        "MSELoss": lambda z, y: (z - y) ** 2,
        "Witness": lambda z, y: (z - y) ** 2,
        "L1Loss": lambda z, y: abs(z - y),
    }[criterion_name]
    return math.fsum(map(each, z, y)) / len(y)


# What the checks have in common


def describe(function, dtype, rows, modes, criterion_name):
    """A call in words."""
    modes = {
        str(ALL_TRAIN): "in train mode",
        str(ALL_EVAL): "in evaluation mode",
        str(FROZEN_NORM): "in train mode with a frozen BatchNorm",
    }.get(str(modes), "in mixed modes")
    return f"{function}: {dtype} model {modes}, {rows[0]} and {rows[1]} rows, {criterion_name}"


def measure(submission, function, dtype, rows, criterion_name, modes=ALL_TRAIN, seed=0):
    """What came back, the right pair of losses, and the call in words."""
    weights, data = draw(dtype, rows, seed)
    got = submission.probe(probe_measure, function, weights, modes, data, criterion_name)
    x_train, y_train, x_val, y_val = data
    losses = [
        loss_of(weights, x_train, y_train, criterion_name),
        loss_of(weights, x_val, y_val, criterion_name),
    ]
    return got, losses, describe(function, dtype, rows, modes, criterion_name)


def judge_losses(submission, dtype, rows, criterion_name, modes=ALL_TRAIN, seed=0):
    """Fail unless `train_val_losses` returns the two losses; return what the probe saw."""
    got, losses, given = measure(
        submission, "train_val_losses", dtype, rows, criterion_name, modes, seed
    )
    pair = got["result"]
    judge_pair(pair, given)
    for name, loss, expected in zip(("training", "validation"), pair, losses, strict=True):
        close(loss, expected, dtype, f"{name} loss of {given}")
    return got, given


def close(loss, expected, dtype, given):
    """Fail unless `loss` is a float close to `expected`."""
    number = assert_number(loss, given=given)
    compare(number, expected, rtol=RTOL[dtype], atol=ATOL[dtype], given=given)


def judge_result(submission, dtype, rows, criterion_name, modes=ALL_TRAIN, seed=0):
    """Fail unless `check_train_val_gap` returns losses and gap; return dict, losses, words."""
    got, losses, given = measure(
        submission, "check_train_val_gap", dtype, rows, criterion_name, modes, seed
    )
    result = got["result"]
    expect(isinstance(result, dict), f"expected a dict, got {show(result)}", given=given)
    expected = dict(zip(("train_loss", "val_loss"), losses, strict=True))
    expected["gap"] = losses[1] - losses[0]
    for key in ("status", *expected):
        expect(key in result, f"expected the key {key!r}, got {list(result)}", given=given)
    for key, value in expected.items():
        close(result[key], value, dtype, f"{key!r} of {given}")
    return got, losses, given


def judge_pair(pair, given):
    """Fail unless `pair` has two entries."""
    expect(
        isinstance(pair, list | tuple) and len(pair) == 2,
        f"expected a pair (train_loss, val_loss), got {show(pair)}",
        given=given,
    )


def judge_measured(submission):
    """Fail unless two losses near the right ones come back: who does nothing leaves no trace.

    That they are exactly the right ones is for other checks, so they may be far off here.
    """
    got, losses, given = measure(
        submission, "train_val_losses", torch.float64, (40, 40), "BCEWithLogitsLoss", ALL_EVAL
    )
    judge_pair(got["result"], given)
    for name, loss, expected in zip(
        ("training", "validation"), got["result"], losses, strict=True
    ):
        compare(assert_number(loss, given=given), expected, rtol=0.8,
                given=f"{name} loss of {given}")  # fmt: skip


def judge_state(got, given, *keys):
    """Fail unless these parts of the state are what they were."""
    words = {
        "modes": "modes of the network, body, linear, batchnorm, tanh, dropout, head",
        "requires_grad": "requires_grad of the parameters",
        "grad_enabled": "torch.is_grad_enabled()",
    }
    for key in keys:
        before, after = got["before"][key], got["after"][key]
        if key in words:
            text = f"expected {words[key]} {before} as before, got {after}"
        else:
            text = "it changed X or y" if key == "data" else "it changed parameters or buffers"
        expect(same(before, after), text, given=given)


def judge_random_state(submission, function):
    """Fail if `function` resets torch's global random state."""
    weights, data = draw(torch.float32, (6, 5))
    first, second = submission.probe(probe_draws, function, weights, data)
    expect(not same(first, second), "it resets torch's global random state", given=function)


def judge_word(submission, expected, *args, **kwargs):
    """Fail unless `diagnose_fit` says `expected`."""
    words = [*map(show_float, args), *(f"{key}={value}" for key, value in kwargs.items())]
    got = submission.diagnose_fit(*args, **kwargs)
    assert_equal(got, expected, given=f"diagnose_fit({', '.join(words)})")


def show_float(value):
    return f"{value:g}" if math.isfinite(value) else f"float('{value}')"


@check("train_val_losses", points=1, hint="Which shape have logits (N, 1) minus labels (N,)? And "
                                          "which of the two losses comes first?")  # fmt: skip
def test_compares_every_logit_with_every_label(submission):
    """The losses are those of each row's logit against its own label, training first."""
    for dtype in (torch.float64, torch.float32):
        # A model in evaluation mode: here only the arithmetic counts.
        judge_losses(submission, dtype, (70, 9), "MSELoss", ALL_EVAL)
        judge_losses(submission, dtype, (5, 33), "BCEWithLogitsLoss", ALL_EVAL, seed=1)
        judge_losses(submission, dtype, (6, 6), "L1Loss", ALL_EVAL, seed=2)


@check("train_val_losses", points=1, hint="What do dropout and BatchNorm do in train mode that "
                                          "they do not do in evaluation?")  # fmt: skip
def test_measures_in_train_mode(submission):
    """Dropout is off and BatchNorm uses its stored statistics, for both losses."""
    for seed, modes in enumerate((ALL_TRAIN, FROZEN_NORM, MIXED)):
        judge_losses(submission, torch.float64, (40, 7), "BCEWithLogitsLoss", modes, seed)
        judge_losses(submission, torch.float32, (8, 21), "MSELoss", modes, seed)


@check("train_val_losses", points=1, hint="Does `model.train()` at the end put everything back? "
                                          "Think of a model that came in evaluation mode, and of "
                                          "a single frozen layer.")  # fmt: skip
def test_leaves_another_mode_behind(submission):
    """Every submodule is back in the mode that it was in, be they mixed."""
    for modes in (ALL_TRAIN, ALL_EVAL, FROZEN_NORM, MIXED):
        got, _, given = measure(submission, "train_val_losses", torch.float32, (6, 5),
                                "BCEWithLogitsLoss", modes)  # fmt: skip
        judge_state(got, given, "modes")
    judge_measured(submission)


@check("train_val_losses", points=0.5, hint="Will anybody call backward on these losses? What "
                                            "does torch store until then?")  # fmt: skip
def test_measures_with_gradient(submission):
    """No gradient is recorded, and gradients are recorded again afterwards."""
    got, _, given = measure(submission, "train_val_losses", torch.float32, (6, 5), "Witness")
    expect(
        not any(got["differentiable"]),
        "the predictions that the criterion was given record gradients",
        given=given,
    )
    judge_state(got, given, "requires_grad", "grad_enabled")
    judge_measured(submission)


@check("train_val_losses", points=0.5, hint="How many axes are left if squeeze() meets a batch "
                                            "of one?")  # fmt: skip
def test_fails_on_a_single_row(submission):
    """One row is enough, for training data as for validation data."""
    for dtype in (torch.float32, torch.float64):
        judge_losses(submission, dtype, (6, 1), "BCEWithLogitsLoss")
        judge_losses(submission, dtype, (1, 4), "BCEWithLogitsLoss", seed=1)
        judge_losses(submission, dtype, (1, 1), "MSELoss", seed=2)


@check("train_val_losses", points=0.5, hint="What about the model and the data is not what it was "
                                            "before you measured?")  # fmt: skip
def test_changes_what_it_measures(submission):
    """Parameters, buffers, data and the random state stay as they were."""
    for modes in (ALL_TRAIN, MIXED):
        got, _, given = measure(submission, "train_val_losses", torch.float64, (12, 5),
                                "BCEWithLogitsLoss", modes)  # fmt: skip
        judge_state(got, given, "tensors", "data")
    judge_random_state(submission, "train_val_losses")
    judge_measured(submission)


@check("diagnose_fit", points=1, hint="Which question comes first? And what are the two default "
                                      "thresholds?")  # fmt: skip
def test_mixes_up_the_diagnoses(submission):
    """By default, over 0.5 in training is underfit, else a gap over 0.1 is overfit."""
    for expected, train_loss, val_loss in (
        ("HEALTHY", 0.25, 0.3125),
        ("HEALTHY", 0.4375, 0.53125),
        ("HEALTHY", 0.0, 0.0),
        ("OVERFIT", 0.25, 0.375),
        ("OVERFIT", 0.0625, 3.0),
        ("OVERFIT", 0.4375, 0.5625),
        ("OVERFIT", 0.015625, 0.125),
        ("UNDERFIT", 0.5625, 0.578125),
        ("UNDERFIT", 0.75, 3.0),
        ("UNDERFIT", 2.0, 0.25),
        ("UNDERFIT", 1e300, 1e300),
        ("OVERFIT", 0.25, 1e300),
    ):
        judge_word(submission, expected, train_loss, val_loss)


@check("diagnose_fit", points=0.5, hint="Does 0.5 exceed 0.5?")  # fmt: skip
def test_counts_the_threshold_itself(submission):
    """A value that equals its threshold does not exceed it."""
    judge_word(submission, "HEALTHY", 0.5, 0.5)
    judge_word(submission, "HEALTHY", 0.5, 0.5625)
    judge_word(submission, "OVERFIT", 0.5, 0.75)
    judge_word(submission, "HEALTHY", 0.25, 0.5, 0.5, 0.25)
    judge_word(submission, "HEALTHY", 0.125, 0.25, gap_threshold=0.125)
    judge_word(submission, "OVERFIT", 0.25, 0.50390625, 0.5, 0.25)
    judge_word(submission, "UNDERFIT", 0.50390625, 0.5)


@check("diagnose_fit", points=0.5, hint="What does Python answer to `float('nan') > 0.5`, and what "
                                        "to the same question about infinity?")  # fmt: skip
def test_calls_a_diverged_model_something_else(submission):
    """A loss that is not finite, in training or in validation, is DIVERGED before all else."""
    inf, nan = math.inf, math.nan
    for train_loss, val_loss in (
        (nan, 0.25), (0.25, nan), (nan, nan), (inf, 0.25), (0.25, inf), (inf, inf),
        (-inf, 0.25), (0.25, -inf), (0.75, nan), (0.75, inf), (nan, inf), (inf, nan),
    ):  # fmt: skip
        judge_word(submission, "DIVERGED", train_loss, val_loss)


@check("diagnose_fit", points=0.5, hint="Are both thresholds used, each for its own "
                                        "question?")  # fmt: skip
def test_ignores_the_thresholds(submission):
    """Other thresholds are used, by position and by name."""
    judge_word(submission, "UNDERFIT", 0.375, 0.375, 0.25)
    judge_word(submission, "HEALTHY", 0.75, 0.8125, 1.0)
    judge_word(submission, "OVERFIT", 0.75, 0.8125, 1.0, 0.03125)
    judge_word(submission, "UNDERFIT", 0.75, 0.8125, gap_threshold=2.0)
    judge_word(submission, "HEALTHY", 0.25, 2.0, gap_threshold=2.0)
    judge_word(submission, "OVERFIT", 0.25, 2.0, underfit_threshold=2.0)
    judge_word(submission, "HEALTHY", 3.0, 5.5, gap_threshold=2.75, underfit_threshold=4.0)
    judge_word(submission, "OVERFIT", train_loss=0.125, val_loss=0.25, gap_threshold=0.0625)


@check("diagnose_fit", points=0.5, hint="Which of the two losses has to be the larger one, for a "
                                        "model that has learned by heart?")  # fmt: skip
def test_calls_a_negative_gap_overfitting(submission):
    """A validation loss below the training loss is no sign of overfitting."""
    judge_word(submission, "HEALTHY", 0.375, 0.0625)
    judge_word(submission, "HEALTHY", 0.5, 0.0)
    judge_word(submission, "HEALTHY", 4.0, 1.0, underfit_threshold=8.0)


@check("check_train_val_gap", points=1, hint="Print the dict: are all four keys there? Which "
                                             "sign has a gap if validation is worse?")  # fmt: skip
def test_reports_other_numbers(submission):
    """The dict holds both losses and validation minus training."""
    for dtype in (torch.float64, torch.float32):
        for seed, rows in enumerate(((30, 7), (6, 11), (5, 5))):
            judge_result(submission, dtype, rows, "BCEWithLogitsLoss", ALL_EVAL, seed)
            judge_result(submission, dtype, rows, "MSELoss", ALL_EVAL, seed + 3)


# The labels of these are the network's own logits, off by `shift`: the loss is shift ** 2.


@check("check_train_val_gap", points=1, hint="Which thresholds apply here, and what becomes of a "
                                             "loss that is NaN?")  # fmt: skip
def test_gives_another_status(submission):
    """The status follows from the two losses and the default thresholds."""
    for expected, train_shift, val_shift in (
        ("HEALTHY", 0.5, 0.5625),
        ("HEALTHY", 0.625, 0.25),
        ("OVERFIT", 0.25, 0.5),
        ("OVERFIT", 0.625, 0.75),
        ("UNDERFIT", 0.75, 1.5),
        ("UNDERFIT", 1.5, 0.25),
        ("DIVERGED", 0.25, math.nan),
        ("DIVERGED", math.inf, 0.25),
    ):
        weights, (x_train, y_train, x_val, y_val) = draw(torch.float64, (8, 5))
        data = [
            x_train, logits(weights, x_train) + train_shift,
            x_val, logits(weights, x_val) + val_shift,
        ]  # fmt: skip
        got = submission.probe(
            probe_measure, "check_train_val_gap", weights, ALL_EVAL, data, "MSELoss"
        )["result"]
        given = f"check_train_val_gap with losses {train_shift**2:g} and {val_shift**2:g}"
        expect(isinstance(got, dict), f"expected a dict, got {show(got)}", given=given)
        for key in ("status", "train_loss", "val_loss", "gap"):
            expect(key in got, f"expected the key {key!r}, got {list(got)}", given=given)
        assert_equal(got["status"], expected, given=f"'status' of {given}")


@check("check_train_val_gap", points=0.5, hint="In which mode was the model measured, and in which "
                                               "is it now?")  # fmt: skip
def test_measures_or_leaves_the_model_differently(submission):
    """It measures in evaluation mode, single rows too, and restores every mode."""
    for seed, (modes, rows) in enumerate(((ALL_TRAIN, (6, 9)), (FROZEN_NORM, (8, 5)),
                                          (MIXED, (1, 4)), (ALL_EVAL, (5, 1)))):  # fmt: skip
        got, _, given = judge_result(
            submission, torch.float32, rows, "BCEWithLogitsLoss", modes, seed
        )
        judge_state(got, given, "modes", "tensors", "data", "requires_grad", "grad_enabled")
    judge_random_state(submission, "check_train_val_gap")
