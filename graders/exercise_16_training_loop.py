"""Hidden checks of exercise 16.

Truth comes from a little network written out in plain tensor arithmetic, with its gradients
by `torch.autograd.grad`, and from gradient descent, momentum and AdamW by their update rules.
"""

import torch
from torch import nn

from gradekit.grading import (
    assert_close,
    assert_equal,
    assert_python_float,
    check,
    expect,
    same,
    show,
)

# A sound float32 answer is within 1e-6 of the truth after one step, a float64 one within 1e-14.
RTOL = {torch.float32: 1e-4, torch.float64: 1e-9}
ATOL = {torch.float32: 1e-6, torch.float64: 1e-11}


# What probes build on the other side


class Witness(nn.Module):
    """Binary cross-entropy that notes the shapes it is given and puts up with any."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, logits, y):
        self.seen.append((list(logits.shape), list(y.shape)))
        return nn.functional.binary_cross_entropy_with_logits(
            logits.reshape(-1), y.reshape(-1).to(logits.dtype)
        )


def build(kind, weights):
    """A network by name, holding `weights`: l1 (3 -> 4), something between, l2 (4 -> 1)."""
    between = {
        "plain": nn.Identity,
        "norm": lambda: nn.Sequential(nn.BatchNorm1d(4, affine=False)),
        "dropout": lambda: nn.Sequential(nn.Dropout(1.0)),
    }[kind]()
    model = nn.Sequential()
    model.add_module("l1", nn.Linear(3, 4))
    model.add_module("between", between)
    model.add_module("tanh", nn.Tanh())
    model.add_module("l2", nn.Linear(4, 1))
    model.to(weights["l1.weight"].dtype)
    model.load_state_dict(weights, strict=False)
    return model


def optimiser(name, model):
    """One of the optimisers that the checks use."""
    if name == "momentum":
        return torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.5)
    return torch.optim.SGD(model.parameters(), lr=0.25)


def parameters(model):
    """Copies of the parameters by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def probe_steps(answer, kind, weights, optimizer, batches, mode, stale):
    """A step for each `(X, y, criterion)`: losses, parameters after each, buffers, modes."""
    model = build(kind, weights)
    optimizer = optimiser(optimizer, model)
    model.train(mode == "train")
    losses, states = [], []
    for X, y, criterion in batches:
        if stale is not None:
            for p in model.parameters():
                p.grad = torch.full_like(p, stale)
        losses.append(answer.train_step(model, X, y, optimizer, criterion))
        states.append(parameters(model))
    return (
        losses,
        states,
        {name: b.clone() for name, b in model.named_buffers()},
        [module.training for module in model.modules()],
    )


def probe_shapes(answer, weights, X, y):
    """The shapes that the criterion is given, and what came back."""
    model, witness = build("plain", weights), Witness()
    loss = answer.train_step(model, X, y, optimiser("sgd", model), witness)
    return witness.seen, loss


def probe_step_manners(answer, weights, X, y, seeds):
    """The tensors after a step, torch's random state from several seeds, and the parameters."""
    states = []
    for seed in seeds:
        model = build("plain", weights)
        torch.manual_seed(seed)
        answer.train_step(model, X, y, optimiser("sgd", model), nn.MSELoss())
        states.append(torch.get_rng_state())
    return X, y, states, parameters(model)


def probe_train(answer, kind, weights, X, y, calls, mode, stale):
    """`train` once for each `(args, kwargs)`: losses, parameters after each, buffers, modes."""
    model = build(kind, weights)
    model.train(mode == "train")
    losses, states = [], []
    for args, kwargs in calls:
        if stale is not None:
            for p in model.parameters():
                p.grad = torch.full_like(p, stale)
        losses.append(answer.train(model, X, y, *args, **kwargs))
        states.append(parameters(model))
    return (
        losses,
        states,
        {name: b.clone() for name, b in model.named_buffers()},
        [module.training for module in model.modules()],
    )


def probe_train_manners(answer, weights, X, y, seeds):
    """The tensors after training, and torch's random state after it from several seeds."""
    states = []
    for seed in seeds:
        model = build("plain", weights)
        torch.manual_seed(seed)
        answer.train(model, X, y, 2)
        states.append(torch.get_rng_state())
    return X, y, states


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
    return weights, normal(n, 3), (torch.arange(n) % 3 != 1).to(dtype)


def bce(z, y):
    return (nn.functional.softplus(z) - y * z).mean()


def mse(z, y):
    return ((z - y) ** 2).mean()


def logits_of(weights, X):
    hidden = torch.tanh(X @ weights["l1.weight"].T + weights["l1.bias"])
    return (hidden @ weights["l2.weight"].T + weights["l2.bias"])[:, 0]


def truth(weights, X, y, loss, between=lambda hidden: hidden):
    """Loss and gradients, by the definition."""
    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    hidden = between(X @ leaves["l1.weight"].T + leaves["l1.bias"])
    z = (torch.tanh(hidden) @ leaves["l2.weight"].T + leaves["l2.bias"])[:, 0]
    value = loss(z, y)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    return value.item(), dict(zip(leaves, gradients, strict=True))


def batch_norm(hidden):
    """Normalisation by the batch's own mean and population variance."""
    mean = hidden.mean(0)
    return (hidden - mean) / torch.sqrt(((hidden - mean) ** 2).mean(0) + 1e-5)


def descend(weights, gradients, lr=0.25):
    """One step of gradient descent."""
    return {name: w - lr * gradients[name] for name, w in weights.items()}


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


def assert_weights(actual, expected, given, rtol=None, atol=None):
    """Every parameter is what it should be."""
    for name, value in expected.items():
        assert_close(
            actual[name], value,
            rtol=RTOL[value.dtype] if rtol is None else rtol,
            atol=ATOL[value.dtype] if atol is None else atol,
            given=f"{given}, {name} afterwards",
        )


def assert_losses(actual, expected, given, rtol):
    """A list of Python floats near the expected ones."""
    expect(isinstance(actual, list), f"expected a list, got {show(actual)}", given=given)
    expect(len(actual) == len(expected),
           f"expected {len(expected)} losses, got {len(actual)}", given=given)
    for epoch, (value, right) in enumerate(zip(actual, expected, strict=True)):
        value = assert_python_float(value, given=f"{given}, the loss of epoch {epoch}")
        assert_close(value, right, rtol=rtol, given=f"{given}, the loss of epoch {epoch}")


def assert_frozen_stays(submission, name, weights, X, y):
    """A parameter without requires_grad is not moved."""
    try:
        frozen = submission.probe(probe_frozen, name, weights, X, y)
    except RuntimeError:
        return  # torch.autograd.grad refuses frozen parameters; nobody has promised to take them
    expect(same(frozen, weights["l1.weight"]),
           f"{name} moved a parameter without requires_grad")


# The checks of train_step


@check("train_step", points=1, hint="Dropout and BatchNorm behave differently while learning. "
       "Who switches them over when the last thing done with the model was an evaluation?")
def test_steps_in_evaluation_mode(submission):
    """A model that comes in evaluation mode is updated in train mode."""
    weights, X, y = draw(1)
    batch = (X, y, nn.BCEWithLogitsLoss())
    losses, _, buffers, _ = submission.probe(
        probe_steps, "norm", weights, "sgd", [batch], "eval", None
    )
    given = "a model with BatchNorm that comes in evaluation mode"
    expected, _ = truth(weights, X, y, bce, batch_norm)
    loss = assert_python_float(losses[0], given=given)
    assert_close(loss, expected, rtol=1e-4, given=f"{given}, loss")  # float32
    hidden = X @ weights["l1.weight"].T + weights["l1.bias"]
    assert_equal(int(buffers["between.0.num_batches_tracked"]), 1,
                 given=f"{given}, batches it has counted")
    assert_close(buffers["between.0.running_mean"], 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6,
                 given=f"{given}, running_mean")  # float32

    losses, _, _, _ = submission.probe(
        probe_steps, "dropout", weights, "sgd", [batch], "eval", None
    )
    given = "a model with nn.Dropout(1.0) that comes in evaluation mode"
    expected, _ = truth(weights, X, y, bce, lambda hidden: hidden * 0)
    loss = assert_python_float(losses[0], given=given)
    assert_close(loss, expected, rtol=1e-4, given=f"{given}, loss")  # float32

    _, _, _, modes = submission.probe(
        probe_steps, "norm", weights, "sgd", [batch], "train", None
    )
    expect(all(modes), "a model in train mode is no longer in it after the step")


@check("train_step", points=1, hint="backward() adds to what .grad already holds. Who empties "
       "it, and at which moment?")
def test_steps_along_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""
    weights, X, y = draw(2)
    _, gradients = truth(weights, X, y, bce)
    batch = (X, y, nn.BCEWithLogitsLoss())
    _, states, _, _ = submission.probe(
        probe_steps, "plain", weights, "sgd", [batch], "train", 7.0
    )
    assert_weights(states[0], descend(weights, gradients), "every old gradient is 7")

    first = descend(weights, gradients)
    _, gradients = truth(first, X + 1, y, bce)
    _, states, _, _ = submission.probe(
        probe_steps, "plain", weights, "sgd", [batch, (X + 1, y, nn.BCEWithLogitsLoss())],
        "train", None,
    )
    assert_weights(states[1], descend(first, gradients), "the second of two steps")


@check("train_step", points=1, hint="Logits are (N, 1) and labels are (N,). What does "
       "broadcasting make of their difference?")
def test_broadcasts_logits_against_labels(submission):
    """Each logit meets its own label, whatever the criterion."""
    for dtype, seed in ((torch.float32, 3), (torch.float64, 4)):
        for criterion, loss in ((nn.MSELoss(), mse), (nn.BCEWithLogitsLoss(), bce)):
            weights, X, y = draw(seed, dtype)
            expected, gradients = truth(weights, X, y, loss)
            losses, states, _, _ = submission.probe(
                probe_steps, "plain", weights, "sgd", [(X, y, criterion)], "train", None
            )
            given = f"nn.{type(criterion).__name__}() on 5 samples of {dtype}"
            value = assert_python_float(losses[0], given=given)
            assert_close(value, expected, rtol=RTOL[dtype], given=f"{given}, loss")
            assert_weights(states[0], descend(weights, gradients), given)


@check("train_step", points=1, hint="A batch of one gives logits of shape (1, 1). Which of its "
       "two axes does your squeeze remove, and what shape does the criterion get to see?")
def test_squeezes_a_batch_of_one(submission):
    """A batch of one sample works."""
    for dtype, seed in ((torch.float32, 5), (torch.float64, 6)):
        weights, X, y = draw(seed, dtype, n=1)
        shapes, loss = submission.probe(probe_shapes, weights, X, y)
        given = "X of shape (1, 3), y of shape (1,)"
        for logits, labels in shapes:
            expect(
                logits == labels,
                f"the criterion got logits of shape {tuple(logits)} against labels of shape "
                f"{tuple(labels)}, and nn.BCEWithLogitsLoss() raises there. squeeze() removes "
                "every axis of length 1: for a single sample the batch axis as well. Name the "
                "axis to drop",
                given=given,
            )
        expected, _ = truth(weights, X, y, bce)
        value = assert_python_float(loss, given=given)
        assert_close(value, expected, rtol=RTOL[dtype], given=f"{given}, loss")


@check("train_step", points=0.5, hint="Which loss did the gradient of this update come from, "
       "and what is left of it when you want to append it to a list?")
def test_returns_another_loss(submission):
    """What comes back is the loss from before the update, as a Python float."""
    weights, X, y = draw(7, torch.float64)
    expected = []
    here = weights
    for _ in range(3):
        value, gradients = truth(here, X, y, bce)
        expected.append(value)
        here = descend(here, gradients)
    losses, _, _, _ = submission.probe(
        probe_steps, "plain", weights, "sgd", [(X, y, nn.BCEWithLogitsLoss())] * 3, "train", None
    )
    assert_losses(losses, expected, "three steps on one batch", rtol=1e-9)  # float64


@check("train_step", points=1, hint="The optimiser knows how to update. How often is it asked, "
       "with which gradients, and does anything else move the parameters?")
def test_makes_another_update(submission):
    """The parameters make exactly one step of the given optimiser."""
    weights, X, y = draw(8, torch.float64)
    here, velocity = weights, {name: torch.zeros_like(w) for name, w in weights.items()}
    for _ in range(3):
        _, gradients = truth(here, X, y, mse)
        velocity = {name: 0.5 * velocity[name] + g for name, g in gradients.items()}
        here = descend(here, velocity)
    _, states, _, _ = submission.probe(
        probe_steps, "plain", weights, "momentum", [(X, y, nn.MSELoss())] * 3, "train", None
    )
    assert_weights(states[2], here, "three steps of SGD with momentum", rtol=1e-8)  # float64

    big = {name: 20 * w for name, w in weights.items()}
    _, gradients = truth(big, X, y, mse)
    _, states, _, _ = submission.probe(
        probe_steps, "plain", big, "sgd", [(X, y, nn.MSELoss())], "train", None
    )
    assert_weights(states[0], descend(big, gradients), "a step along a large gradient")


@check("train_step", points=0.5, hint="What does the caller find changed afterwards, besides "
       "the model and its optimiser?")
def test_step_has_side_effects(submission):
    """Tensors, random state and frozen parameters stay as they were."""
    weights, X, y = draw(9)
    X_after, y_after, states, moved = submission.probe(
        probe_step_manners, weights, X, y, [3, 4]
    )
    expect(not same(moved, weights), "train_step moved no parameter at all")
    expect(same(X, X_after), "train_step changed X")
    expect(same(y, y_after), "train_step changed y")
    expect(not same(states[0], states[1]), "train_step reseeds torch's global random state")
    assert_frozen_stays(submission, "train_step", weights, X, y)


# The checks of train


@check("train", points=0.5, hint="One number an epoch: how many are there, of what type, and was "
       "each taken before or after its update?")
def test_notes_other_losses(submission):
    """There is one loss an epoch, each a Python float from before its update."""
    for dtype, seed, rtol in ((torch.float32, 10, 1e-3), (torch.float64, 11, 1e-9)):
        weights, X, y = draw(seed, dtype, n=7)
        # Adam divides by the gradient's size, so rounding grows over the epochs; still, a
        # float64 answer that goes through float32 is off by 3e-8.
        expected, _ = adamw(weights, X, y, 12, 0.05)
        losses, _, _, _ = submission.probe(
            probe_train, "plain", weights, X, y, [((12,), {"lr": 0.05})], "train", None
        )
        assert_losses(losses[0], expected, f"12 epochs with lr=0.05, {dtype}", rtol)
    losses, states, _, _ = submission.probe(
        probe_train, "plain", weights, X, y, [((0,), {})], "train", None
    )
    assert_losses(losses[0], [], "epochs=0", rtol=0)
    assert_weights(states[0], weights, "epochs=0", rtol=0, atol=0)


@check("train", points=0.5, hint="Is every epoch one update on all of `X`, however many rows it "
       "has, and however large, small or rising the loss is?")
def test_departs_from_one_full_batch_an_epoch(submission):
    """Many rows are one batch; huge, tiny and rising losses are noted like any others."""
    weights, X, y = draw(19, torch.float64, n=1100)
    far = {name: w * 500 if name == "l2.weight" else w for name, w in weights.items()}
    for given, start, labels, lr in (
        ("1100 rows", weights, y, 0.05),
        ("logits around 1000", far, y, 0.05),
        ("labels that the model already knows", far, (logits_of(far, X) > 0).to(X.dtype), 1e-3),
        ("a learning rate of 2", weights, y, 2.0),
    ):
        expected, end = adamw(start, X, labels, 5, lr)
        losses, states, _, _ = submission.probe(
            probe_train, "plain", start, X, labels, [((5, lr), {})], "train", None
        )
        assert_losses(losses[0], expected, given, rtol=1e-6)  # float64; tiny losses cancel
        if lr == 2.0:  # the last loss is not the best one
            assert_weights(states[0], end, given, rtol=1e-5, atol=1e-6)
    sure = logits_of(far, X).abs() > 100
    losses, _, _, _ = submission.probe(
        probe_train, "plain", far, X[sure], (logits_of(far, X[sure]) > 0).to(X.dtype),
        [((12, 1e-6), {})], "train", None,
    )
    given = "12 epochs on labels that the model knows for certain"
    expect(isinstance(losses[0], list) and len(losses[0]) == 12,
           f"expected a list of 12 losses, got {show(losses[0])}", given=given)
    few, labels = X[:40], y[:40]
    for epochs, lr, given in ((60, 2.0, "60 epochs, most of them without progress"),
                              (60, 0.05, "60 epochs")):
        expected, end = adamw(weights, few, labels, epochs, lr)
        losses, states, _, _ = submission.probe(
            probe_train, "plain", weights, few, labels, [((epochs, lr), {})], "train", None
        )
        assert_losses(losses[0], expected, given, rtol=1e-4)  # rounding grows with lr = 2
        assert_weights(states[0], end, given, rtol=1e-3, atol=1e-4)


@check("train", points=1, hint="AdamW, Adam with an L2 penalty and plain Adam part after a few "
       "epochs, and so does an optimiser that is made anew. Which is yours?")
def test_uses_another_optimiser(submission):
    """The parameters end where AdamW with torch's other defaults takes them."""
    weights, X, y = draw(12, torch.float64, n=6)
    for epochs, lr in ((1, 0.5), (15, 0.1)):
        _, expected = adamw(weights, X, y, epochs, lr)
        _, states, _, _ = submission.probe(
            probe_train, "plain", weights, X, y, [((epochs, lr), {})], "train", None
        )
        # float64; the smallest gradients lose some digits in the quotient
        assert_weights(states[0], expected, f"epochs={epochs}, lr={lr}", rtol=1e-6, atol=1e-8)


@check("train", points=0.5, hint="Which learning rate does a call without one get?")
def test_defaults_to_another_learning_rate(submission):
    """Left out, the learning rate is the one in the signature."""
    weights, X, y = draw(13, torch.float64)
    losses, expected = adamw(weights, X, y, 4, 3e-4)
    got, states, _, _ = submission.probe(
        probe_train, "plain", weights, X, y, [((), {"epochs": 4})], "train", None
    )
    assert_losses(got[0], losses, "train(model, X, y, epochs=4)", rtol=1e-7)  # float64
    assert_weights(states[0], expected, "train(model, X, y, epochs=4)", rtol=1e-7, atol=1e-9)


@check("train", points=0.5, hint="In which state may a model come to you: which mode, and what "
       "in its .grad?")
def test_starts_from_what_it_finds(submission):
    """Neither evaluation mode nor old gradients affect the training."""
    weights, X, y = draw(14)
    losses, _, buffers, _ = submission.probe(
        probe_train, "norm", weights, X, y, [((3,), {"lr": 0.01})], "eval", None
    )
    given = "a model with BatchNorm that comes in evaluation mode"
    first, _ = truth(weights, X, y, bce, batch_norm)
    expect(isinstance(losses[0], list) and len(losses[0]) == 3,
           f"expected a list of 3 losses, got {show(losses[0])}", given=given)
    assert_close(losses[0][0], first, rtol=1e-4, given=f"{given}, the first loss")  # float32
    assert_equal(int(buffers["between.0.num_batches_tracked"]), 3,
                 given=f"{given}, batches it has counted in 3 epochs")
    losses, _, _, modes = submission.probe(
        probe_train, "dropout", weights, X, y, [((2,), {"lr": 0.01})], "eval", None
    )
    given = "a model with nn.Dropout(1.0) that comes in evaluation mode"
    first, _ = truth(weights, X, y, bce, lambda hidden: hidden * 0)
    expect(isinstance(losses[0], list) and len(losses[0]) == 2,
           f"expected a list of 2 losses, got {show(losses[0])}", given=given)
    assert_close(losses[0][0], first, rtol=1e-4, given=f"{given}, the first loss")  # float32

    _, expected = adamw(weights, X, y, 3, 0.05)
    _, states, _, modes = submission.probe(
        probe_train, "plain", weights, X, y, [((3,), {"lr": 0.05})], "train", 9.0
    )
    # float32, and Adam's quotient
    assert_weights(states[0], expected, "every old gradient is 9", rtol=1e-3, atol=1e-5)
    expect(all(modes), "a model in train mode is no longer in it after the training")


@check("train", points=0.5, hint="What shapes meet in the criterion when X has a single row?")
def test_cannot_train_on_one_sample(submission):
    """A batch of one sample works."""
    weights, X, y = draw(15, torch.float64, n=1)
    losses, expected = adamw(weights, X, y, 3, 0.05)
    got, states, _, _ = submission.probe(
        probe_train, "plain", weights, X, y, [((3,), {"lr": 0.05})], "train", None
    )
    assert_losses(got[0], losses, "X of shape (1, 3)", rtol=1e-7)  # float64
    assert_weights(states[0], expected, "X of shape (1, 3)", rtol=1e-6, atol=1e-8)


@check("train", points=0.5, hint="Train twice in a row: what may the second call know of the "
       "first, apart from the model's parameters?")
def test_training_has_side_effects(submission):
    """Each call starts anew, and leaves tensors, random state and frozen parameters alone."""
    weights, X, y = draw(16)
    X_after, y_after, states = submission.probe(probe_train_manners, weights, X, y, [3, 4])
    expect(same(X, X_after), "train changed X")
    expect(same(y, y_after), "train changed y")
    expect(not same(states[0], states[1]), "train reseeds torch's global random state")
    assert_frozen_stays(submission, "train", weights, X, y)

    weights, X, y = draw(17, torch.float64)
    losses, between = adamw(weights, X, y, 5, 0.1)
    more, end = adamw(between, X, y, 4, 0.1)
    got, states, _, _ = submission.probe(
        probe_train, "plain", weights, X, y, [((5, 0.1), {}), ((4, 0.1), {})], "train", None
    )
    given = "a second call on the same model"
    assert_losses(got[1], more, given, rtol=1e-6)  # float64
    assert_weights(states[1], end, given, rtol=1e-6, atol=1e-8)
    expect(len(got[0]) == len(losses), "the list of the first call was changed by the second")
