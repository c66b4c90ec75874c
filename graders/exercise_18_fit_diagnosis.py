"""Hidden checks of exercise 18.

Truth comes from one small network and its losses written out in plain float64 arithmetic:
no module, no mode, no dropout. What a model must look like after a measurement needs no
formula: before and after are compared.
"""

import math

import torch
from torch import nn

from gradekit.grading import (
    Truth,
    assert_close,
    assert_equal,
    assert_number,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading import assert_close as compare
from gradekit.grading.training import (
    Counted,
    assert_untouched,
    linear,
    numbers,
    random_states,
    set_modes,
    snapshot,
)

F32, F64 = torch.float32, torch.float64
RTOL = {F32: 1e-4, F64: 1e-9}  # three layers and a mean over 40 rows
ATOL = {F32: 1e-5, F64: 1e-10}

# Modes of: the network, body, linear, batchnorm, tanh, outer, inner, dropout, head
ALL_TRAIN = [True] * 9
ALL_EVAL = [False] * 9
FROZEN_NORM = [True, True, True, False, True, True, True, True, True]
MIXED = [False, True, False, True, False, True, True, False, True]


# What probes build on the other side


class Network(nn.Module):
    """Linear, BatchNorm, tanh and, two levels below them, dropout; a head with one logit."""

    def __init__(self, weights):
        super().__init__()
        norm = nn.BatchNorm1d(len(weights["mean"]), dtype=weights["mean"].dtype)
        norm.running_mean, norm.running_var = weights["mean"].clone(), weights["var"].clone()
        first = linear(weights["W1"], weights["b1"])
        deep = nn.Sequential(nn.Sequential(nn.Dropout(0.4)))
        self.body = nn.Sequential(first, norm, nn.Tanh(), deep)
        self.head = linear(weights["W2"], weights["b2"])
        first.bias.requires_grad_(False)

    def forward(self, x):
        # Its own flag counts as well as those of its layers.
        return self.head(self.body(x)) + float(self.training)


def squares_of_any_shape(prediction, target):
    return ((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean()


def minus_squares(prediction, target):
    return -((prediction - target) ** 2).mean()


def criterion_of(name):
    """A criterion that torch has, or one of our own."""
    if name == "any":
        return Counted(squares_of_any_shape)
    if name == "sum":
        return nn.MSELoss(reduction="sum")
    return Counted(minus_squares) if name == "minus" else getattr(nn, name)()


def probe_measure(answer, function, weights, modes, data, name, parts):
    """What `function` returns for a network in given modes, and parts of both around the call."""
    torch.set_grad_enabled(True)
    torch.default_generator.manual_seed(8)
    model = Network(weights)
    set_modes(model, modes)
    criterion = criterion_of(name)
    before = snapshot(model, parts=parts), [tensor.clone() for tensor in data]
    result = getattr(answer, function)(model, *data, criterion)
    enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    after = snapshot(model, parts=parts), data
    return result, before, after, enabled, criterion.tracked if name == "any" else []


def probe_draws(answer, function, weights, data):
    """torch's random state after two measurements, and what they gave.

    Before the second one, the labels move up by 10, in place.
    """
    model = Network(weights)
    set_modes(model, ALL_EVAL)
    results = []

    def call():
        for labels in data[1::2] if results else ():
            labels += 10
        results.append(getattr(answer, function)(model, *data, nn.MSELoss()))

    return random_states(call, (8, 9)), results


def probe_words(answer, cases):
    """All words at once: which of the cases are right tells more than the first wrong one."""
    return [answer.diagnose_fit(*case) for case in cases]


# Truth


def problem_of(seed, dtype, rows, scale=1.5, one=1.0):
    """Weights of a network of 3 features and 4 hidden units, and data of (train, val) rows.

    Labels are 0 and `one`.
    """
    normal = numbers(seed, dtype)
    weights = {
        "W1": normal(4, 3),
        "b1": normal(4),
        "mean": normal(4),
        "var": 0.5 + normal(4).abs(),
        "W2": scale * normal(1, 4),
        "b2": normal(1),
    }
    data = []
    for count in rows:
        data += [normal(count, 3), one * (normal(count) > 0.3).to(dtype)]
    return weights, data


def logits(weights, x):
    """The network in evaluation mode, in float64."""
    w = {name: value.double() for name, value in weights.items()}
    hidden = x.double() @ w["W1"].T + w["b1"]
    hidden = torch.tanh((hidden - w["mean"]) / torch.sqrt(w["var"] + 1e-5))  # nn.BatchNorm1d's eps
    return (hidden @ w["W2"].T + w["b2"]).flatten()


def loss_of(weights, x, y, name):
    """The mean loss of each row, written out."""
    z, y = logits(weights, x).tolist(), y.tolist()
    each = {
        # log(1 + e^z) - y z
        "BCEWithLogitsLoss": lambda z, y: max(z, 0) + math.log1p(math.exp(-abs(z))) - y * z,
        "L1Loss": lambda z, y: abs(z - y),
        "minus": lambda z, y: -(z - y) * (z - y),
    }.get(name, lambda z, y: (z - y) * (z - y))  # `**` raises where the result is too large
    return math.fsum(map(each, z, y)) / (1 if name == "sum" else len(y))


def losses_of(weights, data, name):
    """Training loss and validation loss."""
    x_train, y_train, x_val, y_val = data
    return [loss_of(weights, x_train, y_train, name), loss_of(weights, x_val, y_val, name)]


def word_of(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    """The four words, by the contract's order."""
    if any(math.isnan(loss) or math.isinf(loss) for loss in (train_loss, val_loss)):
        return "DIVERGED"
    if train_loss > underfit_threshold:
        return "UNDERFIT"
    return "OVERFIT" if val_loss - train_loss > gap_threshold else "HEALTHY"


SIMPLE = [0.25, 0.5, 0.75, 0.0, 1.0, 2.0, 0.3125, 0.625]


def pairs(values, thresholds=()):
    """Two losses of `values`, and perhaps one or two thresholds."""

    def inputs(st):
        loss = st.sampled_from(values)
        two = st.tuples(loss, loss)
        if not thresholds:
            return two
        threshold = st.sampled_from(thresholds)
        named = st.fixed_dictionaries({}, optional={
            "underfit_threshold": threshold, "gap_threshold": threshold})  # fmt: skip
        return st.tuples(two, named)

    return inputs


WORD = Truth("diagnose_fit", word_of, inputs=pairs(SIMPLE), rtol=0.0)


# What the checks have in common


def describe(function, dtype, rows, modes, name):
    """A call in words."""
    modes = {
        str(ALL_TRAIN): "in train mode",
        str(ALL_EVAL): "in evaluation mode",
        str(FROZEN_NORM): "in train mode with a frozen BatchNorm",
    }.get(str(modes), "in mixed modes")
    name = {
        "any": "a criterion",
        "minus": "a criterion below zero",
        "sum": "MSELoss(reduction='sum')",
    }.get(name, name)
    return f"{function}: {dtype} model {modes}, {rows[0]} and {rows[1]} rows, {name}"


def measure(submission, function, cases, parts=()):
    """For each (seed, dtype, rows, criterion, modes, scale): what came back, losses, the call."""
    problems = [problem_of(seed, dtype, rows, *scale)
                for seed, dtype, rows, _, _, *scale in cases]  # fmt: skip
    sent = [(function, weights, modes, data, name, parts)
            for (weights, data), (_, _, _, name, modes, *_) in zip(problems, cases, strict=True)
            ]  # fmt: skip
    answers = submission.each_probe(probe_measure, sent)
    for case, problem, (_, got) in zip(cases, problems, answers, strict=True):
        _, dtype, rows, name, modes, *_ = case
        yield got, losses_of(*problem, name), describe(function, dtype, rows, modes, name), dtype


def judge_losses(submission, cases):
    """Fail unless `train_val_losses` returns the two losses."""
    for (pair, *_), losses, given, dtype in measure(submission, "train_val_losses", cases):
        judge_pair(pair, given)
        for name, loss, expected in zip(("training", "validation"), pair, losses, strict=True):
            close(loss, expected, dtype, f"{name} loss of {given}")


def close(loss, expected, dtype, given):
    """Fail unless `loss` is a float close to `expected`."""
    number = assert_number(loss, given=given)
    compare(number, expected, rtol=RTOL[dtype], atol=ATOL[dtype], given=given)


def judge_keys(result, given):
    """Fail unless `result` is a dict with the four keys."""
    expect(isinstance(result, dict), f"expected a dict, got {show(result)}", given=given)
    for key in ("status", "train_loss", "val_loss", "gap"):
        expect(key in result, f"expected the key {key!r}, got {list(result)}", given=given)


def judge_results(submission, cases, parts=()):
    """Fail unless `check_train_val_gap` returns losses and gap; yield what the probe saw."""
    for got, losses, given, dtype in measure(submission, "check_train_val_gap", cases, parts):
        result, *_ = got
        judge_keys(result, given)
        for key, value in (
            ("train_loss", losses[0]), ("val_loss", losses[1]), ("gap", losses[1] - losses[0])
        ):  # fmt: skip
            close(result[key], value, dtype, f"{key!r} of {given}")
        yield got, given


def judge_pair(pair, given):
    """Fail unless `pair` has two entries."""
    expect(
        isinstance(pair, list | tuple) and len(pair) == 2,
        f"expected a pair (train_loss, val_loss), got {show(pair)}",
        given=given,
    )


def roughly_measured(submission, name="BCEWithLogitsLoss"):
    """Cases with losses of unlike size, for `judge_roughly`: who does nothing leaves no trace."""
    first, second = seeds_of(submission, 2)
    sizes = [(0, 0.1), (first, 12.0), (second, 0.1)]
    return [(seed, F64, (25, 25), name, ALL_EVAL, scale) for seed, scale in sizes]


def judge_roughly(pair, losses, given):
    """Fail unless both losses are near the right ones; exactly right is for other checks."""
    judge_pair(pair, given)
    for name, loss, expected in zip(("training", "validation"), pair, losses, strict=True):
        compare(assert_number(loss, given=given), expected, rtol=0.8,
                given=f"{name} loss of {given}")  # fmt: skip


def judge_around(before, after, given):
    """Fail unless model and data are what they were."""
    (model, data), (model_after, data_after) = before, after
    assert_untouched(model, model_after, given=given)
    expect(same(data, data_after), "it changed X or y", given=given)


def judge_calls(submission, function):
    """Fail if `function` resets torch's global random state, or remembers the call before."""
    weights, data = problem_of(0, F32, (6, 5))
    (first, second), results = submission.probe(probe_draws, function, weights, data)
    expect(not same(first, second), "it resets torch's global random state", given=function)
    for result, more in zip(results, (0, 10), strict=True):
        labels = [tensor + more if tensor.ndim == 1 else tensor for tensor in data]
        if isinstance(result, dict):
            result = [result.get("train_loss"), result.get("val_loss")]
        judge_roughly(result, losses_of(weights, labels, "MSELoss"),
                      f"{function}, called again with labels that are 10 larger")  # fmt: skip


@check("train_val_losses", points=1,
       hint="Which shape have logits (N, 1) minus labels (N,)? And which of the two losses comes "
            "first?")  # fmt: skip
def test_compares_every_logit_with_every_label(submission):
    """The losses are those of all rows, each logit against its own label, training first."""
    first, second = seeds_of(submission, 2)
    # A model in evaluation mode: here only the arithmetic counts.
    judge_losses(submission, [
        (0, F64, (40, 9), "MSELoss", ALL_EVAL, 1.5, 0.625),  # labels are any floats
        (1, F64, (5, 33), "BCEWithLogitsLoss", ALL_EVAL),
        (2, F32, (6, 6), "L1Loss", ALL_EVAL),
        # All rows at once, whatever the criterion makes of them.
        (3, F64, (1100, 9), "sum", ALL_EVAL),
        (4, F64, (5, 1100), "sum", ALL_EVAL),
        (5, F64, (5, 4), "minus", ALL_EVAL),
        # Nothing is cut: huge logits, huge losses, infinity and NaN.
        (6, F64, (5, 4), "BCEWithLogitsLoss", ALL_EVAL, 1e8),
        (7, F64, (5, 4), "MSELoss", ALL_EVAL, 1e200),
        (8, F64, (5, 4), "MSELoss", ALL_EVAL, math.nan),
        (first, F32, (7, 12), "MSELoss", ALL_EVAL),
        (second, F64, (11, 4), "BCEWithLogitsLoss", ALL_EVAL),
    ])  # fmt: skip


@check("train_val_losses", points=1,
       hint="What do dropout and BatchNorm do in train mode that they do not do in "
            "evaluation?")  # fmt: skip
def test_measures_in_train_mode(submission):
    """Dropout is off and BatchNorm uses its stored statistics, for both losses."""
    (seed,) = seeds_of(submission, 1)
    judge_losses(submission, [
        (0, F64, (30, 7), "BCEWithLogitsLoss", ALL_TRAIN),
        (1, F32, (8, 21), "MSELoss", FROZEN_NORM),
        (2, F64, (20, 7), "BCEWithLogitsLoss", MIXED),
        (seed, F32, (9, 14), "MSELoss", ALL_TRAIN),
    ])  # fmt: skip


@check("train_val_losses", points=1,
       hint="Does `model.train()` at the end put everything back? Think of a model that came in "
            "evaluation mode, and of a single frozen layer.")  # fmt: skip
def test_leaves_another_mode_behind(submission):
    """Every submodule is back in the mode that it was in, be they mixed."""
    cases = [(0, F32, (6, 5), "BCEWithLogitsLoss", modes)
             for modes in (ALL_TRAIN, ALL_EVAL, FROZEN_NORM, MIXED)]  # fmt: skip
    cases += roughly_measured(submission)
    for case, measured in zip(
        cases, measure(submission, "train_val_losses", cases, ["modes"]), strict=True
    ):
        (pair, (before, _), (after, _), *_), losses, given, _ = measured
        assert_untouched(before, after, given=given)
        if len(case) > 5:
            judge_roughly(pair, losses, given)


@check("train_val_losses", points=0.5,
       hint="Will anybody call backward on these losses? What does torch store until "
            "then?")  # fmt: skip
def test_measures_with_gradient(submission):
    """No gradient is recorded, and gradients are recorded again afterwards."""
    cases = roughly_measured(submission, "any")
    for measured in measure(submission, "train_val_losses", cases, ["requires_grad"]):
        (pair, (before, _), (after, _), enabled, tracked), losses, given, _ = measured
        expect(not any(tracked), "the predictions that the criterion was given record gradients",
               given=given)  # fmt: skip
        assert_untouched(before, after, given=given)
        expect(enabled, "gradients are not recorded any more", given=given)
        judge_roughly(pair, losses, given)


@check("train_val_losses", points=0.5,
       hint="How many axes are left if squeeze() meets a batch of one?")  # fmt: skip
def test_fails_on_a_single_row(submission):
    """One row is enough, for training data as for validation data."""
    (seed,) = seeds_of(submission, 1)
    judge_losses(submission, [
        (0, F32, (6, 1), "BCEWithLogitsLoss", ALL_TRAIN),
        (1, F64, (1, 4), "BCEWithLogitsLoss", ALL_TRAIN),
        (2, F32, (1, 1), "MSELoss", ALL_TRAIN),
        (seed, F64, (1, 1), "BCEWithLogitsLoss", ALL_TRAIN),
    ])  # fmt: skip


@check("train_val_losses", points=0.5,
       hint="What about the model and the data is not what it was before you "
            "measured?")  # fmt: skip
def test_changes_what_it_measures(submission):
    """Parameters, buffers, settings, data and random state stay; no call remembers another."""
    cases = [(0, dtype, (12, 5), "BCEWithLogitsLoss", modes)
             for dtype, modes in ((F64, ALL_TRAIN), (F32, MIXED))]  # fmt: skip
    cases += roughly_measured(submission)
    for case, measured in zip(
        cases,
        measure(submission, "train_val_losses", cases, ["parameters", "buffers", "settings"]),
        strict=True,
    ):
        (pair, before, after, *_), losses, given, _ = measured
        judge_around(before, after, given)
        if len(case) > 5:
            judge_roughly(pair, losses, given)
    judge_calls(submission, "train_val_losses")


def well_apart(rng):
    """Two losses whose word does not hang on a hundredth."""
    train_loss = float(rng.choice([rng.uniform(0.01, 0.48), rng.uniform(0.52, 3.0)]))
    gap = float(rng.choice([rng.uniform(0.12, 2.0), rng.uniform(0.0, 0.08)]))
    return train_loss, train_loss + gap


@check("diagnose_fit", points=1,
       hint="Which question comes first? And what are the two default thresholds?")  # fmt: skip
def test_mixes_up_the_diagnoses(submission):
    """By default, over 0.5 in training is underfit, else a gap over 0.1 is overfit."""
    WORD.assert_holds(
        submission,
        [
            (0.25, 0.3125), (0.4375, 0.53125), (0.0, 0.0),
            (0.25, 0.375), (0.0625, 3.0), (0.4375, 0.5625), (0.015625, 0.125),
            (0.5625, 0.578125), (0.75, 3.0), (2.0, 0.25), (1e308, 1e308), (0.25, 1e300),
            (-0.5, -0.4375), (-0.75, 0.25), (-0.75, -0.5),
        ],
        draw=well_apart, draws=6,
    )  # fmt: skip


def at_a_threshold(rng):
    """Eighths, so that differences are exact; the gap is the threshold."""
    train_loss, gap = (float(number) / 8 for number in rng.integers(1, 5, 2))
    return train_loss, train_loss + gap, 0.75, gap


@check("diagnose_fit", points=0.5, inputs=pairs([0.5, 0.25, 0.0, 0.75], [0.25, 0.5]),
       hint="Does 0.5 exceed 0.5?")  # fmt: skip
def test_counts_the_threshold_itself(submission):
    """A value that equals its threshold does not exceed it."""
    WORD.assert_holds(
        submission,
        [
            (0.5, 0.5), (0.5, 0.5625), (0.5, 0.75), (0.25, 0.5, 0.5, 0.25),
            ((0.125, 0.25), {"gap_threshold": 0.125}), (0.25, 0.50390625, 0.5, 0.25),
            (0.50390625, 0.5),
            (0.5 + 2.0**-30, 0.5), (0.25, 0.5 + 2.0**-30, 0.5, 0.25),
        ],
        draw=at_a_threshold,
    )  # fmt: skip


@check("diagnose_fit", points=0.5, inputs=pairs([0.25, math.nan, math.inf, -math.inf]),
       hint="What does Python answer to `float('nan') > 0.5`, and what to the same question about "
            "infinity?")  # fmt: skip
def test_calls_a_diverged_model_something_else(submission):
    """A loss that is not finite, in training or in validation, is DIVERGED before all else."""
    inf, nan = math.inf, math.nan
    cases = [
        (nan, 0.25), (0.25, nan), (nan, nan), (inf, 0.25), (0.25, inf), (inf, inf),
        (-inf, 0.25), (0.25, -inf), (0.75, nan), (0.75, inf), (nan, inf), (inf, nan),
    ]  # fmt: skip
    # Who always says so has not looked.
    cases += [(0.25, 0.25), (1e308, 1e308)]
    for case, word in zip(cases, submission.probe(probe_words, cases), strict=True):
        given = f"diagnose_fit({', '.join(map(show_float, case))})"
        assert_equal(word, word_of(*case), given=given)


def show_float(value):
    return f"{value:g}" if math.isfinite(value) else f"float('{value}')"


def other_thresholds(rng):
    """Thresholds that turn the default's word round."""
    train_loss, underfit = (float(number) / 8 for number in rng.permutation(range(1, 16))[:2])
    gap, threshold = (float(number) / 8 for number in rng.permutation(range(1, 16))[:2])
    named = {"underfit_threshold": underfit, "gap_threshold": threshold}
    return (train_loss, train_loss + gap), named


@check("diagnose_fit", points=0.5, inputs=pairs(SIMPLE, [0.25, 1.0, 2.0, 0.03125]),
       hint="Are both thresholds used, each for its own question?")  # fmt: skip
def test_ignores_the_thresholds(submission):
    """Other thresholds are used, by position and by name."""
    WORD.assert_holds(
        submission,
        [
            (0.375, 0.375, 0.25),
            (0.75, 0.8125, 1.0),
            (0.75, 0.8125, 1.0, 0.03125),
            ((0.75, 0.8125), {"gap_threshold": 2.0}),
            ((0.25, 2.0), {"gap_threshold": 2.0}),
            ((0.25, 2.0), {"underfit_threshold": 2.0}),
            # 0 is a threshold like any other.
            (0.25, 0.3125, 0.0),
            ((0.25, 0.3125), {"gap_threshold": 0.0}),
            # It is not turned positive, nor taken as a share of the loss.
            (-0.5, -0.5, -1.0),
            (4.0, 4.25, 8.0, 0.125),
            ((3.0, 5.5), {"gap_threshold": 2.75, "underfit_threshold": 4.0}),
            ((), {"train_loss": 0.125, "val_loss": 0.25, "gap_threshold": 0.0625}),
        ],
        draw=other_thresholds, draws=4,
    )  # fmt: skip


def falling(rng):
    """A validation loss well below the training loss."""
    train_loss = float(rng.uniform(0.3, 0.49))
    return train_loss, float(rng.uniform(0.0, 0.15))


@check("diagnose_fit", points=0.5, inputs=pairs([0.375, 0.0, 0.25, 0.5]),
       hint="Which of the two losses has to be the larger one, for a model that has learned by "
            "heart?")  # fmt: skip
def test_calls_a_negative_gap_overfitting(submission):
    """A validation loss below the training loss is no sign of overfitting."""
    cases = [(0.375, 0.0625), (0.5, 0.0), ((4.0, 1.0), {"underfit_threshold": 8.0})]
    # Who always says HEALTHY has not looked.
    WORD.assert_holds(submission, [*cases, (0.0625, 0.375)], draw=falling)


@check("check_train_val_gap", points=1,
       hint="Print the dict: are all four keys there? Which sign has a gap if validation is "
            "worse?")  # fmt: skip
def test_reports_other_numbers(submission):
    """The dict holds both losses and validation minus training."""
    first, second = seeds_of(submission, 2)
    cases = [
        (0, F64, (30, 7), "BCEWithLogitsLoss", ALL_EVAL),
        (3, F64, (30, 7), "MSELoss", ALL_EVAL),
        (1, F32, (6, 11), "BCEWithLogitsLoss", ALL_EVAL),
        (2, F32, (5, 5), "MSELoss", ALL_EVAL, 0.1),  # a healthy one
        (first, F64, (6, 11), "BCEWithLogitsLoss", ALL_EVAL),
        (second, F32, (9, 5), "MSELoss", ALL_EVAL),
    ]
    for _ in judge_results(submission, cases):
        pass


# The labels of these are the network's own logits, off by `shift`: the loss is shift ** 2.


@check("check_train_val_gap", points=1,
       hint="Which thresholds apply here, and what becomes of a loss that is NaN?")  # fmt: skip
def test_gives_another_status(submission):
    """The status follows from the two losses and the default thresholds."""
    rng = rng_of(submission)
    shifts = [(0.5, 0.5625), (0.625, 0.25), (0.25, 0.5), (0.625, 0.75), (0.75, 1.5), (1.5, 0.25),
              (0.25, math.nan), (math.inf, 0.25)]  # fmt: skip
    # Just above a threshold: nothing is rounded before it is judged.
    near = [(math.sqrt(0.5 + 2.0**-20), 0.75), (0.5, math.sqrt(0.35 + 2.0**-20))]
    shifts += near
    shifts += [tuple(map(math.sqrt, well_apart(rng))) for _ in range(2)]
    sent = []
    for train_shift, val_shift in shifts:
        weights, (x_train, _, x_val, _) = problem_of(0, F64, (8, 5))
        data = [
            x_train, logits(weights, x_train) + train_shift,
            x_val, logits(weights, x_val) + val_shift,
        ]  # fmt: skip
        sent.append(("check_train_val_gap", weights, ALL_EVAL, data, "MSELoss", ()))
    answers = submission.each_probe(probe_measure, sent)
    for two, (_, (result, *_)) in zip(shifts, answers, strict=True):
        losses = [shift**2 for shift in two]
        given = "check_train_val_gap with losses {:g} and {:g}".format(*losses)
        judge_keys(result, given)
        word = word_of(*losses)
        if two in near and result["status"] != word:
            # A diagnose_fit that rounds has lost its own points.
            word = submission.diagnose_fit(*losses)
        assert_equal(result["status"], word, given=f"'status' of {given}")
        if not all(map(math.isfinite, losses)):
            assert_close(result["gap"], losses[1] - losses[0], rtol=0, given=f"'gap' of {given}")


@check("check_train_val_gap", points=0.5,
       hint="In which mode was the model measured, and in which is it now?")  # fmt: skip
def test_measures_or_leaves_the_model_differently(submission):
    """It measures in evaluation mode without gradient, restores every mode, forgets the call."""
    parts = ["modes", "parameters", "buffers", "requires_grad", "settings"]
    settings = [(0, ALL_TRAIN, (6, 9)), (1, FROZEN_NORM, (8, 5)), (2, MIXED, (1, 4)),
                (3, ALL_EVAL, (5, 1)), (*seeds_of(submission, 1), ALL_TRAIN, (7, 4))]  # fmt: skip
    cases = [(seed, F32, rows, "BCEWithLogitsLoss", modes) for seed, modes, rows in settings]
    cases.append((4, F32, (4, 5), "any", ALL_TRAIN))
    for (_, before, after, enabled, tracked), given in judge_results(submission, cases, parts):
        judge_around(before, after, given)
        expect(not any(tracked), "the predictions that the criterion was given record gradients",
               given=given)  # fmt: skip
        expect(enabled, "gradients are not recorded any more", given=given)
    judge_calls(submission, "check_train_val_gap")
