"""Hidden checks of exercise 19.

The table of architectures is written down here a second time. What a built network computes
is compared with plain tensor arithmetic on its own weights, and parameters are counted by
multiplying the shapes that the models here were made with.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import Mismatch, assert_close, assert_equal, check, expect, same, show

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


def probe_build_twice(answer, args):
    """Whether two networks, built alike, have a parameter or a buffer in common."""
    first, second = answer.build_clinical_mlp(*args), answer.build_clinical_mlp(*args)
    mine = {id(value) for value in (*first.parameters(), *first.buffers())}
    return any(id(value) in mine for value in (*second.parameters(), *second.buffers()))


def probe_forward(answer, args, x, seed):
    """The output in evaluation mode, after the statistics were moved, and the weights."""
    model = answer.build_clinical_mlp(*args)
    rng = torch.Generator().manual_seed(seed)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.copy_(0.3 * torch.randn(layer.num_features, generator=rng))
            layer.running_var.copy_(0.5 + torch.rand(layer.num_features, generator=rng))
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
    return {
        "out": out,
        "alone": alone,
        "training": model(x),
        "trainable": [p.requires_grad for p in model.parameters()],
        "steps": steps,
    }


class Parts(nn.Module):
    """A parameter of its own, a nested module, a scalar, a buffer and a frozen layer."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(2, 3, 5))
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("grid", torch.zeros(11, 7))
        self.inner = nn.Sequential(nn.Sequential(nn.Linear(4, 6)), nn.Conv2d(2, 3, (1, 4)))
        self.frozen = nn.Linear(9, 2).requires_grad_(False)


def model_by_name(kind):
    """A model to be counted."""
    if kind == "parts":
        return Parts()
    if kind == "batchnorm":
        return nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 2))
    if kind == "half frozen":
        model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
        model[0].requires_grad_(False)
        return model
    if kind == "frozen weight":
        model = nn.Linear(6, 4)
        model.weight.requires_grad_(False)
        return model
    if kind == "frozen":
        return nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3)).requires_grad_(False)
    if kind == "nothing":
        return nn.Sequential(nn.ReLU(), nn.Dropout(0.3))
    if kind == "float64":
        return nn.Sequential(nn.Linear(3, 8, bias=False), nn.Linear(8, 2)).double().eval()
    return nn.Linear(3, 4)


def probe_count(answer, kind):
    """The count, and what the model's parameters require before and after."""
    model = model_by_name(kind)
    before = [p.requires_grad for p in model.parameters()] + [model.training]
    count = answer.count_parameters(model)
    after = [p.requires_grad for p in model.parameters()] + [model.training]
    return {"count": count, "before": before, "after": after}


# What the checks have in common


def judge_choice(n_samples, hidden, dropout, got):
    """Fail unless `got` is (hidden, dropout)."""
    given = f"choose_architecture({n_samples:_})"
    expect(
        isinstance(got, list | tuple) and len(got) == 2,
        f"expected a pair (hidden, dropout), got {show(got)}",
        given=given,
    )
    expect(
        isinstance(got[0], list | tuple),
        f"expected a list of widths first, got {show(got[0])}",
        given=given,
    )
    assert_equal(list(got[0]), hidden, given=f"hidden widths of {given}")
    # 0.4 is 0.4, however it was computed
    assert_close(got[1], dropout, rtol=1e-9, given=f"dropout of {given}")


def build(submission, *args, **kwargs):
    """The layers of a built network, and the call as a learner would write it."""
    words = [*(repr(a) for a in args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    given = f"build_clinical_mlp({', '.join(words)})"
    layers = submission.probe(probe_build, args, kwargs)
    if isinstance(layers, str):
        raise Mismatch(f"expected an nn.Sequential, got a {layers}", given)
    expect(bool(layers), "the nn.Sequential is empty", given=given)
    return layers, given


def judge_outputs(submission, outputs, *args, **kwargs):
    """Fail unless the last layer is linear and has that many outputs."""
    layers, given = build(submission, *args, **kwargs)
    last = layers[-1]
    expect(
        last["kind"] == "Linear", f"expected nn.Linear at the end, got {last['kind']}", given=given
    )
    assert_equal(last["out"], outputs, given=f"outputs of {given}")


def expect_value_error(given, call):
    """Fail unless `call` raises ValueError; another error travels on."""
    try:
        with pytest.raises(ValueError):
            call()
    except pytest.fail.Exception:
        raise Mismatch("expected a ValueError, and it raised nothing", given) from None


@check("choose_architecture", points=1, hint="Read the table row by row: which widths, in which "
                                             "order, and which rate belong together?")  # fmt: skip
def test_mixes_up_the_table(submission):
    """Each class of sizes has its widths and its dropout rate."""
    for n_samples, hidden, dropout in TABLE:
        judge_choice(n_samples, hidden, dropout, submission.choose_architecture(n_samples))
    for n_samples, (_, hidden, dropout) in zip((1, 12_345, 3_000_000), TABLE, strict=True):
        judge_choice(n_samples, hidden, dropout, submission.choose_architecture(n_samples))


@check("choose_architecture", points=1, hint="Where do exactly 5,000 rows belong, if the first "
                                             "class is for fewer than 5,000?")  # fmt: skip
def test_misses_the_border_by_one(submission):
    """A border belongs to the larger class, and one row less to the smaller."""
    for n_samples, size in ((4_999, 0), (5_000, 1), (5_001, 1), (49_999, 1), (50_000, 2),
                            (50_001, 2)):  # fmt: skip
        _, hidden, dropout = TABLE[size]
        judge_choice(n_samples, hidden, dropout, submission.choose_architecture(n_samples))


@check("choose_architecture", points=0.5, hint="How should a table without a row, or with minus "
                                               "five of them, be answered?")  # fmt: skip
def test_accepts_an_empty_table(submission):
    """Less than one sample raises ValueError, and one sample is enough."""
    for n_samples in (0, -1, -7_000, -60_000):
        expect_value_error(
            f"choose_architecture({n_samples:_})",
            lambda n=n_samples: submission.choose_architecture(n),
        )
    judge_choice(1, [64, 32], 0.4, submission.choose_architecture(n_samples=1))


@check("choose_architecture", points=0.5, hint="Who else holds the list that you return? What "
                                               "happens to your table if it changes?")  # fmt: skip
def test_hands_out_its_own_table(submission):
    """A list that a caller changed does not come back."""
    for n_samples, hidden, dropout in TABLE:
        got = submission.probe(probe_choose_twice, n_samples)
        judge_choice(n_samples, hidden, dropout, got)


@check("build_clinical_mlp", points=1, hint="Write down the names of all layers for two hidden "
                                            "widths. What follows what, and is any of them "
                                            "inside another?")  # fmt: skip
def test_stacks_the_layers_in_another_order(submission):
    """Each hidden width gives Linear, BatchNorm1d, ReLU, Dropout, all in one flat row."""
    for n_samples, hidden, _ in TABLE:
        layers, given = build(submission, 9, n_samples)
        kinds = [layer["kind"] for layer in layers]
        wanted = BLOCK * len(hidden) + ["Linear"]
        expect(
            kinds == wanted,
            f"expected {', '.join(wanted)}, got {', '.join(kinds)}",
            given=given,
        )
        for place, layer in enumerate(layers):
            if layer["kind"] == "Linear":
                expect(layer["bias"], f"the Linear at place {place} has no bias", given=given)


@check("build_clinical_mlp", points=1, hint="What does each Linear take in? Follow one row of the "
                                            "table through the network.")  # fmt: skip
def test_connects_other_widths(submission):
    """Each layer takes what the one before gives, from the features to the last width."""
    for n_features, (n_samples, hidden, _) in zip((9, 1, 40), TABLE, strict=True):
        layers, given = build(submission, n_features, n_samples)
        linear = [[x["into"], x["out"]] for x in layers if x["kind"] == "Linear"]
        widths = [n_features, *hidden, 1]
        wanted = [list(pair) for pair in pairwise(widths)]
        expect(
            linear == wanted,
            f"expected linear layers (in, out) {wanted}, got {linear}",
            given=given,
        )
        norms = [x["features"] for x in layers if x["kind"] == "BatchNorm1d"]
        expect(norms == hidden, f"expected BatchNorm1d of {hidden}, got {norms}", given=given)


@check("build_clinical_mlp", points=0.5, hint="Does the rate depend on the number of rows, and is "
                                              "it the same in every block?")  # fmt: skip
def test_drops_at_another_rate(submission):
    """Every Dropout has the rate that belongs to the number of rows."""
    for n_samples, hidden, dropout in TABLE:
        layers, given = build(submission, n_features=6, n_samples=n_samples)
        rates = [layer["p"] for layer in layers if layer["kind"] == "Dropout"]
        expect(
            len(rates) == len(hidden) and all(abs(p - dropout) < 1e-9 for p in rates),
            f"expected dropout of {[dropout] * len(hidden)}, got {rates}",
            given=given,
        )


@check("build_clinical_mlp", points=1, hint="How many numbers answer a yes-or-no question, how "
                                            "many a choice of five? Which task is the "
                                            "default?")  # fmt: skip
def test_has_other_outputs_for_the_task(submission):
    """Binary and regression have one output, multiclass has one for each class."""
    judge_outputs(submission, 1, 5, 1_500)
    judge_outputs(submission, 1, 5, 20_000, "binary")
    judge_outputs(submission, 1, 5, 1_500, "regression")
    judge_outputs(submission, 5, 7, 1_500, "multiclass", 5)
    judge_outputs(submission, 2, n_features=7, n_samples=20_000, task="multiclass", n_classes=2)
    judge_outputs(submission, 12, 3, 120_000, n_classes=12, task="multiclass")
    judge_outputs(submission, 1, 5, 1_500, "binary", 2)
    judge_outputs(submission, 1, 5, 1_500, "regression", 3)


@check("build_clinical_mlp", points=0.5, hint="Which loss will the outputs go to, and what does "
                                              "that loss do to them itself?")  # fmt: skip
def test_ends_in_an_activation(submission):
    """The model computes its own layers and nothing more: it gives logits or plain values."""
    for task, n_classes, outputs in (("binary", None, 1), ("regression", None, 1),
                                     ("multiclass", 4, 4)):  # fmt: skip
        x = 2 * torch.randn(6, 5, generator=torch.Generator().manual_seed(outputs))
        given = f"the model for {task!r} in evaluation mode"
        args = (5, 1_500, task, n_classes)
        got = submission.probe(probe_forward, args, x, 1)
        expected = by_hand(got["steps"], x)
        tolerance = {"rtol": 1e-4, "atol": 1e-5}  # three float32 layers
        assert_close(got["out"], expected, **tolerance, given=given)
        assert_close(got["alone"], expected[:1], **tolerance, given=f"{given}, one row")
        expect(
            tuple(got["training"].shape) == (6, outputs),
            f"expected shape {(6, outputs)}, got {tuple(got['training'].shape)}",
            given=f"the model for {task!r} in train mode",
        )
        expect(all(got["trainable"]), "a parameter is not trainable", given=given)
        shared = submission.probe(probe_build_twice, args)
        expect(not shared, "a second network shares its parameters with the first", given=given)


def by_hand(steps, x):
    """What linear layers, BatchNorm with its stored statistics, and ReLU make of `x`."""
    out = x.double()
    for kind, *numbers in steps:
        if kind == "Linear":
            weight, bias = numbers
            out = out @ weight.double().T + (0 if bias is None else bias.double())
        elif kind == "BatchNorm1d":
            mean, variance, eps, gamma, beta = numbers
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
    build(submission, 5, 1_500, "regression")
    for args in ((5, 1_500, "ranking"), (5, 20_000, "classification", 3), (5, 1_500, ""),
                 (5, 1_500, "Binary"), (5, 1_500, "multi-class", 3)):  # fmt: skip
        expect_value_error(
            f"build_clinical_mlp{args}",
            lambda args=args: submission.probe(probe_build, args, {}),
        )


@check("build_clinical_mlp", points=0.5, hint="What can a softmax over one class say? And what is "
                                              "n_classes where nobody named it?")  # fmt: skip
def test_builds_multiclass_without_classes(submission):
    """Multiclass without at least two classes raises ValueError."""
    build(submission, 5, 1_500, "multiclass", 3)
    for kwargs in ({}, {"n_classes": None}, {"n_classes": 1}, {"n_classes": 0},
                   {"n_classes": -3}):  # fmt: skip
        words = "".join(f", {key}={value}" for key, value in kwargs.items())
        expect_value_error(
            f"build_clinical_mlp(5, 1500, task='multiclass'{words})",
            lambda more=kwargs: submission.probe(
                probe_build, (5, 1_500), {"task": "multiclass", **more}
            ),
        )


def judge_count(submission, kind, expected, words):
    """Fail unless the count for a model is right."""
    got = submission.probe(probe_count, kind)
    given = f"count_parameters of {words}"
    count = got["count"]
    expect(
        isinstance(count, int | np.integer) and not isinstance(count, bool),
        f"expected an int, got the {type(count).__name__} {show(count)}",
        given=given,
    )
    expect(int(count) == expected, f"expected {expected}, got {count}", given=given)
    expect(same(got["after"], got["before"]), "it changed the model", given=given)


@check("count_parameters", points=0.5, hint="How many numbers are in a (4, 3) weight and its "
                                            "bias?")  # fmt: skip
def test_counts_tensors_or_rows(submission):
    """Every number counts, of weights and biases alike."""
    judge_count(submission, "linear", 3 * 4 + 4, "nn.Linear(3, 4)")
    expected = 3 * 8 + 8 * 2 + 2
    judge_count(submission, "float64", expected, "a float64 model in evaluation mode")
    judge_count(submission, "nothing", 0, "nn.ReLU and nn.Dropout")


@check("count_parameters", points=0.5, hint="What does an optimiser do with a parameter that does "
                                            "not require a gradient?")  # fmt: skip
def test_counts_frozen_parameters(submission):
    """Frozen parameters do not count, be it a model, a layer or one weight."""
    judge_count(submission, "half frozen", 7 * 3 + 3, "a 5-7-3 model with a frozen first layer")
    judge_count(submission, "frozen weight", 4, "nn.Linear(6, 4) with a frozen weight")
    judge_count(submission, "frozen", 0, "a frozen model")


@check("count_parameters", points=0.5, hint="What is in a state_dict that no optimiser is ever "
                                            "given?")  # fmt: skip
def test_counts_running_statistics(submission):
    """Buffers do not count, BatchNorm's weight and bias do."""
    expected = 5 * 7 + 7 + 2 * 7 + 7 * 2 + 2
    judge_count(submission, "batchnorm", expected, "a 5-7-2 model with BatchNorm1d(7)")


@check("count_parameters", points=0.5, hint="Which layers does your loop visit, and which kinds "
                                            "of them does it know?")  # fmt: skip
def test_looks_at_some_layers_only(submission):
    """Parameters count wherever they sit: nested, scalar, convolutional, or the model's own."""
    expected = math.prod((2, 3, 5)) + 1 + (4 * 6 + 6) + (2 * 3 * 4 + 3)
    judge_count(submission, "parts", expected, "a model with nested parts and a buffer")
