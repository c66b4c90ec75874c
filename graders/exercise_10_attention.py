"""Hidden checks for exercise 10.

The truth is attention in plain loops: one query at a time, `math.exp` of the scores of the keys
that it may see, nothing vectorised and nothing masked out, since hidden keys are never touched.
Where scores are too large for that, the answer is plain from the numbers and written down.
"""

import math

import numpy as np
import pytest

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    assert_unchanged,
    check,
    expect,
    show,
)

RTOL, ATOL = 3e-9, 1e-12  # float64 in any order is within 1e-13; float32 is at 1e-7


def by_loops(Q, K, V, mask=None):
    """The definition, for any leading dimensions: loop over queries and the keys they see."""
    lead, L_q, L_k = Q.shape[:-2], Q.shape[-2], K.shape[-2]
    seen = np.broadcast_to(True if mask is None else mask, (*lead, L_q, L_k))
    weights = np.zeros((*lead, L_q, L_k))
    output = np.zeros((*lead, L_q, V.shape[-1]))
    for index in np.ndindex(*lead, L_q):
        row = index[:-1]
        keys = [j for j in range(L_k) if seen[index][j]]
        scores = [
            sum(float(q) * float(k) for q, k in zip(Q[index], K[row][j], strict=True))
            / math.sqrt(Q.shape[-1])
            for j in keys
        ]
        total = math.fsum(math.exp(score) for score in scores)
        for j, score in zip(keys, scores, strict=True):
            weights[index][j] = math.exp(score) / total
            output[index] += weights[index][j] * V[row][j]
    return output, weights


def heads_by_loops(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    """One sample and one head at a time, on slices of the columns."""
    B, L, D = X.shape
    width = D // num_heads
    seen = np.broadcast_to(True if mask is None else mask, (B, 1, L, L))
    out = np.zeros((B, L, D))
    for b in range(B):
        for h in range(num_heads):
            own = slice(h * width, (h + 1) * width)
            out[b][:, own], _ = by_loops(
                X[b] @ W_q[:, own], X[b] @ W_k[:, own], X[b] @ W_v[:, own], seen[b, 0]
            )
    return out @ W_o


def draw(seed, lead, L_q, L_k, d_k, d_v):
    """Queries, keys and values with scores of a few units: unsaturated and unsymmetric."""
    rng = np.random.default_rng(seed)
    shapes = (*lead, L_q, d_k), (*lead, L_k, d_k), (*lead, L_k, d_v)
    return [rng.normal(0.1, 1.2, shape) for shape in shapes]


def draw_heads(seed, B, L, D):
    """X and the four weight matrices."""
    rng = np.random.default_rng(seed)
    X = rng.normal(0.2, 1.0, (B, L, D))
    return [X, *(rng.normal(0.0, 0.6, (D, D)) for _ in range(4))]


def judge(pair, expected, given):
    """Compare a returned pair with (output, weights)."""
    expect(
        isinstance(pair, tuple | list) and len(pair) == 2,
        f"expected a pair (output, weights), got {type(pair).__name__}",
        given=given,
    )
    for name, actual, wanted in zip(("output", "weights"), pair, expected, strict=True):
        assert_close(actual, wanted, rtol=RTOL, atol=ATOL, given=f"{name} of {given}")


@check("scaled_dot_product_attention", points=1,
       hint="A sum of d_k products has a variance that grows with d_k. What brings it back to "
            "one, and which axis do the weights of one query lie on?")  # fmt: skip
def test_scales_scores_wrongly(submission):
    """Without a mask, weights and output follow the formula."""
    for seed, sizes in ((0, (3, 4, 5, 2)), (1, (5, 3, 2, 7)), (2, (2, 6, 9, 3))):
        Q, K, V = draw(seed, (), *sizes)
        given = f"attention of Q {Q.shape}, K {K.shape}, V {V.shape}"
        judge(submission.scaled_dot_product_attention(Q, K, V), by_loops(Q, K, V), given)


@check("scaled_dot_product_attention", points=0.5,
       hint="Which two axes does Q K^T concern? Everything before them only comes along: what "
            "does `.T` or a fixed axis number do to it?")  # fmt: skip
def test_mixes_up_leading_dimensions(submission):
    """Any number of leading dimensions comes along, and sizes of one stay."""
    for lead, sizes in (
        ((4,), (3, 5, 2, 6)),
        ((2, 3), (4, 5, 6, 2)),
        ((2, 1, 3), (2, 3, 4, 5)),
        ((1,), (2, 4, 3, 5)),
        ((2,), (1, 1, 1, 1)),
        ((3, 2), (1, 4, 3, 2)),
    ):
        Q, K, V = draw(3, lead, *sizes)
        given = f"attention of Q {Q.shape}, K {K.shape}, V {V.shape}"
        judge(submission.scaled_dot_product_attention(Q, K, V), by_loops(Q, K, V), given)


@check("scaled_dot_product_attention", points=0.5,
       hint="exp(1000) is inf. What may you subtract from all scores of one query without "
            "changing its weights? And from whose scores do you take it?")  # fmt: skip
def test_exponentiates_raw_scores(submission):
    """Scores of thousands and more, of either sign, give finite weights."""
    V = np.array([[2.0, 1.0], [4.0, 8.0], [0.0, 1.0]])
    # No ties among the largest scores: exp(score - logsumexp) is a sound formula, too.
    for size, second in ((4096.0, 1.0), (2.0**100, 0.75)):
        K = np.array([[1.0], [second], [0.5]])
        first = [0.5, 0.5, 0.0] if second == 1.0 else [1.0, 0.0, 0.0]
        # Queries of opposite signs: a shift by the maximum of the whole array loses one.
        Q = np.array([[size], [-size], [0.0]])
        weights = np.array([first, [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]])
        judge(
            submission.scaled_dot_product_attention(Q, K, V),
            (weights @ V, weights),
            f"attention of Q = [[{size:g}], [{-size:g}], [0]], K = [[1], [{second:g}], [0.5]]",
        )
    Q, K, V = np.array([[[2000.0]], [[-2000.0]]]), np.full((2, 2, 1), 1.0), np.ones((2, 2, 1))
    judge(
        submission.scaled_dot_product_attention(Q, K, V),
        (np.ones((2, 1, 1)), np.full((2, 1, 2), 0.5)),
        "attention of a batch with scores 2000 and -2000",
    )


@check("scaled_dot_product_attention", points=1,
       hint="The weights of the keys in sight should add up to one again. Where does the mask "
            "have to act for that, and does True hide or show?")  # fmt: skip
def test_masks_after_the_softmax(submission):
    """A mask takes hidden keys out of the softmax; `True` means visible."""
    Q, K, V = draw(4, (2,), 3, 4, 5, 2)
    mask = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    for both in (mask, np.stack([mask, mask[::-1]])):
        given = f"attention with a mask of shape {both.shape}"
        expected = by_loops(Q, K, V, both)
        judge(submission.scaled_dot_product_attention(Q, K, V, both), expected, given)
        judge(submission.scaled_dot_product_attention(Q=Q, K=K, V=V, mask=both), expected, given)
    Q, K, V = draw(5, (), 5, 5, 3, 4)
    ahead = np.arange(5)[:, None] >= np.arange(5)
    judge(
        submission.scaled_dot_product_attention(Q, K, V, ahead),
        by_loops(Q, K, V, ahead),
        "attention with a causal mask (5, 5)",
    )


@check("scaled_dot_product_attention", points=1,
       hint="What if a hidden key has the largest score of all, or the visible ones lie far "
            "below any constant that you could have chosen for `hidden`?")  # fmt: skip
def test_lets_hidden_keys_matter(submission):
    """Hidden keys leave no trace, however large or small the scores."""
    V = np.array([[1.0], [3.0], [100.0]])
    hidden = np.array([[True, True, False]])
    for visible, invisible in ((0.0, 800.0), (0.0, 1e100), (0.0, 1e6), (-1e6, 0.0), (1e6, 0.0)):
        K = np.array([[visible], [visible], [invisible]])
        judge(
            submission.scaled_dot_product_attention(np.array([[1.0]]), K, V, hidden),
            (np.array([[2.0]]), np.array([[0.5, 0.5, 0.0]])),
            f"attention with visible scores {visible:g}, {visible:g} and a hidden {invisible:g}",
        )
    for visible in (-1e10, -1e200):  # far below -1e9, the usual "minus infinity"
        K = np.array([[visible], [2 * visible], [0.0]])
        judge(
            submission.scaled_dot_product_attention(np.array([[1.0]]), K, V, hidden),
            (np.array([[1.0]]), np.array([[1.0, 0.0, 0.0]])),
            f"attention with visible scores {visible:g}, {2 * visible:g} and a hidden 0",
        )
    # Two queries with different views of the same keys: each has a maximum of its own.
    K, views = np.array([[0.0], [0.0], [2000.0]]), np.array([[True, True, False], [True] * 3])
    judge(
        submission.scaled_dot_product_attention(np.array([[1.0], [1.0]]), K, V, views),
        (np.array([[2.0], [100.0]]), np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])),
        "attention with scores 0, 0, 2000, the last one hidden from the first query only",
    )


@check("scaled_dot_product_attention", points=1,
       hint="What is a softmax over no keys at all: 0 / 0, a uniform guess? What would you "
            "like the padding to contribute?")  # fmt: skip
def test_gives_nan_to_a_query_that_sees_nothing(submission):
    """A query that may look at nothing gets zero weights and a zero output."""
    Q, K, V = draw(6, (2,), 3, 4, 5, 2)
    mask = np.ones((2, 3, 4), dtype=bool)
    mask[0, 1], mask[1, 2], mask[1, 0, :3] = False, False, False
    for scale in (1.0, 1e-3, -40.0):
        pair = submission.scaled_dot_product_attention(scale * Q, K, V, mask)
        given = f"attention where queries 1 of batch 0 and 2 of batch 1 see nothing, {scale:g} * Q"
        judge(pair, by_loops(scale * Q, K, V, mask), given)
        for name, part in zip(("output", "weights"), pair, strict=True):
            for row in (part[0, 1], part[1, 2]):
                assert_equal(row, np.zeros_like(row), given=f"{name} of {given}")
    Q, K, V = draw(7, (), 2, 3, 4, 5)
    judge(
        submission.scaled_dot_product_attention(1000 * Q, K, V, np.zeros((2, 3), dtype=bool)),
        (np.zeros((2, 5)), np.zeros((2, 3))),
        "attention where nobody sees anything",
    )


@check("scaled_dot_product_attention", points=0.5,
       hint="Which shapes broadcast to (..., L_q, L_k)? One row of keys for every query does, "
            "and so does one padding row a sample.")  # fmt: skip
def test_wants_a_full_sized_mask(submission):
    """Masks of every shape that broadcasts to (..., L_q, L_k) work."""
    Q, K, V = draw(8, (3, 2), 4, 5, 2, 6)
    rng = np.random.default_rng(9)
    keys = [(5,), (1, 5), (3, 1, 1, 5), (2, 1, 5)]
    for shape in (*keys, (4, 5), (4, 1), (1, 2, 4, 5), (3, 1, 4, 5), (3, 2, 4, 5)):
        mask = rng.random(shape) < 0.6
        judge(
            submission.scaled_dot_product_attention(Q, K, V, mask),
            by_loops(Q, K, V, mask),
            f"attention of scores (3, 2, 4, 5) with a mask of shape {shape}",
        )


@check("scaled_dot_product_attention", points=0.5,
       hint="Does a line of yours write into Q, K, V or the mask, or keep something for the "
            "next call?")  # fmt: skip
def test_changes_its_arguments(submission):
    """Arguments stay as they were, and a call does not depend on earlier ones."""
    Q, K, V = draw(10, (3,), 4, 2, 5, 3)
    mask = np.array([[True, False], [False, False], [True, True], [False, True]])
    full = np.stack([mask, mask[::-1], ~mask])
    for view in (mask, full):
        judge(
            assert_unchanged(submission, "scaled_dot_product_attention", Q, K, V, view),
            by_loops(Q, K, V, view),
            f"attention with a mask of shape {view.shape}",
        )
    judge(
        assert_unchanged(submission, "scaled_dot_product_attention", Q, K, V),
        by_loops(Q, K, V),
        "attention without a mask, after a call with one",
    )
    judge(
        submission.scaled_dot_product_attention(2 * Q, K, V),
        by_loops(2 * Q, K, V),
        "attention of other queries, after earlier calls",
    )
    first, second = ((*draw(seed, (3,), 4, 2, 5, 3), mask) for seed in (11, 12))
    judge(
        assert_afresh(submission, "scaled_dot_product_attention", first, second),
        by_loops(*second),
        "attention called again with other numbers",
    )


@check("causal_mask", points=0.5,
       hint="Row i is the query at position i. Is column i in its past? And column i + 1?")
def test_looks_ahead(submission):
    """A position sees itself and what came before, and nothing after."""
    for length in (4, 1, 7, 40):
        expected = np.array([[key <= query for key in range(length)] for query in range(length)])
        given = f"causal_mask({length})"
        actual = assert_array(submission.causal_mask(length), shape=(length, length), dtype=None)
        expect(
            np.array_equal(np.asarray(actual, dtype=bool), expected),
            f"expected {show(expected)}, got {show(actual)}",
            given=given,
        )


def probe_scribble_on_mask(answer):
    """Fill a returned mask with False, and ask for another one."""
    first = answer.causal_mask(3)
    if first.flags.writeable:
        first[...] = False
    return answer.causal_mask(3)


@check("causal_mask", points=0.5,
       hint="What is the dtype of a mask that `np.where` and `~` understand? And do two "
            "calls share one array?")  # fmt: skip
def test_returns_numbers_for_booleans(submission):
    """The mask is a boolean array of its own."""
    for length in (5, 2):
        given = f"causal_mask({length})"
        mask = submission.causal_mask(length=length)
        assert_array(mask, shape=(length, length), dtype=bool, given=given)
    assert_equal(
        submission.probe(probe_scribble_on_mask),
        np.array([[True, False, False], [True, True, False], [True, True, True]]),
        given="causal_mask(3), after the mask of an earlier call was overwritten",
    )


@check("multi_head_attention", points=1,
       hint="Head 0 owns the first D/num_heads columns of X @ W_q. Does your reshape keep "
            "positions apart, and how wide are the vectors that a head compares?")  # fmt: skip
def test_cuts_heads_wrongly(submission):
    """Every head attends with its own block of columns, and W_o mixes them."""
    for seed, (B, L, D), num_heads in (
        (11, (3, 4, 6), 2),
        (12, (2, 5, 6), 3),
        (13, (2, 3, 4), 1),
        (14, (4, 3, 5), 5),
        (15, (3, 2, 8), 4),
    ):
        arguments = draw_heads(seed, B, L, D)
        assert_close(
            submission.multi_head_attention(*arguments, num_heads),
            heads_by_loops(*arguments, num_heads),
            rtol=RTOL,
            atol=1e-10,  # sums over D may cancel
            given=f"multi_head_attention of X {(B, L, D)} with {num_heads} heads",
        )


@check("multi_head_attention", points=1,
       hint="Scores are (B, num_heads, L, L). What does a mask (L, L) do against that, and one "
            "of (B, 1, 1, L)? What do you do for a position that sees nothing?")  # fmt: skip
def test_masks_the_wrong_scores(submission):
    """Masks of shape (L, L) and whatever broadcasts to (B, 1, L, L) hold for every head."""
    B, L, D = 3, 4, 6
    arguments = draw_heads(16, B, L, D)
    rng = np.random.default_rng(17)
    causal = np.arange(L)[:, None] >= np.arange(L)
    padding = np.arange(L) < np.array([4, 2, 3]).reshape(B, 1, 1, 1)  # (B, 1, 1, L)
    masks = [causal, padding, causal & padding, rng.random((1, 1, L, L)) < 0.6,
             rng.random((1, L)) < 0.5, np.array([True, False, True, False]),
             rng.random((B, 1, L, L)) < 0.4]  # fmt: skip
    masks[-1][1, 0, 2] = False  # this position sees nothing
    for mask in masks:
        assert_close(
            submission.multi_head_attention(*arguments, 2, mask=mask),
            heads_by_loops(*arguments, 2, mask),
            rtol=RTOL,
            atol=1e-10,  # sums over D may cancel
            given=f"multi_head_attention of X {(B, L, D)} with 2 heads, mask {mask.shape}",
        )
    # A hidden token with huge entries: the others are alike, so all means are known.
    I = np.eye(2)  # noqa: E741
    twins, two = [[1.0, -1.0]] * 2, [[1.0, -1.0], [2.0, -2.0]]
    first_two = np.array([[True, True, False]])
    last_sees_first = np.array([[True, True, False], [True, True, False], [True, False, False]])
    for visible, hidden, W_k, mask, expected in (
        (twins, [4096.0, 8192.0], I, first_two, [*twins, [1.0, -1.0]]),
        # The hidden score is 1e12, or 0 among visible ones far below -1e9, the usual "minus
        # infinity". No ties among large scores: exp(score - logsumexp) is a sound formula, too.
        (twins, [2.0**40, 2.0**41], I, last_sees_first, [*twins, [1.0, -1.0]]),
        (two, [0.0, 0.0], -1e12 * I, first_two, [*twins, [1.5, -1.5]]),
    ):
        assert_close(
            submission.multi_head_attention(np.array([[*visible, hidden]]), I, W_k, I, I, 2, mask),
            np.array([expected]),
            rtol=RTOL,
            given=f"multi_head_attention of tokens {visible} and a hidden {hidden}",
        )


@check("multi_head_attention", points=0.5,
       hint="What happens for 4 heads on 6 columns, for 0 heads, for -2? Which of these does "
            "`D % num_heads` notice?")  # fmt: skip
def test_accepts_any_number_of_heads(submission):
    """A number of heads that is not a positive divisor of D is a ValueError."""
    arguments = draw_heads(18, 2, 3, 6)
    for num_heads in (4, 5, 12, 0, -2, -1):
        with pytest.raises(ValueError):
            submission.multi_head_attention(*arguments, num_heads)
    assert_array(submission.multi_head_attention(*arguments, num_heads=6), shape=(2, 3, 6))


@check("multi_head_attention", points=0.5,
       hint="Try one sentence of one token, then look at X and the mask after the call. Does "
            "`squeeze` or an in-place operator bite?")  # fmt: skip
def test_trips_over_a_batch_of_one(submission):
    """One sample and one token work, large scores too, and arguments stay as they were."""
    for (B, L, D), num_heads in (((1, 3, 4), 2), ((3, 1, 4), 2), ((1, 1, 2), 2), ((1, 2, 3), 1)):
        arguments = draw_heads(19, B, L, D)
        mask = np.arange(L)[:, None] > np.arange(L)  # the first position sees nothing
        for view in (mask, None):
            assert_close(
                assert_unchanged(submission, "multi_head_attention", *arguments, num_heads, view),
                heads_by_loops(*arguments, num_heads, view),
                rtol=RTOL,
                atol=1e-10,  # sums over D may cancel
                given=f"multi_head_attention of X {(B, L, D)} with {num_heads} heads, "
                      f"mask {'None' if view is None else view.shape}",
            )
    X, I = np.array([[[64.0, -64.0], [32.0, -96.0]]]), np.eye(2)  # noqa: E741
    assert_close(
        submission.multi_head_attention(X, I, I, I, I, 2),
        np.array([[[64.0, -96.0], [64.0, -96.0]]]),
        rtol=RTOL,
        given="multi_head_attention of X = [[[64, -64], [32, -96]]] with 2 heads, all weights I",
    )
    first, second = ((*draw_heads(seed, 1, 3, 4), 2) for seed in (20, 21))
    assert_close(
        assert_afresh(submission, "multi_head_attention", first, second),
        heads_by_loops(*second, None),
        rtol=RTOL,
        atol=1e-10,  # as above
        given="multi_head_attention called again with other numbers",
    )
