"""Hidden checks of exercise 19.

The table of architectures is written down here a second time. What a built network computes
is compared with plain tensor arithmetic on its own weights, and parameters are counted by
multiplying the shapes that the models here were made with.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_equal,
    check,
    expect,
    rng_of,
    show,
)
from gradekit.grading.training import assert_untouched, numbers, snapshot

# Not drawn: the borders of the table, and what raises: the contract names these numbers.

TABLE = [  # rows, hidden widths, dropout: the middle of each class
    (1_500, [64, 32], 0.4),
    (20_000, [128, 64, 32], 0.3),
    (120_000, [256, 128, 64, 32], 0.2),
]
BLOCK = ["Linear", "BatchNorm1d", "ReLU", "Dropout"]


# What probes build on the other side


def probe_choose_twice(answer, n_samples):
    """Two answers; the first list is changed, by whoever called, in between."""
    hidden, _ = answer.choose_architecture(n_samples)
    if isinstance(hidden, list):
        hidden.append(1)
        hidden[0] = 7
    return answer.choose_architecture(n_samples)


def probe_build(answer, args, kwargs):
    """The layers of a built network, each as its kind and its numbers."""
    model = answer.build_clinical_mlp(*args, **kwargs)
    if not isinstance(model, nn.Sequential):
        return type(model).__name__
    layers = []
    for layer in model:
        entry = {"kind": type(layer).__name__}
        for kind in (nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout):
            if isinstance(layer, kind):
                entry["kind"] = kind.__name__
        if isinstance(layer, nn.Linear):
            entry.update(into=layer.weight.shape[1], out=layer.weight.shape[0])
            entry.update(bias=layer.bias is not None)
        if isinstance(layer, nn.BatchNorm1d):
            entry.update(features=layer.num_features)
        if isinstance(layer, nn.Dropout):
            entry.update(p=layer.p)
        layers.append(entry)
    return layers


def probe_forward(answer, args, x, seed):
    """The output in evaluation mode, after the statistics were moved, and the weights."""
    torch.default_generator.manual_seed(seed)
    model, other = answer.build_clinical_mlp(*args), answer.build_clinical_mlp(*args)
    normal = numbers(seed)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.copy_(0.3 * normal(layer.num_features))
            layer.running_var.copy_(0.5 + normal(layer.num_features).abs())
    model.eval()
    out = model(x)
    alone = model(x[:1])
    steps = []
    for layer in model:
        if isinstance(layer, nn.Linear):
            steps.append(("Linear", layer.weight, layer.bias))
        elif isinstance(layer, nn.BatchNorm1d):
            gamma, beta = layer.weight, layer.bias  # None without affine parameters
            steps.append(("BatchNorm1d", layer.running_mean.clone(), layer.running_var.clone(),
                          layer.eps, gamma, beta))  # fmt: skip
        elif isinstance(layer, nn.ReLU):
            steps.append(("ReLU",))
    model.train()
    mine = {id(value) for value in (*model.parameters(), *model.buffers())}
    return {
        "out": out,
        "alone": alone,
        "training": model(x),
        "trainable": [p.requires_grad for p in model.parameters()],
        "shared": any(id(value) in mine for value in (*other.parameters(), *other.buffers())),
        "steps": steps,
    }


class Parts(nn.Module):
    """A parameter of its own, a nested module, a scalar, a buffer and a frozen layer."""

    def __init__(self, a, b, c):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(a, b, c))
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("grid", torch.zeros(11, 7))
        self.inner = nn.Sequential(nn.Sequential(nn.Linear(c, b)), nn.Conv2d(a, b, (1, c)))
        self.frozen = nn.Linear(9, 2).requires_grad_(False)


def model_by_name(kind, a, b, c):
    """A model to be counted; the numbers are its sizes."""
    if kind == "parts":
        return Parts(a, b, c)
    if kind == "batchnorm":
        return nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))
    if kind == "half frozen":
        model = nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c))
        model[0].requires_grad_(False)
        return model
    if kind == "frozen weight":
        model = nn.Linear(a, b)
        model.weight.requires_grad_(False)
        return model
    if kind == "frozen":
        return nn.Sequential(nn.Linear(a, b), nn.Linear(b, c)).requires_grad_(False)
    if kind == "nothing":
        return nn.Sequential(nn.ReLU(), nn.Dropout(0.3))
    if kind == "float64":
        return nn.Sequential(nn.Linear(a, b, bias=False), nn.Linear(b, c)).double().eval()
    return nn.Linear(a, b)


def probe_count(answer, kind, sizes):
    """The count, the model before and after, and the count of the same model, frozen."""
    model, parts = model_by_name(kind, *sizes), ("modes", "requires_grad")
    before = snapshot(model, parts=parts)
    count = answer.count_parameters(model)
    after = snapshot(model, parts=parts)
    return count, before, after, answer.count_parameters(model.requires_grad_(False))


# What the checks have in common


def looked_up(n_samples):
    """The table, row by row."""
    if n_samples < 1:
        raise ValueError("no sample")
    size = (n_samples >= 5_000) + (n_samples >= 50_000)
    return TABLE[size][1:]


def judge_choice(got, expected, *_, **__):
    """Fail unless `got` is the pair (hidden, dropout); a tuple is as good as a list."""
    expect(
        isinstance(got, list | tuple) and len(got) == 2,
        f"expected a pair (hidden, dropout), got {show(got)}",
    )
    expect(
        isinstance(got[0], list | tuple), f"expected a list of widths first, got {show(got[0])}"
    )
    expect(list(got[0]) == expected[0], f"expected the widths {expected[0]}, got {show(got[0])}")
    # 0.4 is 0.4, however it was computed
    assert_close(got[1], expected[1], rtol=1e-9)


CHOICE = Truth(
    "choose_architecture", looked_up,
    inputs=lambda st: st.tuples(st.sampled_from(
        [1_000, 10_000, 100_000, 5_000, 50_000, 4_999, 49_999, 1, 0, -1])),
    rtol=0.0, judge=judge_choice,
)  # fmt: skip


def any_size(rng):
    """A number of rows well inside one of the three classes."""
    low, high = [(10, 4_900), (5_100, 49_000), (51_000, 10**6)][rng.integers(3)]
    return (int(rng.integers(low, high)),)


def described(*args, **kwargs):
    """The call of `build_clinical_mlp` as a learner would write it."""
    words = [*(repr(a) for a in args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    return f"build_clinical_mlp({', '.join(words)})"


def each_built(submission, calls):
    """The layers of each built network, and the call, for pairs of arguments and keywords."""
    for (args, kwargs), layers in submission.each_probe(probe_build, calls):
        given = described(*args, **kwargs)
        if isinstance(layers, str):
            raise Mismatch(f"expected an nn.Sequential, got a {layers}", given)
        expect(bool(layers), "the nn.Sequential is empty", given=given)
        yield layers, given


def expect_value_error(given, call):
    """Fail unless `call` raises ValueError; another error travels on."""
    try:
        with pytest.raises(ValueError):
            call()
    except pytest.fail.Exception:
        raise Mismatch("expected a ValueError, and it raised nothing", given) from None


@check("choose_architecture", points=1,
       hint="Read the table row by row: which widths, in which order, and which rate belong "
            "together?")  # fmt: skip
def test_mixes_up_the_table(submission):
    """Each class of sizes has its widths and its dropout rate."""
    sizes = [*(n_samples for n_samples, *_ in TABLE), 1, 12_345, 3_000_000, 10**12]
    CHOICE.assert_holds(submission, [(n_samples,) for n_samples in sizes], draw=any_size)


@check("choose_architecture", points=1,
       hint="Where do exactly 5,000 rows belong, if the first class is for fewer than "
            "5,000?")  # fmt: skip
def test_misses_the_border_by_one(submission):
    """A border belongs to the larger class, and one row less to the smaller."""
    borders = (4_999, 5_000, 5_001, 49_999, 50_000, 50_001)
    CHOICE.assert_holds(submission, [(n_samples,) for n_samples in borders])


@check("choose_architecture", points=0.5,
       hint="How should a table without a row, or with minus five of them, be "
            "answered?")  # fmt: skip
def test_accepts_an_empty_table(submission):
    """Less than one sample raises ValueError, and one sample is enough."""
    for n_samples in (0, -1, -7_000, -60_000):
        expect_value_error(
            f"choose_architecture({n_samples:_})",
            lambda n=n_samples: submission.choose_architecture(n),
        )
    CHOICE.assert_holds(submission, [((), {"n_samples": 1})])


@check("choose_architecture", points=0.5,
       hint="Who else holds the list that you return? What happens to your table if it "
            "changes?")  # fmt: skip
def test_hands_out_its_own_table(submission):
    """A list that a caller changed does not come back."""
    drawn = any_size(rng_of(submission))
    cases = [*((n_samples,) for n_samples, *_ in TABLE), drawn]
    for (n_samples,), got in submission.each_probe(probe_choose_twice, cases):
        given = f"choose_architecture({n_samples:_}), after a caller changed the first list"
        try:
            judge_choice(got, looked_up(n_samples))
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), given, mismatch.kind) from None


def tables(submission, features):
    """(n_features, n_samples) for each class, and one that is drawn."""
    rng = rng_of(submission)
    drawn = [(int(rng.integers(2, 30)), *any_size(rng))]
    fixed = [(n, n_samples) for n, (n_samples, *_) in zip(features, TABLE, strict=True)]
    return [*fixed, *drawn]


@check("build_clinical_mlp", points=1,
       hint="Write down the names of all layers for two hidden widths. What follows what, and is "
            "any of them inside another?")  # fmt: skip
def test_stacks_the_layers_in_another_order(submission):
    """Each hidden width gives Linear, BatchNorm1d, ReLU, Dropout, all in one flat row."""
    sizes = tables(submission, (9, 9, 9))
    built = each_built(submission, [(size, {}) for size in sizes])
    for (_, n_samples), (layers, given) in zip(sizes, built, strict=True):
        kinds = [layer["kind"] for layer in layers]
        wanted = BLOCK * len(looked_up(n_samples)[0]) + ["Linear"]
        expect(
            kinds == wanted,
            f"expected {', '.join(wanted)}, got {', '.join(kinds)}",
            given=given,
        )
        for place, layer in enumerate(layers):
            if layer["kind"] == "Linear":
                expect(layer["bias"], f"the Linear at place {place} has no bias", given=given)


@check("build_clinical_mlp", points=1,
       hint="What does each Linear take in? Follow one row of the table through the "
            "network.")  # fmt: skip
def test_connects_other_widths(submission):
    """Each layer takes what the one before gives, from the features to the last width."""
    # At the table's borders too: who builds need not ask who chooses.
    sizes = [*tables(submission, (9, 1, 40)), (3, 5_000), (3, 50_000), (1_100, 1_500)]
    built = each_built(submission, [(size, {}) for size in sizes])
    for (n_features, n_samples), (layers, given) in zip(sizes, built, strict=True):
        hidden, _ = looked_up(n_samples)
        linear = [[x["into"], x["out"]] for x in layers if x["kind"] == "Linear"]
        wanted = [list(pair) for pair in pairwise([n_features, *hidden, 1])]
        expect(
            linear == wanted,
            f"expected linear layers (in, out) {wanted}, got {linear}",
            given=given,
        )
        norms = [x["features"] for x in layers if x["kind"] == "BatchNorm1d"]
        expect(norms == hidden, f"expected BatchNorm1d of {hidden}, got {norms}", given=given)


@check("build_clinical_mlp", points=0.5,
       hint="Does the rate depend on the number of rows, and is it the same in every "
            "block?")  # fmt: skip
def test_drops_at_another_rate(submission):
    """Every Dropout has the rate that belongs to the number of rows."""
    sizes = tables(submission, (6, 6, 6))
    named = [((), {"n_features": n, "n_samples": n_samples}) for n, n_samples in sizes]
    built = each_built(submission, named)
    for (_, n_samples), (layers, given) in zip(sizes, built, strict=True):
        hidden, dropout = looked_up(n_samples)
        rates = [layer["p"] for layer in layers if layer["kind"] == "Dropout"]
        expect(
            len(rates) == len(hidden) and all(abs(p - dropout) < 1e-9 for p in rates),
            f"expected dropout of {[dropout] * len(hidden)}, got {rates}",
            given=given,
        )


@check("build_clinical_mlp", points=1,
       hint="How many numbers answer a yes-or-no question, how many a choice of five? Which task "
            "is the default?")  # fmt: skip
def test_has_other_outputs_for_the_task(submission):
    """Binary and regression have one output, multiclass has one for each class."""
    rng = rng_of(submission)
    n_classes, n_features = (int(size) for size in rng.integers(3, 12, size=2))
    calls = [
        (1, (5, 1_500), {}),
        (1, (5, 20_000, "binary"), {}),
        (1, (5, 1_500, "regression"), {}),
        (5, (7, 1_500, "multiclass", 5), {}),
        (2, (), {"n_features": 7, "n_samples": 20_000, "task": "multiclass", "n_classes": 2}),
        (12, (3, 120_000), {"n_classes": 12, "task": "multiclass"}),
        (1_100, (3, 1_500, "multiclass", 1_100), {}),
        (1, (5, 1_500, "binary", 2), {}),
        (1, (5, 1_500, "regression", 3), {}),
        (n_classes, (n_features, 1_500, "multiclass", n_classes), {}),
        (1, (n_features, 1_500, "binary", n_classes), {}),
    ]
    built = each_built(submission, [call for _, *call in calls])
    for (outputs, *_), (layers, given) in zip(calls, built, strict=True):
        last = layers[-1]
        text = f"expected nn.Linear at the end, got {last['kind']}"
        expect(last["kind"] == "Linear", text, given=given)
        assert_equal(last["out"], outputs, given=f"outputs of {given}")


@check("build_clinical_mlp", points=0.5,
       hint="Which loss will the outputs go to, and what does that loss do to them "
            "itself?")  # fmt: skip
def test_ends_in_an_activation(submission):
    """The model computes its own layers and nothing more: it gives logits or plain values."""
    rng = rng_of(submission)
    drawn = int(rng.integers(3, 8))
    tasks = [("binary", None, 1), ("regression", None, 2), ("multiclass", 4, 3),
             ("multiclass", drawn, int(rng.integers(2**31)))]  # fmt: skip
    cases = [((5, 1_500, task, n_classes), 2 * numbers(seed)(6, 5), seed)
             for task, n_classes, seed in tasks]  # fmt: skip
    answers = submission.each_probe(probe_forward, cases)
    for (task, n_classes, _), ((_, x, _), got) in zip(tasks, answers, strict=True):
        given = f"the model for {task!r} in evaluation mode"
        expected = by_hand(got["steps"], x)
        tolerance = {"rtol": 1e-4, "atol": 1e-5}  # three float32 layers
        assert_close(got["out"], expected, **tolerance, given=given)
        assert_close(got["alone"], expected[:1], **tolerance, given=f"{given}, one row")
        outputs = n_classes or 1
        expect(
            tuple(got["training"].shape) == (6, outputs),
            f"expected shape {(6, outputs)}, got {tuple(got['training'].shape)}",
            given=f"the model for {task!r} in train mode",
        )
        expect(all(got["trainable"]), "a parameter is not trainable", given=given)
        expect(not got["shared"], "a second network shares its parameters with the first",
               given=given)  # fmt: skip


def by_hand(steps, x):
    """What linear layers, BatchNorm with its stored statistics, and ReLU make of `x`."""
    out = x.double()
    for kind, *own in steps:
        if kind == "Linear":
            weight, bias = own
            out = out @ weight.double().T + (0 if bias is None else bias.double())
        elif kind == "BatchNorm1d":
            mean, variance, eps, gamma, beta = own
            out = (out - mean.double()) / torch.sqrt(variance.double() + eps)
            out = out * (1 if gamma is None else gamma.double())
            out = out + (0 if beta is None else beta.double())
        else:
            out = out * (out > 0)
    return out.float()


@check("build_clinical_mlp", points=0.5, hint="What does your code do with a task that it has "
                                              "never heard of?")  # fmt: skip
def test_takes_any_other_task(submission):
    """A task that is none of the three raises ValueError."""
    next(each_built(submission, [((5, 1_500, "regression"), {})]))
    for args in ((5, 1_500, "ranking"), (5, 20_000, "classification", 3), (5, 1_500, ""),
                 (5, 1_500, "Binary"), (5, 1_500, "binary "),
                 (5, 1_500, "multi-class", 3)):  # fmt: skip
        expect_value_error(
            f"build_clinical_mlp{args}",
            lambda args=args: submission.probe(probe_build, args, {}),
        )


@check("build_clinical_mlp", points=0.5, hint="What can a softmax over one class say? And what is "
                                              "n_classes where nobody named it?")  # fmt: skip
def test_builds_multiclass_without_classes(submission):
    """Multiclass without at least two classes raises ValueError."""
    next(each_built(submission, [((5, 1_500, "multiclass", 3), {})]))
    for kwargs in ({}, {"n_classes": None}, {"n_classes": 1}, {"n_classes": 0},
                   {"n_classes": -3}):  # fmt: skip
        words = "".join(f", {key}={value}" for key, value in kwargs.items())
        expect_value_error(
            f"build_clinical_mlp(5, 1500, task='multiclass'{words})",
            lambda more=kwargs: submission.probe(
                probe_build, (5, 1_500), {"task": "multiclass", **more}
            ),
        )


WORDS = {
    "linear": ("nn.Linear({0}, {1})", lambda a, b, c: a * b + b),
    "float64": ("a float64 model in evaluation mode", lambda a, b, c: a * b + b * c + c),
    "nothing": ("nn.ReLU and nn.Dropout", lambda a, b, c: 0),
    "half frozen": ("a {0}-{1}-{2} model with a frozen first layer", lambda a, b, c: b * c + c),
    "frozen weight": ("nn.Linear({0}, {1}) with a frozen weight", lambda a, b, c: b),
    "frozen": ("a frozen model", lambda a, b, c: 0),
    "batchnorm": ("a {0}-{1}-{2} model with BatchNorm1d({1})",
                  lambda a, b, c: a * b + b + 2 * b + b * c + c),
    "parts": ("a model with nested parts and a buffer",
              lambda a, b, c: a * b * c + 1 + (c * b + b) + (a * b * c + b)),
}  # fmt: skip


def judge_counts(submission, fixed, *, frozen=None):
    """Fail unless the counts are right, for these sizes and for drawn ones.

    Args:
        frozen: What a model counts once all of it is frozen; None: not looked at.
    """
    rng = rng_of(submission)
    drawn = [(kind, tuple(map(int, rng.permutation(range(2, 9))[:3]))) for kind, _ in fixed]
    for (kind, sizes), got in submission.each_probe(probe_count, [*fixed, *drawn]):
        count, before, after, later = got
        words, formula = WORDS[kind]
        given = f"count_parameters of {words.format(*sizes)}"
        expect(
            isinstance(count, int | np.integer) and not isinstance(count, bool),
            f"expected an int, got the {type(count).__name__} {show(count)}",
            given=given,
        )
        expected = formula(*sizes)
        expect(int(count) == expected, f"expected {expected}, got {count}", given=given)
        assert_untouched(before, after, given=given)
        if frozen is not None:
            expect(later == frozen, f"expected {frozen}, got {show(later)}",
                   given=f"{given}, once more after requires_grad_(False)")  # fmt: skip


@check("count_parameters", points=0.5,
       hint="How many numbers are in a (4, 3) weight and its bias?")  # fmt: skip
def test_counts_tensors_or_rows(submission):
    """Every number counts, of weights and biases alike."""
    judge_counts(submission, [("linear", (3, 4, 2)), ("linear", (200, 170, 2)),
                              ("float64", (3, 8, 2)), ("nothing", (1, 1, 1))])  # fmt: skip


@check("count_parameters", points=0.5,
       hint="What does an optimiser do with a parameter that does not require a "
            "gradient?")  # fmt: skip
def test_counts_frozen_parameters(submission):
    """Frozen parameters do not count, be it a model, a layer or one weight."""
    judge_counts(submission, [("half frozen", (5, 7, 3)), ("frozen weight", (6, 4, 2)),
                              ("frozen", (5, 7, 3))], frozen=0)  # fmt: skip


@check("count_parameters", points=0.5,
       hint="What is in a state_dict that no optimiser is ever given?")  # fmt: skip
def test_counts_running_statistics(submission):
    """Buffers do not count, BatchNorm's weight and bias do."""
    judge_counts(submission, [("batchnorm", (5, 7, 2))])


@check("count_parameters", points=0.5,
       hint="Which layers does your loop visit, and which kinds of them does it "
            "know?")  # fmt: skip
def test_looks_at_some_layers_only(submission):
    """Parameters count wherever they sit: nested, scalar, convolutional, or the model's own."""
    judge_counts(submission, [("parts", (2, 3, 5))])
