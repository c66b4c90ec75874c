"""Hidden checks of exercise 21: temperature, calibration error, threshold, attributions.

Truth comes from plain float64 arithmetic: a golden-section search over log T with the losses
written out, a loop over bins, a count over all candidate thresholds, and the closed form of
the path integral for a network with one tanh layer.
"""

import math

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    assert_close,
    assert_number,
    assert_tensor,
    assert_unchanged,
    check,
    expect,
    same,
)


def plain(value):
    """A NumPy scalar as a float (float32 in, float32 out is fine); anything else as it is."""
    return float(value) if isinstance(value, np.floating) else value


# ---- calibrate_temperature: what is built on the far side -------------------------------------


def linear_model(weight, bias):
    """A linear classifier with logits (N, 1), in the dtype of `weight` (1, D)."""
    model = nn.Linear(weight.shape[1], 1).to(weight.dtype)
    model.load_state_dict({"weight": weight, "bias": bias})
    return model


def deep_model(state):
    """Linear, BatchNorm, ReLU, Dropout, Linear with the parameters and buffers of `state`."""
    model = nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1)
    )
    model.load_state_dict(state)
    return model


def smoothed(logits, labels):
    """Cross-entropy against labels that are pulled towards one half."""
    return nn.functional.binary_cross_entropy_with_logits(logits, 0.8 * labels + 0.1)


def focal(logits, labels):
    """Focal loss with gamma = 2: easy samples count less."""
    losses = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return ((1 - torch.exp(-losses)) ** 2 * losses).mean()


def criterion_called(name):
    """The criterion of that name."""
    if name == "pos_weight":
        return nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
    if name == "sum":
        return nn.BCEWithLogitsLoss(reduction="sum")
    return {"bce": nn.BCEWithLogitsLoss(), "focal": focal, "smoothed": smoothed}[name]


def probe_temperature(answer, weight, bias, X, y, name):
    """The temperature for a linear model."""
    return answer.calibrate_temperature(linear_model(weight, bias), X, y, criterion_called(name))


def probe_deep_temperature(answer, state, X, y, mode):
    """The temperature for a model with BatchNorm and dropout that is in that mode."""
    model = deep_model(state).train(mode == "train")
    return answer.calibrate_temperature(model, X, y, nn.BCEWithLogitsLoss())


def probe_model_after(answer, state, X, y, modes):
    """State, modes and requires_grad of the model before and after, and the temperature."""
    model = nn.Sequential(deep_model(state))  # one level down
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    model[0][0].bias.requires_grad_(False)
    seen = []
    for moment in ("before", "after"):
        if moment == "after":
            temperature = answer.calibrate_temperature(model, X, y, nn.BCEWithLogitsLoss())
        parameters = {name: value.detach().clone() for name, value in model.state_dict().items()}
        modes_now = [module.training for module in model.modules()]
        seen.append([parameters, modes_now, [p.requires_grad for p in model.parameters()]])
    return [*seen, temperature]


def probe_temperature_manners(answer, weight, bias, X, y):
    """Two calls by keyword after different seeds, the next random numbers, the data afterwards."""
    values, draws = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        values.append(
            answer.calibrate_temperature(
                model=linear_model(weight, bias), X_val=X, y_val=y, criterion=smoothed
            )
        )
        draws.append([float(torch.rand(())), float(np.random.rand())])
    return values, draws, X, y


# ---- calibrate_temperature: the truth, in NumPy ------------------------------------------------


def true_loss(name, z, y):
    """The criterion of that name on float64 logits and labels, both (N,)."""
    if name == "smoothed":
        y = 0.8 * y + 0.1
    weight = 3.0 if name == "pos_weight" else 1.0
    losses = weight * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)
    if name == "focal":
        losses = (1 - np.exp(-losses)) ** 2 * losses
    return losses.sum() if name == "sum" else losses.mean()


def best_temperature(z, y, name="bce"):
    """Golden section over log T from 0.005 to 500."""
    low, high = math.log(0.005), math.log(500.0)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if true_loss(name, z / math.exp(left), y) < true_loss(name, z / math.exp(right), y):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def validation_set(seed, optimum, name="bce", dtype=torch.float32):
    """A linear model (weight, bias), inputs and labels whose best temperature is `optimum`."""
    rng = np.random.default_rng(seed)
    X = torch.tensor(rng.normal(size=(150, 3)), dtype=dtype)
    weight, bias = np.array([[1.9, -1.2, 0.6]]), np.array([0.4])
    z = (X.double().numpy() @ weight.T + bias)[:, 0]
    y = (rng.random(150) < 1 / (1 + np.exp(-z))).astype(float)
    # Logits that are c times as large want a temperature that is c times as high.
    scale = optimum / best_temperature(z, y, name)
    parameters = [torch.tensor(scale * value, dtype=dtype) for value in (weight, bias)]
    return *parameters, X, torch.tensor(y, dtype=dtype)


def judge_temperature(actual, z, y, name, given):
    """Fail unless `actual` is within 2 % of the temperature with the lowest loss."""
    actual = assert_number(plain(actual), given=given)
    best = best_temperature(z, y, name)
    if abs(actual / best - 1) <= 0.0201:  # the contract's 2 %, and rounding
        return
    text = f"expected T = {best:.4g} within 2 %, got {actual:.4g}"
    if not 0 < actual < math.inf:
        expect(False, text, given=given)
    here, there = (true_loss(name, z / t, y) for t in (actual, best))
    if min(1, best) < actual < max(1, best):  # searches begin near 1
        why = "the search stopped too early: the loss still falls towards the minimum"
    else:
        why = "the search was led elsewhere, by a bound or by another loss"
    expect(
        False,
        f"{text}: the loss is {here:.4f} there and {there:.4f} at the minimum, so {why}",
        given=given,
    )


def judge_linear(submission, seed, optimum, name="bce", dtype=torch.float32):
    """Calibrate a linear model and judge the temperature."""
    weight, bias, X, y = validation_set(seed, optimum, name, dtype)
    z = (X.double() @ weight.double().T + bias.double()).numpy()[:, 0]
    judge_temperature(
        submission.probe(probe_temperature, weight, bias, X, y, name), z, y.double().numpy(), name,
        given=f"calibrate_temperature on 150 samples ({name} loss, {dtype})",
    )  # fmt: skip


def deep_case():
    """State of a deep model, inputs and labels; the stored statistics are not the batch's."""
    rng = np.random.default_rng(6)
    state = {
        "0.weight": rng.normal(size=(4, 3)), "0.bias": rng.normal(size=4),
        "1.weight": rng.uniform(0.5, 2.0, 4), "1.bias": rng.normal(size=4),
        "1.running_mean": rng.normal(size=4), "1.running_var": rng.uniform(0.2, 0.6, 4),
        "4.weight": np.array([[1.7, -1.3, 1.1, -0.9]]), "4.bias": np.array([0.3]),
    }  # fmt: skip
    X = rng.normal(size=(120, 3))
    z = eval_logits(state, X)
    y = (rng.random(120) < 1 / (1 + np.exp(-z / 1.7))).astype(float)
    tensors = {key: torch.tensor(value, dtype=torch.float32) for key, value in state.items()}
    tensors["1.num_batches_tracked"] = torch.tensor(7)
    return tensors, torch.tensor(X).float(), torch.tensor(y).float(), z, y


def eval_logits(s, X):
    """What the deep model gives in evaluation mode, in plain arithmetic."""
    hidden = X @ s["0.weight"].T + s["0.bias"]
    hidden = (hidden - s["1.running_mean"]) / np.sqrt(s["1.running_var"] + 1e-5)
    hidden = np.maximum(hidden * s["1.weight"] + s["1.bias"], 0)
    return (hidden @ s["4.weight"].T + s["4.bias"])[:, 0]


# ---- calibrate_temperature: the checks ---------------------------------------------------------


@check("calibrate_temperature", points=1,
       hint="What is the derivative of the loss at the temperature that you return? If it is not "
            "zero, the optimiser gave up on its way. How large were its steps?")  # fmt: skip
def test_stops_before_the_minimum(submission):
    """The search goes on until it has reached the minimum."""
    judge_linear(submission, seed=0, optimum=2.0)
    judge_linear(submission, seed=1, optimum=2.0, dtype=torch.float64)
    judge_linear(submission, seed=2, optimum=0.6)


@check("calibrate_temperature", points=1,
       hint="A network can be ten times too sure, or ten times too timid. On which scale is "
            "going from 0.1 to 0.2 as far as going from 10 to 20?")  # fmt: skip
def test_misses_very_high_or_low_temperatures(submission):
    """Best temperatures anywhere from 0.1 to 20 are found within 2 %."""
    for seed, optimum in enumerate((0.1, 20.0, 0.145, 0.35, 6.3, 13.0), start=3):
        judge_linear(submission, seed, optimum)


@check("calibrate_temperature", points=0.5,
       hint="Which loss do you minimise: the one that the caller handed you, or the one that you "
            "had in mind? How large are its gradients if it sums over samples?")  # fmt: skip
def test_ignores_the_criterion(submission):
    """The temperature minimises the criterion that was passed, whichever that is."""
    for seed, (name, optimum) in enumerate(
        (("pos_weight", 3.2), ("focal", 1.5), ("sum", 4.5), ("smoothed", 0.8)), start=10
    ):
        judge_linear(submission, seed, optimum, name)


@check("calibrate_temperature", points=0.5,
       hint="What do dropout and BatchNorm do while a model is in train mode, and which logits "
            "will the deployed model give?")  # fmt: skip
def test_fits_training_mode_logits(submission):
    """A model in train mode is calibrated on the logits of its evaluation mode."""
    state, X, y, z, labels = deep_case()
    for mode in ("train", "eval"):
        judge_temperature(
            submission.probe(probe_deep_temperature, state, X, y, mode), z, labels, "bce",
            given=f"calibrate_temperature, model with BatchNorm and Dropout in {mode} mode",
        )  # fmt: skip


@check("calibrate_temperature", points=0.5,
       hint="The caller may be in the middle of training, with one layer frozen in evaluation "
            "mode. Which of model.eval() and model.train() brings back exactly that?")  # fmt: skip
def test_leaves_the_model_changed(submission):
    """Parameters, buffers and every submodule's mode are what they were."""
    state, X, y, z, labels = deep_case()
    best = best_temperature(z, labels, "bce")
    cases = {
        "a model in train mode": [True] * 7,
        "a model in eval mode": [False] * 7,
        "a model in train mode with BatchNorm in eval mode": [True] * 3 + [False] + [True] * 3,
        "a model in eval mode with Dropout in train mode": [False] * 5 + [True, False],
    }
    for model, modes in cases.items():
        given = f"calibrate_temperature on {model}"
        before, after, temperature = submission.probe(probe_model_after, state, X, y, modes)
        assert_close(plain(temperature), best,
                     rtol=0.9,  # who searches nothing changes nothing; 2 % is for other checks
                     given=given)  # fmt: skip
        for key in before[0]:
            expect(key in after[0] and same(before[0][key], after[0][key]),
                   f"`{key}` of the model changed", given=given)  # fmt: skip
        for what, now, then in (
            ("modules' training flags", after[1], before[1]),
            ("parameters' requires_grad", after[2], before[2]),
        ):
            expect(now == then, f"expected the {what} to stay {then}, got {now}", given=given)


@check("calibrate_temperature", points=0.5,
       hint="Does it work for one sample, does it return a plain number, and does anything depend "
            "on, or change, what is not its own?")  # fmt: skip
def test_temperature_manners(submission):
    """One sample is enough, the answer is a number, and nothing else changes."""
    weight, bias = torch.tensor([[2.0, -1.0]]), torch.tensor([0.5])
    for X, y in (
        (torch.tensor([[3.0, 1.5]]), torch.tensor([1.0])),
        (torch.tensor([[3.0, 1.5], [-2.0, 1.0], [1.0, -0.5]]), torch.tensor([1.0, 0.0, 1.0])),
    ):
        given = f"calibrate_temperature on {len(X)} sample(s) with smoothed labels"
        values, draws, X_after, y_after = submission.probe(
            probe_temperature_manners, weight, bias, X, y
        )
        z = (X @ weight.T + bias)[:, 0].double().numpy()
        for value in values:
            judge_temperature(value, z, y.double().numpy(), "smoothed", given)
        assert_close(plain(values[1]), plain(values[0]), rtol=1e-6, given=f"{given}, called again")
        expect(draws[0][0] != draws[1][0] and draws[0][1] != draws[1][1],
               "it reseeds the global random state", given=given)  # fmt: skip
        expect(same(X, X_after) and same(y, y_after), "it changed X_val or y_val", given=given)


# ---- expected_calibration_error ----------------------------------------------------------------


def calibration_error(probs, labels, n_bins):
    """The definition, one bin after the other."""
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


def predictions(seed, n, n_bins):
    """Miscalibrated probabilities, unevenly spread and away from bin edges, and their labels."""
    rng = np.random.default_rng(seed)
    bins = np.minimum(rng.integers(n_bins, size=n), rng.integers(n_bins, size=n))
    probs = (bins + rng.uniform(0.05, 0.95, n)) / n_bins
    return probs.tolist(), (rng.random(n) < probs**0.6 * 0.9).astype(int).tolist()


@check("expected_calibration_error", points=0.5,
       hint="Nothing is rounded to class 0 or 1 here: in each bin, which two averages are "
            "compared, and how much does a bin with three samples weigh?")  # fmt: skip
def test_averages_the_bins_wrongly(submission):
    """Each bin's gap between mean probability and mean label counts by its share of samples."""
    for seed, n_bins in ((0, 10), (1, 5), (2, 15), (3, 1)):
        probs, labels = predictions(seed, 90, n_bins)
        wanted = calibration_error(probs, labels, n_bins)
        given = f"expected_calibration_error of 90 predictions, n_bins={n_bins}"
        # any summation order in float64 is within 1e-12, float32 within 1e-5
        got = submission.expected_calibration_error(
            torch.tensor(probs).double(), torch.tensor(labels), n_bins=n_bins
        )
        assert_close(plain(got), wanted, rtol=1e-5, atol=1e-6, given=given)
    probs, labels = predictions(4, 90, 10)
    got = submission.expected_calibration_error(torch.tensor(probs).double(), torch.tensor(labels))
    assert_close(plain(got), calibration_error(probs, labels, 10), rtol=1e-5, atol=1e-6,
                 given="expected_calibration_error of 90 predictions, n_bins left out")  # fmt: skip


@check("expected_calibration_error", points=0.5,
       hint="Into which bin does 0.5 fall if there are two? Which two comparison signs does "
            "the definition of a bin have?")  # fmt: skip
def test_puts_edges_into_the_wrong_bin(submission):
    """A probability on an edge belongs to the bin that begins there."""
    for probs, labels, n_bins in (
        ([0.25, 0.125, 0.5, 0.375, 0.75, 0.625, 0.875], [1, 0, 0, 1, 1, 1, 0], 4),
        ([0.5, 0.25, 0.75, 0.625], [1, 0, 0, 1], 2),
        ([0.5, 0.4375, 0.46875, 0.5625], [1, 0, 1, 0], 10),
    ):
        assert_close(
            plain(submission.expected_calibration_error(probs, labels, n_bins)),
            calibration_error(probs, labels, n_bins),
            rtol=1e-5, atol=1e-6,  # sums of a few numbers, float32 included
            given=f"expected_calibration_error({probs}, {labels}, {n_bins})",
        )  # fmt: skip


@check("expected_calibration_error", points=0.5,
       hint="A model may be perfectly sure. Which bin takes p = 0, which takes p = 1, and what is "
            "the mean of a bin that nobody fell into?")  # fmt: skip
def test_loses_the_ends_or_trips_over_empty_bins(submission):
    """Probabilities of exactly 0 and 1 count, and empty bins do not."""
    for probs, labels in (
        ([0.0, 0.0, 0.03125], [1, 1, 0]),
        ([1.0, 1.0, 0.96875], [0, 0, 1]),
        ([1.0, 0.0], [0, 1]),
        ([0.0, 1.0, 0.65625], [0, 1, 1]),
        ([0.09375, 0.84375, 0.84375], [1, 0, 0]),
    ):
        assert_close(
            plain(submission.expected_calibration_error(np.array(probs), np.array(labels))),
            calibration_error(probs, labels, 10),
            rtol=1e-5, atol=1e-6,  # sums of a few numbers, float32 included
            given=f"expected_calibration_error({probs}, {labels})",
        )  # fmt: skip


@check("expected_calibration_error", points=0.5,
       hint="Lists, arrays and tensors of any number type may come in: what do you convert them "
            "to, and what do you give back?")  # fmt: skip
def test_calibration_error_manners(submission):
    """Lists, arrays and tensors all do, one sample too; the answer is a number."""
    probs, labels = predictions(6, 30, 10)
    wanted = calibration_error(probs, labels, 10)
    kinds = {
        "lists": (probs, labels),
        "lists, float labels": (probs, [float(label) for label in labels]),
        "tuples": (tuple(probs), tuple(labels)),
        "arrays": (np.array(probs), np.array(labels)),
        "float32 tensors": (torch.tensor(probs), torch.tensor(labels).float()),
        "a float64 tensor and a list": (torch.tensor(probs).double(), labels),
        "a list and an integer tensor": (probs, torch.tensor(labels)),
    }
    for kind, (some_probs, some_labels) in kinds.items():
        got = assert_unchanged(
            submission, "expected_calibration_error", probs=some_probs, labels=some_labels
        )
        # float32 probabilities are within 1e-7 of the float64 ones
        assert_close(plain(got), wanted, rtol=1e-5, atol=1e-6,
                     given=f"expected_calibration_error({kind})")  # fmt: skip
    got = submission.expected_calibration_error([0.28125], [1])
    assert_close(plain(got), 0.71875, rtol=1e-5,
                 given="expected_calibration_error([0.28125], [1])")  # fmt: skip


# ---- choose_threshold --------------------------------------------------------------------------


def highest_threshold(y_true, y_prob, min_sensitivity):
    """Try every score from the highest down; the first that finds enough wins."""
    for t in sorted(y_prob, reverse=True):
        found = sum(1 for y, p in zip(y_true, y_prob, strict=True) if y == 1 and p >= t)
        if found / sum(y_true) >= min_sensitivity:
            return t
    return None


def judge_threshold(submission, y_true, y_prob, min_sensitivity):
    """Compare with trying every score."""
    listing = f"{y_true}, {y_prob}" if len(y_true) < 9 else f"{len(y_true)} samples"
    assert_close(
        plain(submission.choose_threshold(y_true, y_prob, min_sensitivity)),
        highest_threshold(y_true, y_prob, min_sensitivity),
        rtol=1e-6,  # the scores are exact in float32 too
        given=f"choose_threshold({listing}, {min_sensitivity})",
    )


def scores(seed, n):
    """Labels and scores in steps of 1/1024, negatives below positives only by tendency."""
    rng = np.random.default_rng(seed)
    y_true = (rng.random(n) < 0.35).astype(int)
    y_prob = np.clip(rng.normal(0.4 + 0.25 * y_true, 0.2), 0.02, 0.98)
    return y_true.tolist(), (np.round(y_prob * 1024) / 1024).tolist()


@check("choose_threshold", points=0.5,
       hint="At which values of t does the sensitivity change at all? Do negatives play any part "
            "in it?")  # fmt: skip
def test_returns_another_threshold_than_the_highest(submission):
    """Of all thresholds that find enough positives the highest one is returned."""
    for seed, n in ((0, 40), (1, 75), (2, 160)):
        y_true, y_prob = scores(seed, n)
        for min_sensitivity in (0.03, 0.37, 0.81, 0.93):
            judge_threshold(submission, y_true, y_prob, min_sensitivity)
    judge_threshold(submission, [0, 1, 0, 1], [0.9375, 0.25, 0.875, 0.125], 0.5)


@check("choose_threshold", points=0.5,
       hint="If the sensitivity at t is exactly the one that was asked for, is that enough? And is "
            "a patient whose score is exactly t predicted as positive?")  # fmt: skip
def test_misses_an_exact_hit(submission):
    """A sensitivity that is exactly reached suffices, and a score equal to t counts."""
    y_true = [1, 0, 1, 1, 0, 1]
    y_prob = [0.375, 0.5, 0.8125, 0.625, 0.25, 0.75]
    for min_sensitivity in (0.25, 0.5, 0.75, 1.0):
        judge_threshold(submission, y_true, y_prob, min_sensitivity)
    judge_threshold(submission, [1, 0], [0.0, 0.5], 1.0)
    judge_threshold(submission, [0, 1], [0.5, 1.0], 1.0)
    for min_sensitivity in (0.25, 0.5, 0.75, 1.0):  # three positives share a score
        judge_threshold(submission, [1, 1, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.875], min_sensitivity)


@check("choose_threshold", points=0.5,
       hint="With four positives and a sensitivity of 0.6, how many must be found: two or "
            "three?")  # fmt: skip
def test_rounds_the_needed_count_down(submission):
    """At least the share asked for is found, never a little less."""
    y_true, y_prob = [1, 1, 0, 1, 1], [0.375, 0.875, 0.9375, 0.125, 0.625]
    for min_sensitivity in (0.1, 0.3, 0.55, 0.6, 0.7, 0.76, 0.8, 0.95):
        judge_threshold(submission, y_true, y_prob, min_sensitivity)


@check("choose_threshold", points=0.5,
       hint="Lists, arrays and tensors may come in, sorted or not, with one sample or many: what "
            "do you convert them to, and what do you give back?")  # fmt: skip
def test_threshold_manners(submission):
    """Lists, arrays and tensors all do, one sample too; the answer is a number."""
    y_true, y_prob = [0, 1, 1, 0, 1], [0.625, 0.875, 0.25, 0.125, 0.5]
    kinds = {
        "lists": (y_true, y_prob),
        "lists, float labels": ([float(y) for y in y_true], y_prob),
        "tuples": (tuple(y_true), tuple(y_prob)),
        "arrays": (np.array(y_true), np.array(y_prob)),
        "float32 tensors": (torch.tensor(y_true).float(), torch.tensor(y_prob)),
        "an integer and a float64 tensor": (torch.tensor(y_true), torch.tensor(y_prob).double()),
    }
    for kind, (some_true, some_prob) in kinds.items():
        got = assert_unchanged(submission, "choose_threshold", y_true=some_true, y_prob=some_prob,
                               min_sensitivity=0.6)  # fmt: skip
        assert_close(plain(got), 0.5, rtol=1e-6, given=f"choose_threshold({kind})")
    judge_threshold(submission, [1], [0.3125], 0.5)
    judge_threshold(submission, [1, 1, 1], [0.3125, 0.75, 0.5], 0.5)


# ---- integrated_gradients ----------------------------------------------------------------------


def tanh_model(state):
    """Linear, Tanh, Linear with the parameters of `state`, in their dtype."""
    units, features = state["0.weight"].shape
    model = nn.Sequential(nn.Linear(features, units), nn.Tanh(), nn.Linear(units, 1))
    model = model.to(state["0.weight"].dtype)
    model.load_state_dict(state)
    return model.eval()


def probe_attributions(answer, state, x, baseline, *steps):
    """The attributions for a tanh network."""
    return answer.integrated_gradients(tanh_model(state), x, baseline, *steps)


def probe_attribution_manners(answer, state, x, baseline, modes, frozen):
    """Attributions called by keyword, twice, and what the model and the tensors look like."""
    model = tanh_model(state)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    for parameter in model.parameters():
        parameter.requires_grad_(not frozen)
    both, draws = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        both.append(answer.integrated_gradients(model=model, x=x, baseline=baseline, steps=100))
        draws.append(float(torch.rand(())))
    flags = [module.training for module in model.modules()]
    wanting = [p.requires_grad for p in model.parameters()]
    after = {name: value.detach().clone() for name, value in model.state_dict().items()}
    grads = [x.requires_grad, baseline.requires_grad]
    return both, flags, wanting, after, grads, [x, baseline], draws


def network(seed, features=4, units=5, dtype=torch.float32):
    """Parameters of a tanh network that bends, but gently."""
    rng = np.random.default_rng(seed)
    state = {
        "0.weight": 0.5 * rng.normal(size=(units, features)),
        "0.bias": 0.5 * rng.normal(size=units),
        "2.weight": rng.normal(size=(1, units)), "2.bias": np.array([0.7]),
    }  # fmt: skip
    return {key: torch.tensor(value, dtype=dtype) for key, value in state.items()}


def path_integral(state, x, baseline):
    """The exact attributions (N, D), and the change of the logit (N,), in float64.

    The gradient of v . tanh(W x + b) along the path is v_j W_ji (1 - tanh(a + t d)^2), and its
    integral over t from 0 to 1 is v_j W_ji (tanh(a + d) - tanh(a)) / d.
    """
    W, b = state["0.weight"].double().numpy(), state["0.bias"].double().numpy()
    v = state["2.weight"].double().numpy()[0]
    x, baseline = np.broadcast_arrays(x.double().numpy(), baseline.double().numpy())
    start, end = baseline @ W.T + b, x @ W.T + b  # (N, units)
    moved = start != end
    slope = np.where(
        moved,
        (np.tanh(end) - np.tanh(start)) / np.where(moved, end - start, 1.0),
        1 - np.tanh(start) ** 2,
    )
    return (x - baseline) * ((slope * v) @ W), (np.tanh(end) - np.tanh(start)) @ v


def judge_attributions(actual, state, x, baseline, given, share=0.01):
    """Fail unless each row's parts are right, and sum right, within 1 % of their absolute sum."""
    assert_tensor(actual, shape=tuple(x.shape), dtype=x.dtype, given=given)
    wanted, change = path_integral(state, x, baseline)
    got = actual.double().numpy()
    expect(np.isfinite(got).all(), f"expected finite attributions, got {got.tolist()}", given=given)
    for row in range(len(x)):
        # The contract's 1 % of the summed absolute attributions, and float32 rounding.
        margin = share * np.abs(wanted[row]).sum() + 2e-6
        short = np.round(wanted[row], 4).tolist(), np.round(got[row], 4).tolist()
        expect(np.abs(got[row] - wanted[row]).max() <= margin,
               f"expected row {row} to be {short[0]}, got {short[1]}", given=given)  # fmt: skip
        margin = share * np.abs(got[row]).sum() + 2e-6
        expect(abs(got[row].sum() - change[row]) <= margin,
               f"expected row {row} to sum to the logit's change {change[row]:.4f}, got "
               f"{got[row].sum():.4f}", given=given)  # fmt: skip


def points(seed, n, features=4, dtype=torch.float32):
    """Inputs and baselines (n, features), neither of them near zero."""
    rng = np.random.default_rng(seed)
    x, baseline = rng.normal(0.8, 1.0, (n, features)), rng.normal(-0.6, 0.7, (n, features))
    return torch.tensor(x, dtype=dtype), torch.tensor(baseline, dtype=dtype)


@check("integrated_gradients", points=0.5,
       hint="If the baseline is not zero, how far has each feature travelled? Where does the path "
            "begin?")  # fmt: skip
def test_ignores_the_baseline(submission):
    """The path begins at each row's own baseline, and the parts count the way from there."""
    for seed, dtype in ((0, torch.float32), (1, torch.float64)):
        state, (x, baseline) = network(seed, dtype=dtype), points(seed, 3, dtype=dtype)
        judge_attributions(submission.probe(probe_attributions, state, x, baseline), state, x,
                           baseline, "integrated_gradients, a baseline for each row")  # fmt: skip


@check("integrated_gradients", points=0.5,
       hint="At x the network may be flat, though it was steep on the way. At how many points of "
            "the path do you look, and are you averaging or adding up?")  # fmt: skip
def test_looks_only_at_the_end_of_the_path(submission):
    """The gradient is averaged along the whole path, so the parts sum to the logit's change."""
    for seed, steps in ((2, ()), (3, (1000,)), (4, (60,))):
        state, (x, _) = network(seed), points(seed, 3)
        x, baseline = 2 * x, torch.zeros(3, 4)
        given = f"integrated_gradients, baseline 0, steps={steps[0] if steps else 'left out'}"
        # Sixty steps may be as coarse as left or right sums make them.
        share = 0.04 if steps == (60,) else 0.01
        got = submission.probe(probe_attributions, state, x, baseline, *steps)
        judge_attributions(got, state, x, baseline, given, share)

    # A network that hardly bends has the same gradient everywhere: however few and wherever
    # the steps, their average is right.
    state, (x, baseline) = network(5), points(5, 3)
    for key, factor in (("0.weight", 1e-3), ("0.bias", 0.0), ("2.weight", 1e3)):
        state[key] = state[key] * factor
    for steps in (8, 25):
        given = f"integrated_gradients, an almost linear network, steps={steps}"
        got = submission.probe(probe_attributions, state, x, baseline, steps)
        judge_attributions(got, state, x, baseline, given)


@check("integrated_gradients", points=0.5,
       hint="Five rows are five questions: what in your code lets one row's answer depend on the "
            "others? And what if the baseline has the shape (D,)?")  # fmt: skip
def test_mixes_up_the_rows(submission):
    """Each row is explained by itself, and a one-row baseline serves them all."""
    state, (x, baselines) = network(6, features=3), points(6, 7, features=3)
    for baseline in (baselines[0], baselines[:1], baselines):
        shape = tuple(baseline.shape)
        given = f"integrated_gradients, x (7, 3), baseline {shape}"
        got = submission.probe(probe_attributions, state, x, baseline)
        judge_attributions(got, state, x, baseline, given)
    # A square batch, and a row that is its own baseline: its parts are zero.
    x = torch.cat([x[:2], baselines[1:2]])
    judge_attributions(submission.probe(probe_attributions, state, x, baselines[1]), state, x,
                       baselines[1], "integrated_gradients, x (3, 3), baseline (3,)")  # fmt: skip


@check("integrated_gradients", points=0.5,
       hint="Does it work for one row and for a frozen model, does a second call give the same, "
            "and are model and tensors afterwards what they were?")  # fmt: skip
def test_attribution_manners(submission):
    """One row or a frozen model will do, and neither the model nor the tensors change."""
    state, (x, baseline) = network(8), points(8, 1)
    modes = {"train": [True, True, False, True], "eval": [False] * 4}
    for mode, frozen in (("train", False), ("eval", True), ("eval", False)):
        given = f"integrated_gradients, one row, {'frozen ' if frozen else ''}model in {mode} mode"
        both, flags, wanting, after, grads, tensors, draws = submission.probe(
            probe_attribution_manners, state, x, baseline, modes[mode], frozen
        )
        for attributions in both:
            judge_attributions(attributions, state, x, baseline, given, share=0.02)
        for what, now, then in (
            ("modules' training flags", flags, modes[mode]),
            ("parameters' requires_grad", wanting, [not frozen] * 4),
            ("requires_grad of x and baseline", grads, [False, False]),
        ):
            expect(now == then, f"expected the {what} to stay {then}, got {now}", given=given)
        expect(same(after, state), "it changed the model's parameters", given=given)
        expect(same(tensors, [x, baseline]), "it changed x or baseline", given=given)
        expect(draws[0] != draws[1], "it reseeds the global random state", given=given)
