"""Hidden checks of exercise 23: layer normalisation, its gradients, and RMSNorm.

Truth of the forward pass is one row at a time in exact fractions (`statistics`), so that no mean is
too large. Truth of the gradients are complex steps of the definition: sum(grad_out * out) at
x + 1e-30 i, whose imaginary part is the derivative without a difference in which digits could
cancel. Truth of RMSNorm is the formula in decimals, which do not overflow.

Away from the checks on eps, rows have deviations of about 100, so that nothing that one may do to
an eps of 1e-5 shows beyond the tolerances there.
"""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_no_traces,
    assert_roughly,
    check,
    expect,
    rng_of,
)

LOOSE = 1e-6  # a misplaced eps moves results by 1e-7 at deviations of 100
TIGHT = 1e-9  # any float64 formula is within 1e-12, float32 at 1e-7


def rows_of(x):
    """The rows along the last axis, as lists."""
    return x.reshape(-1, x.shape[-1]).tolist()


def normalised(row, gamma, beta, eps):
    """One row: the mean and the population variance in exact fractions."""
    entries = [Fraction(entry) for entry in row]
    mean = sum(entries) / len(entries)
    var = sum((entry - mean) ** 2 for entry in entries) / len(entries)
    deviation = math.sqrt(var + Fraction(eps))
    return [float(entry - mean) / deviation * g + b
            for entry, g, b in zip(entries, gamma, beta, strict=True)]  # fmt: skip


def row_by_row(x, gamma, beta, eps=1e-5):
    """Every row by itself."""
    rows = [normalised(row, gamma.tolist(), beta.tolist(), eps) for row in rows_of(x)]
    return np.array(rows).reshape(x.shape)


def weighed_output(grad_out, row, gamma, eps):
    """sum(grad_out * out) of one row, beta left out; complex numbers go through."""
    # A shift changes nothing but the digits that are lost to a large mean.
    apart = row - row[0].real
    apart = apart - sum(apart) / len(row)
    return sum(grad_out * gamma * apart / np.sqrt(sum(apart * apart) / len(row) + eps))


def gradients_by_complex_steps(grad_out, x, gamma, eps=1e-5):
    """The derivative for every entry, by moving it along the imaginary axis."""
    D, step = len(gamma), 1e-30j
    grad_x, grad_gamma, grad_beta = np.zeros((x.size // D, D)), np.zeros(D), np.zeros(D)
    unit = np.eye(D)
    for i, (weights, row) in enumerate(
        zip(grad_out.reshape(-1, D), x.reshape(-1, D) + 0j, strict=True)
    ):
        for j in range(D):
            moved = weighed_output(weights, row + step * unit[j], gamma, eps)
            grad_x[i, j] = moved.imag / 1e-30
            moved = weighed_output(weights, row, gamma + step * unit[j], eps)
            grad_gamma[j] += moved.imag / 1e-30
        grad_beta += weights
    return grad_x.reshape(x.shape), grad_gamma, grad_beta


def in_decimals(x, gamma, eps=1e-6):
    """x / sqrt(mean(x**2) + eps) * gamma, with 28 digits and no overflow."""
    rows = []
    for row in rows_of(x):
        entries = [Decimal(entry) for entry in row]
        square = sum((entry * entry for entry in entries), Decimal(0)) / len(entries)
        root = (square + Decimal(eps)).sqrt()
        rows.append([float(entry / root * Decimal(g))
                     for entry, g in zip(entries, gamma.tolist(), strict=True)])  # fmt: skip
    return np.array(rows).reshape(x.shape)


BACKWARD = "grad_x", "grad_gamma", "grad_beta"


def judging(judged, rtol):
    """A judge of some of the gradients."""

    def judge(actual, expected, *args, **keywords):
        if not isinstance(actual, tuple | list) or len(actual) != len(BACKWARD):
            raise Mismatch(f"expected a tuple ({', '.join(BACKWARD)})")
        for name, found, wanted in zip(BACKWARD, actual, expected, strict=True):
            if name in judged:
                assert_close(found, wanted, rtol=rtol, atol=rtol)

    return judge


# Where the smallest counterexample is looked for: one or two rows of few digits.


def small(st, *more):
    """x, and as many vectors as `more` names, each of the row's length."""

    def of_length(D):
        entry = st.integers(-3, 3).map(float)
        row = st.lists(entry, min_size=D, max_size=D)
        x = st.one_of(row, st.lists(row, min_size=1, max_size=2)).map(np.array)
        return st.tuples(x, *(row.map(np.array) for _ in more))

    return st.integers(1, 3).flatmap(of_length)


def small_forward(st):
    return small(st, "gamma", "beta")


def small_backward(st):
    def with_gradient(case):
        x, gamma = case
        entry = st.integers(-3, 3).map(float)
        flat = st.lists(entry, min_size=x.size, max_size=x.size)
        return flat.map(lambda entries: (np.array(entries).reshape(x.shape), x, gamma))

    return small(st, "gamma").flatmap(with_gradient)


def small_rms(st):
    plain = small(st, "gamma")
    scale = st.sampled_from([1.0, 1e-3, 1e100, 1e180])
    return st.one_of(plain, st.tuples(plain, scale).map(lambda pair: (
        pair[0][0] * pair[1], pair[0][1]
    )))  # fmt: skip


FORWARD = Truth("layer_norm", row_by_row, inputs=small_forward, rtol=LOOSE, atol=LOOSE)


def backward(judge, rtol=LOOSE):
    """The truth of the gradients, judged by some of them."""
    return Truth("layer_norm_backward", gradients_by_complex_steps, inputs=small_backward,
                 rtol=rtol, judge=judge)  # fmt: skip


GRAD_X = backward(judging(["grad_x"], LOOSE))
GRAD_PARAMETERS = backward(judging(["grad_gamma", "grad_beta"], LOOSE))
GRAD_FAR = backward(judging(["grad_x"], 1e-4))
GRAD_EPS = backward(judging(BACKWARD, TIGHT), TIGHT)
RMS = Truth("rms_norm", in_decimals, inputs=small_rms, rtol=TIGHT)


# Problems


def signed(rng, low, high, shape):
    """Numbers of either sign, none of them near 0."""
    return rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)


def spread(rng, shape, scale=100.0):
    """x whose rows have means and deviations of about `scale`, never near 0."""
    D = shape[-1]
    places = rng.permuted(np.broadcast_to(np.arange(D) - (D - 1) / 2, shape), axis=-1)
    offsets = rng.uniform(-2.0, 2.0, (*shape[:-1], 1))
    return scale * (places + rng.uniform(-0.3, 0.3, shape) + offsets)


def forward_problem(rng, shape, scale=100.0):
    """x, gamma, beta, none of which could stand for another."""
    D = shape[-1]
    return spread(rng, shape, scale), signed(rng, 0.5, 2.0, D), signed(rng, 0.5, 3.0, D)


def backward_problem(rng, shape, scale=100.0):
    """grad_out, x, gamma: gradients with respect to x are of the order of 1."""
    weights = scale * signed(rng, 0.2, 2.0, shape)
    return weights, spread(rng, shape, scale), signed(rng, 0.5, 2.0, shape[-1])


def rms_problem(rng, shape, scale=100.0):
    return spread(rng, shape, scale), signed(rng, 0.5, 2.0, shape[-1])


def fixed(make, seed, *shapes, scale=100.0):
    """Problems of these shapes, the same in every run."""
    rng = np.random.default_rng(seed)
    return [make(rng, shape, scale) for shape in shapes]


def drawn(make, scale=100.0, least=2):
    """Draws problems of two axes, with at least so many columns."""
    return lambda rng: make(rng, (int(rng.integers(1, 5)), int(rng.integers(least, 6))), scale)


def long_rows(make):
    """Draws two rows as long as those of a small model, with one entry far out in each."""

    def draw(rng):
        x, *rest = make(rng, (2, int(rng.integers(530, 600))))
        x[:, -1] *= 1000.0
        return x, *rest

    return draw


def many_rows(make, least=1030):
    return lambda rng: make(rng, (int(rng.integers(least, least + 50)), 2))


SHAPES = (3,), (2, 2, 3), (3, 3, 3), (2, 1, 3), (1, 2, 2, 3), (1, 1, 3)


def drawn_shapes(make):
    """Draws problems of one to four axes, and three columns."""

    def draw(rng):
        return make(rng, (*rng.integers(1, 3, size=rng.integers(0, 4)).tolist(), 3))

    return draw


def with_eps(make):
    return lambda rng: (*drawn(make, 1.0)(rng), float(rng.uniform(0.1, 2.0)))


def narrow_forward(rng):
    """Rows whose deviation is about that of the default eps, and one that is constant."""
    x, gamma, beta = forward_problem(rng, (3, int(rng.integers(2, 5))), 0.005)
    x[1] = rng.integers(-4, 5) / 2
    return x, gamma, beta


def narrow_backward(rng):
    grad_out, x, gamma = backward_problem(rng, (3, int(rng.integers(2, 5))), 0.005)
    x[1] = rng.integers(-4, 5) / 2
    return grad_out, x, gamma


def far(rng):
    """A place for each of three rows, near a million on either side of zero."""
    return rng.uniform(6e5, 9e5, (3, 1)) * rng.permutation([-1.0, 1.0, 1.0])[:, None]


def far_from_zero(rng):
    """Deviations of about 0.3, and means near a million; the default eps, by name."""
    x, gamma, beta = forward_problem(rng, (3, 4), 0.3)
    return x + far(rng), gamma, beta, 1e-5


def gradients_far_from_zero(rng):
    grad_out, x, gamma = backward_problem(rng, (3, 4), 0.3)
    return grad_out, x + far(rng), gamma, 1e-5


def tiny(rng):
    """Rows as small as the root of the default eps, far smaller, and zero."""
    x, gamma = rms_problem(rng, (4, int(rng.integers(1, 4))), 1.0)
    return x * 10.0 ** np.array([[-3.0], [-8.0], [rng.uniform(-300, -150)], [-np.inf]]), gamma


def huge(rng):
    """Rows of one size, whose squares overflow."""
    return rms_problem(rng, (2, int(rng.integers(1, 5))), 10.0 ** rng.uniform(160, 198))


def side_by_side(rng):
    """Huge rows and small ones."""
    x, gamma = rms_problem(rng, (4, 3), 1.0)
    powers = [rng.uniform(190, 199), rng.uniform(-2, 2), rng.uniform(20, 100), -4.0]
    return x * 10.0 ** rng.permutation(powers)[:, None], gamma


# Leading axes


def both_ways(answer, name, count, args):
    """The value for `args`, and for the same rows as (N, D); `count` of them are shaped like x."""
    rows = [each.reshape(-1, each.shape[-1]).copy() for each in args[:count]]
    rows += [each.copy() for each in args[count:]]
    return [getattr(answer, name)(*each) for each in (args, rows)]


def assert_rows_stand_alone(submission, truth, make, seed, count):
    """Fail unless rows come out the same however they are arranged, be it right or wrong."""
    draw, rng = drawn_shapes(make), rng_of(submission)
    problems = [*fixed(make, seed, *SHAPES), draw(rng), draw(rng)]
    cases = [(truth.function, count, [*problem]) for problem in problems]
    for (name, _, args), value in submission.each_probe(both_ways, cases):
        given = f"{name} of x {args[0].shape}, compared with the same rows as (N, D)"
        expect(isinstance(value, list) and len(value) == 2, "it sent back no data", given=given)
        expected = truth.value((*args,), {})
        try:
            assert_roughly(value[0], expected)
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), given, mismatch.kind) from None
        got, flat = ([each] if isinstance(expected, np.ndarray) else each for each in value)
        wanted = [expected] if isinstance(expected, np.ndarray) else expected
        expect(isinstance(flat, list | tuple) and len(flat) == len(got), "it gives something else",
               given=given)  # fmt: skip
        for part, other, right in zip(got, flat, wanted, strict=True):
            near = isinstance(other, np.ndarray) and other.size == part.size
            expect(near, "it gives something of another size", given=given)
            atol = TIGHT * (1.0 + float(np.abs(right).max()))
            assert_close(part, other.reshape(part.shape), rtol=0.0, atol=atol, given=given)


# layer_norm


@check("layer_norm", points=1,
       hint="Take the row 1, 5 by hand: its mean, its variance divided by D. What should both "
            "entries become, and in which order do gamma and beta come?")  # fmt: skip
def test_normalises_with_other_statistics(submission):
    """Each row is normalised by its own mean and population variance, then scaled and shifted."""
    cases = fixed(forward_problem, 23, (4, 3), (3, 3), (1, 2), (2, 5), (3, 4), (2, 17))
    x, gamma, beta = cases[0]
    cases.append((x, 1e6 * gamma, beta))
    FORWARD.assert_holds(submission, cases, draw=drawn(forward_problem))
    FORWARD.assert_holds(submission, [], draw=long_rows(forward_problem), draws=1)
    FORWARD.assert_holds(submission, [], draw=many_rows(forward_problem), draws=1)


@check("layer_norm", points=0.75,
       hint="Which number does the last axis have for (D,), and for (B, L, D)? How many means are "
            "there in a batch of sequences?")  # fmt: skip
def test_mixes_up_leading_axes(submission):
    """Any number of leading axes works, none included, and each row stands alone."""
    assert_rows_stand_alone(submission, FORWARD, forward_problem, 24, 1)


@check("layer_norm", points=0.5,
       hint="Is eps added to the variance or to its root? What should a constant row become, and "
            "is anything in your code not float64?")  # fmt: skip
def test_puts_eps_in_another_place(submission):
    """`eps` is added to the variance, 1e-5 by default; a constant row becomes beta."""
    tight = {"rtol": TIGHT, "atol": TIGHT}
    rng = np.random.default_rng(25)
    cases = [narrow_forward(rng), narrow_forward(rng), forward_problem(rng, (2, 1), 0.5)]
    cases += [(cases[0], {"eps": 1e-3}), (*cases[1], 1e-8)]
    cases += [(*forward_problem(rng, (2, 3), 1e-4), 1e-8)]
    FORWARD.assert_holds(submission, cases, draw=narrow_forward, **tight)
    first, second = fixed(forward_problem, 26, (3, 2), (4, 3), scale=1.0)
    cases = [(*first, 0.75), (second, {"eps": 0.5}), (*second, 3.0)]
    FORWARD.assert_holds(submission, cases, draw=with_eps(forward_problem), **tight)


@check("layer_norm", points=0.75,
       hint="What are mean(x**2) and mean(x)**2 if x is near a million, how many digits has a "
            "float64, and how many are left after the subtraction?")  # fmt: skip
def test_subtracts_two_large_squares(submission):
    """Rows near a million that deviate by less than 1 are normalised as exactly as others."""
    rng = np.random.default_rng(27)
    # Wrong by 1e-3 where squares are subtracted; a misplaced eps moves this by 5e-5.
    FORWARD.assert_holds(submission, [far_from_zero(rng) for _ in range(3)], draw=far_from_zero,
                         draws=3, rtol=1e-4, atol=1e-4)  # fmt: skip


@check("layer_norm", points=0.5,
       hint="`x -= mean` writes into whose array? Does anything outlive the call?")
def test_writes_into_its_arguments(submission):
    """Arguments stay as they were, the result is a new array, and every call starts afresh."""
    cases = fixed(forward_problem, 28, (2, 3, 4), (2, 3, 4), (3,), (4, 3))
    assert_no_traces(submission, FORWARD, cases, draw=drawn(forward_problem), new=True)


# layer_norm_backward


@check("layer_norm_backward", points=1,
       hint="x enters the output directly, through the mean, and through the variance. Which of "
            "the three does yours leave out? And which gamma belongs into which mean?")  # fmt: skip
def test_leaves_out_a_way_to_x(submission):
    """grad_x goes through the row's mean and variance as well, gamma included."""
    cases = fixed(backward_problem, 29, (4, 3), (3, 3), (1, 2), (2, 5), (2, 9))
    grad_out, x, gamma = cases[0]
    cases += [(grad_out, x, gamma * [1.0, 0.0, 1.0]), (1e6 * grad_out, x, gamma)]
    GRAD_X.assert_holds(submission, cases, draw=drawn(backward_problem))


@check("layer_norm_backward", points=0.75,
       hint="What does gamma multiply in the forward pass: x, or what x has become? And is the "
            "gradient of a parameter that serves all rows a sum or a mean?")  # fmt: skip
def test_gives_other_gradients_of_gamma_and_beta(submission):
    """grad_gamma is summed over the rows against the normalised x, grad_beta alone."""
    cases = fixed(backward_problem, 30, (4, 3), (3, 3), (1, 2), (5, 2))
    grad_out, x, gamma = cases[0]
    cases.append((1e6 * grad_out, x, gamma))
    GRAD_PARAMETERS.assert_holds(submission, cases, draw=drawn(backward_problem))
    GRAD_PARAMETERS.assert_holds(submission, [], draw=many_rows(backward_problem, 130), draws=1)


@check("layer_norm_backward", points=0.5,
       hint="gamma is (D,), whatever x is. Over which axes of (B, L, D) do you sum, and over "
            "which of (D,)?")  # fmt: skip
def test_sums_over_some_leading_axes(submission):
    """Any number of leading axes works: grad_x is shaped like x, the others are (D,)."""
    assert_rows_stand_alone(submission, GRAD_X, backward_problem, 31, 2)


@check("layer_norm_backward", points=0.5,
       hint="The forward pass divides by the root of variance plus eps. What does yours divide "
            "by, if all entries of a row are equal?")  # fmt: skip
def test_forgets_eps_backwards(submission):
    """`eps` counts in the gradients as it does forwards, 1e-5 by default."""
    rng = np.random.default_rng(32)
    cases = [narrow_backward(rng), narrow_backward(rng), backward_problem(rng, (2, 1), 0.5)]
    cases += [(cases[0], {"eps": 1e-3}), (*cases[1], 1e-7)]
    cases += [(*backward_problem(rng, (2, 3), 1e-4), 1e-8)]
    GRAD_EPS.assert_holds(submission, cases, draw=narrow_backward)
    first, second = fixed(backward_problem, 33, (3, 2), (4, 3), scale=1.0)
    cases = [(*first, 0.75), (second, {"eps": 0.5})]
    GRAD_EPS.assert_holds(submission, cases, draw=with_eps(backward_problem))


@check("layer_norm_backward", points=0.25,
       hint="Does your variance subtract two squares of a million? Normalise first, and use what "
            "you have.")  # fmt: skip
def test_loses_digits_backwards(submission):
    """Rows near a million that deviate by less than 1 have gradients as exact as others."""
    rng = np.random.default_rng(34)
    GRAD_FAR.assert_holds(submission, [gradients_far_from_zero(rng) for _ in range(3)],
                          draw=gradients_far_from_zero, draws=3)  # fmt: skip


@check("layer_norm_backward", points=0.5,
       hint="Does a line with `-=` or `*=` reach grad_out or x? And for a single row: is what you "
            "return for beta the very array that you were given?")  # fmt: skip
def test_backward_writes_into_its_arguments(submission):
    """Arguments of the backward pass stay as they were, results are new, calls start afresh."""
    for shape in ((2, 3, 4), (4,)):
        cases = fixed(backward_problem, 35, shape, shape)
        draw = drawn(backward_problem, least=3)  # of two entries, the gradient is nearly 0
        assert_no_traces(submission, GRAD_X, cases, draw=draw, new=True)


# rms_norm


@check("rms_norm", points=1,
       hint="Take the row 1, 7 by hand: the mean of its squares is 25. What should both entries "
            "become? Is a mean subtracted anywhere?")  # fmt: skip
def test_divides_by_something_else(submission):
    """Each row is divided by the root of its mean square, and scaled by gamma."""
    cases = fixed(rms_problem, 36, (4, 3), (3, 3), (1, 2), (2, 5), (3, 4), (2, 1))
    x, gamma = cases[0]
    cases.append((x, 1e6 * gamma))
    RMS.assert_holds(submission, cases, draw=drawn(rms_problem), rtol=1e-4)
    RMS.assert_holds(submission, [], draw=long_rows(rms_problem), draws=1, rtol=1e-4)
    RMS.assert_holds(submission, [], draw=many_rows(rms_problem), draws=1, rtol=1e-4)


@check("rms_norm", points=0.25,
       hint="How many roots does a batch (B, L, D) have, and what is the last axis of (D,)?")
def test_rms_mixes_up_leading_axes(submission):
    """Any number of leading axes works, none included, and each row stands alone."""
    assert_rows_stand_alone(submission, RMS, rms_problem, 37, 1)


@check("rms_norm", points=0.5,
       hint="Is eps under the root, and still worth what it was if you have divided the row by "
            "its maximum? What is the maximum of a row of zeros?")  # fmt: skip
def test_loses_eps(submission):
    """`eps` is added to the mean square, 1e-6 by default; tiny rows stay tiny, zeros are zeros."""
    rng = np.random.default_rng(38)
    cases = [tiny(rng) for _ in range(2)]
    cases = [(x[:3], gamma) for x, gamma in cases] + [(x[[0, 3]], gamma) for x, gamma in cases]
    cases += [(cases[0], {"eps": 1e-3}), (*cases[1], 1e-10)]
    RMS.assert_holds(submission, cases, draw=tiny)
    first, second = fixed(rms_problem, 39, (3, 2), (4, 3), scale=1.0)
    cases = [(*first, 0.75), (second, {"eps": 0.5})]
    RMS.assert_holds(submission, cases, draw=with_eps(rms_problem))


@check("rms_norm", points=0.5,
       hint="What is 1e200 squared? By what may you divide a row before you square it, if you put "
            "it right afterwards?")  # fmt: skip
def test_overflows_on_large_entries(submission):
    """Entries of 1e155 to 1e200 come out right to 1e-9."""
    rng = np.random.default_rng(40)
    cases = [rms_problem(rng, (2, 3), scale) for scale in (1e155, 1e180, 1e199)]
    cases += [(np.array([[1e200, -1e200]]), np.array([1.5, 2.0]))]
    cases += [(np.array([[1e200]]), np.array([0.75]))]
    # An eps that was not scaled with the row costs 5e-7, and a point elsewhere.
    RMS.assert_holds(submission, cases, draw=huge, rtol=1e-5)


@check("rms_norm", points=0.5,
       hint="One row holds 1e200, its neighbour 1. What is left of the neighbour if you divide "
            "both by the largest entry of all?")  # fmt: skip
def test_scales_all_rows_alike(submission):
    """Rows of very different size side by side are right to 1e-9, each of them."""
    rng = np.random.default_rng(41)
    RMS.assert_holds(submission, [side_by_side(rng) for _ in range(3)], draw=side_by_side, draws=3)


@check("rms_norm", points=0.25,
       hint="Is what you return an array of its own? Does `/=` or `*=` reach the caller's?")
def test_rms_writes_into_its_arguments(submission):
    """Arguments of rms_norm stay as they were, the result is new, and calls start afresh."""
    cases = fixed(rms_problem, 42, (2, 3, 4), (2, 3, 4), (3,), (4, 3))
    assert_no_traces(submission, RMS, cases, draw=drawn(rms_problem), new=True)
