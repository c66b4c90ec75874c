"""Hidden checks of exercise 11: the two losses of a GAN and one training step.

Truth comes from the closed forms of both losses and their derivatives in float64 NumPy, and
from a training step that is done by hand: small tanh networks with their gradients
written out, and SGD with momentum in two lines.
"""

from collections import OrderedDict

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
    show,
)

# What rounding leaves: of float32 means of a few terms, and of float64 ones, which a detour
# through float32 would miss by 1e-8.
LOSS = {
    torch.float32: {"rtol": 1e-5, "atol": 1e-6},
    torch.float64: {"rtol": 1e-9, "atol": 1e-12},
}
# The same after a step through two networks.
STEP = {
    torch.float32: {"rtol": 1e-4, "atol": 1e-5},
    torch.float64: {"rtol": 1e-9, "atol": 1e-10},
}

# ---- the two losses ----------------------------------------------------------------------------


@np.errstate(invalid="ignore")  # of what an answer made of its parameters, NaN included
def cross_entropy(logits, label):
    """Mean of -log p(label) with p = 1 / (1 + exp(-logit)), in float64 and without overflow."""
    logits = np.asarray(logits, dtype=np.float64)
    return float(np.logaddexp(0, -logits if label == 1 else logits).mean())


@np.errstate(invalid="ignore")  # as above
def slope(logits, label):
    """Its derivative with respect to each logit: (p - label) / N."""
    logits = np.asarray(logits, dtype=np.float64)
    return (np.exp(-np.logaddexp(0, -logits)) - label) / logits.size


def some_logits(seed, n, dtype=torch.float32):
    """Logits (n, 1) of ordinary size, more of them positive."""
    return torch.tensor(np.random.default_rng(seed).normal(0.7, 1.8, (n, 1)), dtype=dtype)


def judge_loss(actual, wanted, dtype, given):
    """Fail unless `actual` is a scalar tensor of that value and dtype."""
    assert_tensor(actual, shape=(), dtype=dtype, given=given)
    assert_close(actual, torch.tensor(wanted, dtype=dtype), given=given, **LOSS[dtype])


def probe_slopes(answer, name, *logits):
    """The loss `name` of these logits, and its derivatives with respect to each of them."""
    logits = [tensor.clone().requires_grad_() for tensor in logits]
    loss = getattr(answer, name)(*logits)
    attached = bool(loss.requires_grad)
    if attached:
        loss.backward()
    zero = [torch.zeros_like(tensor) for tensor in logits]
    slopes = [z if t.grad is None else t.grad for t, z in zip(logits, zero, strict=True)]
    return attached, slopes


def judge_slopes(submission, name, logits, labels):
    """Fail unless the loss passes the right derivative to each of its arguments."""
    attached, slopes = submission.probe(probe_slopes, name, *logits)
    given = f"{name}, gradient with respect to its logits"
    expect(attached, "expected a loss that can be differentiated, got one without a graph",
           given=given)  # fmt: skip
    for got, tensor, label in zip(slopes, logits, labels, strict=True):
        wanted = torch.tensor(slope(tensor.double().numpy(), label), dtype=tensor.dtype)
        assert_close(got, wanted, rtol=1e-4, atol=1e-6, given=given)  # float32 sigmoid


@check("discriminator_loss", points=1,
       hint="The networks give logits. Which label does each half have, and is each of the two "
            "means taken for itself before they are added?")  # fmt: skip
def test_scores_the_wrong_way(submission):
    """The loss is the mean cross-entropy of real against 1 plus that of fake against 0."""
    for seed, n, dtype in ((0, 5, torch.float32), (1, 3, torch.float64), (2, 8, torch.float32)):
        real, fake = some_logits(seed, n, dtype), some_logits(seed + 50, n, dtype)
        judge_loss(
            submission.discriminator_loss(real, fake),
            cross_entropy(real.double(), 1) + cross_entropy(fake.double(), 0), dtype,
            given=f"discriminator_loss of ({n}, 1) logits, {dtype}",
        )  # fmt: skip


@check("discriminator_loss", points=1,
       hint="What is log(sigmoid(-1000)) on paper, and what is it in floating point? Is there a "
            "function that takes the logits themselves?")  # fmt: skip
def test_overflows_on_sure_logits(submission):
    """The loss is right and finite for logits of any size."""
    for real, fake in (
        ([-1000.0, 3.0], [1000.0, -2.0]),
        ([1000.0, 2000.0], [-1000.0, -3000.0]),
        ([-150.0, 150.0], [150.0, -150.0]),
        ([-20000.0], [3e6]),
    ):
        for dtype in (torch.float32, torch.float64):
            real_logits = torch.tensor(real, dtype=dtype)[:, None]
            fake_logits = torch.tensor(fake, dtype=dtype)[:, None]
            judge_loss(
                submission.discriminator_loss(real_logits, fake_logits),
                cross_entropy(real, 1) + cross_entropy(fake, 0), dtype,
                given=f"discriminator_loss of real {real} and fake {fake}, {dtype}",
            )  # fmt: skip


@check("discriminator_loss", points=0.5,
       hint="If you wanted to train with the result, to which of its arguments does a gradient "
            "come back?")  # fmt: skip
def test_discriminator_gets_no_gradient(submission):
    """Both real and fake logits receive their gradient."""
    for seed, dtype in ((3, torch.float32), (4, torch.float64)):
        logits = some_logits(seed, 4, dtype), some_logits(seed + 50, 4, dtype)
        judge_slopes(submission, "discriminator_loss", logits, (1, 0))
    extreme = torch.tensor([[-300.0], [2.0], [300.0]])
    judge_slopes(submission, "discriminator_loss", (extreme, -0.5 * extreme), (1, 0))


@check("discriminator_loss", points=0.5,
       hint="Does it work for a single row and by keyword, and are the logits afterwards what they "
            "were?")  # fmt: skip
def test_discriminator_loss_manners(submission):
    """A single row will do, and the logits stay as they were."""
    real, fake = torch.tensor([[0.8]]), torch.tensor([[-0.3]])
    judge_loss(
        assert_unchanged(submission, "discriminator_loss", real_logits=real, fake_logits=fake),
        cross_entropy(real.double(), 1) + cross_entropy(fake.double(), 0), torch.float32,
        given="discriminator_loss(real_logits=[[0.8]], fake_logits=[[-0.3]])",
    )  # fmt: skip
    real, fake = some_logits(5, 6), some_logits(6, 6)
    assert_unchanged(submission, "discriminator_loss", real, fake)


@check("generator_loss", points=1,
       hint="When the discriminator is sure that a sample is fake, how steep is your loss there? "
            "Which of log D and log(1 - D) is steep?")  # fmt: skip
def test_saturates(submission):
    """The loss is the mean of -log D(fake), steepest where the generator is worst."""
    for seed, n, dtype in ((7, 5, torch.float32), (8, 3, torch.float64), (9, 8, torch.float32)):
        fake = some_logits(seed, n, dtype)
        judge_loss(submission.generator_loss(fake), cross_entropy(fake.double(), 1), dtype,
                   given=f"generator_loss of ({n}, 1) logits, {dtype}")  # fmt: skip
        judge_slopes(submission, "generator_loss", (fake,), (1,))


@check(
    "generator_loss",
    points=0.5,
    hint="What is log(sigmoid(-1000)) on paper, and what is it in floating point?",
)
def test_overflows_on_hopeless_fakes(submission):
    """The loss and its gradient are right and finite for logits of any size."""
    for fake in ([-1000.0, 3.0], [1000.0, 2000.0], [-150.0, 150.0], [-3e6]):
        for dtype in (torch.float32, torch.float64):
            logits = torch.tensor(fake, dtype=dtype)[:, None]
            judge_loss(submission.generator_loss(logits), cross_entropy(fake, 1), dtype,
                       given=f"generator_loss of fake {fake}, {dtype}")  # fmt: skip
            judge_slopes(submission, "generator_loss", (logits,), (1,))


@check("generator_loss", points=0.5,
       hint="Does it work for a single row and by keyword, and are the logits afterwards what they "
            "were?")  # fmt: skip
def test_generator_loss_manners(submission):
    """A single row will do, and the logits stay as they were."""
    fake = torch.tensor([[-0.9]])
    judge_loss(assert_unchanged(submission, "generator_loss", fake_logits=fake),
               cross_entropy(fake.double(), 1), torch.float32,
               given="generator_loss(fake_logits=[[-0.9]])")  # fmt: skip
    assert_unchanged(submission, "generator_loss", some_logits(10, 6))


# ---- gan_train_step: the networks on the far side ------------------------------------------------


def network(state):
    """Linear, Tanh, Linear with the parameters of `state`, in their dtype."""
    hidden, inputs = state["first.weight"].shape
    layers = OrderedDict(
        first=nn.Linear(inputs, hidden),
        tanh=nn.Tanh(),
        last=nn.Linear(hidden, state["last.weight"].shape[0]),
    )
    model = nn.Sequential(layers).to(state["first.weight"].dtype)
    model.load_state_dict(state)
    return model


def parameters_of(model):
    """Its parameters as plain data."""
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def probe_steps(answer, g_state, d_state, batches, rates, momentum, stale, keywords):
    """Losses and both networks' parameters after each step; flags, modes, data at the end."""
    generator, discriminator = network(g_state), network(d_state)
    if stale:
        for i, parameter in enumerate([*generator.parameters(), *discriminator.parameters()]):
            parameter.grad = torch.full_like(parameter, 30.0 - 7 * i)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=rates[0], momentum=momentum)
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=rates[1], momentum=momentum)
    seen = []
    for real, noise in batches:
        if keywords:
            losses = answer.gan_train_step(
                generator=generator, discriminator=discriminator, real=real, noise=noise,
                g_optimizer=g_optimizer, d_optimizer=d_optimizer,
            )  # fmt: skip
        else:
            losses = answer.gan_train_step(
                generator, discriminator, real, noise, g_optimizer, d_optimizer
            )
        seen.append([losses, parameters_of(generator), parameters_of(discriminator)])
    wanting = [
        parameter.requires_grad
        for parameter in [*generator.parameters(), *discriminator.parameters()]
    ]
    modes = [module.training for module in [*generator.modules(), *discriminator.modules()]]
    return seen, wanting, modes, batches, [[t.requires_grad for t in pair] for pair in batches]


def probe_random_state(answer, g_state, d_state, real, noise, seeds):
    """torch's random state after a step from several seeds."""
    random_states = []
    for seed in seeds:
        generator, discriminator = network(g_state), network(d_state)
        g_optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
        d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.1)
        torch.manual_seed(seed)
        answer.gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer)
        random_states.append(torch.get_rng_state())
    return random_states


def probe_gradient_flow(answer, g_state, d_state, real, noise):
    """What happens in one step, in order: gradients that reach the generator, and both steps."""
    generator, discriminator = network(g_state), network(d_state)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.1)
    events = []

    def note(event):
        return lambda *_: events.append(event)

    for parameter in generator.parameters():
        parameter.register_hook(note("gradient"))
    g_optimizer.register_step_pre_hook(note("generator step"))
    d_optimizer.register_step_pre_hook(note("discriminator step"))
    answer.gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer)
    return events


# ---- gan_train_step: the same step by hand, in NumPy ---------------------------------------------


def doubles(state):
    """Parameters in float64 NumPy."""
    return {name: value.double().numpy() for name, value in state.items()}


def forward(p, x):
    """Hidden layer and output of a network."""
    hidden = np.tanh(x @ p["first.weight"].T + p["first.bias"])
    return hidden, hidden @ p["last.weight"].T + p["last.bias"]


def backward(p, x, hidden, grad_out):
    """Gradients of a network's parameters and of its input, from that of its output."""
    grad_hidden = grad_out @ p["last.weight"] * (1 - hidden**2)
    grads = {
        "first.weight": grad_hidden.T @ x, "first.bias": grad_hidden.sum(axis=0),
        "last.weight": grad_out.T @ hidden, "last.bias": grad_out.sum(axis=0),
    }  # fmt: skip
    return grads, grad_hidden @ p["first.weight"]


def discriminator_half(g, d, real, noise):
    """Loss and gradients of the discriminator's update."""
    _, fake = forward(g, noise)
    loss, grads = 0.0, dict.fromkeys(d, 0.0)
    for x, label in ((real, 1), (fake, 0)):
        hidden, logits = forward(d, x)
        loss += cross_entropy(logits, label)
        more, _ = backward(d, x, hidden, slope(logits, label))
        grads = {name: grads[name] + more[name] for name in d}
    return loss, grads


def generator_half(g, d, noise):
    """Loss and gradients of the generator's update through the discriminator `d`."""
    g_hidden, fake = forward(g, noise)
    d_hidden, logits = forward(d, fake)
    _, grad_fake = backward(d, fake, d_hidden, slope(logits, 1))
    return cross_entropy(logits, 1), backward(g, noise, g_hidden, grad_fake)[0]


def descend(p, grads, velocity, rate, momentum):
    """Parameters and velocity after one step of SGD with momentum."""
    velocity = {name: momentum * velocity.get(name, 0.0) + grads[name] for name in p}
    return {name: p[name] - rate * velocity[name] for name in p}, velocity


def states(seed, dtype=torch.float32):
    """Parameters of a generator 3 -> 4 -> 2 and of a discriminator 2 -> 5 -> 1."""
    rng = np.random.default_rng(seed)
    return [
        {
            "first.weight": torch.tensor(0.8 * rng.normal(size=(hidden, inputs)), dtype=dtype),
            "first.bias": torch.tensor(0.5 * rng.normal(size=hidden), dtype=dtype),
            "last.weight": torch.tensor(rng.normal(size=(outputs, hidden)), dtype=dtype),
            "last.bias": torch.tensor(0.5 * rng.normal(size=outputs), dtype=dtype),
        }
        for inputs, hidden, outputs in ((3, 4, 2), (2, 5, 1))
    ]


def batch(seed, n, dtype=torch.float32):
    """Real data (n, 2) and noise (n, 3)."""
    rng = np.random.default_rng(seed)
    real, noise = rng.normal(1.0, 0.6, (n, 2)), rng.normal(size=(n, 3))
    return torch.tensor(real, dtype=dtype), torch.tensor(noise, dtype=dtype)


def loss_of(losses, key, given):
    """The float under `key` of what the step returned."""
    expect(isinstance(losses, dict) and key in losses,
           f'expected a dict with "d_loss" and "g_loss", got {show(losses)}',
           given=given)  # fmt: skip
    return assert_number(losses[key], given=f'{given}, "{key}"')


def judge_network(got, wanted, what, given, rounding=1):
    """Fail unless a network's parameters are the expected ones."""
    for name, value in wanted.items():
        assert_close(
            got[name], torch.tensor(value, dtype=got[name].dtype),
            rtol=1e-4, atol=2e-6 * rounding,  # float32 through two networks
            given=f"{given}: {what}'s `{name}`",
        )  # fmt: skip


RATES = (0.3, 0.7)  # the generator's and the discriminator's


def one_step(submission, seed, n, dtype):
    """One step with plain SGD: its losses, both networks before and after, the batch."""
    g_state, d_state = states(seed, dtype)
    real, noise = batch(seed, n, dtype)
    seen, *_ = submission.probe(
        probe_steps, g_state, d_state, [(real, noise)], RATES, 0.0, False, False
    )
    losses, g_after, d_after = seen[0]
    return losses, doubles(g_state), doubles(d_state), g_after, d_after, real, noise


CASES = (
    (20, 6, torch.float32), (21, 3, torch.float64), (22, 9, torch.float32),
    (99, 6, torch.float64),  # its discriminator is good already: a loss of 0.23
)  # fmt: skip


@check("gan_train_step", points=1,
       hint="Which four things does the discriminator's update consist of, and how many updates "
            "does the discriminator get in one step?")  # fmt: skip
def test_updates_the_discriminator_wrongly(submission):
    """The discriminator makes exactly one step, on real and on generated data."""
    for seed, n, dtype in CASES:
        given = f"gan_train_step, {n} rows, {dtype}"
        _, g, d, _, d_after, real, noise = one_step(submission, seed, n, dtype)
        _, grads = discriminator_half(g, d, real.double().numpy(), noise.double().numpy())
        wanted, _ = descend(d, grads, {}, RATES[1], 0.0)
        judge_network(d_after, wanted, "the discriminator", given)


@check("gan_train_step", points=1,
       hint="The generator learns through a discriminator. Through the one from before or from "
            "after its update, and from which noise?")  # fmt: skip
def test_asks_the_old_discriminator(submission):
    """The generator makes exactly one step, through the discriminator just updated."""
    for seed, n, dtype in CASES:
        given = f"gan_train_step, {n} rows, {dtype}"
        _, g, _, g_after, d_after, _, noise = one_step(submission, seed, n, dtype)
        _, grads = generator_half(g, doubles(d_after), noise.double().numpy())
        wanted, _ = descend(g, grads, {}, RATES[0], 0.0)
        judge_network(g_after, wanted, "the generator", given)


@check("gan_train_step", points=0.5,
       hint="At which moment is each loss read: before or after its own update, and before or "
            "after the other network's?")  # fmt: skip
def test_reports_other_losses(submission):
    """Each loss is a float, the value that its update was made from."""
    for seed, n, dtype in CASES:
        given = f"gan_train_step, {n} rows, {dtype}"
        losses, g, d, _, d_after, real, noise = one_step(submission, seed, n, dtype)
        real, noise = real.double().numpy(), noise.double().numpy()
        for key, wanted in (
            ("d_loss", discriminator_half(g, d, real, noise)[0]),
            ("g_loss", generator_half(g, doubles(d_after), noise)[0]),
        ):
            assert_close(
                loss_of(losses, key, given), wanted, given=f'{given}, "{key}"', **STEP[dtype]
            )
    # Logits of any finite size give finite losses, and so does the step that is made from them.
    f32, f64 = torch.float32, torch.float64
    for size, dtype in ((1000.0, f32), (-1000.0, f32), (-1000.0, f64)):
        g_state, d_state = states(40, dtype)
        d_state["last.bias"] += size
        real, noise = batch(40, 4, dtype)
        seen, *_ = submission.probe(
            probe_steps, g_state, d_state, [(real, noise)], RATES, 0.0, False, False
        )
        losses, _, d_after = seen[0]
        g, d = doubles(g_state), doubles(d_state)
        real, noise = real.double().numpy(), noise.double().numpy()
        given = f"gan_train_step with logits near {size:g}, {dtype}"
        for key, wanted in (
            ("d_loss", discriminator_half(g, d, real, noise)[0]),
            ("g_loss", generator_half(g, doubles(d_after), noise)[0]),
        ):
            assert_close(
                loss_of(losses, key, given), wanted, given=f'{given}, "{key}"', **STEP[dtype]
            )


@check("gan_train_step", points=1,
       hint="The generator's backward pass runs through the discriminator and leaves gradients "
            "there. Who removes them, and when?")  # fmt: skip
def test_lets_gradients_pile_up(submission):
    """Left-over gradients have no effect, and neither has one step's backward on the next."""
    for seed, stale, momentum in ((23, True, 0.0), (24, False, 0.9), (25, True, 0.6)):
        g_state, d_state = states(seed)
        batches = [batch(seed + i, 5) for i in range(3)]
        seen, *_ = submission.probe(
            probe_steps, g_state, d_state, batches, RATES, momentum, stale, False
        )
        g, d, g_speed, d_speed = doubles(g_state), doubles(d_state), {}, {}
        for i, (real, noise) in enumerate(batches):
            real, noise = real.double().numpy(), noise.double().numpy()
            d_loss, grads = discriminator_half(g, d, real, noise)
            d, d_speed = descend(d, grads, d_speed, RATES[1], momentum)
            g_loss, grads = generator_half(g, d, noise)
            g, g_speed = descend(g, grads, g_speed, RATES[0], momentum)
            given = f"gan_train_step number {i + 1}" + (", old gradients about" if stale else "")
            losses, g_after, d_after = seen[i]
            for key, wanted in (("d_loss", d_loss), ("g_loss", g_loss)):
                # float32, and rounding that has grown over three steps
                assert_close(loss_of(losses, key, given), wanted, rtol=5e-4, atol=5e-5,
                             given=f'{given}, "{key}"')  # fmt: skip
            judge_network(d_after, d, "the discriminator", given, rounding=25)
            judge_network(g_after, g, "the generator", given, rounding=25)


@check("gan_train_step", points=1,
       hint="In the discriminator's update, where does the backward pass stop? What does the "
            "graph of generator(noise) hang on?")  # fmt: skip
def test_sends_gradients_into_the_generator(submission):
    """The discriminator's update computes no gradient for the generator."""
    for seed in (26, 27):
        events = submission.probe(probe_gradient_flow, *states(seed), *batch(seed, 4))
        given = "gan_train_step"
        expect("discriminator step" in events and "generator step" in events,
               f"expected a step of each optimiser, got {sorted(set(events))}",
               given=given)  # fmt: skip
        first = events[: events.index("discriminator step")]
        expect("gradient" not in first,
               "expected no gradient for the generator before the discriminator's step, got "
               f"{first.count('gradient')} for its 4 parameters", given=given)  # fmt: skip
        expect("generator step" not in first,
               "expected the discriminator's step first, got the generator's",
               given=given)  # fmt: skip


@check("gan_train_step", points=0.5,
       hint="Does it work for a single row and by keyword, and are data, modes, requires_grad and "
            "torch's random state afterwards what they were?")  # fmt: skip
def test_step_manners(submission):
    """A single row will do, data and random state stay, and no network ends up frozen."""
    g_state, d_state = states(28)
    batches = [batch(28, 1), batch(29, 2)]
    seen, wanting, modes, batches_after, tracked = submission.probe(
        probe_steps, g_state, d_state, batches, RATES, 0.0, False, True
    )
    given = "gan_train_step on one row"
    g, d = doubles(g_state), doubles(d_state)
    real, noise = (tensor.double().numpy() for tensor in batches[0])
    wanted, _ = descend(d, discriminator_half(g, d, real, noise)[1], {}, RATES[1], 0.0)
    judge_network(seen[0][2], wanted, "the discriminator", given)
    wanted, _ = descend(g, generator_half(g, wanted, noise)[1], {}, RATES[0], 0.0)
    judge_network(seen[0][1], wanted, "the generator", given)
    expect(all(wanting), "it left parameters with requires_grad switched off",
           given="gan_train_step")  # fmt: skip
    expect(same([list(pair) for pair in batches_after], [list(pair) for pair in batches]),
           "it changed real or noise", given="gan_train_step")  # fmt: skip
    expect(not any(flag for pair in tracked for flag in pair),
           "it switched requires_grad on for real or noise", given="gan_train_step")  # fmt: skip
    expect(all(modes), "networks in train mode are no longer in it", given="gan_train_step")
    random_states = submission.probe(probe_random_state, g_state, d_state, *batches[1], (3, 4))
    expect(not same(*random_states), "it reseeds torch's global random state",
           given="gan_train_step")  # fmt: skip
