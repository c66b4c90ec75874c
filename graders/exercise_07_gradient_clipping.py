"""Hidden checks of exercise 07: the global norm, clipping by it, and gradients through time.

Truth for norms is one exactly rounded sum (`math.fsum`) of all squares. Truth for clipping follows
from it: every entry times max_norm / norm. The tolerance there is the contract's 1e-5, which
leaves room for a small epsilon in the denominator; norms are 0.2 at least, so that torch's 1e-6
passes. Truth for the recurrence is arithmetic with Python's unbounded integers.
"""

import math

import numpy as np
import pytest

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_number,
    assert_unchanged,
    check,
    expect,
)

BOUND_RTOL = 1.1e-5  # the contract's 1e-5, and a little for our own arithmetic


def gradients(seed, *shapes, scale=1.0):
    """Arrays of these shapes, each of another magnitude than the one before."""
    rng = np.random.default_rng(seed)
    return [
        scale * (1 + place) * rng.normal(0.3, 1.0, shape) for place, shape in enumerate(shapes)
    ]


def norm_of(grads):
    """The root of the sum of all squares, summed without rounding in between."""
    return math.sqrt(math.fsum(float(v) * float(v) for grad in grads for v in grad.ravel()))


def judge_clipping(answer, grads, factor, given, rtol=BOUND_RTOL):
    """Compare a (clipped, norm) pair with `grads` times `factor`, of the right kind first."""
    clipped, norm = pair_from(answer, given)
    expect(isinstance(clipped, list), "expected a list of clipped arrays first", given=given)
    expect(len(clipped) == len(grads),
           f"expected {len(grads)} clipped arrays, got {len(clipped)}", given=given)
    for place, grad in enumerate(grads):
        assert_close(clipped[place], grad * factor,
                     rtol=rtol,  # as the caller says: BOUND_RTOL or tighter
                     atol=1e-300,  # zeros stay zeros
                     given=f"{given}, clipped[{place}]")
    return norm


def pair_from(answer, given):
    """The two parts of an answer that should be a pair."""
    expect(isinstance(answer, tuple | list) and len(answer) == 2,
           "expected a pair (clipped, norm)", given=given)
    return answer


# global_norm


@check("global_norm", points=1, hint="Put [3] and [4] end to end. Is the length of [3, 4] the sum "
                                     "of their lengths? What may be added array by array, and "
                                     "when is the root taken?")
def test_adds_the_norms_of_the_arrays(submission):
    """Several vectors count as one long vector."""
    for seed, shapes in enumerate([[(3,), (2,), (5,)], [(4,), (1,)], [(2,), (2,), (2,), (2,)]]):
        grads = gradients(seed, *shapes)
        assert_close(submission.global_norm(grads), norm_of(grads),
                     rtol=1e-9,  # any order of summation is within 1e-15; float32 is not
                     given=f"global_norm of vectors of shapes {shapes}")
    assert_close(submission.global_norm(grads=[np.array([-6.0, 2.0]), np.array([-3.0])]), 7.0,
                 rtol=1e-9,  # as above
                 given="global_norm(grads=[[-6, 2], [-3]])")


@check("global_norm", points=1, hint="What does your norm do with a matrix, or with three axes? "
                                     "Does every entry count once, wherever it sits?")
def test_takes_the_spectral_norm_of_matrices(submission):
    """Matrices and arrays of more axes count with every entry."""
    for seed, shapes in enumerate([[(3, 4)], [(2, 3), (3,)], [(2, 1, 3), (4, 2), (1, 1)]]):
        grads = gradients(10 + seed, *shapes)
        assert_close(submission.global_norm(grads), norm_of(grads),
                     rtol=1e-9,  # as above
                     given=f"global_norm of arrays of shapes {shapes}")
    twins = [np.array([[2.0, -1.0], [4.0, 2.0]]) for _ in range(4)]  # two parameters may agree
    assert_close(submission.global_norm(twins), 10.0,
                 rtol=1e-9,  # a root of exact squares
                 given="global_norm of four equal matrices of norm 5")


@check("global_norm", points=0.5, hint="Does your function write into the arrays it measures, or "
                                       "keep a sum for next time? What does it make of nothing "
                                       "but zeros, and of NaN?")
def test_norm_leaves_traces(submission):
    """Arrays stay as they were, calls stand alone; zeros have norm 0, and NaN is not hidden."""
    grads, other = gradients(20, (2, 3), (4,)), gradients(21, (3,), scale=50.0)
    assert_number(assert_unchanged(submission, "global_norm", grads))
    assert_close(submission.global_norm(other), norm_of(other),
                 rtol=1e-9,  # as above
                 given="global_norm of a single vector, after another call")
    assert_close(submission.global_norm(grads), norm_of(grads),
                 rtol=1e-9,  # as above
                 given="global_norm called again with its first argument")
    assert_close(submission.global_norm([np.zeros(3), np.zeros((2, 2))]), 0.0,
                 rtol=0.0, atol=1e-150,  # nothing to round
                 given="global_norm of zeros")
    for bad in (math.nan, math.inf):
        try:
            broken = submission.global_norm([np.array([3.0, bad]), np.array([4.0])])
        except ValueError:  # scipy.linalg.norm refuses such arrays, which hides nothing
            continue
        expect(not math.isfinite(assert_number(broken)), f"expected {bad}, got {broken}",
               given=f"global_norm of gradients with {bad} in them")
    others = gradients(23, (2, 3), (4,))
    assert_close(assert_afresh(submission, "global_norm", (grads,), (others,)), norm_of(others),
                 rtol=1e-9,  # as above
                 given="global_norm called again with other numbers")


# clip_by_global_norm


@check("clip_by_global_norm", points=1, hint="If each array, or each entry, gets a factor of its "
                                             "own, where does the step point? How many factors "
                                             "should there be for the whole list?")
def test_scales_each_array_alone(submission):
    """Gradients beyond the bound are all scaled by the same factor."""
    # The first array alone lies within the bound, and must shrink nevertheless.
    grads = [np.array([0.5, -0.25]), np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]]),
             np.array([[[1.5]], [[-6.0]]])]
    norm = norm_of(grads)
    for max_norm in (1.0, 2.5):
        judge_clipping(submission.clip_by_global_norm(grads, max_norm), grads, max_norm / norm,
                       f"clip_by_global_norm(grads of norm {norm:.4g}, {max_norm})")


@check("clip_by_global_norm", points=0.5, hint="How long is your result, measured over all "
                                               "arrays? What factor takes a vector of length norm "
                                               "to length max_norm?")
def test_misses_the_bound(submission):
    """What is clipped has a global norm of `max_norm`, at any size, and points the same way."""
    for seed, scale, max_norm in [(30, 1.0, 0.75), (31, 1e6, 10.0), (32, 40.0, 39.5)]:
        grads = gradients(seed, (3, 2), (4,), scale=scale)
        norm = norm_of(grads)
        given = f"clip_by_global_norm(grads of norm {norm:.4g}, {max_norm})"
        answer = submission.clip_by_global_norm(grads=grads, max_norm=max_norm)
        judge_clipping(answer, grads, max_norm / norm, given)
        assert_close(norm_of(answer[0]), max_norm,
                     rtol=BOUND_RTOL,
                     given=f"{given}, global norm of the clipped")
    grads = [np.array([0.12]), np.array([[-0.16]])]
    judge_clipping(submission.clip_by_global_norm(grads, 0.05), grads, 0.25,
                   "clip_by_global_norm([[0.12], [[-0.16]]], 0.05)")
    # Barely beyond the bound is beyond it: 13 against 12.5.
    grads = [np.array([3.0, -4.0]), np.array([[12.0]])]
    judge_clipping(submission.clip_by_global_norm(grads, 12.5), grads, 12.5 / 13.0,
                   "clip_by_global_norm([[3, -4], [[12]]], 12.5)")


@check("clip_by_global_norm", points=1, hint="Is clipping a ceiling or a target? What should "
                                             "happen to gradients that are shorter than max_norm "
                                             "already?")
def test_scales_small_gradients_up(submission):
    """Gradients within the bound keep their values."""
    for seed, scale, max_norm in [(40, 0.05, 1.0), (41, 1.0, 100.0), (42, 1e-9, 0.5)]:
        grads = gradients(seed, (2, 3), (4,), scale=scale)
        judge_clipping(submission.clip_by_global_norm(grads, max_norm), grads, 1.0,
                       f"clip_by_global_norm(grads of norm {norm_of(grads):.4g}, {max_norm})",
                       rtol=1e-12)  # a factor of 1 changes nothing
    # Each array has a norm near 3, all of them 6: within 6.5, whatever the sum of norms says.
    grads = [np.array([3.0, 0.5]), np.array([-3.0]), np.array([[2.0, 2.0], [-1.5, 0.5]])]
    judge_clipping(submission.clip_by_global_norm(grads, 6.5), grads, 1.0,
                   "clip_by_global_norm(grads of norm 5.391, 6.5)",
                   rtol=1e-12)  # as above
    grads = [np.array([3.0, -4.0]), np.array([[12.0]])]
    judge_clipping(submission.clip_by_global_norm(grads, 13.0), grads, 1.0,
                   "clip_by_global_norm([[3, -4], [[12]]], 13.0)")  # an epsilon may show here


@check("clip_by_global_norm", points=0.5, hint="Which norm would you plot to see trouble coming: "
                                               "the one that is cut off at max_norm, or the "
                                               "other?")
def test_returns_the_clipped_norm(submission):
    """The second part of the answer is the norm before clipping, as a float."""
    for max_norm in (2.0, 13.0, 500.0):
        grads = [np.array([3.0, -4.0]), np.array([[12.0]])]
        given = f"clip_by_global_norm([[3, -4], [[12]]], {max_norm})"
        _, norm = pair_from(submission.clip_by_global_norm(grads, max_norm), given)
        assert_close(norm, 13.0,
                     rtol=1e-9,  # a root of exact squares
                     given=f"{given}, the norm")
    grads = gradients(50, (2, 3), (5,))
    given = "clip_by_global_norm(grads, 0.5)"
    _, norm = pair_from(submission.clip_by_global_norm(grads, 0.5), given)
    assert_close(norm, norm_of(grads),
                 rtol=1e-9,  # any order of summation is within 1e-15
                 given=f"{given}, the norm")


@check("clip_by_global_norm", points=0.5, hint="What is max_norm / norm where all gradients are "
                                               "zero? And is such a gradient beyond the bound at "
                                               "all?")
def test_divides_by_a_norm_of_zero(submission):
    """All-zero gradients come back as zeros, with a norm of 0; zeros among others do no harm."""
    zeros = [np.zeros((2, 3)), np.zeros(4)]
    given = "clip_by_global_norm of zeros"
    norm = judge_clipping(submission.clip_by_global_norm(zeros, 1.0), zeros, 1.0, given)
    assert_close(norm, 0.0,
                 rtol=0.0, atol=1e-150,  # nothing to round
                 given=f"{given}, the norm")
    some = [np.zeros(3), np.array([[6.0, -8.0]]), np.zeros((1, 2))]
    judge_clipping(submission.clip_by_global_norm(some, 2.5), some, 0.25,
                   "clip_by_global_norm([[0, 0, 0], [[6, -8]], [[0, 0]]], 2.5)")


@check("clip_by_global_norm", points=0.5, hint="What is `nan > max_norm`? What is inf times "
                                               "max_norm / inf? Which question do you have to ask "
                                               "before you compare?")
def test_lets_a_bad_norm_through(submission):
    """A norm that is NaN or infinite raises ValueError, wherever it comes from; 5 does not."""
    good = [np.array([3.0, 4.0])]
    given = "clip_by_global_norm([[3, 4]], 10)"
    norm = judge_clipping(submission.clip_by_global_norm(good, 10.0), good, 1.0, given)
    assert_close(norm, 5.0, rtol=BOUND_RTOL, given=f"{given}, norm")
    for bad in (math.nan, math.inf, -math.inf):
        for place in (0, 2):
            grads = gradients(60, (3,), (2, 2), (2, 3))
            grads[place].flat[1] = bad
            with pytest.raises(ValueError):
                submission.clip_by_global_norm(grads, 1.0)
    with pytest.raises(ValueError):
        submission.clip_by_global_norm([np.array([math.nan]), np.array([math.inf])], 1e300)
    # Every entry is finite here, and the norm, 2.4e308, is not. Python's own `**` raises
    # OverflowError at such numbers, before anybody can ask, and NumPy can be told to.
    with pytest.raises((ValueError, ArithmeticError)):
        submission.clip_by_global_norm([np.array([1.7e308]), np.array([[1.7e308]])], 1.0)


@check("clip_by_global_norm", points=0.5, hint="Somebody may still need the unclipped gradients. "
                                               "What do `*=` and `grads[i] = ...` do to them?")
def test_clips_in_place(submission):
    """The list and its arrays stay as they were, and each call stands alone."""
    large, small = gradients(70, (3, 2), (4,), scale=9.0), gradients(71, (2,), scale=0.1)
    for _ in range(2):
        for grads, max_norm in ((large, 1.5), (small, 3.0)):
            norm = norm_of(grads)
            answer = assert_unchanged(submission, "clip_by_global_norm", grads, max_norm)
            judge_clipping(answer, grads, min(1.0, max_norm / norm),
                           f"clip_by_global_norm(grads of norm {norm:.4g}, {max_norm})")
    others = gradients(72, (3, 2), (4,), scale=7.0)
    answer = assert_afresh(submission, "clip_by_global_norm", (large, 1.5), (others, 1.5))
    judge_clipping(answer, others, 1.5 / norm_of(others),
                   "clip_by_global_norm called again with other numbers")


def probe_shared_memory(answer, grads, max_norm):
    """Whether a clipped array overlaps a given one. Only the worker can see memory."""
    clipped, _ = answer.clip_by_global_norm(grads, max_norm)
    return [
        bool(np.shares_memory(np.asarray(new), old)) for new in clipped for old in grads
    ]


@check("clip_by_global_norm", points=0.5, hint="If nothing needs clipping, what do you return? "
                                               "What happens to the caller's gradients if "
                                               "somebody then writes into the result?")
def test_hands_back_the_same_arrays(submission):
    """The clipped arrays are new ones, also where nothing had to be clipped."""
    for max_norm in (1.0, 1e3):
        grads = gradients(80, (2, 3), (4,), (1,))
        shared = submission.probe(probe_shared_memory, grads, max_norm)
        expect(not any(shared), "a clipped array shares its memory with a given one",
               given=f"clip_by_global_norm(grads of norm {norm_of(grads):.4g}, {max_norm:g})")


# bptt_gradient_norms


def by_integers(W, grad, steps):
    """Back in time: entry j of the new gradient is the sum over i of W[i][j] * grad[i]."""
    norms = []
    for _ in range(steps + 1):
        norms.append(math.sqrt(sum(g * g for g in grad)))
        grad = [sum(W[i][j] * grad[i] for i in range(len(grad))) for j in range(len(grad))]
    return norms


def judge_norms(submission, W, grad, steps, scale=1):
    """Compare with integers, for the weights W / scale, `scale` a power of two."""
    wanted = [norm / scale**k for k, norm in enumerate(by_integers(W, grad, steps))]
    answer = submission.bptt_gradient_norms(
        np.array(W, dtype=np.float64) / scale, np.array(grad, dtype=np.float64), steps
    )
    assert_close(answer, np.array(wanted),
                 rtol=1e-9,  # a few hundred products, each right to 1e-16
                 given=f"bptt_gradient_norms with H = {len(grad)}, steps = {steps}")


SKEWED = [[1, 2, 0], [0, -1, 3], [2, 0, 1]]
SHEARED = [[1, 3], [0, 2]]


@check("bptt_gradient_norms", points=1, hint="h_t[i] = sum over j of W_hh[i, j] h_(t-1)[j]. "
                                             "Through which i does h_(t-1)[j] reach the loss, and "
                                             "over which index do you then sum?")
def test_multiplies_by_the_weights_untransposed(submission):
    """Each step back multiplies the gradient by what the recurrence's chain rule says."""
    judge_norms(submission, SKEWED, [1, -2, 4], 6, scale=2)
    judge_norms(submission, SHEARED, [3, -1], 5, scale=4)
    judge_norms(submission, [[0, 5, 0, 0], [0, 0, 1, 2], [3, 0, 0, 0], [0, 1, 0, -1]],
                [2, 1, 0, -3], 4, scale=2)


@check("bptt_gradient_norms", points=0.5, hint="How many hidden states does one visit on going "
                                               "back 0 steps? And 1 step? Which of them comes "
                                               "first?")
def test_counts_the_steps_wrongly(submission):
    """There are steps + 1 norms, and the first is that of `grad_last`."""
    for steps in (0, 1, 2, 7):
        judge_norms(submission, SHEARED, [3, -4], steps, scale=2)
    W, grad = np.array([[0.5, 1.0], [0.0, 2.0]]), np.array([3.0, -4.0])
    answer = submission.bptt_gradient_norms(W_hh=W, grad_last=grad, steps=1)
    assert_close(answer, np.array([5.0, math.hypot(1.5, -5.0)]),
                 rtol=1e-9,  # two products
                 given="bptt_gradient_norms called with keywords")


@check("bptt_gradient_norms", points=0.5, hint="Do you follow the gradient itself, or a bound for "
                                               "it such as a power of one number? In which "
                                               "precision, and does anything cut it off?")
def test_loses_gradients_that_explode_or_vanish(submission):
    """Over a hundred steps the norms are still right, however large or small they get."""
    judge_norms(submission, SKEWED, [1, -2, 4], 120)
    judge_norms(submission, SKEWED, [1, -2, 4], 120, scale=8)
    judge_norms(submission, [[-3]], [2], 80, scale=4)
    # Not normal: it grows at first and vanishes later. Nilpotent: gone after two steps.
    judge_norms(submission, [[1, 9], [0, 1]], [2, 1], 100, scale=2)
    judge_norms(submission, [[0, 1], [0, 0]], [5, 1], 4)


@check("bptt_gradient_norms", points=0.5, hint="Does the gradient that you carry along share its "
                                               "memory with `grad_last`? Do you keep anything "
                                               "between calls?")
def test_recurrence_leaves_traces(submission):
    """The arguments stay as they were, and each call stands alone."""
    W, grad = np.array(SKEWED) / 4, np.array([1.0, 0.5, -2.0])
    first = assert_array(assert_unchanged(submission, "bptt_gradient_norms", W, grad, 5),
                         shape=(6,))
    judge_norms(submission, SHEARED, [3, -1], 3, scale=2)
    judge_norms(submission, [[2, 0, 1], [1, 1, 0], [0, 3, -1]], [1, 0.5, -2], 5, scale=4)
    judge_norms(submission, SKEWED, [3, -1, 0.5], 5, scale=4)
    assert_close(submission.bptt_gradient_norms(W, grad, 5), first,
                 rtol=1e-12,  # the same call twice
                 given="bptt_gradient_norms called again with its first arguments")
    afresh = assert_afresh(submission, "bptt_gradient_norms", (np.eye(3), grad[::-1].copy(), 5),
                           (W, grad, 5))
    assert_close(afresh, first,
                 rtol=1e-12,  # the same numbers
                 given="bptt_gradient_norms called again with other numbers")
