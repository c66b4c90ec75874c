"""Hidden checks of exercise 07: the global norm, clipping by it, and gradients through time.

Truth for norms is one exactly rounded sum (`math.fsum`) of all squares. Truth for clipping follows
from it: every entry times max_norm / norm. The tolerance there is the contract's 1e-5, relative,
at any norm: an epsilon of 1e-6 in the denominator is within it at a norm of 1, and not at 0.01.
Truth for the recurrence is arithmetic with fractions, which are exact.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_no_traces,
    assert_number,
    check,
    expect,
)

BOUND_RTOL = 1.1e-5  # the contract's 1e-5, and a little for our own arithmetic
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}


def norm_of(grads):
    """The root of the sum of all squares, summed without rounding in between."""
    return math.sqrt(math.fsum(float(v) * float(v) for grad in grads for v in grad.ravel()))


def clipped_by_definition(grads, max_norm):
    """Every entry times max_norm / norm, if the norm is larger."""
    norm = norm_of(grads)
    if not math.isfinite(norm):
        raise ValueError
    factor = max_norm / norm if norm > max_norm else 1.0
    return [factor * grad for grad in grads], norm


def norms_by_fractions(W_hh, grad_last, steps):
    """Back in time: entry j of the new gradient is the sum over i of W[i][j] * grad[i]."""
    W = [[Fraction(entry) for entry in row] for row in W_hh.tolist()]
    grad = [Fraction(entry) for entry in grad_last.tolist()]
    norms = []
    for _ in range(steps + 1):
        norms.append(math.sqrt(sum(g * g for g in grad)))
        grad = [sum(W[i][j] * grad[i] for i in range(len(grad))) for j in range(len(grad))]
    return np.array(norms)


def pair_of(actual):
    """The two parts of an answer that should be a pair."""
    if not isinstance(actual, tuple | list) or len(actual) != 2:
        raise Mismatch("expected a pair (clipped, norm)", kind="type")
    return actual


def judging_clipped(rtol):
    """A judge of the arrays alone."""

    def judge(actual, expected, grads, max_norm):
        clipped, _ = pair_of(actual)
        if not isinstance(clipped, list):
            raise Mismatch("expected a list of clipped arrays first", kind="type")
        if len(clipped) != len(grads):
            text = f"expected {len(grads)} clipped arrays, got {len(clipped)}"
            raise Mismatch(text, kind="shape")
        for found, wanted in zip(clipped, expected[0], strict=True):
            assert_close(found, wanted, rtol=rtol, atol=1e-300)  # zeros stay zeros

    return judge


def judge_norm(actual, expected, grads, max_norm):
    """Compare the second part alone."""
    assert_close(pair_of(actual)[1], expected[1],
                 rtol=1e-9,  # any order of summation is within 1e-15
                 atol=1e-150)  # of zeros nothing is rounded


# Where the smallest counterexample is looked for: one or two arrays of few entries.


def gradients(st):
    def array(shape):
        count = math.prod(shape)
        plain = st.lists(st.integers(-4, 4), min_size=count, max_size=count)
        return plain.map(lambda values: np.array(values, dtype=np.float64).reshape(shape))

    shapes = st.sampled_from([(1,), (2,), (1, 2), (2, 1), (2, 2)])
    scales = st.sampled_from([1.0, 1.0, 2.0**-8, 2.0**20])
    lists = st.lists(shapes.flatmap(array), min_size=1, max_size=2)
    return st.tuples(lists, scales).map(lambda pair: [pair[1] * each for each in pair[0]])


def lists_of_arrays(st):
    return st.tuples(gradients(st))


def arrays_and_bounds(st):
    not_finite = st.sampled_from([math.nan, math.inf]).map(lambda bad: [np.array([bad])])
    grads = st.one_of(gradients(st), gradients(st), not_finite)
    return st.tuples(grads, st.sampled_from([1.0, 0.5, 3.0, 2.0**-10, 2.0**12]))


def recurrences(st):
    def of_size(H):
        def array(*shape):
            count = math.prod(shape)
            plain = st.lists(st.integers(-3, 3), min_size=count, max_size=count)
            return plain.map(lambda values: np.array(values, dtype=np.float64).reshape(shape))

        return st.tuples(array(H, H), array(H), st.one_of(st.integers(0, 2), st.just(50)))

    return st.integers(1, 2).flatmap(of_size)


def clipping(judge):
    """The truth of clipping, of which `judge` looks at a part."""
    return Truth("clip_by_global_norm", clipped_by_definition, inputs=arrays_and_bounds,
                 rtol=BOUND_RTOL, judge=judge)


NORM = Truth(
    "global_norm", norm_of, inputs=lists_of_arrays,
    rtol=1e-9,  # any order of summation is within 1e-15; float32 is not
)
CLIPPED = clipping(judging_clipped(BOUND_RTOL))
KEPT = clipping(judging_clipped(1e-12))  # a factor of 1 changes nothing
CLIPPED_ROUGHLY = clipping(judging_clipped(1e-3))
BEFORE = clipping(judge_norm)
BACK = Truth(
    "bptt_gradient_norms", norms_by_fractions, inputs=recurrences,
    rtol=1e-9,  # a few hundred products, each right to 1e-16
)


# Problems: fixed ones and drawn ones.


def magnitudes(rng, *shapes, scale=1.0):
    """Arrays of these shapes, each of another magnitude than the one before."""
    return [
        scale * (1 + place) * rng.normal(0.3, 1.0, shape) for place, shape in enumerate(shapes)
    ]


def fixed(seed, *shapes, scale=1.0):
    return magnitudes(np.random.default_rng(seed), *shapes, scale=scale)


def vectors(rng):
    """As many as a small network has parameters."""
    sizes = rng.integers(1, 5, size=rng.integers(40, 60))
    return (magnitudes(rng, *((int(size),) for size in sizes)),)


def arrays(rng):
    shapes = [(2, 3), (3, 2), (2, 1, 3), (3,)]
    few = [shapes[place] for place in rng.permutation(4)[:3]]
    return (magnitudes(rng, *few, (50, 60)),)


def beyond(rng):
    """Several arrays, each at least once as long as the bound is when it stands alone."""
    grads = magnitudes(rng, (2,), (2, 3), (1, 2))
    return grads, norm_of(grads) * rng.uniform(0.15, 0.6)


def beyond_at_any_size(rng):
    """Norms from 0.005 to 10**6; the first time a small one, for which an epsilon matters."""
    grads = magnitudes(rng, (3, 2), (4,))
    wanted = 10.0 ** rng.uniform(-2.3, -1.7) if rng.random() < 0.5 else 10.0 ** rng.uniform(0, 6)
    grads = [wanted / norm_of(grads) * grad for grad in grads]
    return grads, wanted * rng.uniform(0.2, 0.98)


def within(rng):
    grads = magnitudes(rng, (2, 3), (4,), scale=10.0 ** rng.uniform(-6, 3))
    return grads, norm_of(grads) * rng.uniform(1.05, 20.0)


def either(rng):
    return beyond(rng) if rng.random() < 0.5 else within(rng)


def some_zeros(rng):
    grads = [np.zeros(2), rng.uniform(1.0, 4.0, (1, 3)), np.zeros((2, 1))]
    return [grads[place] for place in rng.permutation(3)], rng.uniform(0.2, 0.8)


def bad(rng):
    grads = magnitudes(rng, (2, 2), (3,))
    grads[rng.integers(2)].flat[rng.integers(3)] = rng.choice([math.nan, math.inf, -math.inf])
    return grads, rng.uniform(1.0, 9.0)


def recurrence(rng):
    H = int(rng.integers(2, 4))
    return rng.normal(0.0, 0.8, (H, H)), rng.normal(0.0, 2.0, H), int(rng.integers(2, 6))


def few_steps(rng):
    W, grad, _ = recurrence(rng)
    return W, grad, int(rng.integers(0, 4))


def many_steps(rng):
    """Products of entries of one sign, up to a change of signs: no digits cancel on the way."""
    H, signs = 2, rng.choice([-1.0, 1.0], 2)
    W = rng.integers(1, 4, (H, H)) * np.outer(signs, signs)
    return W / 2.0 ** rng.integers(0, 5), signs * rng.integers(1, 5, H), int(rng.integers(60, 100))


SKEWED = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0], [2.0, 0.0, 1.0]])
SHEARED = np.array([[1.0, 3.0], [0.0, 2.0]])
SKEWED_GRAD = np.array([1.0, -2.0, 4.0])
FIVE_TWELVE = [np.array([3.0, -4.0]), np.array([[12.0]])]  # of norm 13


# global_norm


@check("global_norm", points=1, hint="Put [3] and [4] end to end. Is the length of [3, 4] the sum "
                                     "of their lengths? What may be added array by array, and "
                                     "when is the root taken?")
def test_adds_the_norms_of_the_arrays(submission):
    """Several vectors count as one long vector."""
    shapes = [(3,), (2,), (5,)], [(4,), (1,)], [(2,), (2,), (2,), (2,)]
    cases = [(fixed(seed, *each),) for seed, each in enumerate(shapes)]
    cases.append(((), {"grads": [np.array([-6.0, -2.0]), np.array([-3.0])]}))  # none above zero
    NORM.assert_holds(submission, cases, draw=vectors, draws=1)


@check("global_norm", points=1, hint="What does your norm do with a matrix, or with three axes? "
                                     "Does every entry count once, wherever it sits?")
def test_takes_the_spectral_norm_of_matrices(submission):
    """Matrices and arrays of more axes count with every entry."""
    shapes = [(3, 4)], [(2, 3), (3,)], [(2, 1, 3), (4, 2), (1, 1)]
    cases = [(fixed(10 + seed, *each),) for seed, each in enumerate(shapes)]
    # Two parameters may agree.
    cases.append(([np.array([[2.0, -1.0], [4.0, 2.0]]) for _ in range(4)],))
    NORM.assert_holds(submission, cases, draw=arrays, draws=1)


@check("global_norm", points=0.5, hint="Does your function write into the arrays it measures, or "
                                       "keep a sum for next time? What does it make of nothing "
                                       "but zeros, and of NaN?")
def test_norm_leaves_traces(submission):
    """Arrays stay as they were, calls stand alone; zeros have norm 0, and NaN is not hidden."""
    cases = [(fixed(20, (2, 3), (4,)),), (fixed(23, (2, 3), (4,)),), (fixed(21, (3,), scale=50.0),)]
    assert_no_traces(submission, NORM, cases, draw=arrays, **ROUGHLY)
    NORM.assert_holds(submission, [([np.zeros(3), np.zeros((2, 2))],)],
                      atol=1e-150)  # of zeros nothing is rounded
    for value in (math.nan, math.inf):
        try:
            broken = submission.global_norm([np.array([3.0, value]), np.array([4.0])])
        except ValueError:  # scipy.linalg.norm refuses such arrays, which hides nothing
            continue
        expect(not math.isfinite(assert_number(broken)), f"expected {value}, got {broken}",
               given=f"global_norm of gradients with {value} in them")


# clip_by_global_norm


@check("clip_by_global_norm", points=1, hint="If each array, or each entry, gets a factor of its "
                                             "own, where does the step point? How many factors "
                                             "should there be for the whole list?")
def test_scales_each_array_alone(submission):
    """Gradients beyond the bound are all scaled by the same factor."""
    # The first array alone lies within the bound, and must shrink nevertheless.
    grads = [np.array([0.5, -0.25]), np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]]),
             np.array([[[1.5]], [[-6.0]]])]
    CLIPPED.assert_holds(submission, [(grads, 1.0), (grads, 2.5)], draw=beyond, draws=1)


@check("clip_by_global_norm", points=0.5, hint="How long is your result, measured over all "
                                               "arrays? What factor takes a vector of length norm "
                                               "to length max_norm, and how much does an epsilon "
                                               "change if the norm is 0.01?")
def test_misses_the_bound(submission):
    """What is clipped has a global norm of `max_norm`, at any size, and points the same way."""
    cases = [
        ((), {"grads": fixed(seed, (3, 2), (4,), scale=scale), "max_norm": max_norm})
        for seed, scale, max_norm in ((30, 1.0, 0.75), (31, 1e6, 10.0), (32, 40.0, 39.5))
    ]
    cases += [
        ([np.array([-0.12]), np.array([[-0.16]])], 0.05),
        (FIVE_TWELVE, 12.984375),  # barely beyond the bound is beyond it
        ([np.array([0.006]), np.array([[-0.008]])], 0.005),
        ([np.array([0.003, -0.004]), np.array([[0.012]])], 0.004),
    ]
    CLIPPED.assert_holds(submission, cases, draw=beyond_at_any_size, draws=3)


@check("clip_by_global_norm", points=1, hint="Is clipping a ceiling or a target? What should "
                                             "happen to gradients that are shorter than max_norm "
                                             "already?",
       inputs=lambda st: st.tuples(gradients(st), st.just(1e9)))
def test_scales_small_gradients_up(submission):
    """Gradients within the bound keep their values."""
    cases = [(fixed(seed, (2, 3), (4,), scale=scale), max_norm)
             for seed, scale, max_norm in ((40, 0.05, 1.0), (41, 1.0, 100.0), (42, 1e-15, 0.5))]
    # Each array has a norm near 3, all of them 5.4: within 6.5, whatever the sum of norms says.
    grads = [np.array([3.0, 0.5]), np.array([-3.0]), np.array([[2.0, 2.0], [-1.5, 0.5]])]
    KEPT.assert_holds(submission, [*cases, (grads, 6.5)], draw=within, draws=1)
    # An epsilon may show here.
    CLIPPED.assert_holds(submission, [(FIVE_TWELVE, 13.0), (FIVE_TWELVE, 13.0078125)])


@check("clip_by_global_norm", points=0.5, hint="Which norm would you plot to see trouble coming: "
                                               "the one that is cut off at max_norm, or the "
                                               "other?")
def test_returns_the_clipped_norm(submission):
    """The second part of the answer is the norm before clipping, as a float."""
    cases = [(FIVE_TWELVE, max_norm) for max_norm in (2.0, 13.0, 500.0)]
    cases.append((fixed(50, (2, 3), (5,), scale=1e5), 0.5))
    BEFORE.assert_holds(submission, cases, draw=either, draws=1)


@check("clip_by_global_norm", points=0.5, hint="What is max_norm / norm where all gradients are "
                                               "zero? And is such a gradient beyond the bound at "
                                               "all?")
def test_divides_by_a_norm_of_zero(submission):
    """All-zero gradients come back as zeros, with a norm of 0; zeros among others do no harm."""
    zeros = ([np.zeros((2, 3)), np.zeros(4)], 1.0)
    some = ([np.zeros(3), np.array([[6.0, -8.0]]), np.zeros((1, 2))], 2.5)
    CLIPPED.assert_holds(submission, [zeros, some], draw=some_zeros, draws=1)
    BEFORE.assert_holds(submission, [zeros])


@check("clip_by_global_norm", points=0.5, hint="What is `nan > max_norm`? What is inf times "
                                               "max_norm / inf? Which question do you have to ask "
                                               "before you compare?")
def test_lets_a_bad_norm_through(submission):
    """A norm that is NaN or infinite raises ValueError, wherever it comes from; 5 does not."""
    CLIPPED.assert_holds(submission, [([np.array([3.0, 4.0])], 10.0)], draw=within, draws=1)
    cases = []
    inf, nan = math.inf, math.nan
    for value, place in ((nan, 0), (nan, 2), (inf, 0), (inf, 2), (-inf, 2)):
        grads = fixed(60, (3,), (2, 2), (2, 3))
        grads[place].flat[1] = value
        cases.append((grads, 1.0))
    cases.append(([np.array([math.nan]), np.array([math.inf])], 1e300))
    CLIPPED.assert_holds(submission, cases, draw=bad, draws=1)
    # Every entry is finite here, and the norm, 2.4e308, is not. Python's own `**` raises
    # OverflowError at such numbers, before anybody can ask, and NumPy can be told to.
    with pytest.raises((ValueError, ArithmeticError)):
        submission.clip_by_global_norm([np.array([1.7e308]), np.array([[1.7e308]])], 1.0)


@check("clip_by_global_norm", points=0.5, hint="Somebody may still need the unclipped gradients. "
                                               "What do `*=` and `grads[i] = ...` do to them?")
def test_clips_in_place(submission):
    """The list and its arrays stay as they were, and each call stands alone."""
    large, others = (fixed(seed, (3, 2), (4,), scale=scale) for seed, scale in ((70, 9), (72, 7)))
    small = fixed(71, (2,), scale=0.1)
    cases = [(large, 1.5), (others, 1.5), (small, 3.0), (large, 1.5), (small, 3.0)]
    assert_no_traces(submission, CLIPPED_ROUGHLY, cases, draw=either, **ROUGHLY)


def probe_shared_memory(answer, grads, max_norm):
    """Whether a clipped array overlaps a given one. Only the worker can see memory."""
    clipped, _ = answer.clip_by_global_norm(grads, max_norm)
    return [
        bool(np.shares_memory(np.asarray(new), old)) for new in clipped for old in grads
    ]


# Not drawn: it compares no values.
@check("clip_by_global_norm", points=0.5, hint="If nothing needs clipping, what do you return? "
                                               "What happens to the caller's gradients if "
                                               "somebody then writes into the result?")
def test_hands_back_the_same_arrays(submission):
    """The clipped arrays are new ones, also where nothing had to be clipped."""
    grads = fixed(80, (2, 3), (4,), (1,))
    cases = [(grads, max_norm) for max_norm in (1.0, 1e3)]
    for (_, max_norm), shared in submission.each_probe(probe_shared_memory, cases):
        expect(not any(shared), "a clipped array shares its memory with a given one",
               given=f"clip_by_global_norm(grads of norm {norm_of(grads):.4g}, {max_norm:g})")


# bptt_gradient_norms


@check("bptt_gradient_norms", points=1, hint="h_t[i] = sum over j of W_hh[i, j] h_(t-1)[j]. "
                                             "Through which i does h_(t-1)[j] reach the loss, and "
                                             "over which index do you then sum?")
def test_multiplies_by_the_weights_untransposed(submission):
    """Each step back multiplies the gradient by what the recurrence's chain rule says."""
    four = np.array([[0, 5, 0, 0], [0, 0, 1, 2], [3, 0, 0, 0], [0, 1, 0, -1]]) / 2.0
    BACK.assert_holds(submission, [
        (SKEWED / 2.0, SKEWED_GRAD, 6), (SHEARED / 4.0, np.array([3.0, -1.0]), 5),
        (four, np.array([2.0, 1.0, 0.0, -3.0]), 4),
    ], draw=recurrence, draws=1)


@check("bptt_gradient_norms", points=0.5, hint="How many hidden states does one visit on going "
                                               "back 0 steps? And 1 step? Which of them comes "
                                               "first?")
def test_counts_the_steps_wrongly(submission):
    """There are steps + 1 norms, and the first is that of `grad_last`."""
    cases = [(SHEARED / 2.0, np.array([3.0, -4.0]), steps) for steps in (0, 1, 2, 7)]
    named = {"W_hh": np.array([[0.5, 1.0], [0.0, 2.0]]), "grad_last": np.array([3.0, -4.0])}
    BACK.assert_holds(submission, [*cases, ((), {**named, "steps": 1})], draw=few_steps, draws=1)


@check("bptt_gradient_norms", points=0.5, hint="Do you follow the gradient itself, or a bound for "
                                               "it such as a power of one number? In which "
                                               "precision, and does anything cut it off?")
def test_loses_gradients_that_explode_or_vanish(submission):
    """Over hundreds of steps the norms are still right, however large or small they get."""
    BACK.assert_holds(submission, [
        (SKEWED, SKEWED_GRAD, 120), (SKEWED / 8.0, SKEWED_GRAD, 50),
        (np.array([[-0.75]]), np.array([2.0]), 300),
        # Not normal: it grows at first and vanishes later. Nilpotent: gone after two steps.
        (np.array([[0.5, 4.5], [0.0, 0.5]]), np.array([2.0, 1.0]), 60),
        (np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([5.0, 1.0]), 4),
    ], draw=many_steps, draws=1)


@check("bptt_gradient_norms", points=0.5, hint="Does the gradient that you carry along share its "
                                               "memory with `grad_last`? Do you keep anything "
                                               "between calls?")
def test_recurrence_leaves_traces(submission):
    """The arguments stay as they were, and each call stands alone."""
    W, grad = SKEWED / 4.0, np.array([1.0, 0.5, -2.0])
    other = np.array([[2.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 3.0, -1.0]]) / 4.0
    cases = [(W, grad, 5), (other, grad[::-1].copy(), 5), (W, np.array([3.0, -1.0, 0.5]), 5),
             (SHEARED / 2.0, np.array([3.0, -1.0]), 3), (other, grad, 5), (W, grad, 5)]
    assert_no_traces(submission, BACK, cases, draw=recurrence, **ROUGHLY)
