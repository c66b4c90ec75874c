"""Hidden checks of exercise 20.

Truth comes from the network and its losses written out in plain tensor arithmetic here, with
gradients by `torch.autograd.grad` and the clipped gradient-descent update by hand. That a
skipped step changes nothing needs no formula: before and after are compared bit for bit.
"""

import math
from collections import OrderedDict
from functools import cache
from itertools import pairwise

import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_python_float,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import (
    Counted,
    Lifted,
    assert_tensors,
    assert_untouched,
    descended,
    give_old_gradients,
    global_norm,
    gradients_of,
    linear,
    numbers,
    snapshot,
)

# Not drawn: what a skipped step leaves (statistics, gradients, what later batches give): that is
# compared with what was there before, or in another run, which no answer can remember.

F32, F64 = torch.float32, torch.float64
# torch's own clipping divides by norm + 1e-6, so no answer is nearer than 1e-6 to the rest.
RTOL = {F32: 1e-4, F64: 1e-5}
ATOL = 1e-6


# What both sides make of a seed: a little problem, and the batches made of it


def problem_of(seed, dtype=F32, n=5, scale=1.0):
    """Weights by name, inputs and labels; logits of about `scale`."""
    # Drawn at once: each draw takes as long as a layer.
    first, bias, second, last, X = numbers(seed, dtype)(21 + 3 * n).split([12, 4, 4, 1, 3 * n])
    weights = {
        "l1.weight": first.view(4, 3),
        "l1.bias": bias,
        "l2.weight": scale * second.view(1, 4),
        "l2.bias": last,
    }
    y = torch.ones(n, dtype=dtype)
    y[1::3] = 0
    return weights, X.view(n, 3), y


def batch_of(name, X, y):
    """The problem's batch, or the same with something about it changed."""
    X, y = X.clone(), y.clone()
    if name == "NaN in X":
        X[2, 1] = math.nan
    elif name == "NaN in y":
        y[3] = math.nan
    elif name == "X all NaN":
        X *= math.nan
    elif name == "shifted":
        X -= 1
    return X, y


# What probes build on the other side


class Root(nn.Module):
    """Adds sqrt(p), or sqrt(p^2), of a parameter p that is 0: value 0, slope inf or NaN."""

    def __init__(self, power, dtype):
        super().__init__()
        self.power = power
        self.shift = nn.Parameter(torch.zeros((), dtype=dtype))

    def forward(self, x):
        return x + torch.sqrt(self.shift**self.power)


class Loss(nn.Module):
    """Mean squared error times a number, or binary cross-entropy and something more.

    What is more: a constant, of which the gradient knows nothing; or a root of 0, which leaves
    the value as it is, and makes gradients inf (that of the first sample) or NaN (all of them).
    """

    def __init__(self, kind, number=1.0):
        super().__init__()
        self.kind, self.number = kind, number

    def forward(self, logits, y):
        if self.kind == "times":
            return self.number * nn.functional.mse_loss(logits, y)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y)
        if self.kind == "plus":
            return loss + self.number
        first = logits.reshape(-1)[:1]
        root = torch.sqrt(first - first.detach() if self.kind == "inf slope" else 0 * logits)
        return loss + root.sum()


def any_shape(logits, y):
    """Binary cross-entropy of tensors of any shapes, so that they can be looked at."""
    return nn.functional.binary_cross_entropy_with_logits(
        logits.reshape(-1), y.reshape(-1).to(logits.dtype)
    )


def criterion(kind, number=1.0):
    """torch's own criterion of that name, or a `Loss`."""
    own = {"bce": nn.BCEWithLogitsLoss, "mse": nn.MSELoss}
    return own[kind]() if kind in own else Loss(kind, number)


def build(kind, weights):
    """A network by name, holding `weights`: l1 (3 -> 4), something between, l2 (4 -> 1)."""
    dtype = weights["l1.weight"].dtype

    def norm(momentum=0.1):
        return nn.BatchNorm1d(4, momentum=momentum, dtype=dtype)

    between = {
        "plain": list,
        "norm": lambda: [norm()],
        "two norms": lambda: [norm(), nn.Tanh(), norm(0.5)],
        "dropout": lambda: [nn.Dropout(1.0)],
        "norm, dropout": lambda: [norm(), nn.Dropout(1.0)],
        "inf slope": lambda: [Root(1, dtype)],
        "nan slope": lambda: [Root(2, dtype)],
    }[kind]()
    layers = {"l1": linear(weights["l1.weight"], weights["l1.bias"])}
    if between:
        layers["between"] = nn.Sequential(*between)
    layers |= {"bend": nn.Tanh(), "l2": linear(weights["l2.weight"], weights["l2.bias"])}
    return (Lifted if kind == "norm" else nn.Sequential)(OrderedDict(layers))


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


def reported(out):
    """The two entries of the answer, or whatever came instead of a dict."""
    if not isinstance(out, dict):
        return out
    return {key: out[key] for key in ("loss", "grad_norm") if key in out}


def probe_steps(answer, problem, batches, options):
    """One model, and a step for each batch: what came back, and the states after each.

    With "before" among the options, the state before the first comes first; with a seed, there
    is also what else a call may have changed.
    """
    weights, X, y = problem_of(*problem)
    model = build(options.get("kind", "plain"), weights)
    for name in options.get("frozen", ()):
        model.get_parameter(name).requires_grad_(False)
    steps, look_at = optimiser(options.get("optimizer", "sgd"), model), options.get("look_at", ())
    model.train(options.get("mode") != "eval")
    outs, states = [], [snapshot(model, steps, look_at)] if "before" in options else []
    default = torch.get_default_dtype()  # what the answer's import sets is its own business
    if "seed" in options:
        torch.default_generator.manual_seed(options["seed"])
        torch.set_default_dtype(torch.float32)
    for name, loss, more in batches:
        if "stale" in options:
            give_old_gradients(model, options["stale"])
            for name in options.get("frozen", ()):  # it was trained before
                parameter = model.get_parameter(name)
                parameter.grad = torch.full_like(parameter, options["stale"])
        X_seen, y_seen = batch_of(name, X, y)
        arguments = (model, X_seen, y_seen, steps, criterion(*loss))
        named = more if isinstance(more, dict) else {}
        out = answer.safe_training_step(*arguments, *(() if named else more), **named)
        outs.append(reported(out))
        states.append(snapshot(model, steps, look_at))
    if "seed" not in options:
        return outs, states
    flags = [torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32]
    torch.set_default_dtype(default)
    return outs, states, (X_seen, y_seen, X_seen.requires_grad, torch.get_rng_state(), flags)


def probe_shapes(answer, problem, kind):
    """The shapes that the criterion is given, and what came back."""
    weights, X, y = problem_of(*problem)
    model, counted = build(kind, weights), Counted(any_shape)
    steps = optimiser("sgd", model)
    steps.param_groups[0]["lr"] = 1e-6  # whether a loss is from before the step is another matter
    out = answer.safe_training_step(model, X, y, steps, counted, max_norm=1e4)
    return counted.seen, reported(out)


# What the judge knows


def loss_of(kind):
    """A criterion as a formula."""
    if kind == "mse":
        return lambda z, y: ((z - y) ** 2).mean()
    return lambda z, y: (torch.nn.functional.softplus(z) - y * z).mean()


def batch_norm(hidden):
    """Normalisation by the batch's own mean and population variance."""
    mean = hidden.mean(0)
    return (hidden - mean) / torch.sqrt(((hidden - mean) ** 2).mean(0) + 1e-5)


BETWEEN = {
    "plain": lambda hidden: hidden,
    "norm": batch_norm,
    "dropout": lambda hidden: hidden * 0,
    "norm, dropout": lambda hidden: hidden * 0,
}


@cache
def truth(problem, criterion, kind="plain"):
    """Loss, gradients and their global norm, by the definition."""
    if criterion[0] == "times":
        value, gradients, norm = truth(problem, ("mse",), kind)
        number = criterion[1]
        return number * value, {k: number * g for k, g in gradients.items()}, number * norm
    weights, X, y = problem_of(*problem)

    def loss(w):
        hidden = BETWEEN[kind](X @ w["l1.weight"].T + w["l1.bias"])
        z = (torch.tanh(hidden) @ w["l2.weight"].T + w["l2.bias"])[:, 0]
        return loss_of(*criterion)(z, y)

    value, gradients = gradients_of(loss, weights)
    return value, gradients, global_norm(gradients.values())


@cache
def moved(problem, criterion, max_norm):
    """The weights after one clipped gradient-descent step."""
    _, gradients, norm = truth(problem, criterion)
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return descended(problem_of(*problem)[0], gradients, 0.5 * factor)


def of_norm(problem, norm):
    """The criterion, a multiple of the mean squared error, whose gradient has that norm."""
    return "times", norm / truth(problem, ("mse",))[2]


def case(problem, batches, **options):
    return problem, batches, options


def steps(submission, cases):
    """What came back of each case, and the states around its steps; to be judged one by one.

    Mistakes are known by the reply at which a check fails, so a fixed case has to be judged
    before the next one is looked at.
    """
    return (got for _, got in submission.each_probe(probe_steps, cases))


def two_numbers(out, given, strictly=False):
    """The two numbers of an answer. That they are floats is the matter of one check."""
    expect(isinstance(out, dict), f"expected a dict, got {show(out)}", given=given)
    for key in ("loss", "grad_norm"):
        expect(key in out, f'there is no "{key}" in {show(out)}', given=given)
    return tuple(
        float(out[key]) if not strictly and isinstance(out[key], torch.Tensor)
        and out[key].numel() == 1
        else assert_python_float(out[key], given=f'{given}, "{key}"')
        for key in ("loss", "grad_norm")
    )  # fmt: skip


def assert_moved(state, problem, criterion, max_norm, given):
    """The parameters are one clipped gradient-descent step from where they were."""
    wanted = moved(problem, criterion, max_norm)
    rtol = RTOL[wanted["l1.weight"].dtype]
    assert_tensors(state["parameters"], wanted, rtol=rtol, atol=ATOL, given=given)


def assert_skipped(before, after, given, why):
    """Parameters and optimiser are bit for bit what they were."""
    assert_untouched(before, after, "parameters", given=given, why=why)
    assert_untouched(
        before, after, "optimiser", given=given,
        why="The step was to be skipped: an Adam that steps with zero gradients still ages its "
            "moments and decays the weights",
    )  # fmt: skip


def expect_moved(before, after):
    """Who never steps has skipped every bad batch, too."""
    expect(not same(before["parameters"], after["parameters"]),
           "a good batch did not move the parameters")  # fmt: skip
    # The optimisers of these runs keep moments, which nobody else can know of.
    expect(not same(before["optimiser"], after["optimiser"]),
           "a good batch moved the parameters, but not by the optimiser")  # fmt: skip


# The checks


def assert_counted(state, problem, given):
    """The statistics are those of a forward pass in train mode."""
    weights, X, _ = problem_of(*problem)
    hidden = X @ weights["l1.weight"].T + weights["l1.bias"]
    buffers = state["buffers"]
    assert_equal(int(buffers["between.0.num_batches_tracked"]), 1,
                 given=f"{given}, batches it has counted")  # fmt: skip
    assert_close(buffers["between.0.running_mean"], 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6,
                 given=f"{given}, running_mean")  # fmt: skip  # float32
    assert_close(buffers["between.0.running_var"], 0.9 + 0.1 * hidden.var(0), rtol=1e-4,
                 given=f"{given}, running_var")  # fmt: skip  # float32


@check("safe_training_step", points=0.5,
       hint="Dropout and BatchNorm behave differently while learning. Who switches them over when "
            "the last thing done with the model was an evaluation?")  # fmt: skip
def test_trains_in_evaluation_mode(submission):
    """A model that comes in evaluation mode is trained in train mode."""
    problem, drawn = (1,), (*seeds_of(submission, 1), F32, 6)
    models = {
        "norm": "a model with BatchNorm that comes in evaluation mode",
        "norm, dropout": "a model with BatchNorm and nn.Dropout(1.0) that comes in evaluation mode",
    }
    done = steps(submission, [
        case(which, [GOOD], kind=kind, mode="eval", look_at=["buffers"])
        for which, kind in zip((problem, drawn), models, strict=True)
    ])  # fmt: skip
    for which, (kind, given), got in zip((problem, drawn), models.items(), done, strict=True):
        (out,), (state,) = got
        expected, _, _ = truth(which, ("bce",), kind)
        assert_close(two_numbers(out, given)[0], expected, rtol=1e-4, given=f"{given}, loss")
        assert_counted(state, which, given)


@check("safe_training_step", points=1,
       hint="backward() adds to what .grad already holds. When was it emptied, and by whom, if the "
            "optimiser owns only some of the parameters?")  # fmt: skip
def test_accumulates_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""
    problem, drawn = (2,), (*seeds_of(submission, 1), F64)
    batches = [("good", ("bce",), {"max_norm": 1e4})]
    done = steps(submission, [
        case(problem, batches, stale=1e6, optimizer="sgd, last layer only", frozen=["l1.bias"],
             look_at=["gradients"]),
        case(drawn, batches, stale=7.0, look_at=["parameters"]),
    ])  # fmt: skip
    (out,), (state,) = next(done)
    assert_old_gradients_gone(out, state, problem)
    (out,), (state,) = next(done)
    given = "every old gradient is 7"
    two_numbers(out, given)
    assert_moved(state, drawn, ("bce",), 1e4, given)


def assert_old_gradients_gone(out, state, problem):
    """Also those of parameters that the optimiser does not own."""
    given = (
        "old gradients are 1000000, that of l1.bias too, which asks for no gradient any more, and "
        "the optimiser owns only the last layer"
    )
    _, seen = two_numbers(out, given)
    # Roughly: which norm it is, and of which parameters, is for other checks or left open.
    _, _, norm = truth(problem, ("bce",))
    expect(
        seen < 100 * norm,
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


@check("safe_training_step", points=0.5,
       hint="Logits are (N, 1) and labels are (N,). What does broadcasting make of their "
            "difference?")  # fmt: skip
def test_broadcasts_logits_against_labels(submission):
    """Each logit meets its own label, whatever the criterion."""
    problems = (4, F64, 5), (*seeds_of(submission, 1), F32, 600)
    batches = [("good", ("mse",), {"max_norm": 1e4})]
    done = steps(submission, [case(each, batches, look_at=["parameters"]) for each in problems])
    for problem, ((out,), (state,)) in zip(problems, done, strict=True):
        given = f"nn.MSELoss() on {problem[2]} samples of {problem[1]}"
        two_numbers(out, given)
        assert_moved(state, problem, ("mse",), 1e4, given)


@check("safe_training_step", points=1,
       hint="A batch of one gives logits of shape (1, 1). Which of its two axes does your squeeze "
            "remove, and what shape does the criterion get to see?")  # fmt: skip
def test_squeezes_a_batch_of_one(submission):
    """A batch of one sample works."""
    # Dropout is to work for one sample as it does for many.
    problems = ((5, F32, 1), "plain"), ((*seeds_of(submission, 1), F64, 1), "dropout")
    for (problem, kind), (seen, out) in submission.each_probe(probe_shapes, problems):
        given = "X of shape (1, 3), y of shape (1,)"
        given += ", a model with nn.Dropout(1.0)" * (kind == "dropout")
        for logits, labels in seen:
            expect(
                logits == labels,
                f"the criterion got logits of shape {tuple(logits)} against labels of shape "
                f"{tuple(labels)}, and nn.BCEWithLogitsLoss() raises there. squeeze() removes "
                "every axis of length 1: for a single sample the batch axis as well, so that "
                "a scalar is left. Name the axis to drop",
                given=given,
            )
        loss, length = two_numbers(out, given)
        expected, _, _ = truth(problem, ("bce",), kind)
        assert_close(loss, expected, rtol=1e-3, given=f"{given}, loss")
        expect(math.isfinite(length), f'expected a finite "grad_norm", got {show(length)}',
               given=given)  # fmt: skip


@check("safe_training_step", points=1,
       hint="One number bounds all parameters together. Is the whole gradient, laid out as one "
            "long vector, as long as max_norm when the optimiser gets it?")  # fmt: skip
def test_clips_something_else_than_the_global_norm(submission):
    """A long gradient is scaled as a whole to a norm of max_norm before the update."""
    cases = [
        ((7, F32), "sgd, two groups", {"max_norm": 0.125}, 0.125),
        ((8, F32), "sgd", {}, 1.0),
        ((*seeds_of(submission, 1), F64), "sgd", (2.5,), 2.5),
    ]
    losses = [of_norm(problem, 4 * max_norm) for problem, *_, max_norm in cases]
    done = steps(submission, [
        case(problem, [("good", loss, more)], optimizer=optimizer, look_at=["parameters"])
        for (problem, optimizer, more, _), loss in zip(cases, losses, strict=True)
    ])  # fmt: skip
    for (problem, _, more, max_norm), loss, got in zip(cases, losses, done, strict=True):
        (out,), (state,) = got
        default = "" if more else " (the default)"
        given = f"a gradient of norm {4 * max_norm:g}, max_norm={max_norm}{default}"
        two_numbers(out, given)
        assert_moved(state, problem, loss, max_norm, given)


@check("safe_training_step", points=0.5,
       hint="What should clipping do to a gradient that is already short enough, or to one of "
            "length 0?")  # fmt: skip
def test_stretches_short_gradients(submission):
    """A gradient within the bound reaches the optimiser as it is, zeros included."""
    rng = rng_of(submission)
    drawn, norm = (int(rng.integers(2**31)), F32), float(rng.uniform(8.0, 30.0))
    # A gradient of length 0 moves nothing, so the same model takes the second step.
    cases = [((10,), [0.0, 0.02], 1.0), (drawn, [norm], 40.0)]
    done = steps(submission, [
        case(problem, [("good", of_norm(problem, each), {"max_norm": max_norm}) for each in norms],
             look_at=["parameters"])
        for problem, norms, max_norm in cases
    ])  # fmt: skip
    for (problem, norms, max_norm), (outs, states) in zip(cases, done, strict=True):
        for norm, out, state in zip(norms, outs, states, strict=True):
            given = f"a gradient of norm {norm:.4g}, max_norm={max_norm}"
            seen = two_numbers(out, given)[1]
            if not norm:  # any norm of a gradient of zeros is 0
                assert_close(seen, norm, rtol=0, atol=1e-9, given=f"{given}, grad_norm")
            assert_moved(state, problem, of_norm(problem, norm), max_norm, given)


@check("safe_training_step", points=0.5,
       hint="Which of the two norms would tell you that training is about to explode: the one "
            "before or the one after clipping?")  # fmt: skip
def test_reports_the_clipped_norm(submission):
    """The norm and the loss reported are those from before clipping and update."""
    drawn = (*seeds_of(submission, 1), F32)
    cases = [((11, F64), "norm", ("bce",)), (drawn, "plain", of_norm(drawn, 1e3))]
    bounds = [truth(problem, loss, kind)[2] / 4 for problem, kind, loss in cases]
    done = steps(submission, [
        # The judge's BatchNorm has no scale and shift, so they may not count in the norm.
        case(problem, [("good", loss, {"max_norm": bound})], kind=kind,
             frozen=["between.0.weight", "between.0.bias"] if kind == "norm" else [])
        for (problem, kind, loss), bound in zip(cases, bounds, strict=True)
    ])  # fmt: skip
    for (problem, kind, loss), bound, ((out,), _) in zip(cases, bounds, done, strict=True):
        value, _, norm = truth(problem, loss, kind)
        given = f"a gradient of norm {show(norm)}, max_norm={show(bound)}"
        got, seen = two_numbers(out, given, strictly=True)
        tight = 1e-4 if problem[1] == F32 else 1e-10  # float32 on the way costs 1e-7
        assert_close(got, value, rtol=tight, given=f"{given}, loss")
        assert_close(seen, norm, rtol=tight, given=f"{given}, grad_norm")


BAD = {
    "an input is NaN": ("NaN in X", ("bce",), {}),
    "the loss is inf, its gradient finite": ("good", ("plus", math.inf), {}),
    "the loss is NaN, its gradient finite": ("good", ("plus", math.nan), {}),
    "the loss is -inf, its gradient finite": ("good", ("plus", -math.inf), {}),
    "a label is NaN": ("NaN in y", ("mse",), {}),
    "a finite loss, every gradient NaN": ("good", ("nan slope",), {}),
    "a finite loss, infinite gradients": ("good", ("inf slope",), {}),
}
GOOD = ("good", ("bce",), {})


@check("safe_training_step", points=1,
       hint="NaN is not the only number that is not finite, and a loss can be infinite while its "
            "gradient looks healthy. What do you ask of the loss?")  # fmt: skip
def test_steps_on_a_non_finite_loss(submission):
    """A loss that is NaN or infinite moves neither the parameters nor the optimiser."""
    # Adam has moments by the time the bad batch comes. A loss of inf is left to other checks: who
    # lets it pass, but neither NaN nor -inf, is not known.
    names = [*BAD]
    runs = {"adam": [None, names[0]], "momentum": [names[2], names[3]]}
    problems = (13,), (*seeds_of(submission, 1),)
    done = steps(submission, [
        case(problem, [GOOD if name is None else BAD[name] for name in run],
             optimizer=optimizer, look_at=["parameters", "optimiser"], before=True)
        for problem, (optimizer, run) in zip(problems, runs.items(), strict=True)
    ])  # fmt: skip
    for (optimizer, run), (_, states) in zip(runs.items(), done, strict=True):
        for name, (before, after) in zip(run, pairwise(states), strict=True):
            if name is None:
                expect_moved(before, after)
            else:
                why = "A step on a loss that is not finite cannot be taken back"
                assert_skipped(before, after, f"{name} ({optimizer})", why)


@check("safe_training_step", points=1,
       hint="sqrt has slope inf at 0, so a finite loss can have an infinite gradient. Does "
            "clipping cure that, and which number shows it?")  # fmt: skip
def test_steps_on_a_non_finite_gradient(submission):
    """A finite loss with an infinite or NaN gradient is skipped, too."""
    drawn, steep = (*seeds_of(submission, 1), F64), BAD["a finite loss, infinite gradients"]
    runs = [
        ((14, F32), [GOOD], "inf slope", "adam"),
        ((14, F64), [steep, GOOD], "plain", "momentum"),
        (drawn, [GOOD], "nan slope", "momentum"),
    ]
    done = steps(submission, [
        case(problem, batches, kind=kind, optimizer=optimizer,
             look_at=["parameters", "optimiser"], before=True)
        for problem, batches, kind, optimizer in runs
    ])  # fmt: skip
    for (*_, kind, optimizer), (_, (before, after, *moved_on)) in zip(runs, done, strict=True):
        slope = {"nan slope": "one gradient is NaN", "inf slope": "one gradient is inf",
                 "plain": "all gradients are inf"}[kind]  # fmt: skip
        assert_skipped(
            before, after, f"a finite loss of which {slope} ({optimizer})",
            "The loss was finite, but the gradient norm was not: clipping multiplies every "
            "gradient by max_norm / norm, so a single bad entry spoils the update. A check of "
            "the loss alone cannot see that; ask the norm as well",
        )  # fmt: skip
        for state in moved_on:
            expect_moved(after, state)


def judge_statistics(before, after, given):
    """The buffers of BatchNorm are what they were."""
    for buffer, old in before["buffers"].items():
        new = after["buffers"][buffer]
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
            f"{short} went from {show(old)} to {show(new)}. The forward pass in train mode "
            f"updates it before the loss is known, {why}. Not stepping does not undo that",
            f"{given}, so the step is to be skipped",
        )


@check("safe_training_step", points=1.5,
       hint="BatchNorm updates its running statistics inside forward. How much has happened "
            "already when you find out that the loss is bad?")  # fmt: skip
def test_lets_a_bad_batch_into_batchnorm(submission):
    """After a skipped step the BatchNorm statistics are what they were."""
    first, steep = ("shifted", ("bce",), {}), "a finite loss, infinite gradients"
    runs = [
        ((15,), "two norms", {"an input is NaN, two BatchNorm layers": BAD["an input is NaN"]}),
        ((15,), "norm", {"": first, steep: BAD[steep]}),
    ]
    done = steps(submission, [
        case(problem, [*run.values()], kind=kind, look_at=["buffers"], before=True)
        for problem, kind, run in runs
    ])  # fmt: skip
    for (*_, run), (_, states) in zip(runs, done, strict=True):
        for name, before, after in zip(run, states, states[1:], strict=False):
            if name:
                judge_statistics(before, after, name)
                continue
            tracked = after["buffers"]["between.0.num_batches_tracked"]
            assert_equal(int(tracked), 1, given="one good batch, batches BatchNorm has counted")


@check("safe_training_step", points=0.5,
       hint="What is in .grad after a backward pass through a NaN, and who reads it "
            "next?")  # fmt: skip
def test_leaves_bad_gradients_behind(submission):
    """After a skipped step every gradient is None or zero."""
    names = "a finite loss, every gradient NaN", "the loss is inf, its gradient finite"
    ((_, states),) = steps(submission, [
        case((16,), [BAD[name] for name in names], optimizer="sgd, last layer only", stale=3.0,
             look_at=["gradients"])
    ])  # fmt: skip
    for name, state in zip(names, states, strict=True):
        for parameter, gradient in state["gradients"].items():
            expect(
                gradient is None or bool((gradient == 0).all()),
                f"the gradient of {parameter} still holds "
                f"{show(gradient.flatten()[0] if gradient is not None else None)} after the "
                "skipped step, and whatever accumulates gradients next inherits it",
                given=f"{name}, the optimiser owns only the last layer",
            )


@check("safe_training_step", points=0.5,
       hint="How should somebody who reads the log see that a step was skipped, whichever of the "
            "two numbers was bad?")  # fmt: skip
def test_hides_the_skip(submission):
    """A skipped step reports NaN for both values."""
    names = [*BAD]
    problem, bad = (17,), (1, 6)
    drawn = (*seeds_of(submission, 1), F64, 5, 100.0)
    done = steps(submission, [
        case(problem, [*(BAD[names[i]] for i in bad), ("good", ("plus", -3.0), {})]),
        case(drawn, [("good", of_norm(drawn, 1e6), {"max_norm": 1e9})]),
    ])  # fmt: skip
    outs, _ = next(done)
    for i, out in zip(bad, outs, strict=False):
        for key, value in zip(("loss", "grad_norm"), two_numbers(out, names[i]), strict=True):
            expect(math.isnan(value), f'expected "{key}" to be nan, got {show(value)}',
                   given=names[i])  # fmt: skip

    # A loss may be negative or large, and a gradient large: all are finite.
    expected = truth(problem, ("bce",))[0] - 3
    given = "a criterion that takes 3 from the loss, after the skipped steps, loss"
    assert_close(two_numbers(outs[2], given)[0], expected, rtol=1e-4, given=given)
    (out,), _ = next(done)
    value, _, norm = truth(drawn, of_norm(drawn, 1e6))
    given = f"a loss of {show(value)} and a gradient norm of {show(norm)}: large, but finite"
    loss, seen = two_numbers(out, given)
    assert_close(loss, value, rtol=1e-4, given=f"{given}, loss")
    expect(math.isfinite(seen), f'expected a finite "grad_norm", got {show(seen)}', given=given)


@check("safe_training_step", points=0.5,
       hint="What does the caller find changed afterwards, besides the model and its "
            "optimiser?")  # fmt: skip
def test_has_side_effects(submission):
    """Modes, tensors and random state stay as they were; a bad batch changes no later one."""
    problem = (18,)
    second, bad = ("shifted", ("bce",), {}), ("X all NaN", ("bce",), {})
    options = {"kind": "norm", "optimizer": "momentum", "frozen": ["l1.weight"],
               "look_at": ["parameters", "modes"]}  # fmt: skip
    smooth, bumpy = steps(submission, [
        case(problem, batches, seed=seed, **options)
        for seed, batches in ((3, [second]), (4, [bad, second]))
    ])  # fmt: skip
    for state, step in zip(bumpy[1], ("a skipped step", "a step"), strict=True):
        expect(all(state["modes"]), f"a model in train mode is no longer in it after {step}")
    _, X, y = problem_of(*problem)
    X_after, y_after, asks, state, flags = smooth[2]
    expect(same(X_after, batch_of("shifted", X, y)[0]) and not asks, "it changed X")
    expect(same(y_after, y), "it changed y")
    expect(not same(state, bumpy[2][3]), "it reseeds torch's global random state")
    expect(all(flags), "it leaves torch's grad mode or default dtype changed")
    assert_same_in_the_end(problem, smooth, bumpy)


def assert_same_in_the_end(problem, smooth, bumpy):
    """A NaN batch in between makes no difference, and what was frozen has not moved."""
    kept = problem_of(*problem)[0]["l1.weight"]
    expect(same(smooth[1][0]["parameters"]["l1.weight"], kept),
           "a parameter without requires_grad moved")  # fmt: skip
    given = "the batch B, and the batches NaN, B"
    outs = two_numbers(smooth[0][0], given), two_numbers(bumpy[0][1], given)
    for key, left, right in zip(("loss", "grad_norm"), *outs, strict=True):
        expect(math.isclose(left, right, rel_tol=1e-6),
               f'"{key}" of B is {show(left)} in the first case, {show(right)} in the second',
               given=given)  # fmt: skip
    assert_tensors(bumpy[1][1]["parameters"], smooth[1][0]["parameters"], rtol=1e-5, atol=1e-7,
                   given=given)  # fmt: skip  # float32
