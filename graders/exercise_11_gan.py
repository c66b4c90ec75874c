"""Hidden checks of exercise 11: the two losses of a GAN and one training step.

Truth comes from the closed forms of both losses and their derivatives in float64 NumPy, and
from a training step that is done by hand: small tanh networks with their gradients
written out. The generator's half is judged through the discriminator that the answer left, so
that a wrong first half costs the second one nothing; and whether gradients pile up shows where
a step differs from the same step with new optimisers.
"""

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    Truth,
    assert_close,
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
    assert_tensors,
    assert_untouched,
    give_old_gradients,
    linear,
    model_of,
    numbers,
    random_states,
    snapshot,
)

F32, F64 = torch.float32, torch.float64
# What rounding leaves: of float32 means of a few terms, and of float64 ones, which a detour
# through float32 would miss by 1e-8.
LOOSE = {"rtol": 1e-5, "atol": 1e-6}
DIGITS = {F32: LOOSE, F64: {"rtol": 1e-9, "atol": 1e-10}}

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


def both_halves(real_logits, fake_logits):
    value = cross_entropy(real_logits.double(), 1) + cross_entropy(fake_logits.double(), 0)
    return torch.tensor(value, dtype=real_logits.dtype)


def not_saturating(fake_logits):
    return torch.tensor(cross_entropy(fake_logits.double(), 1), dtype=fake_logits.dtype)


def judge(actual, expected, *_, **__):
    """A scalar tensor of that value, as near as float32 comes; its type is for other checks."""
    assert_tensor(actual, shape=())
    expect(actual.is_floating_point(), f"expected a {expected.dtype} number, got {actual.dtype}")
    assert_close(actual.double(), expected.double(), **LOOSE)


def judge_digits(actual, expected, *_, **__):
    """The type as well, and in float64 the digits that float32 has not."""
    assert_tensor(actual, shape=(), dtype=expected.dtype)
    assert_close(actual, expected, **DIGITS[expected.dtype])


def columns(count, *values):
    """A function that makes strategies of `count` columns of one or two logits."""

    def inputs(st):
        def of_size(n):
            column = st.lists(st.sampled_from(values), min_size=n, max_size=n)
            return st.tuples(*[column.map(lambda v: torch.tensor(v)[:, None])] * count)

        return st.integers(1, 2).flatmap(of_size)

    return inputs


ORDINARY, LARGE = (0.0, 1.0, -2.0, 3.0, 6.0, -6.0), (0.0, 3.0, 200.0, -200.0, 2000.0, -2000.0)
D_LOSS = Truth("discriminator_loss", both_halves, inputs=columns(2, *ORDINARY), rtol=0, judge=judge)
G_LOSS = Truth("generator_loss", not_saturating, inputs=columns(1, *ORDINARY), rtol=0, judge=judge)
D_DIGITS = Truth("discriminator_loss", both_halves, rtol=0, judge=judge_digits)
G_DIGITS = Truth("generator_loss", not_saturating, rtol=0, judge=judge_digits)


def some_dtype(rng):
    return (F32, F64)[rng.integers(2)]


def some_logits(rng, count, n=None, dtype=None):
    """Columns (n, 1) of logits of ordinary size, more of them positive."""
    n, dtype = n or int(rng.integers(2, 7)), dtype or some_dtype(rng)
    return tuple(torch.tensor(rng.normal(0.7, 1.8, (n, 1)), dtype=dtype) for _ in range(count))


def fixed(count, seed, *args):
    return some_logits(np.random.default_rng(seed), count, *args)


def sure_logits(rng, count):
    """Logits of hundreds up to a million, of either sign."""
    columns = some_logits(rng, count)
    size = 10 ** rng.uniform(2, 6)
    return tuple((size * (each + each.sign())).round() for each in columns)


def column(values, dtype=F32):
    return torch.tensor(values, dtype=dtype)[:, None]


def probe_slopes(answer, name, logits):
    # The derivatives of a loss with respect to each of its arguments; None where there is none.
    logits = [tensor.clone().requires_grad_() for tensor in logits]
    loss = getattr(answer, name)(*logits)
    if loss.requires_grad:
        loss.backward()
    return [tensor.grad for tensor in logits]


def slopes_of(submission, name, cases, labels):
    """(got, right derivative, words) for each argument of each case."""
    answers = submission.each_probe(probe_slopes, [(name, logits) for logits in cases])
    for (_, logits), slopes in answers:
        for number, (got, each, label) in enumerate(zip(slopes, logits, labels, strict=True)):
            wanted = torch.tensor(slope(each.double().numpy(), label), dtype=each.dtype)
            given = f"{name}, gradient of argument {number + 1} at {show(each)}"
            expect(got is not None, "expected one, got a loss that does not depend on it",
                   given=given)  # fmt: skip
            yield got, wanted, given


@check("discriminator_loss", points=1,
       hint="The networks give logits. Which label does each half have, and is each of the two "
            "means taken for itself before they are added?")  # fmt: skip
def test_scores_the_wrong_way(submission):
    """The loss is the mean cross-entropy of real against 1 plus that of fake against 0."""
    cases = [fixed(2, 0, 5, F32), fixed(2, 1, 3, F64), fixed(2, 2, 8, F32), fixed(2, 12, 150, F64)]
    D_LOSS.assert_holds(submission, cases, draw=lambda rng: some_logits(rng, 2))


@check("discriminator_loss", points=1, inputs=columns(2, *LARGE),
       hint="What is log(sigmoid(-1000)) on paper, and what is it in floating point? Is there a "
            "function that takes the logits themselves?")  # fmt: skip
def test_overflows_on_sure_logits(submission):
    """The loss is right and finite for logits of any size."""
    cases = [
        (column([-1000.0, 3.0]), column([1000.0, -2.0])),
        (column([1000.0, 2000.0], F64), column([-1000.0, -3000.0], F64)),
        (column([-150.0, 150.0]), column([150.0, -150.0])),
        (column([-800.0, 60.0], F64), column([800.0, -60.0], F64)),
        (column([-20000.0]), column([3e6])),
        (column([-7.0, 9.0], F64), column([7.0, -9.0], F64)),  # not sure enough to be rounded
    ]
    D_LOSS.assert_holds(submission, cases, draw=lambda rng: sure_logits(rng, 2))


@check("discriminator_loss", points=0.5,
       hint="If you wanted to train with the result, to which of its arguments does a gradient "
            "come back?")  # fmt: skip
def test_discriminator_gets_no_gradient(submission):
    """Both real and fake logits receive their gradient."""
    cases = [fixed(2, 3, 3, F32), fixed(2, 4, 4, F64), some_logits(rng_of(submission), 2, 3)]
    for got, wanted, given in slopes_of(submission, "discriminator_loss", cases, (1, 0)):
        # Whether the loss is the right one is the matter of other checks.
        ratio = got.double() / wanted.double()
        expect(bool(((ratio.abs() > 0.15) & (ratio.abs() < 7)).all()),
               f"expected {show(wanted)}, got {show(got)}", given=given)  # fmt: skip


@check("discriminator_loss", points=0.5,
       hint="Does it work for a single row and by keyword, in the type of the logits, and are they "
            "afterwards what they were?")  # fmt: skip
def test_discriminator_loss_manners(submission):
    """A single row will do, the loss has the logits' type and digits, and they stay."""
    D_DIGITS.assert_holds(
        submission,
        [((), {"real_logits": column([0.8]), "fake_logits": column([-0.3])}),
         fixed(2, 5, 6, F32), fixed(2, 6, 3, F64)],
        draw=lambda rng: some_logits(rng, 2),
        unchanged=True,
    )  # fmt: skip


@check("generator_loss", points=1,
       hint="When the discriminator is sure that a sample is fake, how steep is your loss there? "
            "Which of log D and log(1 - D) is steep?")  # fmt: skip
def test_saturates(submission):
    """The loss is the mean of -log D(fake), steepest where the generator is worst."""
    cases = [fixed(1, 7, 5, F32), fixed(1, 8, 3, F64), fixed(1, 9, 8, F32), fixed(1, 13, 150, F64)]
    G_LOSS.assert_holds(submission, cases, draw=lambda rng: some_logits(rng, 1))
    cases = [cases[0], some_logits(rng_of(submission), 1)]
    for got, wanted, given in slopes_of(submission, "generator_loss", cases, (1,)):
        assert_close(got.double(), wanted.double(), rtol=1e-4, atol=1e-6, given=given)


@check("generator_loss", points=0.5, inputs=columns(1, *LARGE),
       hint="What is log(sigmoid(-1000)) on paper, and what is it in floating point?")
def test_overflows_on_hopeless_fakes(submission):
    """The loss and its gradient are right and finite for logits of any size."""
    cases = [(column([-1000.0, 3.0]),), (column([1000.0, 2000.0], F64),),
             (column([-150.0, 150.0]),), (column([-800.0], F64),), (column([-3e6]),),
             (column([-7.0, 9.0], F64),)]  # fmt: skip  # not sure enough to be rounded
    G_LOSS.assert_holds(submission, cases, draw=lambda rng: sure_logits(rng, 1))
    cases = [cases[0], sure_logits(rng_of(submission), 1)]
    for got, wanted, given in slopes_of(submission, "generator_loss", cases, (1,)):
        assert_close(got.double(), wanted.double(), rtol=1e-4, atol=1e-6, given=given)


@check("generator_loss", points=0.5,
       hint="Does it work for a single row and by keyword, in the type of the logits, and are they "
            "afterwards what they were?")  # fmt: skip
def test_generator_loss_manners(submission):
    """A single row will do, the loss has the logits' type and digits, and they stay."""
    G_DIGITS.assert_holds(
        submission,
        [((), {"fake_logits": column([-0.9])}), fixed(1, 10, 6, F32), fixed(1, 11, 3, F64)],
        draw=lambda rng: some_logits(rng, 1),
        unchanged=True,
    )


# ---- gan_train_step: the networks on the far side ------------------------------------------------

RATES = (0.3, 0.7)  # the generator's and the discriminator's


def parts(seed, dtype):
    """Layers of a generator 3 -> 4 -> 2 and of a discriminator 2 -> 5 -> 1, from a seed."""
    normal = numbers(seed, getattr(torch, dtype))
    return [
        [(0.8 * normal(hidden, inputs), 0.5 * normal(hidden)),
         (normal(outputs, hidden), 0.5 * normal(outputs))]
        for inputs, hidden, outputs in ((3, 4, 2), (2, 5, 1))
    ]  # fmt: skip


def batch(seed, n, dtype, far=""):
    """Real data (n, 2) and noise (n, 3); a column of the data is as large as `far` asks for."""
    normal = numbers(seed + 1, getattr(torch, dtype))
    real, noise = 1 + 0.6 * normal(n, 2), normal(n, 3)
    if far == "data":
        real[:, 0] *= 1000
    return real, noise


def moved(layers, shift, far):
    """The same layers, with logits that are `shift` larger, and with what `far` asks for."""
    (first_of_g, _), (first_of_d, last_of_d) = layers
    last_of_d[1].add_(shift)
    if far == "data":  # its weights are small: gradients of hundreds, which nothing says to clip
        first_of_d[0][:, 0] /= 1000
    if far == "weights":
        first_of_g[1][0] = 7.0
    return layers


def game(seed, dtype, shift=0.0, far=""):
    """A generator and a discriminator whose logits are `shift` larger, with their optimisers."""
    g_layers, d_layers = moved(parts(seed, dtype), shift, far)
    networks = [
        model_of(first=linear(*first), bend=nn.Tanh(), last=linear(*last))
        for first, last in (g_layers, d_layers)
    ]
    return [*networks, *optimisers(networks)]


def optimisers(networks):
    pairs = zip(networks, RATES, strict=True)
    return [torch.optim.SGD(network.parameters(), lr=rate) for network, rate in pairs]


def parameters_of(*networks):
    """What each of them holds, as data."""
    return [snapshot(network, parts=["parameters"])["parameters"] for network in networks]


def probe_step(answer, seed, n, dtype, shift, far=""):
    # What one step returns, and both networks afterwards.
    generator, discriminator, *both = game(seed, dtype, shift, far)
    losses = answer.gan_train_step(generator, discriminator, *batch(seed, n, dtype, far), *both)
    return losses, *parameters_of(generator, discriminator)


def probe_again(answer, seed):
    # Both networks before two steps with old gradients about, and after each; and after the same
    # steps from the same places, with nothing about.
    generator, discriminator, *both = networks = game(seed, "float32")
    give_old_gradients(generator, 30.0)
    give_old_gradients(discriminator, -20.0)
    batches = [batch(seed + number, 5, "float32") for number in range(2)]
    places, alone = [parameters_of(*networks[:2])], []
    for real, noise in batches:
        fresh = game(seed, "float32")[:2]
        for network, place in zip(fresh, places[-1], strict=True):
            network.load_state_dict(place)
        answer.gan_train_step(*fresh, real, noise, *optimisers(fresh))
        alone.append(parameters_of(*fresh))
        answer.gan_train_step(generator, discriminator, real, noise, *both)
        places.append(parameters_of(generator, discriminator))
    return places, alone


def probe_events(answer, seed):
    # What happens in one step, in order: gradients of the generator, and both updates.
    generator, discriminator, g_optimizer, d_optimizer = game(seed, "float32")
    events = []

    def note(event):
        return lambda *_: events.append(event)

    for parameter in generator.parameters():
        parameter.register_hook(note("gradient"))
    g_optimizer.register_step_pre_hook(note("generator step"))
    d_optimizer.register_step_pre_hook(note("discriminator step"))
    real, noise = batch(seed, 4, "float32")
    answer.gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer)
    return events


def probe_left(answer, seed, n):
    # A step by keyword: snapshots of both networks, the data, and whether these are tracked.
    generator, discriminator, *both = game(seed, "float32")
    data = [4 * tensor for tensor in batch(seed, n, "float32")]
    before = [snapshot(network) for network in (generator, discriminator)]
    names = ("generator", "discriminator", "real", "noise", "g_optimizer", "d_optimizer")
    answer.gan_train_step(
        **dict(zip(names, (generator, discriminator, *data, *both), strict=True))
    )
    after = [snapshot(network) for network in (generator, discriminator)]
    return before, after, data, [tensor.requires_grad for tensor in data]


def probe_random_states(answer, seed):
    def step():
        generator, discriminator, *both = game(seed, "float32")
        answer.gan_train_step(generator, discriminator, *batch(seed, 2, "float32"), *both)

    return random_states(step, (3, 4))


# ---- gan_train_step: the same step by hand, in NumPy ---------------------------------------------


def doubles(layers):
    """Parameters in float64 NumPy by name, from pairs of layers or from a dict."""
    if not isinstance(layers, dict):
        (w, b), (v, c) = layers
        layers = {"first.weight": w, "first.bias": b, "last.weight": v, "last.bias": c}
    return {name: value.double().numpy() for name, value in layers.items()}


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


def descend(p, grads, rate):
    """Parameters after one step of gradient descent, as float32 tensors."""
    return {name: torch.tensor(p[name] - rate * grads[name]).float() for name in p}


def loss_of(losses, key, given):
    """The float under `key` of what the step returned."""
    expect(isinstance(losses, dict) and key in losses,
           f'expected a dict with "d_loss" and "g_loss", got {show(losses)}',
           given=given)  # fmt: skip
    return assert_number(losses[key], given=f'{given}, "{key}"')


class Step:
    """One step of the answer: what it began with, by hand, and what it returned and left."""

    def __init__(self, seen, seed, n, dtype, shift, far=""):
        g_layers, d_layers = moved(parts(seed, dtype), shift, far)
        self.g, self.d = doubles(g_layers), doubles(d_layers)
        data = batch(seed, n, dtype, far)
        self.real, self.noise = (tensor.double().numpy() for tensor in data)
        self.dtype = getattr(torch, dtype)
        self.losses, self.g_after, self.d_after = seen
        sure = f" with logits near {shift:g}" if shift else ""
        self.given = f"gan_train_step{sure}, {n} rows, {self.dtype}"

    def discriminator_half(self):
        return discriminator_half(self.g, self.d, self.real, self.noise)

    def generator_half(self):
        """Through the discriminator that the answer left, wherever that is."""
        return generator_half(self.g, doubles(self.d_after), self.noise)


def steps_of(submission, cases):
    """A step of the answer for each (seed, rows, dtype, shift of the logits)."""
    for case, seen in submission.each_probe(probe_step, cases):
        yield Step(seen, *case)


def with_drawn(submission, cases, n=4):
    """The cases, and one from a seed that nobody has seen before."""
    return [*cases, *((seed, n, "float32", 0.0) for seed in seeds_of(submission, 1))]


# The second has gradients of norm 7 for both networks, which nothing says are clipped.
CASES = [(22, 9, "float32", 0.0), (5747, 2, "float32", 0.0)]
# A discriminator or a generator that is nearly right learns all the same.
SURE_DISCRIMINATOR, SURE_GENERATOR = (1535, 2, "float32", 0.0), (2481, 4, "float32", 0.0)
MANY_ROWS = (24, 150, "float32", 0.0)


@check("gan_train_step", points=1,
       hint="Which four things does the discriminator's update consist of, and how many updates "
            "does the discriminator get in one step?")  # fmt: skip
def test_updates_the_discriminator_wrongly(submission):
    """The discriminator makes exactly one step, on real and on generated data."""
    cases = [*CASES, SURE_DISCRIMINATOR, MANY_ROWS, (42, 3, "float32", 0.0, "data")]
    for step in steps_of(submission, with_drawn(submission, cases)):
        wanted = descend(step.d, step.discriminator_half()[1], RATES[1])
        assert_tensors(step.d_after, wanted, rtol=1e-4, atol=2e-6,  # float32, two networks
                       given=f"{step.given}: the discriminator")  # fmt: skip


@check("gan_train_step", points=1,
       hint="The generator learns through a discriminator. Through the one from before or from "
            "after its update, and from which noise?")  # fmt: skip
def test_asks_the_old_discriminator(submission):
    """The generator makes exactly one step, through the discriminator just updated."""
    cases = [*CASES, SURE_GENERATOR, (43, 3, "float32", 0.0, "weights")]
    for step in steps_of(submission, with_drawn(submission, cases)):
        wanted = descend(step.g, step.generator_half()[1], RATES[0])
        assert_tensors(step.g_after, wanted, rtol=1e-4, atol=2e-6,  # float32, two networks
                       given=f"{step.given}: the generator")  # fmt: skip


@check("gan_train_step", points=0.5,
       hint="At which moment is each loss read: before or after its own update, and before or "
            "after the other network's? And in which type?")  # fmt: skip
def test_reports_other_losses(submission):
    """Each loss is a float, the value that its update was made from, however sure the logits."""
    cases = [(20, 6, "float32", 0.0), (21, 3, "float64", 0.0), (40, 4, "float32", 1000.0),
             (41, 4, "float64", -1000.0)]  # fmt: skip
    for step in steps_of(submission, with_drawn(submission, cases)):
        for key, (wanted, _) in (
            ("d_loss", step.discriminator_half()),
            ("g_loss", step.generator_half()),
        ):
            tolerance = {"rtol": 1e-4, "atol": 1e-5} if step.dtype == F32 else DIGITS[F64]
            got = loss_of(step.losses, key, step.given)
            assert_close(got, wanted, given=f'{step.given}, "{key}"', **tolerance)


@check("gan_train_step", points=1,
       hint="The generator's backward pass runs through the discriminator and leaves gradients "
            "there. Who removes them, and when?")  # fmt: skip
def test_lets_gradients_pile_up(submission):
    """Left-over gradients have no effect, and neither has one step's backward on the next."""
    for seed in (23, *seeds_of(submission, 1)):
        places, alone = submission.probe(probe_again, seed)
        for number, (there, by_itself) in enumerate(zip(places[1:], alone, strict=True), start=1):
            given = f"gan_train_step number {number}, " + (
                "old gradients about" if number == 1 else "with what the first one left"
            )
            expect(not same(there, places[0]), "no network has moved", given=given)
            names = ("the generator", "the discriminator")
            for name, got, wanted in zip(names, there, by_itself, strict=True):
                assert_tensors(got, wanted, rtol=1e-4, atol=1e-6,  # the same computation
                               given=f"{given}: {name}")  # fmt: skip


@check("gan_train_step", points=1,
       hint="In the discriminator's update, where does the backward pass stop? What does the "
            "graph of generator(noise) hang on?")  # fmt: skip
def test_sends_gradients_into_the_generator(submission):
    """The discriminator's update computes no gradient for the generator."""
    for seed in (26, *seeds_of(submission, 1)):
        events = submission.probe(probe_events, seed)
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
    cases = [(28, 1), *((seed, 3) for seed in seeds_of(submission, 1))]
    for (seed, n), seen in submission.each_probe(probe_left, cases):
        before, after, data, tracked = seen
        given = f"gan_train_step on {n} row{'s' * (n > 1)}"
        expect(not same(before, after), "no network has moved", given=given)
        for old, new in zip(before, after, strict=True):
            assert_untouched(old, new, "requires_grad", "modes", given=given)
            for name, value in new["parameters"].items():
                expect(bool(value.isfinite().all()), f"{name} is not finite", given=given)
        given_data = [4 * tensor for tensor in batch(seed, n, "float32")]
        expect(same(data, given_data), "it changed real or noise", given=given)
        expect(not any(tracked), "it switched requires_grad on for real or noise", given=given)
    expect(not same(*submission.probe(probe_random_states, 29)),
           "it reseeds torch's global random state", given="gan_train_step")  # fmt: skip
