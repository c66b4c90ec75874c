"""Hidden checks of exercise 15: an autoencoder, its training, its score.

Truth comes from running small networks by hand in float64 NumPy (matrix products, tanh,
sigmoid), from the rank of a Jacobian, and from errors that are exact in binary. What a
training run may do is left open: only its losses and the model that comes out are judged. Whether
mode, neighbours or earlier calls matter shows where an answer differs from itself, so that a
wrong formula costs nothing there.
"""

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_number,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import (
    assert_untouched,
    linear,
    model_of,
    random_states,
    set_modes,
    snapshot,
)

# ---- build_autoencoder -------------------------------------------------------------------------


def like(model, x):
    """x in the type of the model's parameters: which one that is, is the matter of one check."""
    return x.to(next(iter(model.parameters())).dtype)


def probe_shapes(answer, input_dim, latent_dim, x):
    # What the parts of a fresh model give for `x`, and whether it is a module.
    model = answer.build_autoencoder(input_dim, latent_dim)
    is_module = isinstance(model, nn.Module)
    if is_module:
        model.eval()
        x = like(model, x)
    codes = model.encoder(x)
    return is_module, codes, model.decoder(codes), model(x)


def probe_outputs(answer, x, scales):
    # The reconstruction of `x` with all parameters larger and larger.
    model = answer.build_autoencoder(4, 2).eval()
    outputs = []
    for scale in scales:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(scale)
            outputs.append(model(like(model, x)))
    return outputs


def probe_jacobians(answer, input_dim, latent_dim, X):
    # d model(x) / dx at each row of X, each (D, D).
    torch.default_generator.manual_seed(3)
    model = answer.build_autoencoder(input_dim, latent_dim).eval()

    def rebuild(row):
        return model(row[None]).reshape(-1)

    return [torch.autograd.functional.jacobian(rebuild, like(model, row)) for row in X]


def probe_trainability(answer, X, seed):
    # Adam trains a fresh model until its loss is halved, for 300 steps at most: first and last
    # loss, codes before and after.
    torch.default_generator.manual_seed(seed)
    model = answer.build_autoencoder(X.shape[1], 2).train()
    X = like(model, X)
    codes = model.encoder(X).detach().clone()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(301):
        optimizer.zero_grad()
        loss = ((model(X) - X) ** 2).mean()
        losses.append(loss.item())
        if losses[-1] < losses[0] / 2:
            break
        loss.backward()
        optimizer.step()
    return losses[0], losses[-1], codes, model.encoder(X)


def probe_two_models(answer, x):
    """A model by keyword; its reconstruction before and after a second one was zeroed."""
    model = answer.build_autoencoder(input_dim=5, latent_dim=2).eval()
    other = answer.build_autoencoder(input_dim=5, latent_dim=2)
    before = model(like(model, x)).detach().clone()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    wanting = [parameter.requires_grad for parameter in model.parameters()]
    return before, model(like(model, x)), [str(p.dtype) for p in model.parameters()], wanting


@check("build_autoencoder", points=0.5,
       hint="How many numbers does a row have when it enters, in the middle, and when it leaves? "
            "Which of the three does each argument name?")  # fmt: skip
def test_parts_have_the_wrong_shape(submission):
    """The encoder gives (N, latent_dim), and the reconstruction is shaped like the input."""
    rng = rng_of(submission)
    drawn = [int(size) for size in rng.integers((2, 9, 2), (6, 20, 8))]
    sizes = ((3, 8, 2), (4, 5, 1), (6, 30, 7), (2, 3, 2), drawn)
    cases = [(d, z, torch.tensor(rng.random((n, d))).float()) for n, d, z in sizes]
    answers = submission.each_probe(probe_shapes, cases)
    for (input_dim, latent_dim, x), (is_module, codes, decoded, out) in answers:
        n = len(x)
        given = f"build_autoencoder({input_dim}, {latent_dim}) on x of shape ({n}, {input_dim})"
        expect(is_module, "expected an nn.Module", given=given)
        for name, value, width in (
            ("model.encoder(x)", codes, latent_dim),
            ("model.decoder(model.encoder(x))", decoded, input_dim),
            ("model(x)", out, input_dim),
        ):
            assert_tensor(value, shape=(n, width), given=f"{given}: {name}")


@check("build_autoencoder", points=0.5,
       hint="The data lies in [0, 1]. After training, with large weights, which values can your "
            "last layer still produce?")  # fmt: skip
def test_leaves_the_unit_interval(submission):
    """The reconstruction lies in [0, 1] for any parameters."""
    x = torch.tensor(rng_of(submission).random((20, 4))).float()
    outputs = submission.probe(probe_outputs, x, (1, 4, 6.25))
    for scale, out in zip((1, 4, 25), outputs, strict=True):
        given = f"build_autoencoder(4, 2), its parameters times {scale}"
        assert_tensor(out, shape=(20, 4), given=given)
        low, high = float(out.min()), float(out.max())
        expect(low >= 0 and high <= 1,
               f"expected a reconstruction in [0, 1], got values from {show(low)} to {show(high)}",
               given=given)  # fmt: skip


@check("build_autoencoder", points=0.5,
       hint="If a row has to pass through two numbers, in how many independent directions can the "
            "output move? Is there a way around the middle?")  # fmt: skip
def test_bypasses_the_bottleneck(submission):
    """The reconstruction knows of the input only what went through the latent numbers."""
    rng = rng_of(submission)
    for input_dim, latent_dim in ((6, 1), (int(rng.integers(5, 9)), int(rng.integers(2, 4)))):
        X = torch.tensor(rng.random((3, input_dim))).float()
        given = f"build_autoencoder({input_dim}, {latent_dim})"
        jacobians = submission.probe(probe_jacobians, input_dim, latent_dim, X)
        for jacobian in jacobians:
            sizes = np.linalg.svd(jacobian.double().numpy(), compute_uv=False)
            # float32 rounding leaves 1e-6 of the largest where a direction is impossible
            rank = int((sizes > 1e-4 * sizes[0] + 1e-9).sum())
            expect(rank <= latent_dim,
                   f"expected an output that moves in at most {latent_dim} direction(s) when x "
                   f"moves, got {rank}", given=given)  # fmt: skip


@check("build_autoencoder", points=0.5,
       hint="Which rows can your last layer produce at all, and does every layer pass a gradient "
            "back?")  # fmt: skip
def test_cannot_learn_its_data(submission):
    """Trained for 300 steps of Adam, the model rebuilds data that fits its bottleneck."""
    X = curve(*seeds_of(submission, 1), torch.float32)
    given = "build_autoencoder(7, 2) on a curve"
    runs = []
    for seed in (0, 1):  # a second start, should the first one be unlucky
        first, last, before, after = submission.probe(probe_trainability, X, seed)
        expect(not same(before, after), "the encoder gets no gradient: its codes never change",
               given=given)  # fmt: skip
        runs.append([first, last])
        if last < first / 2:
            return
    expect(False, f"expected 300 steps of Adam to halve the loss, got {show(runs)} as first and "
                  "last loss of two runs", given=given)  # fmt: skip


@check("build_autoencoder", points=0.5,
       hint="In which dtype are the parameters, can they all be trained, does a single row pass, "
            "and do two models have anything in common?")  # fmt: skip
def test_build_manners(submission):
    """Each model is float32, trainable, its own, and takes a single row."""
    given = "build_autoencoder(input_dim=5, latent_dim=2)"
    x = torch.tensor(rng_of(submission).random((1, 5))).float()
    before, after, dtypes, wanting = submission.probe(probe_two_models, x)
    assert_tensor(before, shape=(1, 5), given=f"{given} on one row")
    expect(set(dtypes) == {"torch.float32"},
           f"expected float32 parameters, got {sorted(set(dtypes))}", given=given)  # fmt: skip
    expect(all(wanting), "expected trainable parameters, got some without", given=given)
    expect(same(before, after), "two models share their parameters", given=given)


# ---- train_autoencoder -------------------------------------------------------------------------


def curve(seed, dtype, n=40):
    """Rows (n, 7) in [0, 1] that lie on a curve: one number would hold them."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(-1, 1, (n, 1))
    scores = 5 * (t @ rng.normal(size=(1, 7)) + 0.3 * rng.normal(size=7))
    return torch.tensor(1 / (1 + np.exp(-scores)), dtype=dtype)


def narrow_autoencoder(state):
    """7 -> 5 -> 2 -> 5 -> 7 with tanh and sigmoid, the parameters from `state`."""
    first, code, back, last = (
        linear(state[f"{name}.weight"], state[f"{name}.bias"])
        for name in ("encoder.0", "encoder.2", "decoder.0", "decoder.2")
    )
    encoder = nn.Sequential(first, nn.Tanh(), code)
    return model_of(
        encoder=encoder, decoder=nn.Sequential(back, nn.Tanh(), last, nn.Sigmoid())
    )


def narrow_state(seed, dtype=torch.float32):
    """Starting parameters, drawn as nn.Linear draws its own."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, fan_in, fan_out in (
        ("encoder.0", 7, 5), ("encoder.2", 5, 2), ("decoder.0", 2, 5), ("decoder.2", 5, 7),
    ):  # fmt: skip
        bound = fan_in**-0.5
        state[f"{name}.weight"] = rng.uniform(-bound, bound, (fan_out, fan_in))
        state[f"{name}.bias"] = rng.uniform(-bound, bound, fan_out)
    return {key: torch.tensor(value, dtype=dtype) for key, value in state.items()}


def mean_squared_error(state, X):
    """The loss of the narrow autoencoder, by hand in float64."""
    p = {key: value.double().numpy() for key, value in state.items()}
    X = X.double().numpy()
    hidden = np.tanh(X @ p["encoder.0.weight"].T + p["encoder.0.bias"])
    codes = hidden @ p["encoder.2.weight"].T + p["encoder.2.bias"]
    hidden = np.tanh(codes @ p["decoder.0.weight"].T + p["decoder.0.bias"])
    scores = hidden @ p["decoder.2.weight"].T + p["decoder.2.bias"]
    sigmoids = (1 + np.tanh(scores / 2)) / 2  # does not overflow
    return float(((sigmoids - X) ** 2).mean())


def probe_training(answer, state, X, epochs, *lr):
    """The losses, the parameters afterwards, and the data."""
    torch.default_generator.manual_seed(0)
    model = narrow_autoencoder(state)
    losses = answer.train_autoencoder(model, X, epochs, *lr)
    after = {key: value.detach() for key, value in model.state_dict().items()}
    return losses, after, (X, X.requires_grad)


def probe_second_call(answer, state, X):
    """The parameters between two calls; the losses and the parameters after the second."""
    torch.default_generator.manual_seed(0)
    model = narrow_autoencoder(state)
    answer.train_autoencoder(model, X, 3)
    between = {key: value.detach().clone() for key, value in model.state_dict().items()}
    torch.default_generator.manual_seed(0)
    losses = answer.train_autoencoder(model, X, 3)
    return between, losses, {key: value.detach() for key, value in model.state_dict().items()}


def probe_training_by_keyword(answer, state, X, lr):
    """The same with every argument named."""
    torch.default_generator.manual_seed(0)
    model = narrow_autoencoder(state)
    losses = answer.train_autoencoder(model=model, X=X, epochs=3, lr=lr)
    return losses, {key: value.detach() for key, value in model.state_dict().items()}


def probe_states_on_the_way(answer, state, X, epochs):
    """The losses, and the parameters at every forward pass and at the end."""
    torch.default_generator.manual_seed(0)
    model, states = narrow_autoencoder(state), []

    def note(*_):
        states.append({key: value.detach().clone() for key, value in model.state_dict().items()})

    handle = model.encoder[0].register_forward_pre_hook(note)
    losses = answer.train_autoencoder(model, X, epochs, 0.5)
    handle.remove()
    note()
    return losses, states


def loss_list(losses, given):
    """The losses as floats, at least one; how many, and of which type, is for one check."""
    expect(isinstance(losses, list) and losses, f"expected a list of losses, got {show(losses)}",
           given=given)  # fmt: skip
    return [
        float(loss) if isinstance(loss, torch.Tensor) and loss.numel() == 1
        else assert_number(loss, given=f"{given}, an entry of the list")
        for loss in losses
    ]  # fmt: skip


def judge_list(losses, epochs, given):
    """Fail unless there is one float an epoch."""
    expect(isinstance(losses, list), f"expected a list, got {show(losses)}", given=given)
    expect(len(losses) == epochs,
           f"expected one loss an epoch, {epochs} in all, got {len(losses)}",
           given=given)  # fmt: skip
    for loss in losses:
        assert_number(loss, given=f"{given}, an entry of the list")


def problem(seed, dtype=torch.float32, n=40):
    """Data on a curve, and a model to be trained on them."""
    return narrow_state(seed, dtype), curve(seed, dtype, n)


def reordered(state, X, rng):
    """The same problem with its rows and its columns in another order."""
    rows, columns = (torch.tensor(rng.permutation(size)) for size in X.shape)
    state = {**state, "encoder.0.weight": state["encoder.0.weight"][:, columns]}
    for key in ("decoder.2.weight", "decoder.2.bias"):
        state[key] = state[key][columns]
    return state, X[rows][:, columns]


@check("train_autoencoder", points=1,
       hint="Does each update use the gradient of this epoch alone, and are its steps large enough "
            "when the gradient of a mean over all entries is tiny?")  # fmt: skip
def test_does_not_halve_the_loss(submission):
    """After 300 epochs at the default rate the last loss is under half the first."""
    # What is drawn is the order of rows and columns: the training is the same in any order, so no
    # seed makes it harder than another.
    state, X = reordered(*problem(4, n=16), rng_of(submission))
    given = "train_autoencoder(model, X (16, 7), 300)"
    losses, after, _ = submission.probe(probe_training, state, X, 300)
    losses = loss_list(losses, given)
    # Three epochs are counted elsewhere; what stops to note losses shows here alone.
    expect(not 40 <= len(losses) < 300, f"expected 300 losses, got {len(losses)}", given=given)
    first, last = mean_squared_error(state, X), mean_squared_error(after, X)
    expect(losses[-1] < losses[0] / 2,
           f"expected a last loss under half the first, got {show(losses[0])} first and "
           f"{show(losses[-1])} last", given=given)  # fmt: skip
    expect(last < first / 2,
           f"expected a model whose error is under half of what it was, {show(first)}, got "
           f"{show(last)}", given=given)  # fmt: skip


@check("train_autoencoder", points=0.5,
       hint="Over what is the squared error averaged: over all entries of all rows? And does one "
            "epoch see all rows at once?")  # fmt: skip
def test_reports_another_loss(submission):
    """Each loss is the mean squared error over all entries, before or after its update."""
    for seed, n, epochs, dtype in (
        (3, 40, 1, torch.float32), (4, 37, 4, torch.float32),
        *((seed, 300, 2, torch.float64) for seed in seeds_of(submission, 1)),
    ):  # fmt: skip
        state, X = problem(seed, dtype, n)
        given = f"train_autoencoder(model, X ({n}, 7), {epochs}), {dtype}"
        losses, after, _ = submission.probe(probe_training, state, X, epochs)
        losses = loss_list(losses, given)
        before_first, after_last = mean_squared_error(state, X), mean_squared_error(after, X)
        # float32 errors of a few hundred terms are within 1e-5
        right = np.isclose([losses[0], losses[-1]], [before_first, after_last], rtol=1e-4)
        expect(right.any(),
               f"expected the first loss to be the untrained model's error, {show(before_first)}, "
               f"or the last one the trained model's, {show(after_last)}; got first "
               f"{show(losses[0])} and last {show(losses[-1])}", given=given)  # fmt: skip
    state, X = problem(*seeds_of(submission, 1), torch.float64)
    given = "train_autoencoder(model, X (40, 7), 12, 0.5)"  # so that losses rise at times
    losses, states = submission.probe(probe_states_on_the_way, state, X, 12)
    losses = loss_list(losses, given)
    if len(states) > 12:  # a forward pass an epoch, seen from a hook
        errors = np.array([mean_squared_error(state, X) for state in states])
        for epoch, loss in enumerate(losses):
            # With one pass an epoch it is known which two they are: before and after the update.
            near = errors[epoch : epoch + 2] if len(errors) == 13 else errors
            expect(np.isclose(near, loss, rtol=1e-4).any(),
                   f"expected losses that the model had on its way, {show(errors.tolist())}, got "
                   f"{show(loss)} for epoch {epoch}", given=given)  # fmt: skip


@check("train_autoencoder", points=0.5,
       hint="Where does backward() put a gradient, and what is already there in the second epoch "
            "or in the second call?")  # fmt: skip
def test_lets_gradients_pile_up(submission):
    """A second call goes on from the model's parameters, and from nothing else."""
    for seed in (10, *seeds_of(submission, 1)):
        state, X = problem(seed)
        given = "train_autoencoder(model, X, 3), called a second time"
        between, losses, after = submission.probe(probe_second_call, state, X)
        judge_moved(state, after, given)
        wanted_losses, wanted, _ = submission.probe(probe_training, between, X, 3)
        both = loss_list(losses, given), loss_list(wanted_losses, given)
        for got, loss in zip(*both, strict=True):
            assert_close(got, loss, rtol=1e-4, given=given)  # the same computation
        for key in state:
            assert_close(after[key], wanted[key], rtol=1e-3, atol=1e-5,  # the same computation
                         given=f"{given}: `{key}`")  # fmt: skip


def judge_moved(before, after, given):
    """Fail if no parameter is another one afterwards."""
    expect(any(not torch.equal(before[key], after[key]) for key in before),
           "the model is the same afterwards", given=given)  # fmt: skip


@check("train_autoencoder", points=0.5,
       hint="Which learning rate does your optimiser get when the caller names one, and which when "
            "nobody does?")  # fmt: skip
def test_ignores_the_learning_rate(submission):
    """The learning rate that is passed is used, and left out it is 0.01."""
    state, X = problem(*seeds_of(submission, 1))
    _, default, _ = submission.probe(probe_training, state, X, 3)
    _, hundredth, _ = submission.probe(probe_training, state, X, 3, 1e-2)
    _, smaller = submission.probe(probe_training_by_keyword, state, X, 1e-3)
    differs = any(not torch.equal(hundredth[key], smaller[key]) for key in hundredth)
    expect(differs, "expected other parameters with lr=0.001 than with lr=0.01, got the same",
           given="train_autoencoder(model, X, 3, lr)")  # fmt: skip
    for key in hundredth:
        assert_close(default[key], hundredth[key], rtol=1e-4, atol=1e-6,  # the same computation
                     given=f"train_autoencoder, lr left out against lr=0.01: `{key}`")  # fmt: skip


@check("train_autoencoder", points=0.5,
       hint="Which parameters does the optimiser hold, and whose are they: those of the caller's "
            "model?")  # fmt: skip
def test_trains_only_a_part(submission):
    """Every parameter of the model that was passed is trained, in place."""
    state, X = problem(*seeds_of(submission, 1), torch.float64)
    _, after, _ = submission.probe(probe_training, state, X, 20)
    for key in state:
        expect(key in after and after[key].dtype == state[key].dtype
               and not torch.equal(after[key], state[key]),
               f"expected 20 epochs to change the model's `{key}`, got the same values",
               given="train_autoencoder(model, X, 20)")  # fmt: skip


@check("train_autoencoder", points=0.5,
       hint="Does it work for a single row and for a single epoch, does a list of plain numbers "
            "come back however the loss behaves, and is X still what it was?")  # fmt: skip
def test_training_manners(submission):
    """A single row and a single epoch will do, no epoch is left out, and X stays as it was."""
    for seed in (9, *seeds_of(submission, 1)):
        for n, epochs in ((1, 1), (6, 2)):
            state, X = problem(seed, n=n)
            given = f"train_autoencoder(model, X ({n}, 7), {epochs})"
            losses, after, (data, asks) = submission.probe(probe_training, state, X, epochs)
            judge_list(losses, epochs, given)
            judge_moved(state, after, given)
            expect(same(data, X), "it changed X", given=given)
            expect(not asks, "it switched requires_grad on for X", given=given)
    # A loss that stays where it is, and one that is 0 from the start: no reason to stop early.
    losses, _, _ = submission.probe(probe_training, *problem(9), 12, 1e-9)
    judge_list(losses, 12, "train_autoencoder(model, X, 12, lr=1e-9)")
    zeros = {key: torch.zeros_like(value) for key, value in narrow_state(9).items()}
    losses, _, _ = submission.probe(probe_training, zeros, torch.full((4, 7), 0.5), 12)
    judge_list(losses, 12, "train_autoencoder(model, X, 12), a model that has nothing to learn")


# ---- reconstruction_error and flag_anomalies -----------------------------------------------------


class OwnDropout(nn.Module):
    """Dropout by a class that nobody can look for."""

    def forward(self, x):
        return nn.functional.dropout(x, 0.4, self.training)


def deep_autoencoder(state):
    """5 -> 4 -> 2 -> 5 with BatchNorm and dropouts, parameters and buffers from `state`."""
    first, code, last = (
        linear(state[f"{name}.weight"], state[f"{name}.bias"])
        for name in ("encoder.0", "encoder.4", "decoder.0")
    )
    norm = nn.BatchNorm1d(4).to(state["encoder.0.weight"].dtype)
    norm.load_state_dict({key[10:]: state[key] for key in state if key.startswith("encoder.1.")})
    return model_of(
        encoder=nn.Sequential(first, norm, nn.ReLU(), OwnDropout(), code, nn.Dropout(0.3)),
        decoder=nn.Sequential(last, nn.Sigmoid()),
    )


def deep_state(seed, dtype=torch.float32):
    """Parameters, and stored statistics that are not those of any batch here."""
    rng = np.random.default_rng(seed)
    state = {
        "encoder.0.weight": rng.normal(size=(4, 5)), "encoder.0.bias": rng.normal(size=4),
        "encoder.1.weight": rng.uniform(0.5, 2, 4), "encoder.1.bias": rng.normal(size=4),
        "encoder.1.running_mean": rng.normal(size=4),
        "encoder.1.running_var": rng.uniform(0.2, 0.6, 4),
        "encoder.4.weight": rng.normal(size=(2, 4)), "encoder.4.bias": rng.normal(size=2),
        "decoder.0.weight": rng.normal(size=(5, 2)), "decoder.0.bias": rng.normal(size=5),
    }  # fmt: skip
    tensors = {key: torch.tensor(value, dtype=dtype) for key, value in state.items()}
    return tensors | {"encoder.1.num_batches_tracked": torch.tensor(11)}


def row_errors(state, X):
    """Mean squared error of each row in evaluation mode, by hand in float64."""
    p = {key: value.double().numpy() for key, value in state.items()}
    X = X.double().numpy()
    hidden = X @ p["encoder.0.weight"].T + p["encoder.0.bias"]
    spread = np.sqrt(p["encoder.1.running_var"] + 1e-5)
    hidden = (hidden - p["encoder.1.running_mean"]) / spread
    hidden = np.maximum(hidden * p["encoder.1.weight"] + p["encoder.1.bias"], 0)
    codes = hidden @ p["encoder.4.weight"].T + p["encoder.4.bias"]
    scores = codes @ p["decoder.0.weight"].T + p["decoder.0.bias"]
    return ((1 / (1 + np.exp(-scores)) - X) ** 2).mean(axis=1)


def rows(seed, n, dtype=torch.float32):
    """Rows (n, 5) in [0, 1]."""
    return torch.tensor(np.random.default_rng(seed).random((n, 5)), dtype=dtype)


ALL_PARTS = ["parameters", "buffers", "modes", "requires_grad", "settings"]


def probe_measuring(answer, name, state, X, modes, *threshold):
    # The result of `name`, the model before and after, the data, and what else it switched.
    model = deep_autoencoder(state)
    model.decoder.requires_grad_(False)
    if modes in ("train", "eval"):
        model.train(modes == "train")
    else:
        set_modes(model, modes)
    before = snapshot(model, parts=ALL_PARTS)
    result = getattr(answer, name)(model, X, *threshold)
    switches = {
        "X.requires_grad": X.requires_grad,
        "torch.is_grad_enabled()": not torch.is_grad_enabled(),
    }
    attached = isinstance(result, torch.Tensor) and result.requires_grad
    return result, attached, before, snapshot(model, parts=ALL_PARTS), X, switches


def probe_result(answer, name, state, X, modes, *threshold):
    # The result of `name` and nothing else.
    model = deep_autoencoder(state).train(modes == "train")
    return getattr(answer, name)(model, X, *threshold)


def measured(submission, name, state, X, modes, *threshold):
    """What `name` gives, without anything else."""
    return submission.probe(probe_result, name, state, X, modes, *threshold)


def probe_random_state(answer, name, state, X, seeds, *threshold):
    # torch's random state after `name` from several seeds.
    model = deep_autoencoder(state)
    return random_states(lambda: getattr(answer, name)(model, X, *threshold), seeds)


def probe_keywords(answer, name, state, X, extra):
    # `name` called by keyword on a model in train mode.
    return getattr(answer, name)(model=deep_autoencoder(state).train(), X=X, **extra)


def halves_of(X):
    # A model that rebuilds every entry of X as 0.5.
    width = X.shape[1]
    encoder = linear(torch.ones(2, width, dtype=X.dtype))
    decoder = linear(torch.zeros(width, 2, dtype=X.dtype), torch.full((width,), 0.5).to(X.dtype))
    return model_of(encoder=encoder, decoder=decoder)


def probe_constant(answer, X, thresholds):
    # Anomalies of that model, by threshold.
    model = halves_of(X)
    return [answer.flag_anomalies(model, X, threshold) for threshold in thresholds]


def probe_constant_errors(answer, X):
    # What the answer takes for the errors of that model.
    return answer.reconstruction_error(halves_of(X), X)


def mixed_modes():
    """Training flags of the deep autoencoder's modules that no single switch brings about."""
    return {
        "a model in train mode": [True] * 11,
        "a model in eval mode": [False] * 11,
        "a model in train mode with BatchNorm in eval mode": [True] * 3 + [False] + [True] * 7,
        "a model in eval mode with Dropout in train mode": [False] * 5 + [True] + [False] * 5,
    }


def judge_trace(name, submission, *threshold):
    """Fail unless model, modes and data are what they were after `name`."""
    state, X = deep_state(20), rows(20, 6)
    for model, modes in mixed_modes().items():
        given = f"{name} on {model}"
        _, _, before, after, X_after, switches = submission.probe(
            probe_measuring, name, state, X, modes, *threshold
        )
        assert_untouched(before, after, given=given)
        expect(same(X_after, X), "it changed X", given=given)
        for switch, turned in switches.items():
            expect(not turned, f"{switch} is another one afterwards", given=given)
    random_states = submission.probe(probe_random_state, name, state, X, (3, 4), *threshold)
    expect(not same(*random_states), "it reseeds torch's global random state", given=name)


def judge_errors(errors, state, X, given):
    """Fail unless these are the rows' errors, in whichever type."""
    wanted = torch.tensor(row_errors(state, X))
    assert_tensor(errors, shape=tuple(wanted.shape), given=given)
    # float32 through three layers
    assert_close(errors.double(), wanted, rtol=1e-4, atol=1e-6, given=given)


def judge_alike(one, other, given):
    """Fail unless two results are the same numbers; both have to be tensors of some."""
    for result in (one, other):
        assert_tensor(result, given=given)
        expect(result.numel() and bool(result.isfinite().all()),
               f"expected finite numbers, got {show(result)}", given=given)  # fmt: skip
    assert_close(one.double(), other.double(), rtol=1e-4, atol=1e-6, given=given)


@check("reconstruction_error", points=1,
       hint="One number for each row: over which axis is the mean taken, and is anything taken "
            "besides the square?")  # fmt: skip
def test_averages_over_the_wrong_entries(submission):
    """Each row's error is the mean of its squared differences."""
    drawn = seeds_of(submission, 1)
    for seed, n, dtype in ((10, 6, torch.float32), (11, 3, torch.float64),
                           *((seed, 2000, torch.float32) for seed in drawn)):  # fmt: skip
        state, X = deep_state(seed, dtype), rows(seed, n, dtype)
        X[1] = 3 * X[1] - 1.5  # an anomaly may lie outside [0, 1], with an error above 1
        X[2] = X[2] + 2.0
        errors = measured(submission, "reconstruction_error", state, X, "eval")
        judge_errors(errors, state, X, f"reconstruction_error on X ({n}, 5), model in eval mode")


@check("reconstruction_error", points=0.5,
       hint="With dropout on, does the same row get the same error twice? With BatchNorm in train "
            "mode, does it depend on its neighbours?")  # fmt: skip
def test_measures_in_train_mode(submission):
    """A model in train mode is measured in evaluation mode."""
    seen = []
    for seed in (13, *seeds_of(submission, 1)):
        state, X = deep_state(seed), rows(seed, 8)
        modes = "train", "eval"
        results = [measured(submission, "reconstruction_error", state, X, mode) for mode in modes]
        judge_alike(*results, "reconstruction_error on X (8, 5), model in train mode against the "
                    "same one in eval mode")  # fmt: skip
        seen.append(results[0])
    expect(not same(*seen), "two models and their data got the same errors",
           given="reconstruction_error")  # fmt: skip


@check("reconstruction_error", points=0.5,
       hint="The model may be in the middle of its training, with one layer in another mode than "
            "the rest. What does it look like after the call?")  # fmt: skip
def test_error_leaves_a_trace(submission):
    """The mode of every submodule, the parameters and the buffers are what they were."""
    judge_trace("reconstruction_error", submission)
    seen = [  # who measures nothing leaves no trace; the rest is for other checks
        measured(submission, "reconstruction_error", deep_state(seed), rows(seed, 6), "eval")
        for seed in (20, *seeds_of(submission, 1))
    ]
    expect(not same(*seen), "two models and their data got the same errors",
           given="reconstruction_error")  # fmt: skip


@check("reconstruction_error", points=0.5,
       hint="Does a single row give a tensor with one entry, and can the result be kept without "
            "keeping the graph it came from? And which type has it?")  # fmt: skip
def test_error_manners(submission):
    """A single row gives one error, in the type of X, and no gradient hangs on the result."""
    drawn = seeds_of(submission, 1)
    for seed, dtype in ((15, torch.float32), *((seed, torch.float64) for seed in drawn)):
        state, X = deep_state(seed, dtype), rows(seed, 2, dtype)
        given = "reconstruction_error on one row"
        result, attached, *_ = submission.probe(
            probe_measuring, "reconstruction_error", state, X[:1], "train"
        )
        assert_tensor(result, shape=(1,), dtype=dtype, given=given)
        expect(not attached, "expected an error without gradient, got one that requires it",
               given=given)  # fmt: skip
        both = submission.probe(probe_keywords, "reconstruction_error", state, X, {})
        assert_tensor(both, dtype=dtype, given="reconstruction_error by keyword")
        expect(both.numel() and not same(both[:1], both[1:]), "two rows got the same error",
               given="reconstruction_error by keyword")  # fmt: skip


@check("flag_anomalies", points=0.5,
       hint="Each row has its own error and gets its own True or False. Is a large error an "
            "anomaly or the opposite?")  # fmt: skip
def test_flags_the_wrong_rows(submission):
    """Exactly the rows whose error is above the threshold are flagged."""
    drawn = seeds_of(submission, 1)
    for seed, n, dtype in ((16, 9, torch.float32), *((s, 400, torch.float64) for s in drawn)):
        state, X = deep_state(seed, dtype), rows(seed, n, dtype)

        def judge(errors, state=state, X=X):
            for threshold in thresholds_between(errors):
                flags = measured(submission, "flag_anomalies", state, X, "eval", threshold)
                given = f"errors {show(errors.tolist())}, threshold {threshold:.4g}"
                judge_flags(flags, errors > threshold, given=f"flag_anomalies, {given}")

        by_either_error(
            judge, row_errors(state, X),
            lambda state=state, X=X: measured(submission, "reconstruction_error", state, X, "eval"),
        )  # fmt: skip


def by_either_error(judge, errors, own):
    """Run `judge` on the rows' errors, and where it fails on those that the answer measures.

    A wrong `reconstruction_error` has lost its own points. It does not decide what is flagged: the
    answer's own errors have to differ from row to row, more or less as the right ones do.
    """
    try:
        judge(errors)
    except Mismatch as first:
        try:
            measured_so = own()
            assert_tensor(measured_so, shape=errors.shape)
            measured_so = measured_so.double().numpy()
            apart = 2 * len(np.unique(measured_so)) > len(np.unique(errors))
            expect(apart and bool(np.isfinite(measured_so).all()), "errors that tell nothing")
            judge(measured_so)
        except Exception:
            raise first from None


def thresholds_between(errors):
    """In the middle of the three widest gaps between errors, where no rounding decides."""
    ordered = np.sort(errors)
    widest = np.argsort(np.diff(ordered))[-3:]
    return [float(ordered[i] + ordered[i + 1]) / 2 for i in widest]


def exact_rows(rng):
    """Rows (6, 4) whose errors from 0.5 are exact in binary, and so are the roots of these."""
    off = rng.choice([-0.5, -0.375, -0.25, -0.125, 0.125, 0.25, 0.375, 0.5], (6, 1))
    alone = np.eye(4)[rng.integers(0, 4, 6)]  # one entry is off, or all are by as much
    return torch.tensor(0.5 + off * np.where(rng.random((6, 1)) < 0.5, alone, 1.0))


def judge_flags(flags, wanted, given):
    """Fail unless each row is flagged that should be, in whichever type."""
    assert_tensor(flags, shape=wanted.shape, given=given)
    assert_equal(flags != 0, torch.tensor(wanted), given=given)


@check(
    "flag_anomalies",
    points=0.5,
    hint="A row whose error is exactly the threshold: does its error exceed it?",
)
def test_flags_the_threshold_itself(submission):
    """An error that equals the threshold does not exceed it, and a hair more does."""
    fixed = [[0.5, 0.5, 0.5, 0.5], [0.5, 0.75, 0.5, 0.5], [0.0, 0.5, 0.5, 0.5], [1.0] * 4,
             [0.5 + 2.0**-9] * 4]  # fmt: skip
    for X in (torch.tensor(fixed), exact_rows(rng_of(submission))):

        def judge(errors, X=X):
            thresholds = [float(error) for error in np.unique(errors)]
            thresholds += [threshold - 2.0**-20 for threshold in thresholds if threshold]
            answers = submission.probe(probe_constant, X, thresholds)
            for threshold, flags in zip(thresholds, answers, strict=True):
                judge_flags(flags, errors > threshold,
                            given=f"flag_anomalies, errors {show(errors.tolist())}, threshold "
                            f"{threshold}")  # fmt: skip

        by_either_error(judge, ((X.double() - 0.5) ** 2).mean(dim=1).numpy(),
                        lambda X=X: submission.probe(probe_constant_errors, X))  # fmt: skip


@check("flag_anomalies", points=0.5,
       hint="Does it work for one row and for a model in train mode, and is that model afterwards "
            "what it was?")  # fmt: skip
def test_flag_manners(submission):
    """One row is enough, train mode makes no difference, and the model is left as it was."""
    try:
        judge_trace("flag_anomalies", submission, 0.1)
    except Mismatch:
        # A reconstruction_error that leaves the same traces has lost its own points.
        own = traces("reconstruction_error", submission)
        if not same(traces("flag_anomalies", submission, 0.1), own):
            raise
    for seed in (18, *seeds_of(submission, 1)):
        state, X = deep_state(seed), rows(seed, 12)
        by_either_error(
            lambda errors, state=state, X=X: judge_manners(submission, state, X, errors),
            row_errors(state, X),
            lambda state=state, X=X: measured(submission, "reconstruction_error", state, X, "eval"),
        )  # fmt: skip


def traces(name, submission, *threshold):
    """What `name` leaves of model, modes, data and switches."""
    state, X = deep_state(20), rows(20, 6)
    seen = (
        submission.probe(probe_measuring, name, state, X, modes, *threshold)
        for modes in mixed_modes().values()
    )
    return [[after, X_after, switches] for _, _, _, after, X_after, switches in seen]


def judge_manners(submission, state, X, errors):
    """Fail unless single rows, a keyword and train mode are as good as many rows."""
    threshold = thresholds_between(errors)[-1]
    flags = measured(submission, "flag_anomalies", state, X, "eval", threshold)
    assert_tensor(flags, dtype=torch.bool, given="flag_anomalies")
    expect(flags.any() and not flags.all(), f"expected flags of either kind, got {show(flags)}",
           given="flag_anomalies")  # fmt: skip
    named = submission.probe(probe_keywords, "flag_anomalies", state, X, {"threshold": threshold})
    given = "flag_anomalies by keyword on a model in train mode, against one in eval mode"
    assert_equal(named, flags, given=given)
    # Rows of either kind, each by itself.
    for row in (X[:1], X[1:2], X[2:3]):
        alone = measured(submission, "flag_anomalies", state, row, "train", threshold)
        assert_tensor(alone, shape=(1,), dtype=torch.bool, given="flag_anomalies on one row")
