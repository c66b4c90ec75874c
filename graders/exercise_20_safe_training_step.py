"""Hidden checks of exercise 20.

Truth comes from the network and its losses written out in plain tensor arithmetic here, with
gradients by `torch.autograd.grad` and the clipped gradient-descent update by hand. That a
skipped step changes nothing needs no formula: before and after are compared bit for bit.
"""

import math

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
RTOL = {torch.float32: 1e-4, torch.float64: 1e-5}
ATOL = {torch.float32: 1e-6, torch.float64: 1e-6}


# What probes build on the other side


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
    model.add_module("l1", nn.Linear(3, 4))
    model.add_module("between", nn.Sequential(*between))
    model.add_module("tanh", nn.Tanh())
    model.add_module("l2", nn.Linear(4, 1))
    model.to(weights["l1.weight"].dtype)
    model.load_state_dict(weights, strict=False)
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


def snapshot(model, optimizer):
    """Copies of everything that a step may change, as plain data."""
    state = optimizer.state_dict()
    return {
        "parameters": {name: p.detach().clone() for name, p in model.named_parameters()},
        "buffers": {name: b.clone() for name, b in model.named_buffers()},
        "optimiser": {
            "state": {
                str(index): {
                    key: value.clone() if isinstance(value, torch.Tensor) else value
                    for key, value in entry.items()
                }
                for index, entry in state["state"].items()
            },
            "lr": [float(group["lr"]) for group in state["param_groups"]],
            "weight_decay": [float(group["weight_decay"]) for group in state["param_groups"]],
        },
        "gradients": {
            name: None if p.grad is None else p.grad.detach().clone()
            for name, p in model.named_parameters()
        },
        "modes": [module.training for module in model.modules()],
    }


def reported(out):
    """The two entries of the answer, or whatever came instead of a dict."""
    if not isinstance(out, dict):
        return out
    return {key: out[key] for key in ("loss", "grad_norm") if key in out}


def probe_steps(answer, kind, weights, optimizer, batches, options):
    """Call the step once for each `(X, y, criterion, more)`; what came back, and all states."""
    model = build(kind, weights)
    for name in options.get("frozen", ()):
        model.get_parameter(name).requires_grad_(False)
    optimizer = optimiser(optimizer, model)
    if options.get("mode") == "eval":
        model.eval()
    outs, states = [], [snapshot(model, optimizer)]
    for X, y, criterion, more in batches:
        if "stale" in options:
            for p in model.parameters():
                p.grad = torch.full_like(p, options["stale"]) if p.requires_grad else None
        if isinstance(more, dict):
            out = answer.safe_training_step(model, X, y, optimizer, criterion, **more)
        else:
            out = answer.safe_training_step(model, X, y, optimizer, criterion, *more)
        outs.append(reported(out))
        states.append(snapshot(model, optimizer))
    return outs, states


def probe_shapes(answer, weights, X, y):
    """The shapes that the criterion is given, and what came back."""
    model, witness = build("plain", weights), Witness()
    out = answer.safe_training_step(model, X, y, optimiser("sgd", model), witness)
    return witness.seen, reported(out)


def probe_manners(answer, weights, X, y, seeds):
    """The tensors after a call, and torch's random state after it from several seeds."""
    states = []
    for seed in seeds:
        model = build("plain", weights)
        torch.manual_seed(seed)
        answer.safe_training_step(model, X, y, optimiser("sgd", model), nn.MSELoss())
        states.append(torch.get_rng_state())
    flags = [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32]
    return X, y, X.requires_grad, states, flags


# What the judge knows


def draw(seed, dtype=torch.float32, n=5):
    """Weights, inputs and labels of one little problem."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    weights = {
        "l1.weight": normal(4, 3),
        "l1.bias": normal(4),
        "l2.weight": normal(1, 4),
        "l2.bias": normal(1),
    }
    X = normal(n, 3)
    y = (torch.arange(n) % 3 != 1).to(dtype)
    return weights, X, y


def bce(z, y):
    return (torch.nn.functional.softplus(z) - y * z).mean()


def mse(z, y):
    return ((z - y) ** 2).mean()


def truth(weights, X, y, loss, *, between=lambda hidden: hidden):
    """Loss, gradients and their global norm, by the definition."""
    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    hidden = between(X @ leaves["l1.weight"].T + leaves["l1.bias"])
    z = (torch.tanh(hidden) @ leaves["l2.weight"].T + leaves["l2.bias"])[:, 0]
    value = loss(z, y)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
    return value.item(), dict(zip(leaves, gradients, strict=True)), norm


def batch_norm(hidden):
    """Normalisation by the batch's own mean and population variance."""
    mean = hidden.mean(0)
    return (hidden - mean) / torch.sqrt(((hidden - mean) ** 2).mean(0) + 1e-5)


def numbers(out, given):
    """The two floats of an answer."""
    expect(isinstance(out, dict), f"expected a dict, got {show(out)}", given=given)
    for key in ("loss", "grad_norm"):
        expect(key in out, f'there is no "{key}" in {show(out)}', given=given)
    return tuple(
        assert_python_float(out[key], given=f'{given}, "{key}"') for key in ("loss", "grad_norm")
    )


def assert_moved(state, weights, gradients, norm, max_norm, given, lr=0.5):
    """The parameters are one clipped gradient-descent step from where they were."""
    factor = min(1.0, max_norm / norm) if norm else 1.0
    for name, before in weights.items():
        assert_close(
            state["parameters"][name], before - lr * factor * gradients[name],
            rtol=RTOL[before.dtype], atol=ATOL[before.dtype], given=f"{given}, {name} afterwards",
        )


def assert_untouched(before, after, given, why):
    """Parameters and optimiser are bit for bit what they were."""
    for name, old in before["parameters"].items():
        new = after["parameters"][name]
        if not same(old, new):
            moved = old.flatten() != new.flatten()
            left, right = show(old.flatten()[moved][0]), show(new.flatten()[moved][0])
            raise Mismatch(f"an entry of {name} went from {left} to {right}. {why}", given)
    if before["optimiser"]["lr"] != after["optimiser"]["lr"]:
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
    weights, X, y = draw(1)
    outs, states = submission.probe(
        probe_steps, "norm", weights, "sgd", [(X, y, nn.BCEWithLogitsLoss(), {})],
        {"mode": "eval"},
    )
    given = "a model with BatchNorm that comes in evaluation mode"
    loss, _ = numbers(outs[0], given)
    expected, _, _ = truth(weights, X, y, bce, between=batch_norm)
    assert_close(loss, expected, rtol=1e-4, given=f"{given}, loss")  # float32
    hidden = X @ weights["l1.weight"].T + weights["l1.bias"]
    buffers = states[1]["buffers"]
    assert_equal(
        int(buffers["between.0.num_batches_tracked"]), 1, given=f"{given}, batches it has counted"
    )
    assert_close(buffers["between.0.running_mean"], 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6,
                 given=f"{given}, running_mean")  # float32
    assert_close(buffers["between.0.running_var"], 0.9 + 0.1 * hidden.var(0), rtol=1e-4,
                 given=f"{given}, running_var")  # float32

    outs, states = submission.probe(
        probe_steps, "dropout", weights, "sgd", [(X, y, nn.BCEWithLogitsLoss(), {})],
        {"mode": "eval"},
    )
    given = "a model with nn.Dropout(1.0) that comes in evaluation mode"
    expected, _, _ = truth(weights, X, y, bce, between=lambda hidden: hidden * 0)
    assert_close(numbers(outs[0], given)[0], expected, rtol=1e-4, given=f"{given}, loss")
    batches = [(X, y, nn.BCEWithLogitsLoss(), {}), (X, y * math.nan, nn.MSELoss(), {})]
    _, states = submission.probe(probe_steps, "norm", weights, "sgd", batches, {})
    for state, step in zip(states[1:], ("a step", "a skipped step"), strict=True):
        expect(all(state["modes"]), f"a model in train mode is no longer in it after {step}")


@check("safe_training_step", points=1, hint="backward() adds to what .grad already holds. "
       "When was it emptied, and by whom, if the optimiser owns only some of the "
       "parameters?")
def test_accumulates_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""
    weights, X, y = draw(2)
    _, gradients, norm = truth(weights, X, y, bce)
    batch = (X, y, nn.BCEWithLogitsLoss(), {"max_norm": 10.0})
    outs, states = submission.probe(
        probe_steps, "plain", weights, "sgd", [batch], {"stale": 7.0}
    )
    given = "every old gradient is 7"
    assert_close(numbers(outs[0], given)[1], norm, rtol=1e-4, given=f"{given}, grad_norm")
    assert_moved(states[1], weights, gradients, norm, 10.0, given)

    outs, states = submission.probe(
        probe_steps, "plain", weights, "sgd, last layer only", [batch], {"stale": 1e4}
    )
    given = "old gradients are 10000, and the optimiser owns only the last layer"
    _, seen = numbers(outs[0], given)
    # Whether parameters that nobody will update count in the norm is left open.
    owned = math.sqrt(sum(float((gradients[f"l2.{k}"] ** 2).sum()) for k in ("weight", "bias")))
    expect(
        any(math.isclose(seen, right, rel_tol=1e-4) for right in (norm, owned)),
        f"expected a grad_norm of {show(norm)}, got {show(seen)}. The optimiser clears only "
        "what it owns, so old gradients of the model's other parameters were counted",
        given=given,
    )
    for name, gradient in states[1]["gradients"].items():
        expect(
            gradient is None or float(gradient.abs().max()) < 100,
            f"the old gradient of {name} is still there after the step",
            given=given,
        )


@check("safe_training_step", points=0.5, hint="Logits are (N, 1) and labels are (N,). What "
       "does broadcasting make of their difference?")
def test_broadcasts_logits_against_labels(submission):
    """Each logit meets its own label, whatever the criterion."""
    for dtype, seed in ((torch.float32, 3), (torch.float64, 4)):
        weights, X, y = draw(seed, dtype)
        value, gradients, norm = truth(weights, X, y, mse)
        outs, states = submission.probe(
            probe_steps, "plain", weights, "sgd", [(X, y, nn.MSELoss(), {"max_norm": 50.0})], {}
        )
        given = f"nn.MSELoss() on 5 samples of {dtype}"
        loss, _ = numbers(outs[0], given)
        tight = 1e-4 if dtype == torch.float32 else 1e-10  # float32 on the way costs 1e-7
        assert_close(loss, value, rtol=tight, given=f"{given}, loss")
        assert_moved(states[1], weights, gradients, norm, 50.0, given)


@check("safe_training_step", points=1, hint="A batch of one gives logits of shape (1, 1). "
       "Which of its two axes does your squeeze remove, and what shape does the criterion "
       "get to see?")
def test_squeezes_a_batch_of_one(submission):
    """A batch of one sample works."""
    for dtype, seed in ((torch.float32, 5), (torch.float64, 6)):
        weights, X, y = draw(seed, dtype, n=1)
        shapes, out = submission.probe(probe_shapes, weights, X, y)
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
        value, _, norm = truth(weights, X, y, bce)
        loss, seen = numbers(out, given)
        tight = RTOL[dtype]
        assert_close(loss, value, rtol=tight, given=f"{given}, loss")
        assert_close(seen, norm, rtol=tight, given=f"{given}, grad_norm")


@check("safe_training_step", points=1, hint="One number bounds all parameters together. Is "
       "the whole gradient, laid out as one long vector, as long as max_norm when the "
       "optimiser gets it?")
def test_clips_something_else_than_the_global_norm(submission):
    """A long gradient is scaled as a whole to a norm of max_norm before the update."""
    for dtype, seed, optimizer, more, max_norm in (
        (torch.float32, 7, "sgd", {"max_norm": 0.5}, 0.5),
        (torch.float64, 8, "sgd, two groups", (2.0,), 2.0),
        (torch.float32, 9, "sgd", {}, 1.0),
    ):
        weights, X, y = draw(seed, dtype)
        criterion, loss = Scaled(3.0), (lambda z, y: 3.0 * mse(z, y))
        _, gradients, norm = truth(weights, X, y, loss)
        assert norm > 1.5 * max_norm
        outs, states = submission.probe(
            probe_steps, "plain", weights, optimizer, [(X, y, criterion, more)], {}
        )
        given = f"a gradient of norm {show(norm)}, max_norm={max_norm}" + (
            " (the default)" if not more else ""
        )
        numbers(outs[0], given)
        assert_moved(states[1], weights, gradients, norm, max_norm, given)


@check("safe_training_step", points=0.5, hint="What should clipping do to a gradient that is "
       "already short enough, or to one of length 0?")
def test_stretches_short_gradients(submission):
    """A gradient within the bound reaches the optimiser as it is, zeros included."""
    weights, X, y = draw(10)
    for factor, max_norm in ((0.01, 1.0), (1.0, 40.0)):
        _, gradients, norm = truth(weights, X, y, lambda z, y, f=factor: f * mse(z, y))
        assert 0.01 < norm < max_norm
        outs, states = submission.probe(
            probe_steps, "plain", weights, "sgd",
            [(X, y, Scaled(factor), {"max_norm": max_norm})], {},
        )
        given = f"a gradient of norm {show(norm)}, max_norm={max_norm}"
        assert_close(numbers(outs[0], given)[1], norm, rtol=1e-4, given=f"{given}, grad_norm")
        assert_moved(states[1], weights, gradients, norm, max_norm, given)

    outs, states = submission.probe(
        probe_steps, "plain", weights, "sgd", [(X, y, Scaled(0.0), {})], {}
    )
    given = "a gradient of zeros"
    assert_close(numbers(outs[0], given)[1], 0.0, rtol=0, atol=1e-9, given=f"{given}, grad_norm")
    for name, before in weights.items():
        assert_close(states[1]["parameters"][name], before, rtol=1e-6, given=f"{given}, {name}")


@check("safe_training_step", points=0.5, hint="Which of the two norms would tell you that "
       "training is about to explode: the one before or the one after clipping?")
def test_reports_the_clipped_norm(submission):
    """The norm and the loss reported are those from before clipping and update."""
    for dtype, seed, kind in ((torch.float32, 11, "plain"), (torch.float64, 12, "norm")):
        weights, X, y = draw(seed, dtype)
        between = batch_norm if kind == "norm" else (lambda hidden: hidden)
        # The judge's BatchNorm has no scale and shift, so they may not count in the norm.
        frozen = ["between.0.weight", "between.0.bias"] if kind == "norm" else []
        value, _, norm = truth(weights, X, y, bce, between=between)
        outs, _ = submission.probe(
            probe_steps, kind, weights, "sgd",
            [(X, y, nn.BCEWithLogitsLoss(), {"max_norm": 0.125})], {"frozen": frozen},
        )
        given = f"a gradient of norm {show(norm)}, max_norm=0.125"
        loss, seen = numbers(outs[0], given)
        assert_close(loss, value, rtol=RTOL[dtype], given=f"{given}, loss")
        assert_close(seen, norm, rtol=RTOL[dtype], given=f"{given}, grad_norm")


@check("safe_training_step", points=1, hint="NaN is not the only number that is not finite, "
       "and a loss can be infinite while its gradient looks healthy. What do you ask of the "
       "loss?")
def test_steps_on_a_non_finite_loss(submission):
    """A loss that is NaN or infinite moves neither the parameters nor the optimiser."""
    weights, X, y = draw(13)
    hole = X.clone()
    hole[2, 1] = math.nan
    unlabelled = y.clone()
    unlabelled[3] = math.nan
    bad = [
        ("an input is NaN", (hole, y, nn.BCEWithLogitsLoss(), {})),
        ("the loss is inf, its gradient finite", (X, y, Penalised(math.inf), {})),
        ("the loss is -inf, its gradient finite", (X, y, Penalised(-math.inf), {})),
        ("the loss is NaN, its gradient finite", (X, y, Penalised(math.nan), {})),
        ("a label is NaN", (X, unlabelled, nn.MSELoss(), {})),
    ]
    good = (X, y, nn.BCEWithLogitsLoss(), {})
    for optimizer in ("adam", "momentum"):
        batches = [bad[0][1], good, *[batch for _, batch in bad]]
        _, states = submission.probe(probe_steps, "plain", weights, optimizer, batches, {})
        names = ["the first batch has a NaN", None, *[name for name, _ in bad]]
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
    for dtype, kind, optimizer in (
        (torch.float32, "nan slope", "sgd"),
        (torch.float32, "inf slope", "adam"),
        (torch.float64, "inf slope", "momentum"),
        (torch.float64, "nan slope", "adam"),
    ):
        weights, X, y = draw(14, dtype)
        _, states = submission.probe(
            probe_steps, kind, weights, optimizer, [(X, y, nn.BCEWithLogitsLoss(), {})], {}
        )
        slope = kind.split()[0].replace("nan", "NaN")
        given = f"a finite loss of which one gradient is {slope} ({optimizer})"
        assert_untouched(
            states[0], states[1], given,
            "The loss was finite, but the gradient norm was not: clipping multiplies every "
            "gradient by max_norm / norm, so a single bad entry spoils the update. A check of "
            "the loss alone cannot see that; ask the norm as well",
        )


@check("safe_training_step", points=1.5, hint="BatchNorm updates its running statistics "
       "inside forward. How much has happened already when you find out that the loss is "
       "bad?")
def test_lets_a_bad_batch_into_batchnorm(submission):
    """After a skipped step the BatchNorm statistics are what they were."""
    weights, X, y = draw(15)
    hole = X.clone()
    hole[0, 2] = math.nan
    criterion = nn.BCEWithLogitsLoss()
    cases = [
        ("an input is NaN", "norm", (hole, y, criterion, {})),
        ("a label is NaN", "norm", (X, y * math.nan, criterion, {})),
        ("an input is NaN, two BatchNorm layers", "two norms", (hole, y, criterion, {})),
        ("the loss is inf", "norm", (X, y, Penalised(math.inf), {})),
        ("a finite loss has a NaN gradient", "norm, nan slope", (X, y, criterion, {})),
        ("a finite loss has an inf gradient", "norm, inf slope", (X, y, criterion, {})),
    ]
    for name, kind, batch in cases:
        good = [(X + 1, y, criterion, {})] if "slope" not in kind else []
        _, states = submission.probe(probe_steps, kind, weights, "adam", [*good, batch], {})
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
        if good:
            tracked = states[1]["buffers"]["between.0.num_batches_tracked"]
            assert_equal(int(tracked), 1, given="one good batch, batches BatchNorm has counted")


@check("safe_training_step", points=0.5, hint="What is in .grad after a backward pass through "
       "a NaN, and who reads it next?")
def test_leaves_bad_gradients_behind(submission):
    """After a skipped step every gradient is None or zero."""
    weights, X, y = draw(16)
    for name, kind, optimizer, batch in (
        ("an input is NaN", "plain", "sgd", (X * math.nan, y, nn.BCEWithLogitsLoss(), {})),
        ("a gradient is NaN", "nan slope", "sgd", (X, y, nn.BCEWithLogitsLoss(), {})),
        ("the loss is inf", "plain", "adam", (X, y, Penalised(math.inf), {})),
        ("an input is NaN, the optimiser owns only the last layer", "plain",
         "sgd, last layer only", (X * math.nan, y, nn.BCEWithLogitsLoss(), {})),
    ):
        _, states = submission.probe(
            probe_steps, kind, weights, optimizer, [batch], {"stale": 3.0}
        )
        for parameter, gradient in states[1]["gradients"].items():
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
    weights, X, y = draw(17)
    for name, kind, batch in (
        ("an input is NaN", "plain", (X * math.nan, y, nn.BCEWithLogitsLoss(), {})),
        ("the loss is inf", "plain", (X, y, Penalised(math.inf), {})),
        ("a finite loss has a NaN gradient", "nan slope", (X, y, nn.BCEWithLogitsLoss(), {})),
        ("a finite loss has an inf gradient", "inf slope", (X, y, nn.BCEWithLogitsLoss(), {})),
    ):
        outs, _ = submission.probe(probe_steps, kind, weights, "sgd", [batch], {})
        for key, value in zip(("loss", "grad_norm"), numbers(outs[0], name), strict=True):
            expect(math.isnan(value), f'expected "{key}" to be nan, got {show(value)}',
                   given=name)

    # A loss may be large, and so may a gradient: both are finite.
    value, gradients, norm = truth(weights, X, y, lambda z, y: 1e6 * mse(z, y))
    outs, states = submission.probe(
        probe_steps, "plain", weights, "sgd", [(X, y, Scaled(1e6), {})], {}
    )
    given = f"a loss of {show(value)} and a gradient norm of {show(norm)}: large, but finite"
    loss, seen = numbers(outs[0], given)
    assert_close(loss, value, rtol=1e-4, given=f"{given}, loss")
    assert_close(seen, norm, rtol=1e-4, given=f"{given}, grad_norm")
    assert_moved(states[1], weights, gradients, norm, 1.0, given)


@check("safe_training_step", points=0.5, hint="What does the caller find changed afterwards, "
       "besides the model and its optimiser?")
def test_has_side_effects(submission):
    """Tensors and random state stay as they were, and a bad batch changes no later one."""
    weights, X, y = draw(18)
    X_after, y_after, asks, states, flags = submission.probe(
        probe_manners, weights, X, y, [3, 4]
    )
    expect(same(X, X_after) and not asks, "it changed X")
    expect(same(y, y_after), "it changed y")
    expect(not same(states[0], states[1]), "it reseeds torch's global random state")
    expect(all(flags), "it leaves torch's grad mode or default dtype changed")

    frozen = {"frozen": ["l1.weight"]}
    criterion = nn.BCEWithLogitsLoss()
    _, ends = submission.probe(
        probe_steps, "plain", weights, "sgd", [(X, y, criterion, {})], frozen
    )
    expect(same(ends[1]["parameters"]["l1.weight"], weights["l1.weight"]),
           "a parameter without requires_grad moved")

    first, second = (X, y, criterion, {}), (X - 1, y, criterion, {})
    bad = (X * math.nan, y, criterion, {})
    outs, ends = submission.probe(
        probe_steps, "norm", weights, "adam", [first, second], frozen
    )
    bumpy, bumpy_ends = submission.probe(
        probe_steps, "norm", weights, "adam", [first, bad, bad, second], frozen
    )
    given = "the batches A, B, and the batches A, NaN, NaN, B"
    for key, left, right in zip(
        ("loss", "grad_norm"), numbers(outs[1], given), numbers(bumpy[3], given), strict=True
    ):
        expect(math.isclose(left, right, rel_tol=1e-6),
               f'"{key}" of B is {show(left)} in the first case, {show(right)} in the second',
               given=given)
    for name, value in ends[2]["parameters"].items():
        assert_close(bumpy_ends[4]["parameters"][name], value, rtol=1e-5, atol=1e-7,
                     given=f"{given}, {name}")  # float32
