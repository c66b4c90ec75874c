"""Hidden checks of exercise 21: temperature, calibration error, threshold, attributions.

Truth comes from plain float64 arithmetic: a golden-section search over log T with the losses
written out, a loop over bins, a count over all candidate thresholds, and the closed form of
the path integral for a network with one tanh layer.
"""

import math
from functools import cache

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    Truth,
    assert_any_layout,
    assert_close,
    assert_number,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.shown import show_apart
from gradekit.grading.training import (
    assert_untouched,
    linear,
    model_of,
    random_states,
    set_modes,
    snapshot,
)

ALL_PARTS = ["parameters", "buffers", "modes", "requires_grad", "settings"]
F32, F64 = torch.float32, torch.float64


def plain(value):
    """A NumPy scalar as a float (float32 in, float32 out is fine); anything else as it is."""
    return float(value) if isinstance(value, np.floating) else value


# ---- calibrate_temperature: what is built on the far side -------------------------------------


def deep_model(state):
    """Linear, BatchNorm, ReLU, Dropout, Linear; `state` holds their parameters and buffers."""
    norm = nn.BatchNorm1d(len(state["mean"]))
    norm.weight.data, norm.bias.data = state["scale"], state["shift"]
    norm.running_mean, norm.running_var = state["mean"], state["variance"]
    return model_of(
        first=linear(state["W"], state["b"]), norm=norm, bend=nn.ReLU(), drop=nn.Dropout(0.5),
        last=linear(state["v"], state["c"]),
    )  # fmt: skip


def criterion_of(name, number):
    """A criterion by name, and what `number` is in it."""

    def against_softened(logits, labels):  # number: how far the labels are kept apart
        labels = number * labels + (1 - number) / 2
        return nn.functional.binary_cross_entropy_with_logits(logits, labels)

    def focal(logits, labels):  # number: the exponent
        losses = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        return ((1 - torch.exp(-losses)) ** number * losses).mean()

    if name == "weighted":
        return nn.BCEWithLogitsLoss(pos_weight=torch.tensor(number))
    if name == "sum":
        return nn.BCEWithLogitsLoss(reduction="sum")
    return {"bce": nn.BCEWithLogitsLoss(), "focal": focal, "softened": against_softened}[name]


def probe_temperature(answer, weight, bias, X, y, criterion):
    """The temperature for a linear model."""
    return answer.calibrate_temperature(linear(weight, bias), X, y, criterion_of(*criterion))


def probe_deep_temperature(answer, state, X, y, mode):
    """The temperature for a model with BatchNorm and dropout that is in that mode."""
    model = deep_model(state).train(mode == "train")
    if mode == "mixed":
        model.norm.train()
        model.drop.train()
    return answer.calibrate_temperature(model, X, y, nn.BCEWithLogitsLoss())


def probe_model_after(answer, state, X, y, modes):
    """The temperature, and the model in these modes before and after."""
    model = nn.Sequential(deep_model(state))  # one level down
    set_modes(model, modes)
    model[0].first.bias.requires_grad_(False)
    before = snapshot(model, parts=ALL_PARTS)
    temperature = answer.calibrate_temperature(model, X, y, nn.BCEWithLogitsLoss())
    return temperature, before, snapshot(model, parts=ALL_PARTS)


def probe_temperature_manners(answer, weight, bias, X, y, criterion):
    """Two calls by keyword after different seeds, the random states after them, and the data."""
    values, numpys = [], []

    def call():
        np.random.seed(len(values))
        model, loss = linear(weight, bias), criterion_of(*criterion)
        values.append(
            answer.calibrate_temperature(model=model, X_val=X, y_val=y, criterion=loss)
        )
        numpys.append(np.random.rand(2))

    return random_states(call, (1, 2)), numpys, values, X, y


# ---- calibrate_temperature: the truth, in NumPy ------------------------------------------------


def true_loss(criterion, z, y):
    """A criterion, as (name, number), on float64 logits and labels, both (N,)."""
    name, number = criterion
    if name == "softened":
        y = number * y + (1 - number) / 2
    weight = number if name == "weighted" else 1.0
    losses = weight * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)
    if name == "focal":
        losses = (1 - np.exp(-losses)) ** number * losses
    return losses.sum() if name == "sum" else losses.mean()


def best_temperature(z, y, criterion):
    """Golden section over log T from 0.005 to 500."""
    low, high = math.log(0.005), math.log(500.0)
    ratio = (math.sqrt(5) - 1) / 2

    def tried(log_t):
        return log_t, true_loss(criterion, z / math.exp(log_t), y)

    left, right = tried(high - ratio * (high - low)), tried(low + ratio * (high - low))
    for _ in range(32):  # to a millionth
        if left[1] < right[1]:
            high, right = right[0], left
            left = tried(high - ratio * (high - low))
        else:
            low, left = left[0], right
            right = tried(low + ratio * (high - low))
    return math.exp((low + high) / 2)


BCE = ("bce", 1.0)


def scaled(weight, bias, X, y, optimum, criterion):
    """The linear model of these logits whose best temperature is `optimum`."""
    z = (X.double() @ weight.double().T + bias.double()).numpy()[:, 0]
    # Logits that are c times as large want a temperature that is c times as high.
    factor = optimum / best_temperature(z, y.double().numpy(), criterion)
    return factor * weight, factor * bias, X, y, criterion


@cache
def validation_set(seed, optimum, criterion=BCE, dtype=F32):
    """What `probe_temperature` takes: 150 samples whose best temperature is `optimum`."""
    rng = np.random.default_rng(seed)
    X = torch.tensor(rng.normal(size=(150, 3)), dtype=dtype)
    weight, bias = np.array([[1.9, -1.2, 0.6]]), np.array([0.4])
    z = (X.double().numpy() @ weight.T + bias)[:, 0]
    y = (rng.random(150) < 1 / (1 + np.exp(-z))).astype(float)
    weight, bias, y = (torch.tensor(value, dtype=dtype) for value in (weight, bias, y))
    return scaled(weight, bias, X, y, optimum, criterion)


@cache
def deep_case(seed):
    """A deep model whose best temperature is 1, inputs and labels.

    The statistics stored in it are not the batch's, so the logits of train mode are others.
    """
    rng = np.random.default_rng(seed)
    best = 0.0
    while not 0.5 < best < 5:  # all units may be off, or the labels be no use
        state = {
            "W": rng.normal(size=(4, 3)), "b": rng.normal(size=4),
            "scale": rng.uniform(0.5, 2.0, 4), "shift": rng.normal(size=4),
            "mean": rng.normal(size=4), "variance": rng.uniform(0.1, 0.3, 4),
            "v": np.array([[1.7, -1.3, 1.1, -0.9]]), "c": np.array([0.3]),
        }  # fmt: skip
        X = rng.normal(size=(80, 3))
        z = eval_logits(state, X)
        y = (rng.random(80) < 1 / (1 + np.exp(-z / 1.7))).astype(float)
        best = best_temperature(z, y, BCE)
    state = {key: torch.tensor(value, dtype=F32) for key, value in state.items()}
    return times(state, 1 / best), torch.tensor(X).float(), torch.tensor(y).float()


def times(state, factor):
    """The same model with logits `factor` times as large."""
    return {**state, "v": factor * state["v"], "c": factor * state["c"]}


def eval_logits(s, X):
    """What the deep model gives in evaluation mode, in plain arithmetic."""
    hidden = X @ s["W"].T + s["b"]
    hidden = (hidden - s["mean"]) / np.sqrt(s["variance"] + 1e-5)
    hidden = np.maximum(hidden * s["scale"] + s["shift"], 0)
    return (hidden @ s["v"].T + s["c"])[:, 0]


def few_samples(rng):
    """A linear model and six samples, of which it has five on the right side."""
    weight, bias = torch.tensor(rng.normal(size=(1, 2))), torch.tensor([0.5])
    X = torch.tensor(rng.normal(size=(6, 2)))
    z = (X @ weight.T + bias)[:, 0]
    y = z > 0
    y[z.abs().argmin()] ^= True  # the one that it is least sure of
    return weight.float(), bias, X.float(), y.float()


# ---- calibrate_temperature: the checks ---------------------------------------------------------


def judge_best(actual, optimum, problem, given):
    """Fail unless `actual` is within 2 % of the temperature with the lowest loss."""
    actual = assert_number(plain(actual), given=given)
    if abs(actual / optimum - 1) <= 0.0201:  # the contract's 2 %, and rounding
        return
    text = f"expected T = {optimum:.4g} within 2 %, got {actual:.4g}"
    expect(0 < actual < math.inf, text, given=given)
    weight, bias, X, y, criterion = problem
    z = (X.double() @ weight.double().T + bias.double()).numpy()[:, 0]
    here, there, nearer = (
        true_loss(criterion, z / t, y.double().numpy())
        for t in (actual, optimum, actual * (optimum / actual) ** 0.01)
    )
    least, found = show_apart(float(there), float(here))
    # Only what the loss shows: how the search came to end there it does not tell.
    way = "higher" if optimum > actual else "lower"
    falls = f", and still falling towards {way} temperatures" if nearer < here else ""
    expect(False, f"{text}: the loss is {found} there{falls}; at the minimum it is {least}",
           given=given)  # fmt: skip


def judge_linear(submission, cases):
    """Calibrate linear models, as (seed, optimum, and more for `validation_set`)."""
    problems = [validation_set(*case) for case in cases]
    answers = submission.each_probe(probe_temperature, problems)
    for (_, optimum, *_), (problem, got) in zip(cases, answers, strict=True):
        *_, X, _, (name, _) = problem
        given = f"calibrate_temperature on 150 samples ({name} loss, {X.dtype})"
        judge_best(got, optimum, problem, given)


def judge_one(actual, given):
    """Fail unless `actual` is about 1, where searches begin: one that ends early may be right."""
    actual = assert_number(plain(actual), given=given)
    expect(abs(actual - 1) <= 0.15, f"expected T = 1, got {actual:.4g}", given=given)


def judge_different(actual, other, given):
    """Fail for one and the same temperature where the second logits are three times the first.

    Who searches nothing changes nothing, and finds 1 where it is 1.
    """
    actual, other = (assert_number(plain(value), given=given) for value in (actual, other))
    text = f"expected other temperatures for logits three times as large, got {actual:.4g} twice"
    expect(abs(other - actual) > 0.02 * abs(actual), text, given=given)


@check("calibrate_temperature", points=1,
       hint="What is the derivative of the loss at the temperature that you return? If it is not "
            "zero, the optimiser gave up on its way. How large were its steps?")  # fmt: skip
def test_stops_before_the_minimum(submission):
    """The search goes on until it has reached the minimum."""
    rng = rng_of(submission)
    judge_linear(submission, [
        (0, 2.0),
        (1, 2.0, BCE, F64),
        (2, 0.6),
        (int(rng.integers(2**31)), float(rng.uniform(1.5, 3.0))),
    ])  # fmt: skip


@check("calibrate_temperature", points=1,
       hint="A network can be ten times too sure, or ten times too timid. On which scale is "
            "going from 0.1 to 0.2 as far as going from 10 to 20? And does anything keep your "
            "search from getting there?")  # fmt: skip
def test_misses_very_high_or_low_temperatures(submission):
    """Best temperatures anywhere from 0.1 to 20 are found within 2 %."""
    rng = rng_of(submission)
    cases = [(seed, optimum) for seed, optimum in enumerate((0.1, 20.0, 0.145, 0.35, 6.3), start=3)]
    for low, high in ((0.1, 0.2), (11.0, 20.0)):
        cases.append((int(rng.integers(2**31)), float(rng.uniform(low, high))))
    judge_linear(submission, cases)


@check("calibrate_temperature", points=0.5,
       hint="Which loss do you minimise: the one that the caller handed you, or the one that you "
            "had in mind? How large are its gradients if it sums over samples?")  # fmt: skip
def test_ignores_the_criterion(submission):
    """The temperature minimises the criterion that was passed, whichever that is."""
    rng = rng_of(submission)
    fixed = [(12, ("weighted", 5.0)), (11, ("focal", 2.0)), (10, ("softened", 0.6))]
    first, second, third = (int(seed) for seed in rng.integers(2**31, size=3))
    drawn = [(first, ("weighted", float(rng.uniform(4.0, 8.0)))),
             (second, ("softened", float(rng.uniform(0.5, 0.7))))]  # fmt: skip
    sums = [(13, 4.5, ("sum", 1.0)), (third, float(rng.uniform(3.0, 6.0)), ("sum", 1.0))]
    cases = [(seed, 1.0, criterion) for seed, criterion in fixed]
    cases += [(12, 3.0, fixed[0][1]), sums[0]]
    cases += [*((seed, 1.0, criterion) for seed, criterion in drawn), sums[1]]
    answers = submission.each_probe(probe_temperature, [validation_set(*case) for case in cases])
    seen = []
    for (_, optimum, (name, _)), (_, value) in zip(cases, answers, strict=True):
        given = f"calibrate_temperature on 150 samples ({name} loss)"
        seen.append(value)
        if optimum == 1.0:
            judge_one(value, given)
        elif name == "weighted":
            judge_different(seen[0], value, given)
        else:  # how near is for other checks: on the way from 1 it may have stopped
            value = assert_number(plain(value), given=given)
            expect(0.85 <= value <= 1.15 * optimum, f"expected T = {optimum:.4g}, got {value:.4g}",
                   given=given)  # fmt: skip


@check("calibrate_temperature", points=0.5,
       hint="What do dropout and BatchNorm do while a model is in train mode, and which logits "
            "will the deployed model give?")  # fmt: skip
def test_fits_training_mode_logits(submission):
    """A model with layers in train mode is calibrated on the logits of its evaluation mode."""
    cases = []
    for seed in (6, *seeds_of(submission, 1)):
        state, X, y = deep_case(seed)
        cases += [(state, X, y, "train"), (state, X, y, "eval"), (times(state, 3), X, y, "train")]
    cases.append((*cases[0][:3], "mixed"))  # a model in eval mode, both layers in train mode
    seen = []
    for (*_, mode), value in submission.each_probe(probe_deep_temperature, cases):
        given = f"calibrate_temperature, model with BatchNorm and Dropout in {mode} mode"
        seen.append(value)
        if len(seen) % 3:
            judge_one(value, given)
        else:
            judge_different(seen[-3], value, given)


@check("calibrate_temperature", points=0.5,
       hint="The caller may be in the middle of training, with one layer frozen in evaluation "
            "mode. Which of model.eval() and model.train() brings back exactly that?")  # fmt: skip
def test_leaves_the_model_changed(submission):
    """Parameters, buffers and every submodule's mode are what they were."""
    modes = {
        "a model in train mode": [True] * 7,
        "a model in eval mode": [False] * 7,
        "a model in train mode with BatchNorm in eval mode": [True] * 3 + [False] + [True] * 3,
        "a model in eval mode with Dropout in train mode": [False] * 5 + [True, False],
    }
    state, X, y = deep_case(6)
    drawn = deep_case(*seeds_of(submission, 1))
    problems = [(state, X, y), (times(state, 3), X, y), drawn, (times(drawn[0], 3), *drawn[1:])]
    cases = [(*problem, flags) for problem, flags in zip(problems, modes.values(), strict=True)]
    answers = submission.each_probe(probe_model_after, cases)
    temperatures = []
    for which, (_, (temperature, before, after)) in zip(modes, answers, strict=True):
        given = f"calibrate_temperature on {which}"
        assert_untouched(before, after, given=given)
        temperatures.append(assert_number(plain(temperature), given=given))
        if len(temperatures) % 2 == 0:
            judge_different(*temperatures[-2:], "calibrate_temperature")


@check("calibrate_temperature", points=0.5,
       hint="Does it work for one sample, does it return a plain number, and does anything depend "
            "on, or change, what is not its own?")  # fmt: skip
def test_temperature_manners(submission):
    """One sample is enough, the answer is a number, and nothing else changes."""
    rng, softened = rng_of(submission), ("softened", 0.8)
    some, drawn = few_samples(np.random.default_rng(0)), few_samples(rng)
    one = torch.tensor([[2.0, -1.0]]), torch.tensor([0.5]), torch.tensor([[3.0, 1.5]])
    other = *one[:2], torch.tensor([[float(rng.uniform(2, 3)), float(rng.uniform(0, 2))]])
    cases = [scaled(*one, torch.ones(1), 3.0, softened), scaled(*some, 1.0, BCE)]
    cases += [scaled(*some, 3.0, BCE), scaled(*drawn, 1.0, BCE)]
    cases.append(scaled(*other, torch.ones(1), 3.0, softened))
    seen = []
    for case, got in submission.each_probe(probe_temperature_manners, cases):
        states, numpys, values, X_after, y_after = got
        *_, X, y, _ = case
        given = f"calibrate_temperature on {len(X)} sample{'s' * (len(X) > 1)}"
        for value in values:
            assert_number(plain(value), given=given)
        seen.append(values[0])
        assert_close(plain(values[1]), plain(values[0]), rtol=1e-6, given=f"{given}, called again")
        anew = not same(states[0], states[1]) and not same(numpys[0], numpys[1])
        expect(anew, "it reseeds the global random state", given=given)
        expect(same(X, X_after) and same(y, y_after), "it changed X_val or y_val", given=given)
        if len(X) == 1:  # which criterion is minimised, and how well, is for other checks
            searched = 0 < value < math.inf and abs(value - 1) > 1e-3
            expect(searched, f"expected T = 3, got {value:.4g}", given=given)
        elif len(seen) == 3:
            judge_different(*seen[1:], given)
        else:
            judge_one(value, given)


# ---- expected_calibration_error ----------------------------------------------------------------


def calibration_error(probs, labels, n_bins=10):
    """The definition, one bin after the other."""
    probs, labels = np.asarray(probs).tolist(), np.asarray(labels).tolist()
    total = 0.0
    for i in range(n_bins):
        inside = [
            j for j, p in enumerate(probs)
            if i / n_bins <= p and (p < (i + 1) / n_bins or i == n_bins - 1)
        ]  # fmt: skip
        if inside:
            mean_prob = sum(probs[j] for j in inside) / len(inside)
            mean_label = sum(labels[j] for j in inside) / len(inside)
            total += len(inside) / len(probs) * abs(mean_prob - mean_label)
    return total


def judge_number(actual, expected, *_, **__):
    # Any order of summation in float64 is within 1e-12, float32 within 1e-5.
    assert_close(plain(actual), expected, rtol=1e-5, atol=1e-6)


def samples(values):
    """Lists of up to four of `values`, and a label for each; two bins, four, ten or the default."""

    def inputs(st):
        pairs = st.lists(st.tuples(st.sampled_from(values), st.integers(0, 1)),
                         min_size=1, max_size=4)  # fmt: skip
        bins = st.sampled_from([(2,), (4,), (10,), ()])
        return st.tuples(pairs, bins).map(
            lambda drawn: (*map(list, zip(*drawn[0], strict=True)), *drawn[1])
        )

    return inputs


ERROR = Truth(
    "expected_calibration_error", calibration_error,
    inputs=samples([0.375, 0.625, 0.3125, 0.5, 0.25, 0.75, 0.0, 1.0]),
    rtol=1e-5, atol=1e-6, judge=judge_number,
)  # fmt: skip


def predictions(rng, n, n_bins):
    """Miscalibrated probabilities, unevenly spread and away from bin edges, and their labels."""
    bins = np.minimum(rng.integers(n_bins, size=n), rng.integers(n_bins, size=n))
    probs = (bins + rng.uniform(0.05, 0.95, n)) / n_bins
    return probs.tolist(), (rng.random(n) < probs**0.6 * 0.9).astype(int).tolist()


def tensors(probs, labels):
    return torch.tensor(probs, dtype=F64), torch.tensor(labels)


def some_predictions(rng):
    n_bins = int(rng.integers(2, 13))
    return tensors(*predictions(rng, int(rng.integers(30, 60)), n_bins)), {"n_bins": n_bins}


@check("expected_calibration_error", points=0.5, inputs=samples([0.375, 0.625, 0.3125]),
       hint="Nothing is rounded to class 0 or 1 here: in each bin, which two averages are "
            "compared, and how much does a bin with three samples weigh?")  # fmt: skip
def test_averages_the_bins_wrongly(submission):
    """Each bin's gap between mean probability and mean label counts by its share of samples."""
    fixed = [(tensors(*predictions(np.random.default_rng(seed), 90, n_bins)), {"n_bins": n_bins})
             for seed, n_bins in ((0, 10), (1, 5), (2, 15), (3, 1))]  # fmt: skip
    left_out = tensors(*predictions(np.random.default_rng(4), 90, 10))
    whole = tensors([0.25, 0.75], [1, 0]), {"n_bins": 1}  # two gaps that cancel out
    fine = tensors([0.501953125, 0.509765625], [1, 0]), {"n_bins": 128}
    # What a grader never reaches, an answer may cut off: the labels turn at the end.
    probs, _ = predictions(np.random.default_rng(5), 4096, 10)
    long = tensors(probs, [0] * 3072 + [1] * 1024)
    ERROR.assert_holds(submission, [*fixed, left_out, whole, fine, long], draw=some_predictions)


def on_edges(rng):
    """Sixteenths, of which half lie on edges of 2, 4 or 8 bins: exact in every type."""
    n_bins = int(rng.choice([2, 4, 8]))
    edges, inside = rng.integers(1, n_bins, 4) / n_bins, rng.integers(1, 16, 4) / 16
    probs = rng.permutation(np.concatenate([edges, inside]))
    return probs.tolist(), rng.integers(0, 2, 8).tolist(), n_bins


@check("expected_calibration_error", points=0.5,
       inputs=samples([0.25, 0.5, 0.75, 0.375, 0.625]),
       hint="Into which bin does 0.5 fall if there are two? Which two comparison signs does "
            "the definition of a bin have?")  # fmt: skip
def test_puts_edges_into_the_wrong_bin(submission):
    """A probability on an edge belongs to the bin that begins there."""
    ERROR.assert_holds(
        submission,
        [
            ([0.25, 0.125, 0.5, 0.375, 0.75, 0.625, 0.875], [1, 0, 0, 1, 1, 1, 0], 4),
            ([0.5, 0.25, 0.75, 0.625], [1, 0, 0, 1], 2),
            ([0.5, 0.4375, 0.46875, 0.5625], [1, 0, 1, 0], 10),
        ],
        draw=on_edges,
    )


def at_the_ends(rng):
    """A few zeros and ones, and one sample well inside another bin of ten."""
    probs = rng.permutation([0.0, 1.0, float(rng.choice([0.0, 1.0])),
                             (int(rng.integers(1, 9)) + 0.5) / 10])  # fmt: skip
    return probs, rng.integers(0, 2, 4)


@check("expected_calibration_error", points=0.5, inputs=samples([0.0, 1.0, 0.625]),
       hint="A model may be perfectly sure. Which bin takes p = 0, which takes p = 1, and what is "
            "the mean of a bin that nobody fell into?")  # fmt: skip
def test_loses_the_ends_or_trips_over_empty_bins(submission):
    """Probabilities of exactly 0 and 1 count, and empty bins do not."""
    fixed = [
        ([0.0, 0.0, 0.03125], [1, 1, 0]),
        ([1.0, 1.0, 0.96875], [0, 0, 1]),
        ([1.0, 0.0], [0, 1]),
        ([0.0, 1.0, 0.65625], [0, 1, 1]),
        ([0.09375, 0.84375, 0.84375], [1, 0, 0]),
    ]
    cases = [(np.array(probs), np.array(labels)) for probs, labels in fixed]
    ERROR.assert_holds(submission, cases, draw=at_the_ends, unchanged=True)


def every_kind(first, second):
    """The same two rows of numbers as lists, tuples, arrays and tensors, dtypes mixed."""
    floats, numbers = [float(number) for number in second], np.array(second)
    return [
        (first, second),
        (first, floats),
        (tuple(first), tuple(second)),
        (np.array(first), numbers),
        (torch.tensor(first, dtype=F32), torch.tensor(floats, dtype=F32)),
        (torch.tensor(first, dtype=F64), second),
        (first, torch.tensor(second)),
    ]


@check("expected_calibration_error", points=0.5, inputs=samples([0.375, 0.625, 0.3125]),
       hint="Lists, arrays and tensors of any number type may come in: what do you convert them "
            "to, and what do you give back?")  # fmt: skip
def test_calibration_error_manners(submission):
    """Lists, arrays and tensors all do, one sample too; the answer is a number."""
    names = ("probs", "labels")
    kinds = every_kind(*predictions(np.random.default_rng(6), 30, 10))
    cases = [((), dict(zip(names, kind, strict=True))) for kind in kinds]
    ERROR.assert_holds(
        submission,
        [*cases, ([0.28125], [1])],
        draw=lambda rng: predictions(rng, int(rng.integers(1, 9)), 10),
        unchanged=True,
    )
    assert_any_layout(submission, ERROR, kinds[3:4])


# ---- choose_threshold --------------------------------------------------------------------------


def highest_threshold(y_true, y_prob, min_sensitivity):
    """Try every score from the highest down; the first that finds enough wins."""
    y_true, y_prob = np.asarray(y_true).tolist(), np.asarray(y_prob).tolist()
    for t in sorted(y_prob, reverse=True):
        found = sum(1 for y, p in zip(y_true, y_prob, strict=True) if y == 1 and p >= t)
        if found / sum(y_true) >= min_sensitivity:
            return t
    raise ValueError("no positive label")


def judge_threshold(actual, expected, *_, **__):
    assert_close(plain(actual), expected, rtol=1e-6)  # the scores are exact in float32 too


def patients(least, shares):
    """From `least` positives to three and up to two negatives, and a sensitivity asked for."""

    def inputs(st):
        values = st.sampled_from([0.5, 0.25, 0.75, 0.125, 0.875])
        positives = st.lists(st.tuples(st.just(1), values), min_size=least, max_size=4)
        negatives = st.lists(st.tuples(st.just(0), values), max_size=1)
        both = st.tuples(positives, negatives).map(lambda two: two[0] + two[1])
        mixed = both.flatmap(st.permutations)
        return st.tuples(mixed, st.sampled_from(shares)).map(
            lambda drawn: (*map(list, zip(*drawn[0], strict=True)), drawn[1])
        )

    return inputs


THRESHOLD = Truth(
    "choose_threshold", highest_threshold, inputs=patients(1, [0.5, 0.75, 1.0, 0.6, 0.3]),
    rtol=1e-6, judge=judge_threshold,
)  # fmt: skip


def scores(rng, n):
    """Labels and scores in steps of 1/1024, negatives below positives only by tendency."""
    y_true = (rng.random(n) < 0.35).astype(int)
    y_true[0] = 1
    y_prob = np.clip(rng.normal(0.4 + 0.25 * y_true, 0.2), 0.02, 0.98)
    return y_true.tolist(), (np.round(y_prob * 1024) / 1024).tolist()


def many_scores(rng):
    """A sensitivity well between two that can be reached."""
    y_true, y_prob = scores(rng, int(rng.integers(40, 90)))
    found = int(rng.integers(1, sum(y_true) + 1))
    return y_true, y_prob, (found - float(rng.uniform(0.3, 0.7))) / sum(y_true)


@check("choose_threshold", points=0.5,
       hint="At which values of t does the sensitivity change at all? Do negatives play any part "
            "in it?")  # fmt: skip
def test_returns_another_threshold_than_the_highest(submission):
    """Of all thresholds that find enough positives the highest one is returned."""
    fixed = [scores(np.random.default_rng(seed), n) for seed, n in ((0, 40), (1, 75), (2, 160))]
    cases = [(*each, share) for each in fixed for share in (0.03, 0.37, 0.81, 0.93)]
    cases.append(([0, 1, 0, 1], [0.9375, 0.25, 0.875, 0.125], 0.5))
    cases.append(([0, 1, 0, 1], [1.0, 0.25, 0.0, 0.125], 0.25))  # sure of two negatives
    THRESHOLD.assert_holds(submission, cases, draw=many_scores)


def exact_hits(rng):
    """Two, four or eight positives, so that quarters are exact; some scores are shared."""
    count = int(rng.choice([2, 4, 8]))
    y_true = rng.permutation([1] * count + [0] * int(rng.integers(0, 4)))
    y_prob = rng.integers(1, 16, len(y_true)) / 16
    return y_true.tolist(), y_prob.tolist(), int(rng.integers(1, count + 1)) / count


@check("choose_threshold", points=0.5, inputs=patients(2, [0.5, 1.0, 0.25, 0.75]),
       hint="If the sensitivity at t is exactly the one that was asked for, is that enough? And is "
            "a patient whose score is exactly t predicted as positive?")  # fmt: skip
def test_misses_an_exact_hit(submission):
    """A sensitivity that is exactly reached suffices, and a score equal to t counts."""
    four = [1, 0, 1, 1, 0, 1], [0.375, 0.5, 0.8125, 0.625, 0.25, 0.75]
    shared = [1, 1, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.875]  # three positives share a score
    ends = [([1, 0], [0.0, 0.5], 1.0), ([0, 1], [0.5, 1.0], 1.0)]
    quarters = (0.25, 0.5, 0.75, 1.0)
    cases = [*((*four, share) for share in quarters), *ends]
    cases += [(*shared, share) for share in quarters]
    THRESHOLD.assert_holds(submission, cases, draw=exact_hits)


def few_scores(rng, low=0.55, high=0.95):
    """Up to six positives with scores of their own, and a sensitivity that none reaches exactly.

    It lies from `low` to `high` of a positive below one that can be reached.
    """
    count = int(rng.integers(3, 7))
    y_true = rng.permutation([1] * count + [0, 0])
    y_prob = rng.permutation(15)[: count + 2] / 16 + 1 / 32
    found = int(rng.integers(1, count + 1))
    return y_true.tolist(), y_prob.tolist(), (found - float(rng.uniform(low, high))) / count


@check("choose_threshold", points=0.5, inputs=patients(2, [0.6, 0.3, 0.55, 0.8]),
       hint="With four positives and a sensitivity of 0.6, how many must be found: two or "
            "three?")  # fmt: skip
def test_rounds_the_needed_count_down(submission):
    """At least the share asked for is found, never a little less."""
    y_true, y_prob = [1, 1, 0, 1, 1], [0.375, 0.875, 0.9375, 0.125, 0.625]
    shares = (0.1, 0.3, 0.55, 0.6, 0.7, 0.76, 0.8, 0.95)
    cases = [(y_true, y_prob, share) for share in shares]
    # Half of two is a little less than what is asked for; a part in 4,096 is no rounding.
    cases.append(([1, 1, 0], [0.875, 0.25, 0.5], 0.5 + 1 / 4096))
    THRESHOLD.assert_holds(submission, cases, draw=few_scores)


@check("choose_threshold", points=0.5, inputs=patients(1, [0.5]),
       hint="Lists, arrays and tensors may come in, sorted or not, with one sample or many: what "
            "do you convert them to, and what do you give back?")  # fmt: skip
def test_threshold_manners(submission):
    """Lists, arrays and tensors all do, one sample too; the answer is a number."""
    names = ("y_prob", "y_true", "min_sensitivity")
    kinds = every_kind([0.625, 0.875, 0.25, 0.125, 0.5], [0, 1, 1, 0, 1])
    cases = [((), dict(zip(names, (*kind, 0.6), strict=True))) for kind in kinds]
    cases += [([1], [0.3125], 0.5), ([1, 1, 1], [0.3125, 0.75, 0.5], 0.5)]
    # Whoever rounds the needed count to the nearest has no trouble here.
    THRESHOLD.assert_holds(
        submission, cases, draw=lambda rng: few_scores(rng, 0.1, 0.3), unchanged=True
    )
    arrays = [(labels, probs, 0.6) for probs, labels in kinds[3:4]]
    assert_any_layout(submission, THRESHOLD, arrays)


# ---- integrated_gradients ----------------------------------------------------------------------


def tanh_model(W, b, v, c):
    """Linear, Tanh, Linear of these parameters."""
    return model_of(first=linear(W, b), bend=nn.Tanh(), last=linear(v, c)).eval()


def probe_attributions(answer, network, x, baseline, *steps):
    """The attributions for a tanh network."""
    return answer.integrated_gradients(tanh_model(*network), x, baseline, *steps)


def probe_attribution_manners(answer, network, x, baseline, steps, modes, frozen):
    """Two calls by keyword after different seeds, and what is left behind."""
    model = tanh_model(*network)
    set_modes(model, modes)
    for parameter in model.parameters():
        parameter.requires_grad_(not frozen)
    before, both = snapshot(model), []

    def call():
        both.append(
            answer.integrated_gradients(model=model, x=x, baseline=baseline, steps=steps)
        )

    states = random_states(call, (1, 2))
    asks = [x.requires_grad, baseline.requires_grad]
    return both, states, asks, [x, baseline], before, snapshot(model)


def network(rng, features=4, units=5, dtype=F32):
    """Parameters of a tanh network that bends, but gently."""
    drawn = (
        0.5 * rng.normal(size=(units, features)),
        0.5 * rng.normal(size=units),
        rng.normal(size=(1, units)),
        np.array([0.7]),
    )
    return tuple(torch.tensor(value, dtype=dtype) for value in drawn)


def points(rng, n, features=4, dtype=F32):
    """Inputs and baselines (n, features), neither of them near zero."""
    x, baseline = rng.normal(0.8, 1.0, (n, features)), rng.normal(-0.6, 0.7, (n, features))
    return torch.tensor(x, dtype=dtype), torch.tensor(baseline, dtype=dtype)


def gentle(seed, n, features=4, dtype=F32):
    """A network, inputs and baselines."""
    rng = np.random.default_rng(seed)
    return network(rng, features, dtype=dtype), *points(rng, n, features, dtype)


def steep(rng):
    """All bends lie where the first row begins and the second ends; the rest of the way is flat.

    The gradient falls from its height to nothing within a fourteenth of the path. So with 200
    steps the gradients at the left ends, or at the right ends, are 3.5 % off, and those at 200
    points over 199 gaps 3 %. Midpoints, trapezoids and Simpson's rule are within 0.1 %.
    """
    W, way = rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.8, 1.2, (2, 4))
    W *= 14 / (W @ way.mean(axis=0))[:, None]
    centre = rng.normal(size=4)
    parameters = W, -W @ centre, rng.uniform(0.3, 1.0, (1, 3)), np.array([0.7])
    x, baseline = np.stack([centre + way[0], centre]), np.stack([centre, centre - way[1]])
    layers = tuple(torch.tensor(value).float() for value in parameters)
    return layers, torch.tensor(x).float(), torch.tensor(baseline).float()


def nearly_linear(rng, n=3):
    """A network that hardly bends, so that its gradient is the same everywhere."""
    (W, b, v, c), (x, baseline) = network(rng), points(rng, n)
    return (1e-3 * W, 0 * b, 1e3 * v, c), x, baseline


def path_integral(network, x, baseline):
    """The exact attributions (N, D), and the change of the logit (N,), in float64.

    The gradient of v . tanh(W x + b) along the path is v_j W_ji (1 - tanh(a + t d)^2), and its
    integral over t from 0 to 1 is v_j W_ji (tanh(a + d) - tanh(a)) / d.
    """
    W, b, (v,), _ = (value.double().numpy() for value in network)
    x, baseline = np.broadcast_arrays(x.double().numpy(), baseline.double().numpy())
    start, end = baseline @ W.T + b, x @ W.T + b  # (N, units)
    moved = start != end
    slope = np.where(
        moved,
        (np.tanh(end) - np.tanh(start)) / np.where(moved, end - start, 1.0),
        1 - np.tanh(start) ** 2,
    )
    return (x - baseline) * ((slope * v) @ W), (np.tanh(end) - np.tanh(start)) @ v


def judge_attributions(actual, network, x, baseline, given, share):
    """Fail unless each row's parts are right, and sum right, within a share of their size."""
    assert_tensor(actual, shape=tuple(x.shape), dtype=x.dtype, given=given)
    wanted, change = path_integral(network, x, baseline)
    got = actual.double().numpy()
    expect(np.isfinite(got).all(), f"expected finite numbers, got {show(got)}", given=given)
    # A share of the summed absolute attributions, as in the contract, and float32 rounding.
    margins = share * np.abs(wanted).sum(axis=1) + 2e-6
    off, sums = np.abs(got - wanted).max(axis=1), got.sum(axis=1)
    for row in np.flatnonzero((off > margins) | (np.abs(sums - change) > margins)):
        short = show_apart(wanted[row], got[row])
        expect(off[row] <= margins[row],
               f"expected row {row} to be {short[0]}, got {short[1]}", given=given)  # fmt: skip
        short = show_apart(float(change[row]), float(sums[row]))
        expect(False, f"expected row {row} to sum to the logit's change {short[0]}, got {short[1]}",
               given=given)  # fmt: skip


def judge_cases(submission, cases):
    """Explain each case: (words, share, network, x, baseline, and steps or not)."""
    answers = submission.each_probe(probe_attributions, [case for _, _, *case in cases])
    for (words, share, *case), (_, got) in zip(cases, answers, strict=True):
        steps = f", steps={case[3]}" if len(case) > 3 else ""
        given = f"integrated_gradients, {words}{steps}"
        judge_attributions(got, *case[:3], given, share)


# How finely the path has to be cut is for one check. In the others a few steps do, and so
# coarse a margin that gradients from either end of each step pass.
FEW, COARSE = 20, 0.15


@check("integrated_gradients", points=0.5,
       hint="If the baseline is not zero, how far has each feature travelled? Where does the path "
            "begin?")  # fmt: skip
def test_ignores_the_baseline(submission):
    """The path begins at each row's own baseline, and the parts count the way from there."""
    (seed,) = seeds_of(submission, 1)
    judge_cases(submission, [
        ("a baseline for each row", COARSE, *gentle(each, 3, dtype=dtype), FEW)
        for each, dtype in ((0, F32), (1, F64), (seed, F64))
    ])  # fmt: skip


@check("integrated_gradients", points=0.5,
       hint="At x the network may be flat, though it was steep on the way. At how many points of "
            "the path do you look, and are you averaging or adding up? If it is steep at the very "
            "beginning, what does the gradient there stand for?")  # fmt: skip
def test_looks_only_at_the_end_of_the_path(submission):
    """The gradient is averaged along the whole path, so the parts sum to the logit's change."""
    rng = rng_of(submission)
    flat, x, _ = gentle(2, 3)
    judge_cases(submission, [
        ("baseline 0", COARSE, flat, 2 * x, torch.zeros(3, 4), FEW),
        # However few steps, and wherever: the average is right.
        ("an almost linear network", 0.01, *nearly_linear(np.random.default_rng(5)), 8),
        ("a network that bends at one end of the path", 0.01, *steep(np.random.default_rng(7))),
        # Not the steep one once more: its 200 steps are what takes the time here.
        ("an almost linear network", 0.01, *nearly_linear(rng), int(rng.integers(5, 20))),
    ])  # fmt: skip
    # 199 or 201 midpoints differ from 200 by 3e-10 or more; the same computation does not.
    case = gentle(*seeds_of(submission, 1), 1, dtype=F64)
    answers = submission.each_probe(probe_attributions, [case, (*case, 200)])
    (_, by_default), (_, named) = answers
    assert_close(by_default, named, rtol=0.0, atol=1e-12,
                 given="integrated_gradients, steps left out against steps=200")  # fmt: skip


@check("integrated_gradients", points=0.5,
       hint="Five rows are five questions: what in your code lets one row's answer depend on the "
            "others? And what if the baseline has the shape (D,)?")  # fmt: skip
def test_mixes_up_the_rows(submission):
    """Each row is explained by itself, and a one-row baseline serves them all."""
    cases = []
    for seed, n in ((6, 7), (*seeds_of(submission, 1), 130)):
        layers, x, baselines = gentle(seed, n, features=3)
        for baseline in (baselines[0], baselines[:1], baselines)[: 3 if seed == 6 else 1]:
            words = f"x ({n}, 3), baseline {tuple(baseline.shape)}"
            cases.append((words, COARSE, layers, x, baseline, FEW))
        # A square batch, and a row that is its own baseline: its parts are zero.
        x = torch.cat([x[:2], baselines[1:2]])
        cases.append(("x (3, 3), baseline (3,)", COARSE, layers, x, baselines[1], FEW))
    judge_cases(submission, cases)


@check("integrated_gradients", points=0.5,
       hint="Does it work for one row and for a frozen model, does a second call give the same, "
            "and are model and tensors afterwards what they were?")  # fmt: skip
def test_attribution_manners(submission):
    """One row or a frozen model will do, and neither the model nor the tensors change."""
    modes = {"train": [True, True, False, True], "eval": [False] * 4}
    settings = [(8, "train", False), (8, "eval", True), (*seeds_of(submission, 1), "eval", False)]
    # Where the path runs makes no difference here.
    cases = [(*nearly_linear(np.random.default_rng(seed), 1), 10, modes[mode], frozen)
             for seed, mode, frozen in settings]  # fmt: skip
    answers = submission.each_probe(probe_attribution_manners, cases)
    for (_, mode, frozen), (case, got) in zip(settings, answers, strict=True):
        layers, x, baseline, *_ = case
        both, states, asks, tensors, before, after = got
        given = f"integrated_gradients, one row, {'frozen ' if frozen else ''}model in {mode} mode"
        for attributions in both:
            judge_attributions(attributions, layers, x, baseline, given, COARSE)
        assert_untouched(before, after, given=given)
        expect(not any(asks), "it switched requires_grad on for x or baseline", given=given)
        expect(same(tensors, [x, baseline]), "it changed x or baseline", given=given)
        expect(not same(states[0], states[1]), "it reseeds the global random state", given=given)
