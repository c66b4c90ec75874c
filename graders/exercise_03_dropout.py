"""Hidden checks for exercise 03.

How a mask is drawn is free, so no mask is expected. The truth is what holds for every mask:
entries are 0 or 1 / (1 - p), `out` is `x` times it. What holds on average is tested on so many
entries that a sound answer stays within seven standard deviations, sqrt(p (1 - p) / n). The
backward pass is compared with central differences of the elementwise product, which are exact
for a linear function.

No truth is declared for training with a p above 0: there is no one right answer.
"""

import math

import numpy as np

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_no_traces,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
)

RTOL = 1e-9  # float64 is within 1e-15, float32 at 1e-8
LAYOUTS = "plain", "Fortran-ordered", "strided", "read-only"


def forward(submission, *problems):
    """Call dropout_forward for each (x, p, training, seed): p, x, out, mask, the call in words."""
    cases = [(x, p, training, np.random.default_rng(seed)) for x, p, training, seed in problems]
    for (x, p, training, _), pair in submission.each("dropout_forward", cases):
        given = f"dropout_forward of x {x.shape}, p={p:.6g}, training={training}"
        yield p, x, *unpack(pair, x.shape, given), given


def drawn(submission, shape, low, high):
    """An x of that shape, a p between the bounds, and a seed, of this run."""
    rng = rng_of(submission)
    return rng.normal(0.5, 2.0, shape), rng.uniform(low, high), True, int(rng.integers(2**31))


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


def judge_some(kept, given):
    """Some entries are kept and some are not; which share, is for one check. Returns that share."""
    share = float(kept.mean())
    expect(0.02 < share < 0.98, f"expected some entries kept and some not, got {share:.3g} kept",
           given=given)  # fmt: skip
    return share


def judge_agreement(first, second, given, what):
    """Two masks, or a mask and itself one step on, agree as often as coins of their own do."""
    p = judge_some(np.concatenate([first.ravel(), second.ravel()]), given)
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
    problems = [(rng.normal(0.5, 2.0, shape), p, True, 1) for p, shape in cases]
    problems.append((2.0**20 * problems[0][0], 0.3, True, 1))
    problems.append(drawn(submission, (20, 30), 0.1, 0.9))
    for p, x, out, _, given in forward(submission, *problems):
        survivors = out != 0
        assert_close(
            out[survivors],
            x[survivors] / (1 - p),
            rtol=RTOL,
            given=f"survivors in out of {given}",
        )
        expect(survivors.any(), "expected some entries to be left", given=given)


@check("dropout_forward", points=1.5,
       hint="Is p the share that goes or the share that stays? Compare with `rng.random() < p`.")
def test_keeps_with_probability_p(submission):
    """An entry is dropped with probability p."""
    some, many = np.full((60, 100), 1.5), np.full((100, 200), 1.5)
    problems = [
        (x, p, True, seed) for x, seed, p in (
            (some, 2, 0.3), (some, 3, 0.8), (some, 4, 0.05), (some, 5, 0.5), (some, 6, 0.625),
            (some, 7, 0.01), (many, 8, 1 / 256), (many, 9, 255 / 256),  # which no percentage is
        )
    ]  # fmt: skip
    _, *mine = drawn(submission, 1, 0.15, 0.85)
    for p, _, out, mask, given in forward(submission, *problems, (some, *mine)):
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
    shapes = (8, (100, 80)), (9, (25, 16, 20)), (10, (8, 10, 12, 8)), (11, (8000,))
    problems = [(np.ones(shape), p, True, seed) for seed, shape in shapes]
    _, _, _, seed = drawn(submission, 1, 0.0, 1.0)
    for _, x, _, mask, given in forward(submission, *problems, (np.ones((60, 50)), p, True, seed)):
        kept, shape = mask != 0, x.shape
        share = judge_some(kept, given)
        for axis, size in enumerate(shape):
            ahead, behind = kept.take(range(1, size), axis), kept.take(range(size - 1), axis)
            judge_agreement(ahead, behind, given, f"neighbours along axis {axis}")
            half = size // 2
            left, right = kept.take(range(half), axis), kept.take(range(size - half, size), axis)
            judge_agreement(left, right, given, f"the two halves of axis {axis}")
            mirrored = np.flip(right, axis)
            judge_agreement(left, mirrored, given, f"axis {axis} and its mirror image")
        if len(shape) == 2:
            for axis in (0, 1):
                counts = kept.sum(axis=axis)
                # The variance of n coins is n p (1 - p); 100 counts show it within 15 %.
                ratio = float(counts.var()) / (shape[axis] * share * (1 - share))
                expect(
                    0.2 < ratio < 2.5,
                    f"expected counts along axis {axis} to vary as independent coins do, "
                    f"got {ratio:.2g} times that variance",
                    given=given,
                )
    x = np.ones((5, 4))
    masks = [mask for *_, mask, _ in forward(submission, *((x, p, True, n) for n in range(40)))]
    totals = {int((mask == 0).sum()) for mask in masks}
    expect(
        len(totals) > 1,
        f"expected the number of dropped entries to vary, got {totals} from 40 generators",
        given=f"dropout_forward of x {x.shape}, p={p}, training=True",
    )
    alone = submission.probe(probe_single_entries, 0.75, range(400))
    judge_some(np.asarray(alone) != 0, "dropout_forward of x (1, 1), p=0.75, training=True")


@check("dropout_forward", points=1,
       hint="The backward pass gets nothing but the mask. Where must the scale be, then? And is a "
            "zero in `out` always a dropped unit?")  # fmt: skip
def test_leaves_the_scale_out_of_the_mask(submission):
    """The mask is 0 or 1 / (1 - p), also where x is zero, and `out` is `x * mask`."""
    rng = np.random.default_rng(12)
    problems = [
        (x, p, True, 13)
        for p, shape in ((0.3, (30, 40)), (0.75, (4, 5, 60)))
        for x in (rng.normal(0.0, 3.0, shape), np.zeros(shape), rng.integers(0, 2, shape) * 1.0)
    ]
    problems.append(drawn(submission, (20, 30), 0.2, 0.8))
    for p, x, out, mask, given in forward(submission, *problems):
        judge_scale(mask, 1 / (1 - p), f"mask of {given}")
        judge_some(mask != 0, f"mask of {given}")
        expect(
            np.allclose(out, x * mask, rtol=1e-6, atol=0),  # the mask's dtype is free
            "expected out == x * mask",
            given=given,
        )
    given = "dropout_forward with keyword arguments, p=0.6"
    x = rng.normal(0.0, 1.0, (50, 8))
    pair = submission.dropout_forward(x=x, p=0.6, training=True, rng=np.random.default_rng(14))
    _, mask = unpack(pair, x.shape, given)
    judge_scale(mask, 2.5, f"mask of {given}")


def predicted(x, p, training, rng):
    """What comes back where nothing is drawn: not in training, and at p = 0."""
    if not 0 <= p < 1:
        raise ValueError
    return x, np.ones(x.shape)


def judge_predicted(actual, expected, x, p, training, rng):
    """Compare a pair; the mask may be of any dtype."""
    if not isinstance(actual, tuple | list) or len(actual) != 2:
        raise Mismatch("expected a pair (out, mask)", kind="type")
    # Where it was drawn, 1 / (1 - 0) times x is x up to rounding.
    assert_close(actual[0], expected[0], rtol=RTOL if training else 0.0)
    assert_array(actual[1], shape=x.shape, dtype=None)
    assert_close(np.asarray(actual[1], dtype=np.float64), expected[1], rtol=1e-6)


def layers_at_rest(st):
    """Arguments for which nothing is drawn, and a p that is impossible."""
    x = st.lists(st.integers(-4, 4), min_size=1, max_size=2).map(
        lambda values: np.array(values, dtype=np.float64)
    )
    rng = st.just(Code("np.random.default_rng(0)"))
    p = st.sampled_from([0.5, 0.0, 0.25, 0.75, 1.0, 1.5, -0.5])
    return st.one_of(
        st.tuples(x, p, st.just(False), rng),
        st.tuples(x, st.sampled_from([0.0, 1.0, 1.5, -0.5]), st.just(True), rng),
    )


AT_REST = Truth(
    "dropout_forward", predicted, inputs=layers_at_rest, rtol=RTOL, judge=judge_predicted
)


def at_rest(rng):
    shape = tuple(rng.integers(1, 5, size=rng.integers(1, 4)).tolist())
    generator = Code(f"np.random.default_rng({rng.integers(2**31)})")
    return rng.normal(0.0, 2.0, shape), rng.uniform(0.1, 0.9), False, generator


def at_zero(rng):
    x, _, _, generator = at_rest(rng)
    return x, 0.0, bool(rng.integers(2)), generator


def impossible(rng):
    x, _, _, generator = at_rest(rng)
    p = rng.uniform(1.0, 3.0) if rng.integers(2) else rng.uniform(-1.0, -0.01)
    return x, p, bool(rng.integers(2)), generator


@check("dropout_forward", points=1,
       hint="If training has scaled already, what is left to do at prediction time? What would the "
            "backward pass need there?")  # fmt: skip
def test_drops_while_predicting(submission):
    """Not in training `out` equals `x`, and the mask is all ones."""
    rng = np.random.default_rng(15)
    sizes = (0.3, (4, 6)), (0.8, (5,)), (0.0, (2, 3, 4)), (0.5, (3, 1, 2, 5))
    generator = Code("np.random.default_rng(16)")
    cases = [(rng.normal(-0.5, 2.0, shape), p, False, generator) for p, shape in sizes]
    for x, *_ in cases:
        x.flat[1] = 0.0  # which is no dropped unit
    AT_REST.assert_holds(submission, cases, draw=at_rest)


@check("dropout_forward", points=1,
       hint="What would 1 / (1 - p) be for p = 1? Does your test also run when the network is not "
            "being trained, and does it let p = 0 through?")  # fmt: skip
def test_accepts_impossible_probabilities(submission):
    """p outside [0, 1) is a ValueError, in training or not; p = 0 drops nothing."""
    x = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    refused, taken = Code("np.random.default_rng(17)"), Code("np.random.default_rng(18)")
    cases = [(x, p, training, taken) for training in (True, False) for p in (0.0, 0)]
    AT_REST.assert_holds(submission, cases, draw=at_zero)
    AT_REST.assert_holds(submission, [
        (x, p, training, refused)
        for training in (True, False) for p in (1.0, 1.5, -0.25, 1, -1, 30.0, -1e-9)
    ], draw=impossible, draws=1)  # fmt: skip


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
    seeds = (19, 20, *seeds_of(submission, 1))
    masks, before, after = submission.probe(probe_masks, seeds, 1)
    again, _, _ = submission.probe(probe_masks, seeds, 2)
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
            judge_agreement(one, other, given, f"the masks of {which}")
    expect(same(before, after), "numpy's global random state is not yours to change", given=given)


def probe_layouts(answer, x, p, training, seed, layouts):
    """What a call gives back, and x afterwards, for x in each layout. Layouts do not travel."""
    found = []
    for layout in layouts:
        if layout == "strided":
            each = np.zeros([2 * size for size in x.shape])[tuple([slice(None, None, 2)] * x.ndim)]
            each[...] = x
        else:
            each = x.copy(order="F" if layout == "Fortran-ordered" else "C")
        each.flags.writeable = layout != "read-only"
        out, mask = answer.dropout_forward(each, p, training, np.random.default_rng(seed))
        found.append([np.array(out), np.array(mask), each])
    return found


def judge_support(out, mask, x, given):
    """Whatever the scale is, entries of x are scaled alike, and gone where the mask is 0."""
    expect(not out[mask == 0].any(), "expected out to be 0 where the mask is", given=given)
    scales = out[mask != 0] / x[mask != 0]
    if scales.size:
        apart = np.ptp(scales) > 1e-3 * abs(scales[0])
        expect(not apart, "expected all survivors of x to be scaled alike", given=given)
    expect(x.size < 24 or scales.any(), "expected some entries to be left", given=given)


@check("dropout_forward", points=0.5,
       hint="`x *= mask` saves an array. Whose array is it that you write into? Does it matter how "
            "that array lies in memory?")
def test_writes_into_x(submission):
    """`x` stays as it was, however it lies in memory; single entries work."""
    rng, mine = np.random.default_rng(22), rng_of(submission)
    problems = [
        (rng.uniform(0.5, 4.0, shape), p, training, 23)
        for shape, p, training in (
            ((6, 4), 0.4, True), ((6, 4), 0.4, False), ((6, 4), 0.0, True), ((1, 50), 0.4, True),
            ((1, 1), 0.4, True), ((1,), 0.4, False), ((3, 1, 1), 0.0, True),
        )
    ]  # fmt: skip
    problems.append((mine.uniform(0.5, 4.0, (4, 6)), mine.uniform(0.1, 0.5), True, 24))
    for x, p, training, seed in problems:
        layouts = LAYOUTS if x.size >= 24 else LAYOUTS[:1]
        found = submission.probe(probe_layouts, x, p, training, seed, layouts)
        for layout, (out, mask, after) in zip(layouts, found, strict=True):
            given = f"dropout_forward of {layout} x {x.shape}, p={p:.3g}, training={training}"
            expect(same(after, x), "it changed its argument in place", given=given)
            judge_support(*unpack([out, mask], x.shape, given), x, given)


def by_differences(grad_out, mask):
    """d/dx of sum(grad_out * x * mask), by central differences at x = 0, step 1: exact."""
    return np.array([
        (g * 1.0 * m - g * -1.0 * m) / 2 for g, m in zip(grad_out.flat, mask.flat, strict=True)
    ]).reshape(grad_out.shape)  # fmt: skip


def small_gradients(st):
    pairs = st.lists(
        st.tuples(st.integers(-4, 4), st.sampled_from([0.0, 2.0, 4.0, 1.25])),
        min_size=1, max_size=3,
    )  # fmt: skip
    return pairs.map(lambda each: tuple(np.array(each, dtype=np.float64).T))


BACKWARD = Truth("dropout_backward", by_differences, inputs=small_gradients, rtol=RTOL)


def backward_problem(rng, p, shape):
    """A gradient and a mask, with at least one survivor and, for p > 0, one dropped unit."""
    mask = (rng.random(shape) >= p) * (1 / (1 - p))
    mask.flat[0], mask.flat[1] = 1 / (1 - p), 1 / (1 - p) if p == 0 else 0.0
    grad_out = rng.normal(0.5, 2.0, shape)
    grad_out.flat[-1] = 0.0
    return grad_out, mask


def some_gradient(rng):
    shape = tuple(rng.permutation([2, 3, 4])[: rng.integers(1, 4)].tolist())
    return backward_problem(rng, rng.uniform(0.2, 0.8), shape)


@check("dropout_backward", points=1,
       hint="out = x * mask, entry by entry. What is d out / d x, and is the scale in it already?")
def test_loses_the_scale_on_the_way_back(submission):
    """The gradient goes through survivors with their scale, and not through dropped units."""
    rng = np.random.default_rng(25)
    sizes = (0.3, (5, 7)), (0.75, (4, 3, 6)), (0.2, (40,)), (0.0, (2, 3))
    cases = [backward_problem(rng, p, shape) for p, shape in sizes]
    cases.append((2.0**20 * cases[0][0], cases[0][1]))  # nothing says that a gradient is clipped
    named = dict(zip(("grad_out", "mask"), cases[0], strict=True))
    BACKWARD.assert_holds(submission, [*cases, ((), named)], draw=some_gradient)


@check("dropout_backward", points=0.5,
       hint="`grad_out *= mask` saves an array. Who else may still need that gradient?")
def test_writes_into_the_gradient(submission):
    """Arguments stay as they were, a mask of ones too, and no call remembers another."""
    rng = np.random.default_rng(26)
    first, second = ((grad, 2.0 * (grad > 0.5)) for grad in rng.normal(0.5, 1.0, (2, 4, 5)))
    cases = [first, second]
    for shape in ((4, 5), (1, 3), (1, 1), (1,)):
        grad_out = rng.normal(0.5, 1.0, shape)
        cases += [(grad_out, np.full(shape, scale)) for scale in (1.0, 2.5, 0.0)]
    assert_no_traces(submission, BACKWARD, cases, draw=some_gradient, rtol=1e-3)
