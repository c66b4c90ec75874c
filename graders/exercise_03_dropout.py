"""Hidden checks for exercise 03.

How a mask is drawn is free, so no mask is expected. The truth is what holds for every mask:
entries are 0 or 1 / (1 - p), `out` is `x` times it. What holds on average is tested on so many
entries that a sound answer stays within seven standard deviations, sqrt(p (1 - p) / n). The
backward pass is compared with central differences of the elementwise product, which are exact
for a linear function.
"""

import math

import numpy as np
import pytest

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    check,
    expect,
    same,
)

RTOL = 1e-9  # float64 is within 1e-15, float32 at 1e-8


def forward(submission, x, p, training, seed):
    """Call dropout_forward with a fresh generator; return (out, mask, the call in words)."""
    given = f"dropout_forward of x {x.shape}, p={p}, training={training}"
    pair = submission.dropout_forward(x, p, training, np.random.default_rng(seed))
    return *unpack(pair, x.shape, given), given


def unpack(pair, shape, given):
    """The pair as (out, mask), the mask as floats whatever its dtype."""
    expect(
        isinstance(pair, tuple | list) and len(pair) == 2,
        f"expected a pair (out, mask), got {type(pair).__name__}",
        given=given,
    )
    out, mask = pair
    assert_array(out, shape=shape, given=f"out of {given}")
    assert_array(mask, shape=shape, dtype=None, given=f"mask of {given}")
    return out, np.asarray(mask, dtype=np.float64)


def judge_scale(values, scale, given):
    """Every entry is zero or `scale`."""
    # 1e-6: the mask's dtype is free
    wrong = values[(values != 0) & ~np.isclose(values, scale, rtol=1e-6, atol=0)]
    if wrong.size:
        expect(False, f"expected only 0 and {scale:.6g}, found {wrong.flat[0]:.6g}", given=given)


def judge_share(dropped, p, given, *, of="entries"):
    """The share of dropped entries is p, within seven standard deviations."""
    margin = 7 * math.sqrt(p * (1 - p) / dropped.size)
    share = float(dropped.mean())
    expect(
        abs(share - p) <= margin,
        f"expected {p:g} of {dropped.size} {of} dropped, give or take {margin:.2g}, "
        f"got {share:.3g}",
        given=given,
    )


def judge_agreement(first, second, p, given, what):
    """Two masks, or a mask and itself one step on, agree as often as coins of their own do."""
    by_chance = p * p + (1 - p) * (1 - p)
    margin = 9 * math.sqrt(by_chance * (1 - by_chance) / first.size)  # pairs overlap a little
    share = float((first == second).mean())
    expect(
        abs(share - by_chance) <= margin,
        f"expected {what} to share their fate in {by_chance:.3g} of all cases, give or take "
        f"{margin:.2g}, got {share:.3g}",
        given=given,
    )


@check("dropout_forward", points=1.5,
       hint="Of x, on average (1 - p) * x is left. Which factor brings the average back to x, and "
            "is it the same for p = 0.5 as for p = 0.2?")  # fmt: skip
def test_scales_survivors_wrongly(submission):
    """In training survivors are scaled by 1 / (1 - p), and the rest is zero."""
    rng = np.random.default_rng(0)
    cases = ((0.3, (40, 30)), (0.2, (500,)), (0.8, (6, 9, 20)), (0.99, (40, 50)), (0.0, (7, 3)))
    for p, shape in cases:
        x = rng.normal(0.5, 2.0, shape)
        out, _, given = forward(submission, x, p, True, 1)
        survivors = out != 0
        assert_close(
            out[survivors],
            x[survivors] / (1 - p),
            rtol=RTOL,
            given=f"survivors in out of {given}",
        )
        judge_share(~survivors, p, f"out of {given}")


@check("dropout_forward", points=1.5,
       hint="Is p the share that goes or the share that stays? Compare with `rng.random() < p`.")
def test_keeps_with_probability_p(submission):
    """An entry is dropped with probability p."""
    for seed, p in ((2, 0.3), (3, 0.8), (4, 0.05), (5, 0.5), (6, 0.625), (7, 0.01),
                    (8, 1 / 256), (9, 255 / 256)):  # which no percentage is
        out, mask, given = forward(submission, np.full((100, 200), 1.5), p, True, seed)
        judge_share(out == 0, p, f"out of {given}")
        judge_share(mask == 0, p, f"mask of {given}")


def probe_single_entries(answer, p, seeds):
    """The one entry of the mask of an x (1, 1), for each seed."""
    rngs = [np.random.default_rng(seed) for seed in seeds]
    return [float(answer.dropout_forward(np.ones((1, 1)), p, True, rng)[1][0, 0]) for rng in rngs]


@check("dropout_forward", points=1,
       hint="How many coins do you toss for x of shape (N, D)? Do rows, columns, samples or "
            "channels share one? Is the number of dropped units always the same?")  # fmt: skip
def test_tosses_too_few_coins(submission):
    """Every entry is dropped independently of the others, in any number of dimensions."""
    p = 0.3
    for seed, shape in ((8, (100, 150)), (9, (30, 20, 25)), (10, (8, 10, 12, 15)), (11, (9000,))):
        _, mask, given = forward(submission, np.ones(shape), p, True, seed)
        kept = mask != 0
        judge_share(~kept, p, given)
        for axis, size in enumerate(shape):
            ahead, behind = kept.take(range(1, size), axis), kept.take(range(size - 1), axis)
            judge_agreement(ahead, behind, p, given, f"neighbours along axis {axis}")
            half = size // 2
            left, right = kept.take(range(half), axis), kept.take(range(size - half, size), axis)
            judge_agreement(left, right, p, given, f"the two halves of axis {axis}")
        if len(shape) == 2:
            for axis in (0, 1):
                counts = kept.sum(axis=axis)
                # The variance of n coins is n p (1 - p); 100 counts show it within 15 %.
                ratio = float(counts.var()) / (shape[axis] * p * (1 - p))
                expect(
                    0.2 < ratio < 2.5,
                    f"expected counts along axis {axis} to vary as independent coins do, "
                    f"got {ratio:.2g} times that variance",
                    given=given,
                )
    x = np.ones((5, 4))
    totals = {int((forward(submission, x, p, True, seed)[1] == 0).sum()) for seed in range(40)}
    expect(
        len(totals) > 1,
        f"expected the number of dropped entries to vary, got {totals} from 40 generators",
        given=f"dropout_forward of x {x.shape}, p={p}, training=True",
    )
    alone = submission.probe(probe_single_entries, 0.75, range(400))
    judge_share(np.asarray(alone) == 0, 0.75, "dropout_forward of x (1, 1), p=0.75, training=True")


@check("dropout_forward", points=1,
       hint="The backward pass gets nothing but the mask. Where must the scale be, then? And is a "
            "zero in `out` always a dropped unit?")  # fmt: skip
def test_leaves_the_scale_out_of_the_mask(submission):
    """The mask is 0 or 1 / (1 - p), also where x is zero, and `out` is `x * mask`."""
    rng = np.random.default_rng(12)
    for p, shape in ((0.3, (30, 40)), (0.75, (4, 5, 60))):
        for x in (rng.normal(0.0, 3.0, shape), np.zeros(shape), rng.integers(0, 2, shape) * 1.0):
            out, mask, given = forward(submission, x, p, True, 13)
            judge_scale(mask, 1 / (1 - p), f"mask of {given}")
            judge_share(mask == 0, p, f"mask of {given}")
            expect(
                np.allclose(out, x * mask, rtol=1e-6, atol=0),  # the mask's dtype is free
                "expected out == x * mask",
                given=given,
            )
    given = "dropout_forward with keyword arguments, p=0.6"
    x = rng.normal(0.0, 1.0, (50, 8))
    pair = submission.dropout_forward(x=x, p=0.6, training=True, rng=np.random.default_rng(14))
    out, mask = unpack(pair, x.shape, given)
    judge_scale(mask, 2.5, f"mask of {given}")
    kept = mask != 0
    assert_close(out[kept], 2.5 * x[kept], rtol=RTOL, given=f"survivors in out of {given}")


@check("dropout_forward", points=1,
       hint="If training has scaled already, what is left to do at prediction time? What would the "
            "backward pass need there?")  # fmt: skip
def test_drops_while_predicting(submission):
    """Not in training `out` equals `x`, and the mask is all ones."""
    rng = np.random.default_rng(15)
    for p, shape in ((0.3, (4, 6)), (0.8, (5,)), (0.0, (2, 3, 4)), (0.5, (3, 1, 2, 5))):
        x = rng.normal(-0.5, 2.0, shape)
        out, mask, given = forward(submission, x, p, False, 16)
        assert_equal(out, x, given=f"out of {given}")
        assert_equal(mask, np.ones(shape), given=f"mask of {given}")


@check("dropout_forward", points=1,
       hint="What would 1 / (1 - p) be for p = 1? Does your test also run when the network is not "
            "being trained, and does it let p = 0 through?")  # fmt: skip
def test_accepts_impossible_probabilities(submission):
    """p outside [0, 1) is a ValueError, in training or not; p = 0 drops nothing."""
    x = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    for training in (True, False):
        for p in (1.0, 1.5, -0.25, 1, -1, 30.0, -1e-9):
            with pytest.raises(ValueError):
                submission.dropout_forward(x, p, training, np.random.default_rng(17))
        for p in (0.0, 0):
            out, mask, given = forward(submission, x, p, training, 18)
            assert_close(out, x, rtol=RTOL, given=f"out of {given}")
            assert_close(mask, np.ones(x.shape), rtol=1e-6, given=f"mask of {given}")


def probe_masks(answer, seeds, global_seed):
    """Draw two masks in a row for each seed, with numpy's global state set beforehand."""
    np.random.seed(global_seed)
    before = np.random.get_state()
    masks = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = np.ones((20, 30))
        for _ in range(2):  # kept as they are: a later call must not write into them
            _, mask = answer.dropout_forward(x, 0.3, True, rng)
            masks.append(mask)
    answer.dropout_forward(x, 0.3, False, rng)
    after = np.random.get_state()
    return masks, [before[1], before[2]], [after[1], after[2]]


@check("dropout_forward", points=1,
       hint="Where do your random numbers come from: from `rng`, from a seed of your own, or from "
            "`np.random`, which everybody shares?")  # fmt: skip
def test_ignores_the_generator(submission):
    """Randomness comes from `rng` alone: one state one mask, another state another mask."""
    given = "dropout_forward of x (20, 30), p=0.3, training=True"
    masks, before, after = submission.probe(probe_masks, (19, 20, 21), 1)
    again, _, _ = submission.probe(probe_masks, (19, 20, 21), 2)
    for mask in (*masks, *again):
        assert_array(mask, shape=(20, 30), dtype=None, given=f"mask of {given}")
    expect(
        all(np.array_equal(one, other) for one, other in zip(masks, again, strict=True)),
        "expected the same mask from the same generator state, got different ones",
        given=given,
    )
    kept = [np.asarray(mask, dtype=np.float64) != 0 for mask in masks]
    for i, one in enumerate(kept):
        for j, other in enumerate(kept[:i]):
            which = "two calls with one generator" if i == j + 1 and i % 2 else "two generators"
            judge_agreement(one, other, 0.3, given, f"the masks of {which}")
    expect(same(before, after), "numpy's global random state is not yours to change", given=given)


def probe_unchanged(answer, x, p, training, seed):
    """What a call gives back, and its argument after the call."""
    pair = answer.dropout_forward(x, p, training, np.random.default_rng(seed))
    out, mask = pair
    return [np.array(out), np.array(mask), x]


@check("dropout_forward", points=0.5,
       hint="`x *= mask` saves an array. Whose array is it that you write into?")
def test_writes_into_x(submission):
    """`x` stays as it was, single entries work, and no call depends on an earlier one."""
    rng = np.random.default_rng(22)
    for shape in ((6, 4), (1, 50), (1, 1), (1,), (3, 1, 1)):
        x = rng.normal(1.0, 2.0, shape)
        for p, training in ((0.4, True), (0.4, False), (0.0, True)):
            given = f"dropout_forward of x {shape}, p={p}, training={training}"
            first = submission.probe(probe_unchanged, x, p, training, 23)
            expect(same(first[2], x), "it changed its argument in place", given=given)
            out, mask = unpack(first[:2], shape, given)
            judge_scale(mask, 1 / (1 - p) if training else 1.0, f"mask of {given}")
            assert_close(out, x * mask, rtol=1e-6, given=f"out of {given}")  # mask's dtype is free
    given = "dropout_forward of x (6, 4), p=0.4, training=True"
    x = rng.normal(1.0, 2.0, (6, 4))
    one, two = (submission.probe(probe_unchanged, x, 0.4, True, 24) for _ in range(2))
    repeated = same(one[1], two[1])
    expect(repeated, "expected the same mask from the same generator state", given=given)


def by_differences(grad_out, mask):
    """d/dx of sum(grad_out * x * mask), by central differences at x = 0, step 1: exact."""
    return np.array([
        (g * 1.0 * m - g * -1.0 * m) / 2 for g, m in zip(grad_out.flat, mask.flat, strict=True)
    ]).reshape(grad_out.shape)  # fmt: skip


@check("dropout_backward", points=1,
       hint="out = x * mask, entry by entry. What is d out / d x, and is the scale in it already?")
def test_loses_the_scale_on_the_way_back(submission):
    """The gradient goes through survivors with their scale, and not through dropped units."""
    rng = np.random.default_rng(25)
    for p, shape in ((0.3, (5, 7)), (0.75, (4, 3, 6)), (0.2, (40,)), (0.0, (2, 3))):
        mask = (rng.random(shape) >= p) * (1 / (1 - p))
        mask.flat[0], mask.flat[1] = 1 / (1 - p), 1 / (1 - p) if p == 0 else 0.0
        grad_out = rng.normal(0.5, 2.0, shape)
        grad_out.flat[-1] = 0.0
        given = f"dropout_backward of grad_out {shape}, mask of p={p}"
        expected = by_differences(grad_out, mask)
        assert_close(submission.dropout_backward(grad_out, mask), expected, rtol=RTOL, given=given)
        named = submission.dropout_backward(grad_out=grad_out, mask=mask)
        assert_close(named, expected, rtol=RTOL, given=given)


@check("dropout_backward", points=0.5,
       hint="`grad_out *= mask` saves an array. Who else may still need that gradient?")
def test_writes_into_the_gradient(submission):
    """Arguments stay as they were, a mask of ones too, and no call remembers another."""
    rng = np.random.default_rng(26)
    for shape in ((4, 5), (1, 3), (1, 1), (1,)):
        grad_out = rng.normal(0.5, 1.0, shape)
        for mask in (np.ones(shape), np.full(shape, 2.5), np.zeros(shape)):
            answer = submission.call("dropout_backward", grad_out, mask)
            given = f"dropout_backward of grad_out {shape}, a mask of {mask.flat[0]:g}s"
            expect(
                same(answer.args, (grad_out, mask)), "it changed its argument in place", given=given
            )
            assert_close(answer.value, by_differences(grad_out, mask), rtol=RTOL, given=given)
    first, second = ((grad, 2.0 * (grad > 0.5)) for grad in rng.normal(0.5, 1.0, (2, 4, 5)))
    assert_close(
        assert_afresh(submission, "dropout_backward", first, second),
        by_differences(*second),
        rtol=RTOL,
        given="dropout_backward called again with other numbers",
    )
