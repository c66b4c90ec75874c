"""Hidden checks of exercise 16.

Truth comes from a little network written out in plain tensor arithmetic, with its gradients
by `torch.autograd.grad`, and from gradient descent, momentum and AdamW by their update rules.
"""

from collections import OrderedDict
from functools import cache

import torch
from torch import nn

from gradekit.grading import (
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
    descended,
    give_old_gradients,
    gradients_of,
    linear,
    numbers,
    random_states,
    snapshot,
)

F32, F64 = torch.float32, torch.float64
# A sound float32 answer is within 1e-6 of the truth after one step, a float64 one within 1e-14.
RTOL = {F32: 1e-4, F64: 1e-9}
ATOL = {F32: 1e-6, F64: 1e-11}


# What both sides make of a seed


def problem_of(seed, dtype=F32, n=5):
    """Weights by name, inputs and labels of one little problem."""
    normal = numbers(seed, dtype)
    weights = {
        "l1.weight": normal(4, 3),
        "l1.bias": normal(4),
        "l2.weight": normal(1, 4),
        "l2.bias": normal(1),
    }
    return weights, normal(n, 3), (torch.arange(n) % 3 != 1).to(dtype)


# What probes build on the other side


def build(kind, weights):
    """A network by name, holding `weights`: l1 (3 -> 4), something between, l2 (4 -> 1)."""
    between = {
        "plain": nn.Identity,
        "norm": lambda: nn.Sequential(nn.BatchNorm1d(4, affine=False)),
        "dropout": lambda: nn.Sequential(nn.Dropout(1.0)),
    }[kind]()
    layers = {
        "l1": linear(weights["l1.weight"], weights["l1.bias"]),
        "between": between.to(weights["l1.weight"].dtype),
        "bend": nn.Tanh(),
        "l2": linear(weights["l2.weight"], weights["l2.bias"]),
    }
    return (Lifted if kind == "norm" else nn.Sequential)(OrderedDict(layers))


def optimiser(name, model):
    """One of the optimisers that the checks use."""
    momentum = 0.5 if name == "momentum" else 0.0
    groups = [{"params": layer.parameters()} for layer in (model.l1, model.l2)]
    return torch.optim.SGD(groups, lr=0.25, momentum=momentum)


def any_shape(logits, y):
    """Binary cross-entropy of tensors of any shapes, so that they can be looked at."""
    return nn.functional.binary_cross_entropy_with_logits(
        logits.reshape(-1), y.reshape(-1).to(logits.dtype)
    )


PARTS = ("parameters", "buffers", "modes")


def probe_steps(answer, weights, batches, options):
    """A step for each `(X, y, criterion)`: the losses, and the model after each."""
    model = build(options.get("kind", "plain"), weights)
    steps = optimiser(options.get("optimizer", "sgd"), model)
    model.train(options.get("mode") != "eval")
    losses, states = [], []
    for X, y, criterion in batches:
        if "stale" in options:
            give_old_gradients(model, options["stale"])
        loss = nn.MSELoss() if criterion == "MSELoss" else nn.BCEWithLogitsLoss()
        losses.append(answer.train_step(model, X, y, steps, loss))
        states.append(snapshot(model, parts=PARTS))
    return losses, states


def probe_shapes(answer, weights, X, y, kind):
    """The shapes that the criterion is given, and what came back."""
    model, counted = build(kind, weights), Counted(any_shape)
    loss = answer.train_step(model, X, y, optimiser("sgd", model), counted)
    return counted.seen, loss


def probe_train(answer, weights, X, y, calls, options):
    """`train` once for each `(args, kwargs)`: the losses, and the model after each."""
    model = build(options.get("kind", "plain"), weights)
    model.train(options.get("mode") != "eval")
    losses, states = [], []
    for args, kwargs in calls:
        if "stale" in options:
            give_old_gradients(model, options["stale"])
        losses.append(answer.train(model, X, y, *args, **kwargs))
        states.append(snapshot(model, parts=PARTS))
    return losses, states


def probe_manners(answer, name, weights, X, y, seeds):
    """The tensors afterwards, torch's random state from several seeds, and the parameters."""
    models = []

    def call():
        models.append(build("plain", weights))
        if name == "train":
            answer.train(models[-1], X, y, 2)
        else:
            answer.train_step(models[-1], X, y, optimiser("sgd", models[-1]), nn.MSELoss())

    default = torch.get_default_dtype()  # what the answer's import sets is its own business
    torch.set_default_dtype(torch.float32)
    states = random_states(call, seeds)
    flags = {
        "switched requires_grad on for X or y": X.requires_grad or y.requires_grad,
        "leaves another default dtype": torch.get_default_dtype() != torch.float32,
        "leaves gradients switched off": not torch.is_grad_enabled(),
    }
    torch.set_default_dtype(default)
    return X, y, flags, states, snapshot(models[-1], parts=["parameters"])["parameters"]


def probe_frozen(answer, name, weights, X, y):
    """A frozen parameter after `train_step` or `train`."""
    model = build("plain", weights)
    model.l1.weight.requires_grad_(False)
    if name == "train":
        answer.train(model, X, y, 2, 0.5)
    else:
        answer.train_step(model, X, y, optimiser("sgd", model), nn.MSELoss())
    return model.l1.weight


# What the judge knows


def bce(z, y):
    return (nn.functional.softplus(z) - y * z).mean()


def mse(z, y):
    return ((z - y) ** 2).mean()


LOSSES = {"BCEWithLogitsLoss": bce, "MSELoss": mse}


BETWEEN = {"plain": lambda hidden: hidden, "dropout": lambda hidden: 0 * hidden}


def logits_of(weights, X):
    hidden = torch.tanh(X @ weights["l1.weight"].T + weights["l1.bias"])
    return (hidden @ weights["l2.weight"].T + weights["l2.bias"])[:, 0]


def truth(weights, X, y, loss, between=lambda hidden: hidden):
    """Loss and gradients, by the definition."""

    def value(w):
        hidden = between(X @ w["l1.weight"].T + w["l1.bias"])
        return loss((torch.tanh(hidden) @ w["l2.weight"].T + w["l2.bias"])[:, 0], y)

    return gradients_of(value, weights)


def batch_norm(hidden):
    """Normalisation by the batch's own mean and population variance."""
    mean = hidden.mean(0)
    return (hidden - mean) / torch.sqrt(((hidden - mean) ** 2).mean(0) + 1e-5)


def adamw(weights, X, y, epochs, lr):
    """Losses before each update and the weights after the last, by AdamW's published rule."""
    weights = dict(weights)
    m = {name: torch.zeros_like(w) for name, w in weights.items()}
    v = {name: torch.zeros_like(w) for name, w in weights.items()}
    losses = []
    for t in range(1, epochs + 1):
        loss, gradients = truth(weights, X, y, bce)
        losses.append(loss)
        for name, g in gradients.items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            m_hat, v_hat = m[name] / (1 - 0.9**t), v[name] / (1 - 0.999**t)
            decayed = weights[name] * (1 - lr * 0.01)
            weights[name] = decayed - lr * m_hat / (torch.sqrt(v_hat) + 1e-8)
    return losses, weights


@cache
def case(seed, dtype, n, epochs, lr, change=None):
    """A problem, perhaps changed, and what AdamW makes of it: once for a whole class.

    Returns:
        Weights, inputs, labels; the losses and the weights at the end.
    """
    weights, X, y = problem_of(seed, dtype, n)
    if change is not None:
        weights, X, y = change(weights, X, y)
    return weights, X, y, *adamw(weights, X, y, epochs, lr)


def far(weights, X, y):
    """Logits around 1000."""
    return {**weights, "l2.weight": 500 * weights["l2.weight"]}, X, y


def known(weights, X, y):
    """The same, and the labels are those that the model is sure of."""
    weights, X, y = far(weights, X, y)
    return weights, X, (logits_of(weights, X) > 0).to(X.dtype)


def certain(weights, X, y):
    """Of these only the rows where the loss is 0."""
    weights, X, y = known(weights, X, y)
    sure = logits_of(weights, X).abs() > 100
    return weights, X[sure], y[sure]


def assert_weights(state, expected, given, rtol=None, atol=None):
    """Every parameter is what it should be."""
    dtype = expected["l1.weight"].dtype
    rtol, atol = RTOL[dtype] if rtol is None else rtol, ATOL[dtype] if atol is None else atol
    assert_tensors(state["parameters"], expected, rtol=rtol, atol=atol, given=given)


def assert_losses(actual, expected, given, rtol, atol=0.0):
    """A list of Python floats near the expected ones."""
    expect(isinstance(actual, list), f"expected a list, got {show(actual)}", given=given)
    expect(len(actual) == len(expected),
           f"expected {len(expected)} losses, got {len(actual)}", given=given)  # fmt: skip
    for epoch, (value, right) in enumerate(zip(actual, expected, strict=True)):
        value = assert_python_float(value, given=f"{given}, the loss of epoch {epoch}")
        assert_close(value, right, rtol=rtol, atol=atol,
                     given=f"{given}, the loss of epoch {epoch}")  # fmt: skip


def steps(submission, cases):
    """What came of each (weights, batches, options), to be judged one by one.

    Mistakes are known by the reply at which a check fails, so fixed cases come first.
    """
    return (got for _, got in submission.each_probe(probe_steps, cases))


def trained(submission, cases):
    """As `steps`, for (weights, X, y, calls, options)."""
    return (got for _, got in submission.each_probe(probe_train, cases))


def judge_training(submission, cases, loss, rtol=None, atol=None):
    """Train each (words, arguments of `case`), and compare losses and, given `rtol`, weights."""
    made = [case(*arguments) for _, arguments in cases]
    done = trained(submission, [
        (*problem, [((epochs, lr), {})], {})
        for (*problem, _, _), (_, (_, _, _, epochs, lr, *_)) in zip(made, cases, strict=True)
    ])  # fmt: skip
    for (given, _), (*_, losses, end), (got, states) in zip(cases, made, done, strict=True):
        # Of labels known for certain softplus leaves 1e-47 or 0, as it comes.
        assert_losses(got[0], losses, given, loss, atol=1e-30)
        if rtol is not None:
            assert_weights(states[0], end, given, rtol, atol)


def assert_frozen_stays(submission, name, weights, X, y):
    """A parameter without requires_grad is not moved."""
    try:
        frozen = submission.probe(probe_frozen, name, weights, X, y)
    except RuntimeError:
        return  # torch.autograd.grad refuses frozen parameters; nobody has promised to take them
    expect(same(frozen, weights["l1.weight"]),
           f"{name} moved a parameter without requires_grad")  # fmt: skip


def assert_manners(submission, name, problem):
    """Tensors and random state stay as they were, and something has been learned."""
    weights, X, y = problem
    X_after, y_after, flags, states, moved = submission.probe(
        probe_manners, name, weights, X, y, [3, 4]
    )
    expect(not same(moved, weights), f"{name} moved no parameter at all")
    expect(same(X, X_after), f"{name} changed X")
    expect(same(y, y_after), f"{name} changed y")
    for what, turned in flags.items():
        expect(not turned, f"{name} {what}")
    expect(not same(states[0], states[1]), f"{name} reseeds torch's global random state")


BCE, MSE = "BCEWithLogitsLoss", "MSELoss"


# The checks of train_step


def assert_first_loss(loss, problem, between, given):
    """The loss is that of a forward pass in train mode."""
    loss = assert_python_float(loss, given=given)
    assert_close(loss, truth(*problem, bce, between)[0], rtol=1e-4, given=f"{given}, loss")


def assert_counted(state, problem, count, given):
    """BatchNorm has seen `count` batches; after one its mean is known."""
    weights, X, _ = problem
    buffers = state["buffers"]
    assert_equal(int(buffers["between.0.num_batches_tracked"]), count,
                 given=f"{given}, batches it has counted")  # fmt: skip
    if count == 1:
        hidden = X @ weights["l1.weight"].T + weights["l1.bias"]
        assert_close(buffers["between.0.running_mean"], 0.1 * hidden.mean(0), rtol=1e-4,
                     atol=1e-6, given=f"{given}, running_mean")  # fmt: skip  # float32


NORMED = "a model with BatchNorm that comes in evaluation mode"
DROPPED = "a model with nn.Dropout(1.0) that comes in evaluation mode"


def nothing_left(hidden):
    return hidden * 0


@check("train_step", points=1,
       hint="Dropout and BatchNorm behave differently while learning. Who switches them over when "
            "the last thing done with the model was an evaluation?")  # fmt: skip
def test_steps_in_evaluation_mode(submission):
    """A model that comes in evaluation mode is updated in train mode."""
    fixed, drawn = problem_of(1), problem_of(*seeds_of(submission, 1))
    batch, normed = (*fixed[1:], BCE), {"kind": "norm", "mode": "eval"}
    done = steps(submission, [
        (fixed[0], [batch], normed),
        (fixed[0], [batch], {"kind": "dropout", "mode": "eval"}),
        (fixed[0], [batch], {"kind": "norm"}),
        (drawn[0], [(*drawn[1:], BCE)], normed),
    ])  # fmt: skip
    (loss,), (state,) = next(done)
    assert_first_loss(loss, fixed, batch_norm, NORMED)
    assert_counted(state, fixed, 1, NORMED)
    (loss,), _ = next(done)
    assert_first_loss(loss, fixed, nothing_left, DROPPED)
    _, (state,) = next(done)
    expect(all(state["modes"]), "a model in train mode is no longer in it after the step")
    (loss,), (state,) = next(done)
    assert_first_loss(loss, drawn, batch_norm, NORMED)
    assert_counted(state, drawn, 1, NORMED)


@check("train_step", points=1,
       hint="backward() adds to what .grad already holds. Who empties it, and at which "
            "moment?")  # fmt: skip
def test_steps_along_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""
    problems = [problem_of(2), problem_of(*seeds_of(submission, 1))]
    cases = []
    for weights, X, y in problems:
        cases += [(weights, [(X, y, BCE)], {"stale": 7.0}),
                  (weights, [(X, y, BCE), (X + 1, y, BCE)], {})]  # fmt: skip
    done = steps(submission, cases)
    for weights, X, y in problems:
        first = descended(weights, truth(weights, X, y, bce)[1], 0.25)
        _, (state,) = next(done)
        assert_weights(state, first, "every old gradient is 7")
        second = descended(first, truth(first, X + 1, y, bce)[1], 0.25)
        _, (_, state) = next(done)
        assert_weights(state, second, "the second of two steps")


@check("train_step", points=1,
       hint="Logits are (N, 1) and labels are (N,). What does broadcasting make of their "
            "difference?")  # fmt: skip
def test_broadcasts_logits_against_labels(submission):
    """Each logit meets its own label, whatever the criterion."""
    (seed,) = seeds_of(submission, 1)
    settings = [(3, F32, 5, MSE), (4, F64, 5, BCE), (4, F64, 5, MSE), (seed, F32, 600, MSE)]
    problems = [problem_of(*setting[:3]) for setting in settings]
    done = steps(submission, [
        (weights, [(X, y, name)], {})
        for (weights, X, y), (*_, name) in zip(problems, settings, strict=True)
    ])  # fmt: skip
    for problem, (_, dtype, n, name), got in zip(problems, settings, done, strict=True):
        (loss,), (state,) = got
        expected, gradients = truth(*problem, LOSSES[name])
        given = f"nn.{name}() on {n} samples of {dtype}"
        value = assert_python_float(loss, given=given)
        assert_close(value, expected, rtol=RTOL[dtype], given=f"{given}, loss")
        assert_weights(state, descended(problem[0], gradients, 0.25), given)


@check("train_step", points=1,
       hint="A batch of one gives logits of shape (1, 1). Which of its two axes does your squeeze "
            "remove, and what shape does the criterion get to see?")  # fmt: skip
def test_squeezes_a_batch_of_one(submission):
    """A batch of one sample works."""
    # Dropout is to work for one sample as it does for many.
    settings = [((5, F32, 1), "plain"), ((*seeds_of(submission, 1), F64, 1), "dropout")]
    problems = [(*problem_of(*setting), kind) for setting, kind in settings]
    for (*problem, kind), (seen, loss) in submission.each_probe(probe_shapes, problems):
        given = "X of shape (1, 3), y of shape (1,)"
        given += ", a model with nn.Dropout(1.0)" * (kind == "dropout")
        for logits, labels in seen:
            expect(
                logits == labels,
                f"the criterion got logits of shape {tuple(logits)} against labels of shape "
                f"{tuple(labels)}, and nn.BCEWithLogitsLoss() raises there. squeeze() removes "
                "every axis of length 1: for a single sample the batch axis as well. Name the "
                "axis to drop",
                given=given,
            )
        value = assert_python_float(loss, given=given)
        expected, _ = truth(*problem, bce, BETWEEN[kind])
        assert_close(value, expected, rtol=RTOL[problem[1].dtype], given=f"{given}, loss")


@check("train_step", points=0.5,
       hint="Which loss did the gradient of this update come from, and what is left of it when you "
            "want to append it to a list?")  # fmt: skip
def test_returns_another_loss(submission):
    """What comes back is the loss from before the update, as a Python float."""
    problems = [problem_of(7, F64), problem_of(*seeds_of(submission, 1), F64)]
    done = steps(submission, [(weights, [(X, y, BCE)] * 2, {}) for weights, X, y in problems])
    for (weights, X, y), (losses, _) in zip(problems, done, strict=True):
        first, gradients = truth(weights, X, y, bce)
        second, _ = truth(descended(weights, gradients, 0.25), X, y, bce)
        assert_losses(losses, [first, second], "two steps on one batch", rtol=1e-9)  # float64


@check("train_step", points=1,
       hint="The optimiser knows how to update. How often is it asked, with which gradients, and "
            "does anything else move the parameters?")  # fmt: skip
def test_makes_another_update(submission):
    """The parameters make exactly one step of the given optimiser."""
    problems = [problem_of(8, F64), problem_of(*seeds_of(submission, 1), F64)]
    cases = []
    for weights, X, y in problems:
        big = {name: 20 * w for name, w in weights.items()}
        cases += [(weights, [(X, y, MSE)] * 3, {"optimizer": "momentum"}), (big, [(X, y, MSE)], {})]
    done = steps(submission, cases)
    for weights, X, y in problems:
        here, velocity = weights, {name: torch.zeros_like(w) for name, w in weights.items()}
        for _ in range(3):
            _, gradients = truth(here, X, y, mse)
            velocity = {name: 0.5 * velocity[name] + g for name, g in gradients.items()}
            here = descended(here, velocity, 0.25)
        _, (*_, state) = next(done)
        assert_weights(state, here, "three steps of SGD with momentum", rtol=1e-8)  # float64
        big = {name: 20 * w for name, w in weights.items()}
        _, (state,) = next(done)
        wanted = descended(big, truth(big, X, y, mse)[1], 0.25)
        assert_weights(state, wanted, "a step along a large gradient")


@check("train_step", points=0.5,
       hint="What does the caller find changed afterwards, besides the model and its "
            "optimiser?")  # fmt: skip
def test_step_has_side_effects(submission):
    """Tensors, random state and frozen parameters stay as they were."""
    assert_manners(submission, "train_step", problem_of(9))
    assert_frozen_stays(submission, "train_step", *problem_of(9))


# The checks of train


@check("train", points=0.5,
       hint="One number an epoch: how many are there, of what type, and was each taken before or "
            "after its update?")  # fmt: skip
def test_notes_other_losses(submission):
    """There is one loss an epoch, each a Python float from before its update."""
    (seed,) = seeds_of(submission, 1)
    settings = [(10, F64, 12), (11, F32, 0), (seed, F64, 5)]
    made = [case(seed, dtype, 7, epochs, 0.05) for seed, dtype, epochs in settings]
    done = trained(submission, [
        (*problem, [((epochs,), {"lr": 0.05} if epochs else {})], {})
        for (*problem, _, _), (_, _, epochs) in zip(made, settings, strict=True)
    ])  # fmt: skip
    for (*_, losses, end), (_, dtype, epochs), got in zip(made, settings, done, strict=True):
        given = f"{epochs} epochs with lr=0.05, {dtype}" if epochs else "epochs=0"
        # Adam divides by the gradient's size, so rounding grows over the epochs; still, a
        # float64 answer that goes through float32 is off by 3e-8.
        assert_losses(got[0][0], losses, given, 1e-9)
        if not epochs:
            assert_weights(got[1][0], end, given, rtol=0, atol=0)


@check("train", points=0.5,
       hint="Is every epoch one update on all of `X`, however many rows it has, and however large, "
            "small or rising the loss is?")  # fmt: skip
def test_departs_from_one_full_batch_an_epoch(submission):
    """Many rows are one batch; huge, tiny and rising losses are noted like any others."""
    (seed,) = seeds_of(submission, 1)
    judge_training(submission, [
        ("1100 rows", (19, F64, 1100, 3, 0.05)),
        ("logits around 1000", (19, F64, 300, 3, 0.05, far)),
        ("labels that the model already knows", (19, F64, 300, 4, 1e-3, known)),
        ("labels that the model knows for certain", (19, F64, 300, 12, 1e-6, certain)),
        ("1100 rows", (seed, F64, 1100, 2, 0.05)),
    ], loss=1e-6)  # fmt: skip  # float64; tiny losses cancel
    judge_training(submission, [
        # The last loss is not the best one; rounding grows with such a learning rate.
        ("60 epochs, most of them without progress", (19, F64, 20, 60, 2.0)),
    ], loss=1e-4, rtol=1e-3, atol=1e-4)  # fmt: skip


@check("train", points=1,
       hint="AdamW, Adam with an L2 penalty and plain Adam part after a few epochs, and so does an "
            "optimiser that is made anew. Which is yours?")  # fmt: skip
def test_uses_another_optimiser(submission):
    """The parameters end where AdamW with torch's other defaults takes them."""
    rng = rng_of(submission)
    settings = [(12, 1, 0.5), (12, 15, 0.1),
                (int(rng.integers(2**31)), 5, float(rng.uniform(0.05, 0.2)))]  # fmt: skip
    made = [case(seed, F64, 6, epochs, lr) for seed, epochs, lr in settings]
    done = trained(submission, [
        (*problem, [((epochs, lr), {})], {})
        for (*problem, _, _), (_, epochs, lr) in zip(made, settings, strict=True)
    ])  # fmt: skip
    for (*_, end), (_, epochs, lr), (_, (state,)) in zip(made, settings, done, strict=True):
        # float64; the smallest gradients lose some digits in the quotient
        assert_weights(state, end, f"epochs={epochs}, lr={lr:.4g}", rtol=1e-6, atol=1e-8)


@check("train", points=0.5, hint="Which learning rate does a call without one get?")
def test_defaults_to_another_learning_rate(submission):
    """Left out, the learning rate is the one in the signature."""
    given = "train(model, X, y, epochs=2), compared with lr=3e-4"
    # Which optimiser it is, is for another check: it takes the same steps both times.
    problems = [problem_of(seed, F64) for seed in (13, *seeds_of(submission, 1))]
    calls = [((), {"epochs": 2})], [((2, 3e-4), {})]
    done = trained(submission, [(*each, call, {}) for each in problems for call in calls])
    for weights, *_ in problems:
        (_, (by_default,)), (_, (named,)) = next(done), next(done)
        expect(not same(by_default["parameters"], weights), "it moved no parameter", given=given)
        assert_weights(by_default, named["parameters"], given, rtol=1e-7, atol=1e-9)


@check("train", points=0.5,
       hint="In which state may a model come to you: which mode, and what in its "
            ".grad?")  # fmt: skip
def test_starts_from_what_it_finds(submission):
    """Neither evaluation mode nor old gradients affect the training."""
    (seed,) = seeds_of(submission, 1)
    fixed, drawn = problem_of(14), problem_of(seed)
    call, normed = [((3,), {"lr": 0.01})], {"kind": "norm", "mode": "eval"}
    both = [((3, 0.05), {})], {"stale": 9.0}
    done = trained(submission, [
        (*fixed, call, normed),
        (*fixed, call, {"kind": "dropout", "mode": "eval"}),
        (*fixed, *both),
        (*fixed, both[0], {}),
        (*drawn, call, normed),
        (*drawn, *both),
        (*drawn, both[0], {}),
    ])  # fmt: skip
    for problem in (fixed, drawn):
        (losses,), (state,) = next(done)
        assert_started(losses, problem, batch_norm, NORMED)
        assert_counted(state, problem, 3, NORMED)
        if problem is fixed:
            (losses,), _ = next(done)
            assert_started(losses, problem, nothing_left, DROPPED)
        (_, (state,)), (_, (without,)) = next(done), next(done)
        # The same computation; without old gradients, so that other faults stay other checks'.
        assert_weights(state, without["parameters"], "every old gradient is 9")
        expect(all(state["modes"]), "a model in train mode is no longer in it after the training")


def assert_started(losses, problem, between, given):
    """Three losses, of which the first is that of train mode."""
    expect(isinstance(losses, list) and len(losses) == 3,
           f"expected a list of 3 losses, got {show(losses)}", given=given)  # fmt: skip
    first, _ = truth(*problem, bce, between)
    assert_close(losses[0], first, rtol=1e-4, given=f"{given}, the first loss")  # float32


@check("train", points=0.5,
       hint="What shapes meet in the criterion when X has a single row?")  # fmt: skip
def test_cannot_train_on_one_sample(submission):
    """A batch of one sample works."""
    given = "X of shape (1, 3)"
    problems = [problem_of(seed, F64, 1) for seed in (15, *seeds_of(submission, 1))]
    done = trained(submission, [(*problem, [((3, 0.05), {})], {}) for problem in problems])
    for problem, ((losses,), (state,)) in zip(problems, done, strict=True):
        assert_started(losses, problem, BETWEEN["plain"], given)
        expect(not same(state["parameters"], problem[0]), "it moved no parameter", given=given)


@check("train", points=0.5,
       hint="Train twice in a row: what may the second call know of the first, apart from the "
            "model's parameters?")  # fmt: skip
def test_training_has_side_effects(submission):
    """Each call starts anew, and leaves tensors, random state and frozen parameters alone."""
    assert_manners(submission, "train", problem_of(16))
    assert_frozen_stays(submission, "train", *problem_of(16))

    problems = [problem_of(seed, F64) for seed in (17, *seeds_of(submission, 1))]
    calls = [((3, 0.1), {}), ((2, 0.1), {})]
    done = [*trained(submission, [(*problem, calls, {}) for problem in problems])]
    # As a first call on a model that begins where the first one ended.
    anew = trained(submission, [
        (states[0]["parameters"], X, y, calls[1:], {})
        for (_, X, y), (_, states) in zip(problems, done, strict=True)
    ])  # fmt: skip
    for (got, states), ((losses,), (state,)) in zip(done, anew, strict=True):
        given = "a second call on the same model"
        expect(isinstance(losses, list), f"expected a list, got {show(losses)}", given=given)
        assert_losses(got[1], losses, given, rtol=1e-6)  # float64
        assert_weights(states[1], state["parameters"], given, rtol=1e-6, atol=1e-8)
