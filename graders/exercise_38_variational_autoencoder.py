"""Hidden checks of exercise 38: the losses of a variational autoencoder.

The noise of a sample is free, so it is taken from the answer itself, at mu 0 and variance 1, and
judged by how it is spread; samples elsewhere have to follow from it. The divergence is the
expectation of a difference of log-densities by a quadrature that is exact for it; a bound is the
logarithm of a mean of decimals, which neither overflow nor underflow.
"""

import math
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch

from gradekit.grading import (
    Truth,
    assert_close,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)

F32, F64 = torch.float32, torch.float64
# Sums of a few dozen terms in float32, relative to the largest of them; in float64 with digits
# that float32 has not.
LOOSE, DIGITS = 1e-5, 1e-9
MANY = 1100  # samples, pixels or axes: more than anybody cuts off at


# ---- what all truths share ---------------------------------------------------------------------


def size_of(args):
    """The largest magnitude among the tensors, at least 1."""
    tensors = [a for a in args if isinstance(a, torch.Tensor)]
    return max([1.0, *(float(a.abs().max()) for a in tensors)])


def judge(actual, expected, *args, **keywords):
    """Shape and value, as near as float32 comes; the type is the matter of other checks."""
    assert_tensor(actual, shape=tuple(expected.shape))
    expect(actual.is_floating_point(), f"expected numbers of {expected.dtype}, got {actual.dtype}")
    # float32 rounds a mean of thousands by fractions of one.
    atol = max(LOOSE, 1e-6 * size_of([*args, *keywords.values()]))
    assert_close(actual.double(), expected.double(), rtol=LOOSE, atol=atol)


def judge_digits(actual, expected, *args, **keywords):
    """The type too, and in float64 the digits that float32 has not."""
    assert_tensor(actual, shape=tuple(expected.shape), dtype=expected.dtype)
    tolerance = DIGITS if expected.dtype == F64 else LOOSE
    assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def closer(truth):
    """The same truth, judged with its type and digits."""
    return Truth(
        truth.function, truth.expected, inputs=truth.inputs, rtol=0, judge=judge_digits
    )


def some_dtype(rng):
    return (F32, F64)[rng.integers(2)]


def normal(rng, *shape, dtype=None, size=1.0):
    return torch.tensor(rng.normal(0.0, size, shape), dtype=dtype or some_dtype(rng))


def fixed(draw, number, *args):
    """The case that `draw` makes of a seed of ours."""
    return draw(np.random.default_rng(number), *args)


def rows(st, *shape, of):
    """A strategy of tensors of this shape, with entries from `of`."""
    count = math.prod(shape)
    return st.lists(st.sampled_from(of), min_size=count, max_size=count).map(
        lambda values: torch.tensor(values).reshape(shape)
    )


# ---- reparameterize ----------------------------------------------------------------------------


def probe_samples(answer, mu, log_var, seed):
    # The noise, which is the sample at mu 0 and log_var 0, and the sample. Generators are made
    # here, since one that travels takes as long as a hundred samples.
    zero = torch.zeros_like(mu)
    return [
        answer.reparameterize(*args, torch.Generator().manual_seed(seed))
        for args in ((zero, zero), (mu, log_var))
    ]


def assert_follows(submission, cases, rtol, atol, exact_type=False):
    """Each sample for (mu, log_var, seed) is mu plus exp(log_var / 2) of the noise for 0 and 0."""
    for (mu, log_var, seed), (noise, sample) in submission.each_probe(probe_samples, cases):
        given = f"reparameterize({show(mu)}, {show(log_var)}, torch.Generator() of seed {seed})"
        for value in (noise, sample):
            assert_tensor(value, shape=tuple(mu.shape), given=given)
            if exact_type:
                assert_tensor(value, dtype=mu.dtype, given=given)
        expect(bool(noise.isfinite().all() and (noise != 0).any()),
               f"with mu 0 and log_var 0 it gave {show(noise)}", given=given)  # fmt: skip
        expected = mu.double() + (log_var.double() / 2).exp() * noise.double()
        assert_close(sample.double(), expected, rtol=rtol, atol=atol, given=given)


@check("reparameterize", points=0.5,
       hint="A variance of 4 has which standard deviation, and what is that in terms of "
            "log_var = log(4)?")  # fmt: skip
def test_scales_the_noise_otherwise(submission):
    """A sample is mu plus exp(log_var / 2) of the noise that mu 0 and log_var 0 give."""
    cases = [
        (torch.tensor([[0.0, 3.0]]), torch.tensor([[math.log(4.0), 0.0]]), 1),
        (torch.tensor([[-2.0], [5.0], [0.5]]), torch.tensor([[-3.0], [1.0], [2.0]]), 2),
        (torch.tensor([[-2e6, 300.0]], dtype=F64), torch.zeros(1, 2, dtype=F64), 3),
    ]
    rng = rng_of(submission)
    for _, seed in zip("ab", seeds_of(submission, 2), strict=True):
        shape = [int(size) for size in rng.integers(1, 4, 2)]
        dtype = some_dtype(rng)
        mu, log_var = normal(rng, *shape, dtype=dtype, size=3.0), normal(rng, *shape, dtype=dtype)
        cases.append((mu, log_var.clamp(-2, 2), seed))
    assert_follows(submission, cases, rtol=1e-5, atol=1e-5)


def judge_noise(noise, given):
    """Fail unless 64 by 64 numbers look like independent standard normal ones.

    Each bound is missed by right ones less than once in a million times.
    """
    assert_tensor(noise, shape=(64, 64), given=given)
    entries = noise.double()
    ranked = entries.flatten().sort().values
    expect(int((ranked[1:] != ranked[:-1]).sum()) > 3900, "the same numbers come again and again",
           given=given)  # fmt: skip
    # Kolmogorov and Smirnov; a uniform distribution of the same variance is 0.057 away.
    steps = torch.arange(4097, dtype=F64) / 4096
    share = torch.special.ndtr(ranked)
    distance = max(float((share - steps[:-1]).max()), float((steps[1:] - share).max()))
    mean, variance = float(ranked.mean()), float(ranked.var())
    expect(distance < 0.044 and abs(mean) < 0.1 and abs(variance - 1) < 0.15,
           f"not spread as a standard normal distribution: mean {show(mean)}, variance "
           f"{show(variance)}", given=given)  # fmt: skip
    # Also where a uniform number in float32 stands behind each, four of the largest do not meet.
    expect(bool(ranked[0] < ranked[3] and ranked[-4] < ranked[-1]), "the largest numbers are all "
           f"the same, {show(ranked[-1])}", given=given)  # fmt: skip
    expect(float(ranked.abs().max()) > 2.5, "no number is further than 2.5 from zero", given=given)
    pairs = (entries[1:], entries[:-1]), (entries[:, 1:], entries[:, :-1])
    halves = (entries[:32], entries[32:]), (entries[:, :32], entries[:, 32:])
    for these, others in (*pairs, *halves):
        expect(abs(float((these * others).mean())) < 0.12, "neighbours are not independent, or the "
               "two halves", given=given)  # fmt: skip


def probe_noise(answer, zero, seed):
    return answer.reparameterize(zero, zero.clone(), torch.Generator().manual_seed(seed))


@check("reparameterize", points=0.5,
       hint="Draw a histogram of some thousand entries at mu 0 and log_var 0. Is it a standard "
            "normal one, and is every entry drawn by itself?")  # fmt: skip
def test_draws_other_noise(submission):
    """The noise is standard normal, and independent from entry to entry."""
    many, two = torch.zeros(64, 64), torch.zeros(1, 2)
    cases = [(many, seed) for seed in (3, *seeds_of(submission, 1))]
    lines = [(torch.zeros(shape), 10) for shape in ((MANY, 1), (1, MANY))]
    *large, tall, wide, small = submission.each_probe(probe_noise, [*cases, *lines, (two, 9)])
    for (_, seed), noise in large:
        judge_noise(noise, f"reparameterize of 64 by 64 zeros, torch.Generator() of seed {seed}")
    for (zeros, _), noise in (tall, wide):
        given = f"reparameterize of zeros {tuple(zeros.shape)}"
        assert_tensor(noise, shape=tuple(zeros.shape), given=given)
        # float32 has a million numbers there: two of the 1,100 are the same now and then.
        expect(len(noise.unique()) > MANY - 20, "the same numbers come again and again",
               given=given)  # fmt: skip
    noise = assert_tensor(small[1], shape=(1, 2), given="reparameterize of two zeros")
    expect(abs(float(noise.sum())) > 1e-4, "two entries add up to zero: the noise of a batch is "
           "not to be centred", given="reparameterize of two zeros")  # fmt: skip


def probe(answer, seeds, zero):
    # Three calls with one generator from each seed, and whether torch's random state is the same.
    seen = []
    for number, seed in enumerate(seeds):
        torch.default_generator.manual_seed(number)
        before = torch.get_rng_state()
        source = torch.Generator().manual_seed(seed)
        values = [answer.reparameterize(zero, zero, source) for _ in range(3)]
        seen.append((values, torch.equal(before, torch.get_rng_state())))
    return seen


@check("reparameterize", points=0.5,
       hint="Which function draws from a generator that you hand it, and where does noise come "
            "from if you do not?")  # fmt: skip
def test_takes_noise_from_elsewhere(submission):
    """Noise comes from the generator alone, and equal states of it give equal noise."""
    mine, *others = 4, *seeds_of(submission, 1)
    seeds = [mine, mine, *others]
    zero = torch.zeros(2, 3)
    seen = submission.probe(probe, seeds, zero)
    given = "reparameterize at mu 0 and log_var 0"
    for values, kept in seen:
        for value in values:
            assert_tensor(value, shape=(2, 3), given=given)
        expect(kept, "torch's global random state is another one afterwards",
               given=given)  # fmt: skip
        # One that seeds the generator anew after its draw repeats itself from the second call on.
        expect(not any(same(one, following) for one, following in pairwise(values)),
               "the next call with the same generator gave the same noise",
               given=given)  # fmt: skip
    (first, _), (again, _), (other, _) = seen
    expect(same(first[0], again[0]), f"generators of equal state gave {show(first[0])} and "
           f"{show(again[0])}", given=given)  # fmt: skip
    expect(not same(first[0], other[0]), "another seed gave the same noise", given=given)


def probe_slopes(answer, mu, log_var, weights, seed):
    # The sample, and what reaches either argument.
    mu, log_var = mu.clone().requires_grad_(), log_var.clone().requires_grad_()
    sample = answer.reparameterize(mu, log_var, torch.Generator().manual_seed(seed))
    if isinstance(sample, torch.Tensor) and sample.requires_grad:
        (weights * sample).sum().backward()
    return sample, mu.grad, log_var.grad


def is_slope(slope, expected):
    """Whether a gradient has the right signs and is not five times too large or too small."""
    if slope is None or slope.shape != expected.shape:
        return False
    ratio = slope.double() / expected.double()
    return bool(((ratio > 0.2) & (ratio < 5)).all())


@check("reparameterize", points=0.5,
       hint="Which of torch's ways to draw a sample gives a result that backward() can pass "
            "through, and is anything detached on the way?")  # fmt: skip
def test_cuts_the_gradient(submission):
    """Gradients reach mu, entry by entry, and log_var in proportion to what the noise moved."""
    for number, seed in ((5, 5), *((s, s) for s in seeds_of(submission, 1))):
        rng = np.random.default_rng(number)
        dtype = some_dtype(rng)
        mu, log_var = normal(rng, 2, 3, dtype=dtype), normal(rng, 2, 3, dtype=dtype, size=0.1)
        weights = torch.tensor(rng.uniform(0.5, 2.0, (2, 3)), dtype=dtype)
        sample, to_mu, to_log_var = submission.probe(probe_slopes, mu, log_var, weights, seed)
        given = f"reparameterize({show(mu)}, {show(log_var)}, ...)"
        assert_tensor(sample, shape=(2, 3), given=given)
        expect(is_slope(to_mu, weights), f"the gradient of mu is {show(to_mu)}, while that of the "
               f"sample is {show(weights)}", given=given)  # fmt: skip
        moved = weights * (sample.detach() - mu) / 2
        expect(is_slope(to_log_var, moved), f"the gradient of log_var is {show(to_log_var)}, while "
               f"that of the sample is {show(weights)}", given=given)  # fmt: skip


@check("reparameterize", points=0.5,
       hint="The deviation is finite. Is everything that you compute on the way to it?")
def test_overflows_on_the_way(submission):
    """A log_var whose exponential overflows, but whose sample does not, gives that sample."""
    (seed,), rng = seeds_of(submission, 1), rng_of(submission)
    cases = [
        (torch.zeros(1, 2), torch.tensor([[150.0, -150.0]]), 6),
        (torch.zeros(2, 1), torch.tensor([[100.0], [170.0]]), 7),
        (torch.zeros(1, 2), torch.tensor(rng.uniform(100, 160, (1, 2))).float(), seed),
        (torch.zeros(1, 1, dtype=F64), torch.full((1, 1), 1200.0, dtype=F64), 8),
    ]
    assert_follows(submission, cases, rtol=1e-4, atol=1e-30)


@check("reparameterize", points=0.5,
       hint="What type has the noise if you do not say it, and are mu and log_var afterwards what "
            "they were?")  # fmt: skip
def test_samples_in_another_type(submission):
    """reparameterize: the type and its digits are those of mu, and the arguments stay."""
    cases = []
    for number in (8, *seeds_of(submission, 1)):
        rng = np.random.default_rng(number)
        for dtype in (F32, F64):
            mu, log_var = normal(rng, 2, 2, dtype=dtype), torch.zeros(2, 2, dtype=dtype)
            cases.append((mu, log_var, number))
    assert_follows(submission, [case for case in cases if case[0].dtype == F32],
                   rtol=1e-5, atol=1e-5, exact_type=True)  # fmt: skip
    assert_follows(submission, [case for case in cases if case[0].dtype == F64],
                   rtol=1e-9, atol=1e-9, exact_type=True)  # fmt: skip
    some = [(mu, mu / 4 + 1, number) for mu, _, number in cases]
    for mu, log_var, left in submission.probe(probe_left, some):
        expect(left, "it changed its argument in place", given=f"reparameterize({show(mu)}, "
               f"{show(log_var)}, ...)")  # fmt: skip


def probe_left(answer, cases):
    # Each mu and log_var, and whether they are bit for bit the same after a call.
    seen = []
    for mu, log_var, seed in cases:
        copies = mu.clone(), log_var.clone()
        answer.reparameterize(*copies, torch.Generator().manual_seed(seed))
        kept = torch.equal(copies[0], mu) and torch.equal(copies[1], log_var)
        seen.append((mu, log_var, kept and not any(copy.requires_grad for copy in copies)))
    return seen


# ---- kl_to_standard_normal ---------------------------------------------------------------------

# Places and weights under the standard normal density; exact for the squares that occur here.
PLACES, WEIGHTS = np.polynomial.hermite_e.hermegauss(4)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def divergences(mu, log_var):
    """The mean of log q(z) - log p(z) over z from q, added up over the latent axes; in float64."""
    m, half = mu.double().numpy()[..., None], log_var.double().numpy()[..., None] / 2
    z = m + np.exp(half) * PLACES  # (N, Z, places)
    difference = z**2 / 2 - PLACES**2 / 2 - half
    return (difference @ WEIGHTS).sum(axis=1)


def divergences_of_type(mu, log_var):
    return torch.tensor(divergences(mu, log_var), dtype=mu.dtype)


def codes(*, axes=(1, 1), of=(0.0, 1.0, -2.0), log_of=None):
    def inputs(st):
        shape = st.tuples(st.integers(1, 2), st.integers(*axes))
        return shape.flatmap(
            lambda s: st.tuples(rows(st, *s, of=of), rows(st, *s, of=log_of or of))
        )

    return inputs


KL = Truth("kl_to_standard_normal", divergences_of_type, inputs=codes(), rtol=0, judge=judge)
KL_DIGITS = closer(KL)


def some_codes(rng, axes=1, dtype=None, count=None):
    dtype, count = dtype or some_dtype(rng), count or int(rng.integers(2, 5))
    return normal(rng, count, axes, dtype=dtype, size=2.0), normal(rng, count, axes, dtype=dtype)


@check("kl_to_standard_normal", points=0.5,
       hint="Which of the two distributions is integrated over? Write the closed form down, and "
            "try mu = 0 with a variance of 4.")  # fmt: skip
def test_is_another_divergence(submission):
    """With one latent axis it is KL(N(mu, exp(log_var)) || N(0, 1)) in nats."""
    only_mu = torch.tensor([[2.0], [-1.0], [0.0]])
    only_variance = torch.tensor([[math.log(4.0)], [-2.0], [1.0]])
    KL.assert_holds(
        submission,
        [(only_mu, 0 * only_mu), (0 * only_mu, only_variance), fixed(some_codes, 11, 1, F32),
         fixed(some_codes, 12, 1, F64), (2e4 * only_mu, 0 * only_mu)],
        draw=some_codes,
    )  # fmt: skip


@check("kl_to_standard_normal", points=0.5, inputs=codes(axes=(1, 3)),
       hint="Which axis is summed over, and how many numbers come back for N samples?")
def test_sums_over_another_axis(submission):
    """With Z latent axes the divergences of all Z add up, and there is one sum for each sample."""
    KL.assert_holds(
        submission,
        [fixed(some_codes, 13, 3, F32), fixed(some_codes, 14, 7, F64),
         (torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 1.0]])),
         fixed(some_codes, 17, MANY, F64), fixed(some_codes, 18, 1, F32, MANY)],
        draw=lambda rng: some_codes(rng, int(rng.integers(2, 6))),
    )  # fmt: skip


def extreme_codes(rng):
    mu, log_var = some_codes(rng, 1, F32)
    return mu, torch.tensor(rng.choice([-1.0, 1.0], log_var.shape) * rng.uniform(40, 80)).float()


@check("kl_to_standard_normal", points=0.5,
       inputs=codes(log_of=(0.0, 80.0, -80.0, 40.0, -40.0)),
       hint="A variance of exp(-80) is tiny, but its logarithm is not. Is anything clamped, or "
            "taken back from the variance?")  # fmt: skip
def test_clamps_the_variance(submission):
    """Variances from exp(-80) to exp(80) give the right divergence."""
    sizes = torch.tensor([[-80.0], [80.0], [-40.0], [30.0], [15.0], [-12.0]])
    KL.assert_holds(
        submission,
        [(torch.ones_like(sizes), sizes), (0 * sizes, sizes), (0 * sizes.double(), sizes.double())],
        draw=extreme_codes,
    )


@check("kl_to_standard_normal", points=0.5,
       hint="In which type do you compute, and are mu and log_var afterwards what they were?")
def test_measures_in_another_type(submission):
    """kl_to_standard_normal: the type and its digits are those of mu, and the arguments stay."""
    KL_DIGITS.assert_holds(
        submission,
        [fixed(some_codes, 15, 1, F32), fixed(some_codes, 16, 1, F64)],
        draw=some_codes,
        unchanged=True,
    )


# ---- negative_elbo -----------------------------------------------------------------------------


def pixel_by_pixel(x, logits, mu, log_var, beta=1.0):
    """-x log p - (1 - x) log(1 - p) from logarithms of sums of two exponentials; in float64."""
    x64, l64 = x.double().numpy(), logits.double().numpy()
    nats = x64 * np.logaddexp(0, -l64) + (1 - x64) * np.logaddexp(0, l64)
    each = [math.fsum(row) for row in nats] + beta * divergences(mu, log_var)
    return torch.tensor(math.fsum(each) / len(each), dtype=x.dtype)


def images(
    *, values=(1.0, 0.0), logits=(1.0, 0.0, -2.0), samples=1, pixels=1, betas=(), code=(0.0,)
):
    """Pixels, their logits and codes; with a beta."""

    def inputs(st):
        def of_size(size):
            count, width = size
            parts = [
                rows(st, count, width, of=values),
                rows(st, count, width, of=logits),
                rows(st, count, 1, of=code),
                rows(st, count, 1, of=code),
            ]
            if betas:
                parts.append(st.sampled_from(betas))
            return st.tuples(*parts)

        return st.tuples(st.integers(1, samples), st.integers(1, pixels)).flatmap(of_size)

    return inputs


ELBO = Truth("negative_elbo", pixel_by_pixel, inputs=images(), rtol=0, judge=judge)
ELBO_DIGITS = closer(ELBO)


def binary_images(rng, count=None, width=None, dtype=None, code=0):
    """Black and white pixels, their logits, and codes like the prior, or `code` axes of others."""
    dtype = dtype or some_dtype(rng)
    count, width = count or int(rng.integers(2, 4)), width or int(rng.integers(3, 5))
    x = torch.tensor(rng.integers(0, 2, (count, width)), dtype=dtype)
    logits = normal(rng, count, width, dtype=dtype, size=2.0)
    parts = [normal(rng, count, code or 2, dtype=dtype) * bool(code) for _ in range(2)]
    return x, logits, *parts


@check("negative_elbo", points=0.5, inputs=images(samples=2, pixels=2),
       hint="An image has many pixels, and a batch many images. Which of them are summed over and "
            "which averaged? And what is the sign?")  # fmt: skip
def test_averages_over_pixels(submission):
    """Where codes are like the prior it is the mean over samples of the summed nats of pixels."""
    ELBO.assert_holds(
        submission,
        [fixed(binary_images, 21, 3, 4, F32), fixed(binary_images, 22, 2, 5, F64),
         fixed(binary_images, 34, 1, MANY, F64), fixed(binary_images, 35, 300, 1, F64)],
        draw=binary_images,
    )  # fmt: skip


def one_pixel(rng, code=2, dtype=None, samples=1):
    return binary_images(rng, samples, 1, dtype, code)


@check("negative_elbo", points=0.5, inputs=images(code=(0.0, 1.0, -2.0)),
       hint="How much does the divergence weigh against one pixel, and is it summed over all "
            "latent axes?")  # fmt: skip
def test_weighs_the_divergence_otherwise(submission):
    """The divergence, summed over the latent axes, is added once for each sample."""
    zero = torch.zeros(1, 1)
    _, _, mu, log_var = fixed(one_pixel, 33, 3, F32, 2)
    sure = torch.ones(2, 4), torch.full((2, 4), 25.0)  # adds nothing, however it is averaged
    ELBO.assert_holds(
        submission,
        [(*sure, mu, log_var), fixed(one_pixel, 23, 3, F32, 2), fixed(one_pixel, 24, 1, F64, 2),
         *((zero, zero, zero, zero + size) for size in (-80.0, 80.0)),
         (zero, zero, zero + 2000, zero), fixed(one_pixel, 36, 300, F64, 2)],
        draw=lambda rng: one_pixel(rng, int(rng.integers(1, 5)), None, 2),
    )  # fmt: skip


def with_beta(rng):
    return *one_pixel(rng, 1), float(rng.uniform(0.1, 6.0))


@check("negative_elbo", points=0.5, inputs=images(code=(1.0, -2.0), betas=(0.0, 1.0, 4.0, 0.5)),
       hint="What does beta multiply, and is 0 a beta as well?")  # fmt: skip
def test_ignores_beta(submission):
    """Another beta weighs the divergence, and nothing else; 0 leaves it out."""
    case = fixed(one_pixel, 25, 1, F32)
    ELBO.assert_holds(
        submission,
        [(case, {"beta": 4.0}), (*case, 0.5), (*case, 0.0), (*case, 5000.0),
         (fixed(one_pixel, 26, 1, F64), {})],
        draw=with_beta,
    )  # fmt: skip


def grey_images(rng, dtype=None):
    x, *others = binary_images(rng, 1, 1, dtype)
    return torch.tensor(rng.uniform(0.05, 0.95, x.shape), dtype=x.dtype), *others


@check("negative_elbo", points=0.5, inputs=images(values=(0.25, 0.75, 0.5, 1.0)),
       hint="A grey pixel is neither 0 nor 1. How much does each of the two logarithms count for "
            "it?")  # fmt: skip
def test_takes_grey_for_black_or_white(submission):
    """Pixels anywhere between 0 and 1 weigh both logarithms."""
    greys = ((0.5, 3.0), (0.25, -1.0), (0.75, 0.5))
    cases = [tuple(torch.tensor([[value]]) for value in (x, logit, 0.0, 0.0)) for x, logit in greys]
    cases += [fixed(grey_images, 27, F32), fixed(grey_images, 28, F64)]
    ELBO.assert_holds(submission, cases, draw=grey_images)


def sure_images(rng):
    x, logits, *others = binary_images(rng, 1, 1)
    size = float(rng.choice([40.0, 300.0, 5000.0, 1e6])) * rng.uniform(0.8, 1.2)
    return x, torch.full_like(logits, rng.choice([-1.0, 1.0]) * size), *others


@check("negative_elbo", points=0.5, inputs=images(logits=(0.0, 1.0, 200.0, -200.0, 5000.0)),
       hint="What is sigmoid(-200) in float32, and what does your library make of its logarithm? "
            "The loss may be finite and wrong.")  # fmt: skip
def test_cuts_off_sure_pixels(submission):
    """Logits of any size give the right loss, where they are wrong as well as where right."""
    cases = []
    for dtype in (F32, F64):
        zero = torch.zeros(1, 1, dtype=dtype)
        for logit in (-150.0, 150.0, 18.0, -18.0, -1e30, 1e30, 800.0):
            for x in (1.0, 0.0):
                cases.append((zero + x, zero + logit, zero, zero))
    ELBO.assert_holds(submission, cases, draw=sure_images)


@check("negative_elbo", points=0.5, inputs=images(code=(0.0, 1.0)),
       hint="In which type do you compute, and are the four tensors afterwards what they were?")
def test_computes_in_another_type(submission):
    """negative_elbo: the type and its digits are those of x, and the arguments stay."""
    ELBO_DIGITS.assert_holds(
        submission,
        [fixed(one_pixel, 29, 1, F32), fixed(one_pixel, 30, 1, F64)],
        draw=lambda rng: one_pixel(rng, 1),
        unchanged=True,
    )


# ---- importance_weighted_bound -----------------------------------------------------------------


@lru_cache(maxsize=8)
def bound_of(column):
    """The logarithm of a mean of decimals; each number that comes again is worked out once."""
    counts = Counter(column).items()
    return float((sum(Decimal(w).exp() * n for w, n in counts) / len(column)).ln())


def mean_of_decimals(log_weights):
    """The mean of the columns' bounds."""
    bounds = [bound_of(tuple(column)) for column in log_weights.T.tolist()]
    return torch.tensor(math.fsum(bounds) / len(bounds), dtype=log_weights.dtype)


def tables(*, of=(0.0, 1.0, -2.0), samples=(1, 2)):
    def inputs(st):
        shape = st.tuples(st.integers(1, 3), st.integers(*samples))
        return shape.flatmap(lambda s: st.tuples(rows(st, *s, of=of)))

    return inputs


BOUND = Truth(
    "importance_weighted_bound", mean_of_decimals, inputs=tables(), rtol=0, judge=judge
)
OFFSET = 1000.0  # a bound there is good to 3e-5 in float32


def judge_bound_digits(actual, expected, log_weights):
    """The type too, and in float64 more digits than float32 has, but for log K, off by 1e-7."""
    assert_tensor(actual, shape=(), dtype=expected.dtype)
    is_double = expected.dtype == F64
    rtol, atol = (3e-10, 3e-7) if is_double else (LOOSE, LOOSE)
    assert_close(actual, expected, rtol=rtol, atol=atol)


BOUND_DIGITS = Truth(
    "importance_weighted_bound", mean_of_decimals, inputs=tables(), rtol=0, judge=judge_bound_digits
)


def weights_of(rng, draws=None, samples=None, dtype=None):
    draws, samples = draws or int(rng.integers(2, 6)), samples or int(rng.integers(2, 6))
    return (normal(rng, draws, samples, dtype=dtype, size=2.0),)


@check("importance_weighted_bound", points=0.5,
       hint="One sample's mean weight, then its logarithm, then the mean over samples: which axis "
            "is which, and what does log K do?")  # fmt: skip
def test_averages_in_another_order(submission):
    """For each column the logarithm of its mean weight, and then their mean; it is the bound."""
    two = torch.tensor([[0.5, -3.0], [2.0, -1.0]], dtype=F64)
    BOUND.assert_holds(
        submission,
        [fixed(weights_of, 31, 3, 2, F32), fixed(weights_of, 32, 2, 5, F64),
         (torch.tensor([[0.5, -2.0, 1.0]]),), (torch.tensor([[0.5], [-2.0], [1.0]]),),
         (torch.tensor([[0.0, 1.0], [0.0, 1.0], [2.0, -1.0]]),),  # the same weights twice
         (two.repeat_interleave(MANY // 2, 0),), (two.repeat_interleave(MANY // 2, 1),)],
        draw=weights_of,
    )  # fmt: skip


def far_column(rng):
    (column,) = weights_of(rng, None, 1)
    return (column + float(rng.choice([-1.0, 1.0]) * rng.uniform(1000, 20000)),)


@check("importance_weighted_bound", points=0.5,
       inputs=tables(of=(0.0, 1.0, 1000.0, -1000.0, 1001.0), samples=(1, 1)),
       hint="exp(1000) is inf and exp(-1000) is 0. What can you take out of the sum first?")
def test_overflows_or_underflows(submission):
    """Logarithms of thousands give the right bound, above zero and below."""
    columns = [[1000.0, 1001.0, 999.0], [-2000.0, -2000.5, -2003.0], [-5000.0, 5000.0, 4999.0],
               [2e6, 2e6 - 1], [-2e6, -2e6]]  # fmt: skip
    BOUND.assert_holds(
        submission,
        [(torch.tensor([column], dtype=dtype).T,) for column in columns for dtype in (F32, F64)],
        draw=far_column,
    )


def far_columns(rng):
    (table,) = weights_of(rng, None, 3)
    return (table + torch.tensor(rng.permutation([-4000.0, 10.0, 2500.0])).to(table.dtype),)


@check("importance_weighted_bound", points=0.5,
       inputs=tables(of=(0.0, 1.0, 1000.0, -1000.0), samples=(2, 2)),
       hint="One maximum for the whole table keeps its largest column alive. What becomes of the "
            "others?")  # fmt: skip
def test_shares_one_maximum(submission):
    """Columns that lie thousands apart all get their bound."""
    table = torch.tensor([[0.0, -3000.0], [1.0, -3001.0]])
    BOUND.assert_holds(
        submission,
        [(table,), (table.double() + 1000,), fixed(far_columns, 33)],
        draw=far_columns,
    )


def far_weights(rng, *sizes):
    (table,) = weights_of(rng, *sizes)
    return (table + OFFSET,)


@check("importance_weighted_bound", points=0.5,
       hint="In which type do you compute, and are the weights afterwards what they were?")
def test_bounds_in_another_type(submission):
    """importance_weighted_bound: type and digits are those of the weights, which stay."""
    BOUND_DIGITS.assert_holds(
        submission,
        [fixed(far_weights, 34, 3, 3, F32), fixed(far_weights, 35, 3, 2, F64),
         (torch.tensor([[2.0, -40.0], [-45.0, -1.0]], dtype=F64),)],
        draw=far_weights,
        draws=3,
        unchanged=True,
    )  # fmt: skip
