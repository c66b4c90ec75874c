"""Hidden checks of exercise 20.

Truth comes from the network and its losses written out in plain tensor arithmetic here, with
gradients by `torch.autograd.grad` and the clipped gradient-descent update by hand. That a
skipped step changes nothing needs no formula: before and after are compared bit for bit.
"""

import math
from functools import cache

import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_python_float,
    check,
    expect,
    same,
    show,
)

# torch's own clipping divides by norm + 1e-6, so no answer is nearer than 1e-6 to the rest.
RTOL = {"float32": 1e-4, "float64": 1e-5}
ATOL = 1e-6
NAN, INF = math.nan, math.inf


# What both sides draw: one little problem from a seed, and the batches made of it


def draw(seed, dtype="float32", n=5):
    """Weights, inputs and labels."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        values = torch.randn(shape, generator=generator, dtype=torch.float64)
        return values.to(getattr(torch, dtype))

    weights = {
        "l1.weight": normal(4, 3),
        "l1.bias": normal(4),
        "l2.weight": normal(1, 4),
        "l2.bias": normal(1),
    }
    X = normal(n, 3)
    y = (torch.arange(n) % 3 != 1).to(X.dtype)
    return weights, X, y


def batch_of(name, X, y):
    """The problem's batch, or the same with something about it changed."""
    X, y = X.clone(), y.clone()
    if name == "NaN in X":
        X[2, 1] = math.nan
    elif name == "NaN in y":
        y[3] = math.nan
    elif name == "X all NaN":
        X *= math.nan
    elif name == "y all NaN":
        y *= math.nan
    elif name == "shifted":
        X -= 1
    return X, y


# What probes build on the other side


class Layer(nn.Linear):
    """A linear layer of given weights: drawing some first would take as long as a step."""

    def __init__(self, weight, bias):
        nn.Module.__init__(self)
        self.out_features, self.in_features = weight.shape
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)


class Root(nn.Module):
    """Adds sqrt(p), or sqrt(p^2), of a parameter p that is 0: value 0, slope inf or NaN."""

    def __init__(self, power):
        super().__init__()
        self.power = power
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return x + torch.sqrt(self.shift**self.power)


class Penalised(nn.Module):
    """Binary cross-entropy plus a constant: its gradient knows nothing of the constant."""

    def __init__(self, constant):
        super().__init__()
        self.constant = constant

    def forward(self, logits, y):
        return nn.functional.binary_cross_entropy_with_logits(logits, y) + self.constant


class Scaled(nn.Module):
    """Mean squared error times a factor."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, logits, y):
        return self.factor * nn.functional.mse_loss(logits, y)


class Pointed(nn.Module):
    """Binary cross-entropy plus sqrt(0 * logit): a finite value, and every gradient NaN."""

    def forward(self, logits, y):
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y)
        return loss + torch.sqrt(0 * logits).sum()


class Witness(nn.Module):
    """Binary cross-entropy that notes the shapes it is given and puts up with any."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __deepcopy__(self, memo):
        return self

    def forward(self, logits, y):
        self.seen.append((list(logits.shape), list(y.shape)))
        return nn.functional.binary_cross_entropy_with_logits(
            logits.reshape(-1), y.reshape(-1).to(logits.dtype)
        )


def build(kind, weights):
    """A network by name, holding `weights`: l1 (3 -> 4), something between, l2 (4 -> 1)."""
    dtype = weights["l1.weight"].dtype
    between = {
        "plain": list,
        "norm": lambda: [nn.BatchNorm1d(4)],
        "two norms": lambda: [nn.BatchNorm1d(4), nn.Tanh(), nn.BatchNorm1d(4, momentum=0.5)],
        "dropout": lambda: [nn.Dropout(1.0)],
        "inf slope": lambda: [Root(1)],
        "nan slope": lambda: [Root(2)],
        "norm, inf slope": lambda: [nn.BatchNorm1d(4), Root(1)],
        "norm, nan slope": lambda: [nn.BatchNorm1d(4), Root(2)],
    }[kind]()
    model = nn.Sequential()
    model.add_module("l1", Layer(weights["l1.weight"], weights["l1.bias"]))
    if between:
        model.add_module("between", nn.Sequential(*between).to(dtype))
    model.add_module("tanh", nn.Tanh())
    model.add_module("l2", Layer(weights["l2.weight"], weights["l2.bias"]))
    return model


def optimiser(name, model):
    """One of the optimisers that the checks use."""
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=0.5)
    if name == "sgd, two groups":
        return torch.optim.SGD(
            [{"params": model.l1.parameters()}, {"params": model.l2.parameters()}], lr=0.5
        )
    if name == "sgd, last layer only":
        return torch.optim.SGD(model.l2.parameters(), lr=0.5)
    if name == "momentum":
        return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    return torch.optim.AdamW(model.parameters(), lr=0.05)


def criterion(kind, number=1.0):
    """A criterion by name: "bce", "mse", or ("penalised" or "scaled", by how much)."""
    if kind == "penalised":
        return Penalised(number)
    if kind == "scaled":
        return Scaled(number)
    if kind == "pointed":
        return Pointed()
    return nn.MSELoss() if kind == "mse" else nn.BCEWithLogitsLoss()


def snapshot(model, optimizer, parts):
    """Copies of what a step may change, as plain data: the named parts of it."""
    return {part: PARTS[part](model, optimizer) for part in parts}


def parameters_of(model, optimizer):
    """All of them in a row."""
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def buffers_of(model, optimizer):
    return {name: buffer.clone() for name, buffer in model.named_buffers()}


def state_of(model, optimizer):
    """The optimiser's numbers in a row, float64 for all, and what each of them is."""
    names, rows = [], []
    state = optimizer.state_dict()
    for index, entry in state["state"].items():
        for key, value in entry.items():
            names.append(f"{index} {key}" if value is not None else f"{index} {key} None")
            if value is not None:
                rows.append(torch.as_tensor(value, dtype=torch.float64).reshape(-1))
    settings = [[float(group[key]) for group in state["param_groups"]]
                for key in ("lr", "weight_decay")]
    return names, torch.cat(rows) if rows else None, *settings


def gradients_of(model, optimizer):
    return {
        name: None if p.grad is None else p.grad.detach().clone()
        for name, p in model.named_parameters()
    }


def modes_of(model, optimizer):
    return [module.training for module in model.modules()]


PARTS = {
    "parameters": parameters_of,
    "buffers": buffers_of,
    "optimiser": state_of,
    "gradients": gradients_of,
    "modes": modes_of,
}


def reported(out):
    """The two entries of the answer, or whatever came instead of a dict."""
    if not isinstance(out, dict):
        return out
    return {key: out[key] for key in ("loss", "grad_norm") if key in out}


def probe_steps(answer, cases):
    """Run each case: what its steps returned, and the states before and after each."""
    return [run_case(answer, **case) for case in cases]


def run_case(answer, problem, batches, *, kind="plain", optimizer="sgd", look_at=(), frozen=(),
             mode="train", stale=None):
    """One model, and a step for each (name of a batch, criterion, further arguments)."""
    weights, X, y = draw(*problem)
    model = build(kind, weights)
    for name in frozen:
        model.get_parameter(name).requires_grad_(False)
    optimizer = optimiser(optimizer, model)
    model.train(mode == "train")
    outs, states = [], [snapshot(model, optimizer, look_at)]
    for name, loss, more in batches:
        if stale is not None:
            for p in model.parameters():
                p.grad = torch.full_like(p, stale) if p.requires_grad else None
        X_now, y_now = batch_of(name, X, y)
        step = (model, X_now, y_now, optimizer, criterion(*loss))
        if isinstance(more, dict):
            out = answer.safe_training_step(*step, **more)
        else:
            out = answer.safe_training_step(*step, *more)
        outs.append(reported(out))
        states.append(snapshot(model, optimizer, look_at))
    return outs, states


def probe_shapes(answer, problems):
    """The shapes that the criterion is given, and what came back."""
    seen = []
    for problem in problems:
        weights, X, y = draw(*problem)
        model, witness = build("plain", weights), Witness()
        out = answer.safe_training_step(model, X, y, optimiser("sgd", model), witness)
        seen.append((witness.seen, reported(out)))
    return seen


def probe_manners(answer, problem, seeds):
    """The tensors after a call, and torch's random state after it from several seeds."""
    _, X, y = draw(*problem)
    states = []
    for seed in seeds:
        model = build("plain", draw(*problem)[0])
        torch.manual_seed(seed)
        answer.safe_training_step(model, X, y, optimiser("sgd", model), nn.MSELoss())
        states.append(torch.get_rng_state())
    flags = [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32]
    return X, y, X.requires_grad, states, flags


# What the judge knows


def loss_of(kind, number=1.0):
    """A criterion as a formula."""
    if kind in ("mse", "scaled"):
        return lambda z, y: number * ((z - y) ** 2).mean()
    return lambda z, y: (torch.nn.functional.softplus(z) - y * z).mean()


def batch_norm(hidden):
    """Normalisation by the batch's own mean and population variance."""
    mean = hidden.mean(0)
    return (hidden - mean) / torch.sqrt(((hidden - mean) ** 2).mean(0) + 1e-5)


BETWEEN = {
    "plain": lambda hidden: hidden,
    "norm": batch_norm,
    "dropout": lambda hidden: hidden * 0,
}


@cache
def truth(problem, criterion, kind="plain"):
    """Loss, gradients and their global norm, by the definition."""
    weights, X, y = draw(*problem)
    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    hidden = BETWEEN[kind](X @ leaves["l1.weight"].T + leaves["l1.bias"])
    z = (torch.tanh(hidden) @ leaves["l2.weight"].T + leaves["l2.bias"])[:, 0]
    value = loss_of(*criterion)(z, y)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
    return value.item(), dict(zip(leaves, gradients, strict=True)), norm


@cache
def moved(problem, criterion, max_norm, lr=0.5):
    """The weights after one clipped gradient-descent step, in a row."""
    _, gradients, norm = truth(problem, criterion)
    factor = min(1.0, max_norm / norm) if norm else 1.0
    weights, _, _ = draw(*problem)
    return torch.cat([(w - lr * factor * gradients[name]).reshape(-1)
                      for name, w in weights.items()])


def case(problem, batches, **options):
    return {"problem": problem, "batches": batches, **options}


def numbers(out, given):
    """The two floats of an answer."""
    expect(isinstance(out, dict), f"expected a dict, got {show(out)}", given=given)
    for key in ("loss", "grad_norm"):
        expect(key in out, f'there is no "{key}" in {show(out)}', given=given)
    return tuple(
        assert_python_float(out[key], given=f'{given}, "{key}"') for key in ("loss", "grad_norm")
    )


def assert_moved(state, problem, criterion, max_norm, given):
    """The parameters are one clipped gradient-descent step from where they were."""
    expected = moved(problem, criterion, max_norm)
    dtype = str(expected.dtype).removeprefix("torch.")
    assert_close(state["parameters"], expected, rtol=RTOL[dtype], atol=ATOL,
                 given=f"{given}, all parameters in a row afterwards")


def assert_untouched(before, after, given, why):
    """Parameters and optimiser are bit for bit what they were."""
    old, new = before["parameters"], after["parameters"]
    if not same(old, new):
        expect(old.shape == new.shape, "the parameters changed their number", given=given)
        first = int(torch.nonzero(~((old == new) | (old.isnan() & new.isnan())))[0])
        raise Mismatch(
            f"a parameter went from {show(float(old[first]))} to {show(float(new[first]))}. {why}",
            given,
        )
    if not same(before["optimiser"][2], after["optimiser"][2]):
        raise Mismatch("the optimiser's learning rate changed", given)
    if not same(before["optimiser"], after["optimiser"]):
        raise Mismatch(
            "the optimiser's state changed, although the step was to be skipped (an Adam that "
            "steps with zero gradients still ages its moments and decays the weights)",
            given,
        )


# The checks


@check("safe_training_step", points=0.5, hint="Dropout and BatchNorm behave differently while "
       "learning. Who switches them over when the last thing done with the model was an "
       "evaluation?")
def test_trains_in_evaluation_mode(submission):
    """A model that comes in evaluation mode is trained in train mode."""
    problem = (1,)
    first = ("good", ("bce",), {})
    normed, dropped, kept = submission.probe(probe_steps, [
        case(problem, [first], kind="norm", mode="eval", look_at=["buffers"]),
        case(problem, [first], kind="dropout", mode="eval"),
        case(problem, [first, ("y all NaN", ("mse",), {})], kind="norm", look_at=["modes"]),
    ])
    (out,), (_, state) = normed
    given = "a model with BatchNorm that comes in evaluation mode"
    loss, _ = numbers(out, given)
    expected, _, _ = truth(problem, ("bce",), "norm")
    assert_close(loss, expected, rtol=1e-4, given=f"{given}, loss")  # float32
    weights, X, _ = draw(*problem)
    hidden = X @ weights["l1.weight"].T + weights["l1.bias"]
    buffers = state["buffers"]
    assert_equal(
        int(buffers["between.0.num_batches_tracked"]), 1, given=f"{given}, batches it has counted"
    )
    assert_close(buffers["between.0.running_mean"], 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6,
                 given=f"{given}, running_mean")  # float32
    assert_close(buffers["between.0.running_var"], 0.9 + 0.1 * hidden.var(0), rtol=1e-4,
                 given=f"{given}, running_var")  # float32

    (out,), _ = dropped
    given = "a model with nn.Dropout(1.0) that comes in evaluation mode"
    expected, _, _ = truth(problem, ("bce",), "dropout")
    assert_close(numbers(out, given)[0], expected, rtol=1e-4, given=f"{given}, loss")
    for state, step in zip(kept[1][1:], ("a step", "a skipped step"), strict=True):
        expect(all(state["modes"]), f"a model in train mode is no longer in it after {step}")


@check("safe_training_step", points=1, hint="backward() adds to what .grad already holds. "
       "When was it emptied, and by whom, if the optimiser owns only some of the "
       "parameters?")
def test_accumulates_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""
    problem = (2,)
    _, gradients, norm = truth(problem, ("bce",))
    batches = [("good", ("bce",), {"max_norm": 10.0})]
    whole, partial = submission.probe(probe_steps, [
        case(problem, batches, stale=7.0, look_at=["parameters"]),
        case(problem, batches, stale=1e4, optimizer="sgd, last layer only",
             look_at=["gradients"]),
    ])
    (out,), (_, state) = whole
    given = "every old gradient is 7"
    assert_close(numbers(out, given)[1], norm, rtol=1e-4, given=f"{given}, grad_norm")
    assert_moved(state, problem, ("bce",), 10.0, given)

    (out,), (_, state) = partial
    given = "old gradients are 10000, and the optimiser owns only the last layer"
    _, seen = numbers(out, given)
    # Whether parameters that nobody will update count in the norm is left open.
    owned = math.sqrt(sum(float((gradients[f"l2.{k}"] ** 2).sum()) for k in ("weight", "bias")))
    expect(
        any(math.isclose(seen, right, rel_tol=1e-4) for right in (norm, owned)),
        f"expected a grad_norm of {show(norm)}, got {show(seen)}. The optimiser clears only "
        "what it owns, so old gradients of the model's other parameters were counted",
        given=given,
    )
    for name, gradient in state["gradients"].items():
        expect(
            gradient is None or float(gradient.abs().max()) < 100,
            f"the old gradient of {name} is still there after the step",
            given=given,
        )


@check("safe_training_step", points=0.5, hint="Logits are (N, 1) and labels are (N,). What "
       "does broadcasting make of their difference?")
def test_broadcasts_logits_against_labels(submission):
    """Each logit meets its own label, whatever the criterion."""
    problems = (3, "float32"), (4, "float64")
    batches = [("good", ("mse",), {"max_norm": 50.0})]
    for problem, ((out,), (_, state)) in zip(problems, submission.probe(
        probe_steps, [case(problem, batches, look_at=["parameters"]) for problem in problems]
    ), strict=True):
        dtype = problem[1]
        given = f"nn.MSELoss() on 5 samples of {dtype}"
        loss, _ = numbers(out, given)
        tight = 1e-4 if dtype == "float32" else 1e-10  # float32 on the way costs 1e-7
        assert_close(loss, truth(problem, ("mse",))[0], rtol=tight, given=f"{given}, loss")
        assert_moved(state, problem, ("mse",), 50.0, given)


@check("safe_training_step", points=1, hint="A batch of one gives logits of shape (1, 1). "
       "Which of its two axes does your squeeze remove, and what shape does the criterion "
       "get to see?")
def test_squeezes_a_batch_of_one(submission):
    """A batch of one sample works."""
    problems = (5, "float32", 1), (6, "float64", 1)
    for problem, (shapes, out) in zip(
        problems, submission.probe(probe_shapes, problems), strict=True
    ):
        given = "X of shape (1, 3), y of shape (1,)"
        for logits, labels in shapes:
            expect(
                logits == labels,
                f"the criterion got logits of shape {tuple(logits)} against labels of shape "
                f"{tuple(labels)}, and nn.BCEWithLogitsLoss() raises there. squeeze() removes "
                "every axis of length 1: for a single sample the batch axis as well, so that "
                "a scalar is left. Name the axis to drop",
                given=given,
            )
        value, _, norm = truth(problem, ("bce",))
        loss, seen = numbers(out, given)
        tight = RTOL[problem[1]]
        assert_close(loss, value, rtol=tight, given=f"{given}, loss")
        assert_close(seen, norm, rtol=tight, given=f"{given}, grad_norm")


@check("safe_training_step", points=1, hint="One number bounds all parameters together. Is "
       "the whole gradient, laid out as one long vector, as long as max_norm when the "
       "optimiser gets it?")
def test_clips_something_else_than_the_global_norm(submission):
    """A long gradient is scaled as a whole to a norm of max_norm before the update."""
    loss = ("scaled", 3.0)
    cases = [
        ((7, "float32"), "sgd", {"max_norm": 0.5}, 0.5),
        ((8, "float64"), "sgd, two groups", (2.0,), 2.0),
        ((9, "float32"), "sgd", {}, 1.0),
    ]
    done = submission.probe(probe_steps, [
        case(problem, [("good", loss, more)], optimizer=optimizer, look_at=["parameters"])
        for problem, optimizer, more, _ in cases
    ])
    for (problem, _, more, max_norm), ((out,), (_, state)) in zip(cases, done, strict=True):
        _, _, norm = truth(problem, loss)
        assert norm > 1.5 * max_norm
        given = f"a gradient of norm {show(norm)}, max_norm={max_norm}" + (
            " (the default)" if not more else ""
        )
        numbers(out, given)
        assert_moved(state, problem, loss, max_norm, given)


@check("safe_training_step", points=0.5, hint="What should clipping do to a gradient that is "
       "already short enough, or to one of length 0?")
def test_stretches_short_gradients(submission):
    """A gradient within the bound reaches the optimiser as it is, zeros included."""
    problem = (10,)
    factors = {0.01: 1.0, 1.0: 40.0, 0.0: 1.0}  # the factor of the loss: max_norm
    done = submission.probe(probe_steps, [
        case(problem, [("good", ("scaled", factor), {"max_norm": max_norm})],
             look_at=["parameters"])
        for factor, max_norm in factors.items()
    ])
    for (factor, max_norm), ((out,), (_, state)) in zip(factors.items(), done, strict=True):
        loss = ("scaled", factor)
        _, _, norm = truth(problem, loss)
        assert norm < max_norm
        given = f"a gradient of norm {show(norm)}, max_norm={max_norm}"
        assert_close(numbers(out, given)[1], norm, rtol=1e-4, atol=1e-9,
                     given=f"{given}, grad_norm")  # float32
        assert_moved(state, problem, loss, max_norm, given)


@check("safe_training_step", points=0.5, hint="Which of the two norms would tell you that "
       "training is about to explode: the one before or the one after clipping?")
def test_reports_the_clipped_norm(submission):
    """The norm and the loss reported are those from before clipping and update."""
    problems = {(11, "float32"): "plain", (12, "float64"): "norm"}
    batches = [("good", ("bce",), {"max_norm": 0.125})]
    done = submission.probe(probe_steps, [
        # The judge's BatchNorm has no scale and shift, so they may not count in the norm.
        case(problem, batches, kind=kind,
             frozen=["between.0.weight", "between.0.bias"] if kind == "norm" else [])
        for problem, kind in problems.items()
    ])
    for (problem, kind), ((out,), _) in zip(problems.items(), done, strict=True):
        value, _, norm = truth(problem, ("bce",), kind)
        given = f"a gradient of norm {show(norm)}, max_norm=0.125"
        loss, seen = numbers(out, given)
        tight = RTOL[problem[1]]
        assert_close(loss, value, rtol=tight, given=f"{given}, loss")
        assert_close(seen, norm, rtol=tight, given=f"{given}, grad_norm")


@check("safe_training_step", points=1, hint="NaN is not the only number that is not finite, "
       "and a loss can be infinite while its gradient looks healthy. What do you ask of the "
       "loss?")
def test_steps_on_a_non_finite_loss(submission):
    """A loss that is NaN or infinite moves neither the parameters nor the optimiser."""
    good = ("good", ("bce",), {})
    bad = {
        "an input is NaN": ("NaN in X", ("bce",), {}),
        "the loss is inf, its gradient finite": ("good", ("penalised", INF), {}),
        "the loss is -inf, its gradient finite": ("good", ("penalised", -INF), {}),
        "the loss is NaN, its gradient finite": ("good", ("penalised", NAN), {}),
        "a label is NaN": ("NaN in y", ("mse",), {}),
    }
    names = ["the first batch has a NaN", None, *bad]
    batches = [bad["an input is NaN"], good, *bad.values()]
    optimizers = {"adam": len(batches), "momentum": 4}  # how many of the batches each meets
    done = submission.probe(probe_steps, [
        case((13,), batches[:count], optimizer=optimizer, look_at=["parameters", "optimiser"])
        for optimizer, count in optimizers.items()
    ])
    for optimizer, (_, states) in zip(optimizers, done, strict=True):
        expect(not same(states[1]["parameters"], states[2]["parameters"]),
               "a good batch did not move the parameters")
        for name, before, after in zip(names, states, states[1:], strict=False):
            if name is not None:
                assert_untouched(
                    before, after, f"{name} ({optimizer})",
                    "A step on a loss that is not finite cannot be taken back",
                )


@check("safe_training_step", points=1, hint="sqrt has slope inf at 0, so a finite loss can "
       "have an infinite gradient. Does clipping cure that, and which number shows "
       "it?")
def test_steps_on_a_non_finite_gradient(submission):
    """A finite loss with an infinite or NaN gradient is skipped, too."""
    cases = [
        ("float32", "nan slope", "sgd"),
        ("float32", "inf slope", "adam"),
        ("float64", "inf slope", "momentum"),
        ("float64", "nan slope", "adam"),
    ]
    done = submission.probe(probe_steps, [
        case((14, dtype), [("good", ("bce",), {})], kind=kind, optimizer=optimizer,
             look_at=["parameters", "optimiser"])
        for dtype, kind, optimizer in cases
    ])
    for (_, kind, optimizer), (_, (before, after)) in zip(cases, done, strict=True):
        slope = kind.split()[0].replace("nan", "NaN")
        given = f"a finite loss of which one gradient is {slope} ({optimizer})"
        assert_untouched(
            before, after, given,
            "The loss was finite, but the gradient norm was not: clipping multiplies every "
            "gradient by max_norm / norm, so a single bad entry spoils the update. A check of "
            "the loss alone cannot see that; ask the norm as well",
        )
    # Who never steps has skipped this, too.
    ((_, (before, after)),) = submission.probe(probe_steps, [
        case((14,), [("good", ("bce",), {})], look_at=["parameters"])
    ])
    expect(not same(before, after), "a good batch did not move the parameters")


@check("safe_training_step", points=1.5, hint="BatchNorm updates its running statistics "
       "inside forward. How much has happened already when you find out that the loss is "
       "bad?")
def test_lets_a_bad_batch_into_batchnorm(submission):
    """After a skipped step the BatchNorm statistics are what they were."""
    cases = [
        ("every label is NaN", "norm", ("y all NaN", ("bce",), {})),
        ("an input is NaN, two BatchNorm layers", "two norms", ("NaN in X", ("bce",), {})),
        ("the loss is inf", "norm", ("good", ("penalised", INF), {})),
        ("a finite loss has a NaN gradient", "norm, nan slope", ("good", ("bce",), {})),
        ("a finite loss has an inf gradient", "norm, inf slope", ("good", ("bce",), {})),
    ]
    first = ("shifted", ("bce",), {})
    done = submission.probe(probe_steps, [
        case((15,), [batch] if "slope" in kind else [first, batch], kind=kind, optimizer="adam",
             look_at=["buffers"])
        for _, kind, batch in cases
    ])
    for (name, kind, _), (_, states) in zip(cases, done, strict=True):
        before, after = states[-2]["buffers"], states[-1]["buffers"]
        for buffer, old in before.items():
            new = after[buffer]
            if same(old, new):
                continue
            short = buffer.rpartition(".")[2]
            why = (
                "and 0.9 * NaN + 0.1 * anything is NaN for ever: evaluation is ruined although "
                "no parameter need have moved"
                if new.is_floating_point() and not torch.isfinite(new).all()
                else "so a batch that was to be skipped has left its mark on evaluation"
            )
            raise Mismatch(
                f"{short} went from {show(old)} to {show(new)}. The forward pass in "
                f"train mode updates it before the loss is known, {why}. Not stepping does "
                "not undo that",
                f"{name}, so the step is to be skipped",
            )
        if "slope" not in kind:
            tracked = states[1]["buffers"]["between.0.num_batches_tracked"]
            assert_equal(int(tracked), 1, given="one good batch, batches BatchNorm has counted")


@check("safe_training_step", points=0.5, hint="What is in .grad after a backward pass through "
       "a NaN, and who reads it next?")
def test_leaves_bad_gradients_behind(submission):
    """After a skipped step every gradient is None or zero."""
    cases = [
        ("an input is NaN", "plain", "sgd", ("X all NaN", ("bce",), {})),
        ("a gradient is NaN", "nan slope", "sgd", ("good", ("bce",), {})),
        ("the loss is inf", "plain", "adam", ("good", ("penalised", INF), {})),
        ("an input is NaN, the optimiser owns only the last layer", "plain",
         "sgd, last layer only", ("X all NaN", ("bce",), {})),
        ("the loss is finite, every gradient is NaN, the optimiser owns only the last layer",
         "plain", "sgd, last layer only", ("good", ("pointed",), {})),
    ]
    done = submission.probe(probe_steps, [
        case((16,), [batch], kind=kind, optimizer=optimizer, stale=3.0, look_at=["gradients"])
        for _, kind, optimizer, batch in cases
    ])
    for (name, *_), (_, (_, state)) in zip(cases, done, strict=True):
        for parameter, gradient in state["gradients"].items():
            if gradient is not None and not bool((gradient == 0).all()):
                raise Mismatch(
                    f"the gradient of {parameter} still holds {show(gradient.flatten()[0])} after "
                    "the skipped step, and whatever accumulates gradients next inherits it",
                    name,
                )


@check("safe_training_step", points=0.5, hint="How should somebody who reads the log see that "
       "a step was skipped, whichever of the two numbers was bad?")
def test_hides_the_skip(submission):
    """A skipped step reports NaN for both values."""
    cases = [
        ("an input is NaN", "plain", ("X all NaN", ("bce",), {})),
        ("the loss is inf", "plain", ("good", ("penalised", INF), {})),
        ("a finite loss has a NaN gradient", "nan slope", ("good", ("bce",), {})),
        ("a finite loss has an inf gradient", "inf slope", ("good", ("bce",), {})),
    ]
    problem, large = (17,), ("scaled", 1e6)
    *done, finite = submission.probe(probe_steps, [
        *(case(problem, [batch], kind=kind) for _, kind, batch in cases),
        case(problem, [("good", large, {})], look_at=["parameters"]),
    ])
    for (name, *_), ((out,), _) in zip(cases, done, strict=True):
        for key, value in zip(("loss", "grad_norm"), numbers(out, name), strict=True):
            expect(math.isnan(value), f'expected "{key}" to be nan, got {show(value)}',
                   given=name)

    # A loss may be large, and so may a gradient: both are finite.
    (out,), (_, state) = finite
    value, _, norm = truth(problem, large)
    given = f"a loss of {show(value)} and a gradient norm of {show(norm)}: large, but finite"
    loss, seen = numbers(out, given)
    assert_close(loss, value, rtol=1e-4, given=f"{given}, loss")
    assert_close(seen, norm, rtol=1e-4, given=f"{given}, grad_norm")
    assert_moved(state, problem, large, 1.0, given)


@check("safe_training_step", points=0.5, hint="What does the caller find changed afterwards, "
       "besides the model and its optimiser?")
def test_has_side_effects(submission):
    """Tensors and random state stay as they were, and a bad batch changes no later one."""
    problem = (18,)
    weights, X, y = draw(*problem)
    X_after, y_after, asks, states, flags = submission.probe(probe_manners, problem, [3, 4])
    expect(same(X, X_after) and not asks, "it changed X")
    expect(same(y, y_after), "it changed y")
    expect(not same(states[0], states[1]), "it reseeds torch's global random state")
    expect(all(flags), "it leaves torch's grad mode or default dtype changed")

    first, second = ("good", ("bce",), {}), ("shifted", ("bce",), {})
    bad = ("X all NaN", ("bce",), {})
    options = {"kind": "norm", "optimizer": "adam", "frozen": ["l1.weight"],
               "look_at": ["parameters"]}
    frozen, smooth, bumpy = submission.probe(probe_steps, [
        case(problem, [first], frozen=["l1.weight"], look_at=["parameters"]),
        case(problem, [first, second], **options),
        case(problem, [first, bad, bad, second], **options),
    ])
    kept = weights["l1.weight"].numel()
    expect(same(frozen[1][1]["parameters"][:kept], weights["l1.weight"].reshape(-1)),
           "a parameter without requires_grad moved")
    given = "the batches A, B, and the batches A, NaN, NaN, B"
    outs = numbers(smooth[0][1], given), numbers(bumpy[0][3], given)
    for key, left, right in zip(("loss", "grad_norm"), *outs, strict=True):
        expect(math.isclose(left, right, rel_tol=1e-6),
               f'"{key}" of B is {show(left)} in the first case, {show(right)} in the second',
               given=given)
    assert_close(bumpy[1][4]["parameters"], smooth[1][2]["parameters"], rtol=1e-5, atol=1e-7,
                 given=f"{given}, all parameters in a row")  # float32
