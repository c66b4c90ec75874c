"""Hidden checks of exercise 26: the two numbers of a softmax, merged, and attention in blocks.

Truth looks at all scores at once: the maximum of all, then `math.fsum` of all exponentials, and for
attention one query after the other over the keys in its sight, in plain loops. There are no
blocks, and nothing is ever rescaled. Away from the check that is about them, lengths are multiples
of the block size, scores are of a few units, and no score is -inf.

Where scores are large, the largest ones are no ties: exp(score - logsumexp) is a sound formula,
too, and loses the digits of a sum beside a maximum of 1e300.
"""

import math
from functools import lru_cache
from operator import mul

import numpy as np
import pytest

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_array,
    assert_no_traces,
    assert_roughly,
    check,
    expect,
    seeds_of,
)

INF = float("inf")
RTOL, ATOL = 1e-11, 1e-12  # float64 in any order is within 1e-13; float32 is at 1e-7
# Where a check is about something else than digits: float32 has lost its points elsewhere.
ROUGHLY = {"rtol": 1e-4, "atol": 1e-5}


def of_all_scores(blocks):
    """The maximum of all scores, and the exact sum of their exponentials."""
    scores = [float(score) for block in blocks for score in block]
    top = max(scores, default=-INF)
    if top == -INF:
        return -INF, 0.0
    return top, math.fsum(math.exp(score - top) for score in scores)


def of_both(a, b):
    """What each sum is worth beside the larger maximum."""
    top = max(a[0], b[0])
    shares = [total * math.exp(maximum - top) for maximum, total in (a, b) if maximum > -INF]
    return top, math.fsum(shares)


def dot(left, right):
    """The sum of products, rounded once."""
    return math.fsum(map(mul, left, right))


def attention_of(query, K, V):
    """The output for one query that sees all of K."""
    scores = [dot(query, key) / math.sqrt(len(query)) for key in K]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    return [dot(weights, column) / math.fsum(weights) for column in zip(*V, strict=True)]


def query_by_query(Q, K, V, block_size, causal=False):
    """Softmax over all keys in sight, for each query alone; the block size plays no part."""
    if causal and len(Q) != len(K):
        raise ValueError
    Q, K, V = Q.tolist(), K.tolist(), V.tolist()
    sight = [i + 1 if causal else len(K) for i in range(len(Q))]
    return np.array(
        [attention_of(q, K[:seen], V[:seen]) for q, seen in zip(Q, sight, strict=True)]
    ).reshape(len(Q), len(V[0]))


# Where the smallest counterexample is looked for.


def streams(score, least=0):
    """Streams of up to three blocks of up to two of these scores."""

    def inputs(st):
        block = st.lists(st.sampled_from(score), min_size=least, max_size=2)
        arrays = block.map(lambda scores: np.array(scores, dtype=float))
        return st.tuples(st.lists(arrays, min_size=least, max_size=3))

    return inputs


def pairs(maxima):
    """Two pairs; the one without a finite score has the total 0."""

    def inputs(st):
        one = st.tuples(st.sampled_from(maxima), st.sampled_from([1.0, 2.0, 1.5]))
        either = one.map(lambda pair: pair if pair[0] > -INF else (-INF, 0.0))
        return st.tuples(either, either)

    return inputs


def problems(entries, causal=(False,)):
    """Attention of width 1, for up to three queries and keys."""

    def inputs(st):
        def sized(L_q, L_k):
            column = [
                st.lists(st.sampled_from(each), min_size=L, max_size=L).map(in_column)
                for L, each in ((L_q, entries), (L_k, entries), (L_k, [0.0, 1.0, 4.0]))
            ]
            return st.tuples(*column, st.integers(1, 3), st.sampled_from(causal))

        alike = st.integers(1, 3).flatmap(lambda L: sized(L, L))
        if True in causal:
            return alike
        return st.one_of(st.integers(1, 3).flatmap(lambda L: sized(1, L)), alike)

    return inputs


def in_column(entries):
    return np.array(entries, dtype=float)[:, None]


FEW = [0.0, 1.0, 2.0, -1.0]
STATS = Truth(
    "streaming_stats", of_all_scores, inputs=streams([*FEW, 1000.0, -1000.0, -INF]), rtol=RTOL
)
MERGED = Truth("merge_stats", of_both, inputs=pairs([*FEW, 1000.0, -1000.0, -INF]), rtol=RTOL)
ATTENTION = Truth(
    "blockwise_attention", query_by_query,
    inputs=problems([*FEW, 50.0, -50.0], (False, True)), rtol=RTOL, atol=ATOL,
)  # fmt: skip


# Problems


def arrays(*blocks):
    """A case: a stream of these blocks."""
    return ([np.array(block, dtype=float) for block in blocks],)


def ordinary(rng, *sizes):
    """A stream of blocks of these sizes, with scores of a few units."""
    return ([rng.normal(0.5, 2.0, size) for size in sizes],)


def moving(rng):
    """Blocks of which each lies some units above or below the one before."""
    places = np.cumsum(rng.choice([-3.0, 2.0, 4.0], size=5))
    return ([rng.normal(place, 1.0, rng.integers(1, 4)) for place in places],)


def far_out(rng):
    """Scores around thousands, of one sign, in blocks that differ by hundreds."""
    middle = rng.choice([-1.0, 1.0]) * rng.uniform(1500, 4000)
    places = rng.permutation([-1000.0, 0.0, -1.0, 1.5]) + middle
    return ([rng.normal(place, 0.5, 2) for place in places],)


def with_empty(rng):
    sizes = rng.permutation([0, 3, 0, 0])
    return ([rng.normal(0.0, 1.0, size) for size in sizes],)


def with_impossible(rng):
    """One block holds finite scores, among some that are not; the others hold none."""
    block = rng.normal(size=4)
    block[rng.choice(4, 2, replace=False)] = -INF
    blocks = [block, np.full(1, -INF), np.full(2, -INF)]
    return ([blocks[place] for place in rng.permutation(3)],)


def couple(rng, low=-4.0, high=4.0):
    return (
        (float(rng.uniform(low, high)), float(rng.uniform(1, 9))),
        (float(rng.uniform(low, high)), float(rng.uniform(1, 9))),
    )


def couple_far_out(rng):
    middle = float(rng.choice([-1.0, 1.0]) * rng.uniform(1500, 4000))
    a, b = couple(rng, middle - 4, middle + 4)
    return (a, b) if rng.random() < 0.5 else (b, (a[0] - 1500.0, a[1]))


def one_of_nothing(rng):
    a, _ = couple(rng)
    return (a, (-INF, 0.0)) if rng.random() < 0.5 else ((-INF, 0.0), a)


def tensors(rng, L_q, L_k, d, d_v):
    """Q, K and V with scores of a few units, unsymmetric."""
    shapes = (L_q, d), (L_k, d), (L_k, d_v)
    return [rng.normal(0.2, 1.2, shape) for shape in shapes]


def fixed(seed, *problems):
    """Problems (L_q, L_k, d, d_v, block_size, causal), the same in every run."""
    rng = np.random.default_rng(seed)
    return [(*tensors(rng, *sizes), block, causal) for *sizes, block, causal in problems]


def whole(rng):
    """All keys in one block."""
    L_q, L_k, d, d_v = (int(size) for size in rng.integers(1, 6, size=4))
    return (*tensors(rng, L_q, L_k, d, d_v), L_k)


def in_blocks(rng):
    """Two to four full blocks."""
    block = int(rng.integers(2, 4))
    L_q, d, d_v = (int(size) for size in rng.integers(1, 5, size=3))
    return (*tensors(rng, L_q, block * int(rng.integers(2, 5)), d, d_v), block)


def in_many_blocks(rng):
    """One query, and more blocks than somebody may expect."""
    return (*tensors(rng, 1, int(rng.integers(1050, 1200)), 2, 1), 1)


def with_a_rest(rng):
    """A last block that is not full, or the only one."""
    block = int(rng.integers(3, 6))
    L_k = block * int(rng.integers(0, 3)) + int(rng.integers(1, block))
    return (*tensors(rng, 3, L_k, 2, 3), block)


def causal_in_blocks(rng):
    block = int(rng.integers(1, 4))
    L = block * int(rng.integers(2, 5)) - int(rng.integers(block))
    return (*tensors(rng, L, L, 2, 3), block, True)


def large_scores(rng):
    """Scores of thousands of either sign, whose maxima move from block to block."""
    Q = np.array([[1000.0, 1.0], [-1000.0, 1.0], [900.0, -1.0], [0.0, 1.0]])
    K = np.stack([rng.permutation(np.arange(6.0) - 2.5), rng.normal(size=6)], axis=1)
    return Q + rng.normal(size=(4, 2)), K, rng.normal(size=(6, 3)), 2


def hidden_giants(rng):
    """Causal; later keys have far larger scores, or the first ones lie far below zero."""
    Q = np.ones((4, 1))
    steps = rng.uniform(900.0, 2000.0, size=4)
    if rng.random() < 0.5:
        K = np.cumsum(steps)[:, None]
    else:
        K = -1e12 * (np.array([[6.0], [4.0], [2.0], [0.0]]) + rng.random((4, 1)))
    return Q, K, rng.normal(size=(4, 2)), 4, True


# streaming_stats


@check("streaming_stats", points=0.5, inputs=streams(FEW, 1),
       hint="Take the scores 0 and 1 by hand: which is the largest, and what are exp(score - "
            "largest) and their sum?")  # fmt: skip
def test_sums_something_else(submission):
    """Of one block: the largest score, and the sum of exp(score - largest)."""
    cases = [arrays([0.5, -1.25, 2.0]), arrays([-3.0, -1.0]), arrays([1.5]),
             arrays([2.0, 2.0, -0.5, 2.0]), arrays([-0.75, 0.25, 0.0, -2.0, -4.0]),
             arrays([-30.0, 1.0, -25.0, -40.0])]  # fmt: skip
    # Each of many is small, or they are more than somebody expects.
    cases += [([np.append(np.full(3000, -22.0), 0.0)],)]
    STATS.assert_holds(submission, cases, draw=lambda rng: ordinary(rng, rng.integers(1, 6)))


@check("streaming_stats", points=1, inputs=streams(FEW, 1),
       hint="After 1 and 2 you hold a sum of exp(score - 2). Then comes 5. Which factor makes it "
            "a sum of exp(score - 5)? And what if 0 comes instead?")  # fmt: skip
def test_keeps_sums_of_an_older_maximum(submission):
    """The sum of several blocks belongs to the largest score of all, wherever it stands."""
    cases = [arrays([0.0], [1.0], [3.0]), arrays([3.0, 0.5], [1.0, 2.0]), arrays([-1.0], [-1.0]),
             arrays([0.0, 1.0], [-2.5, 2.5], [2.0, -0.5], [4.0], [1.0]),
             arrays([-3.0], [-1.0, -2.0])]  # fmt: skip
    cases += [([*np.linspace(-1.0, 1.0, 1200)[:, None]],)]
    STATS.assert_holds(submission, cases, draw=moving, draws=3, **ROUGHLY)


@check("streaming_stats", points=0.5, inputs=streams([0.0, 1000.0, 1001.0, -1000.0], 1),
       hint="exp(1000) is inf, and exp(-1000) is 0. Is the maximum taken off before anything is "
            "exponentiated, and is it that of the stream?")  # fmt: skip
def test_exponentiates_raw_scores(submission):
    """Scores of thousands, far apart, and near the largest float give what they should."""
    cases = [arrays([1000.0, 1001.0]), arrays([-1000.0], [-1001.0, -1002.5]),
             arrays([0.0], [2000.0, 1998.0]), arrays([3000.0], [0.0, -3000.0], [3001.0]),
             arrays([-1e308], [1e308, 0.0]), arrays([1e300, -1.0], [5e299]),
             arrays([-1e307])]  # fmt: skip
    STATS.assert_holds(submission, cases, draw=far_out, **ROUGHLY)


@check("streaming_stats", points=0.5, inputs=streams(FEW),
       hint="What is the largest of no scores at all? Which pair do you hold before the first "
            "block comes?")  # fmt: skip
def test_trips_over_empty_blocks(submission):
    """Empty blocks count for nothing; with no score at all it is (-inf, 0.0)."""
    cases = [arrays([], [0.5, 1.5]), arrays([], [1.0, -1.0], []), arrays([-1.0, 0.0], []),
             arrays([]), arrays([], []), arrays()]  # fmt: skip
    STATS.assert_holds(submission, cases, draw=with_empty, **ROUGHLY)


@check("streaming_stats", points=0.5, inputs=streams([-INF, 0.0, 1.0], 1),
       hint="What is -inf - (-inf)? Which blocks have a maximum of -inf, and what do they add to "
            "the sum?")  # fmt: skip
def test_turns_impossible_scores_into_nan(submission):
    """Scores of -inf add nothing, first, last or alone; with no finite score it is (-inf, 0.0)."""
    cases = [arrays([-INF, 0.5, 1.5]), arrays([-INF], [0.5, 1.0]), arrays([2.0, 1.0], [-INF]),
             arrays([-INF, -INF], [-INF], [-2.0]), arrays([-INF]), arrays([-INF], [-INF, -INF]),
             arrays([-INF, -901.0])]  # fmt: skip
    STATS.assert_holds(submission, cases, draw=with_impossible, draws=3, **ROUGHLY)


def from_generator(answer, blocks):
    """Runs beside the answer: a generator cannot be sent."""
    return answer.streaming_stats(block for block in blocks)


def from_iterator(answer, blocks):
    """As above, of the kind that `map` and files are."""
    return answer.streaming_stats(iter(blocks))


@check("streaming_stats", points=0.5,
       hint="What does a generator hold after the first loop over it? Has it a length, or a "
            "first block that you could index?")  # fmt: skip
def test_goes_through_the_blocks_twice(submission):
    """Blocks that can be gone through only once are enough."""
    rng = np.random.default_rng(seeds_of(submission, 1)[0])
    cases = [*arrays([2.0, 0.5], [1.0, 0.0]), *arrays([1.5, -0.5]), *arrays([0.0, 0.25], [0.5]),
             *ordinary(rng, 3, 2, 1)]  # fmt: skip
    for probe in (from_generator, from_iterator):
        for (blocks,), value in submission.each_probe(probe, [(blocks,) for blocks in cases]):
            try:
                assert_roughly(value, of_all_scores(blocks))
            except Mismatch as mismatch:
                given = "streaming_stats of a generator of blocks"
                raise Mismatch(str(mismatch), given, mismatch.kind) from None


@check("streaming_stats", points=0.5,
       hint="`block -= block.max()` writes into whose array? And what is left over for the next "
            "call?")  # fmt: skip
def test_writes_into_the_blocks(submission):
    """The blocks stay as they were, however they lie in memory, and every call starts afresh."""
    cases = [arrays([0.5, 1.0, -2.0], [2.0, 0.25]), arrays([4.0, 1.5, 2.0], [-1.0, 0.0]),
             arrays([0.75])]  # fmt: skip
    assert_no_traces(submission, STATS, cases, draw=lambda rng: ordinary(rng, 3, 2))


# merge_stats


@check("merge_stats", points=1, inputs=pairs(FEW),
       hint="One sum is of exp(score - 0), the other of exp(score - 2). What must happen to which "
            "of them before they can be added?")  # fmt: skip
def test_adds_sums_of_different_maxima(submission):
    """Each total is scaled to the larger maximum, whichever of the two pairs has it."""
    cases = [((0.0, 2.0), (1.0, 3.0)), ((2.5, 1.5), (-0.5, 4.0)), ((1.0, 2.0), (1.0, 5.0)),
             ((-3.0, 1.0), (-2.0, 1.25)), ((-2.0, 7.0), (-4.0, 1.0)), ((0.0, 1.0), (0.0, 1.0))]
    # Further apart, where the smaller one still counts.
    cases += [((7.0, 2.0), (-2.0, 40.0)), ((-9.0, 5000.0), (6.0, 1.5))]
    cases += [((0.0, 1.0), (-22.0, 3000.0)), ((-900.0, 1e6), (3.0, 1.0))]
    cases += [((), {"a": (0.5, 2.0), "b": (2.0, 1.0)})]
    MERGED.assert_holds(submission, cases, draw=couple, draws=3)


@check("merge_stats", points=0.5, inputs=pairs([0.0, 1000.0, 1001.0, -1000.0]),
       hint="Is there an exp of a maximum itself in your code? What does exp(1000 - 0) "
            "give?")  # fmt: skip
def test_exponentiates_raw_maxima(submission):
    """Maxima of thousands, far apart, and near the largest float merge as well."""
    cases = [((1000.0, 2.0), (1001.0, 3.0)), ((-1000.0, 2.0), (-1001.0, 3.0)),
             ((0.0, 2.0), (-2000.0, 3.0)), ((-1500.0, 4.0), (1500.0, 1.5)),
             ((1e308, 1.0), (-1e308, 3.0)), ((5e299, 6.0), (1e300, 1.0))]  # fmt: skip
    MERGED.assert_holds(submission, cases, draw=couple_far_out, **ROUGHLY)


@check("merge_stats", points=0.5, inputs=pairs([-INF, 0.0, 1.0]),
       hint="One of the streams had no finite score. What is -inf - (-inf), and what is 0 * nan?")
def test_turns_nothing_into_nan(submission):
    """(-inf, 0.0) changes nothing, on either side; two of them give (-inf, 0.0)."""
    nothing = -INF, 0.0
    cases = [(nothing, (1.5, 2.0)), ((-0.5, 3.0), nothing), (nothing, nothing),
             ((-1000.0, 1.0), nothing), (nothing, (-800.0, 2.5))]  # fmt: skip
    MERGED.assert_holds(submission, cases, draw=one_of_nothing, **ROUGHLY)


# blockwise_attention


@check("blockwise_attention", points=0.5, inputs=problems(FEW),
       hint="Take two keys by hand. By what do you divide the scores, along which axis do the "
            "weights add up to one, and what do they weigh?")  # fmt: skip
def test_departs_from_attention(submission):
    """With all keys in one block: softmax of Q K^T over sqrt(d), times V."""
    cases = fixed(26, (3, 4, 5, 2, 4, False), (4, 2, 3, 6, 2, False), (1, 3, 2, 1, 3, False),
                  (2, 1, 1, 3, 1, False), (5, 5, 4, 4, 5, False))  # fmt: skip
    ATTENTION.assert_holds(submission, [case[:4] for case in cases], draw=whole)


@check("blockwise_attention", points=0.75, inputs=problems(FEW),
       hint="Two blocks, each with a maximum and a sum of its own. What becomes of the output of "
            "the first when the second has a larger maximum? And what of its sum?")  # fmt: skip
def test_puts_blocks_together_wrongly(submission):
    """However the keys are cut into blocks, the softmax runs over all of them."""
    cases = fixed(27, (3, 4, 5, 2, 2, False), (4, 6, 3, 2, 3, False), (2, 8, 2, 3, 2, False),
                  (4, 4, 3, 4, 1, False), (1, 6, 1, 2, 2, False))  # fmt: skip
    cases = [case[:4] for case in cases]
    ATTENTION.assert_holds(submission, cases, draw=in_blocks, draws=3, **ROUGHLY)
    ATTENTION.assert_holds(submission, [], draw=in_many_blocks, draws=1, **ROUGHLY)


@check("blockwise_attention", points=0.5, inputs=problems(FEW),
       hint="Seven keys in blocks of three: how many blocks are that, and how long is the last? "
            "What if a block has room for more keys than there are?")  # fmt: skip
def test_drops_or_pads_the_last_block(submission):
    """The last block is as small as it comes, and so is the only one."""
    cases = fixed(28, (3, 5, 2, 2, 2, False), (2, 7, 3, 2, 3, False), (3, 3, 2, 4, 8, False),
                  (2, 1, 2, 3, 4, False), (4, 5, 2, 3, 4, False), (2, 6, 2, 2, 100, False))
    *arguments, block, causal = cases[1]
    names = dict(zip("QKV", arguments, strict=True)) | {"block_size": block, "causal": causal}
    cases = [case[:4] for case in cases] + [((), names)]
    ATTENTION.assert_holds(submission, cases, draw=with_a_rest, draws=3, **ROUGHLY)


@check("blockwise_attention", points=0.5, inputs=problems([0.0, 1.0, 50.0, -50.0]),
       hint="exp(1000) is inf. Which maximum do you take off: that of the first block, of the "
            "whole block, or of this query's scores so far?")  # fmt: skip
def test_exponentiates_raw_attention_scores(submission):
    """Scores of thousands and far more are exact; every query has a maximum of its own."""
    V = np.array([[2.0, 1.0], [4.0, 8.0], [-3.0, 0.5], [0.0, 1.0]])
    K = np.array([[1.0], [2.0], [0.5], [-1.0]])
    cases = [(np.array([[size], [-size], [0.0]]), keys, V, block)
             for size in (1000.0, 2.0**100) for keys in (K, K[::-1].copy()) for block in (2, 4, 1)]
    cases += [(np.array([[60.0]]), np.array([[0.0], [0.0], [50.0], [50.5]]), V, 2)]
    # A weight of exp(-1000) is none, however large its value.
    cases += [(np.array([[1.0]]), np.array([[0.0], [-1000.0]]), np.array([[1.0], [1e20]]), 1)]
    ATTENTION.assert_holds(submission, cases, draw=large_scores, **ROUGHLY)


@check("blockwise_attention", points=0.5, inputs=problems(FEW, (True,)),
       hint="Key number 1 of the third block: which position is that? Does query i see key i? And "
            "what are the weights in a block that a query sees nothing of?")  # fmt: skip
def test_masks_other_keys(submission):
    """Causal: a query sees itself and what came before, across all blocks."""
    cases = fixed(30, (4, 4, 3, 2, 2, True), (6, 6, 2, 3, 3, True), (6, 6, 2, 2, 2, True),
                  (3, 3, 4, 2, 1, True), (3, 3, 2, 5, 3, True), (1, 1, 2, 3, 1, True),
                  (6, 6, 1, 2, 2, True), (4, 4, 3, 3, 2, False), (5, 5, 2, 3, 3, True),
                  (3, 3, 2, 2, 8, True))  # fmt: skip
    ATTENTION.assert_holds(submission, cases, draw=causal_in_blocks, draws=3, **ROUGHLY)


@check("blockwise_attention", points=0.25, inputs=problems([0.0, 1.0, 50.0, -50.0], (True,)),
       hint="A hidden key has the largest score of its block. Is it hidden before or after you "
            "take the maximum? And what does your mask put there: is it low enough?")  # fmt: skip
def test_lets_hidden_keys_matter(submission):
    """Causal: what a hidden key scores makes no difference, however large or small."""
    V = np.array([[2.0], [4.0], [-3.0], [0.5]])
    ones = np.ones((4, 1))
    cases = [(ones, in_column([0.0, 1000.0, 2000.0, 5000.0]), V, 4, True),
             (ones, in_column([0.0, 0.5, 1e100, 1e200]), V, 4, True),
             (-ones, in_column([4e12, 2e12, 1e12, 0.0]), V, 4, True),
             (-ones, in_column([2e200, 1e200, 3e199, 0.0]), V, 4, True)]  # fmt: skip
    ATTENTION.assert_holds(submission, cases, draw=hidden_giants, draws=3, **ROUGHLY)


@check("blockwise_attention", points=0.25,
       hint="Causal attention pairs query i with key i. What should happen where there are "
            "fewer queries than keys, or more?")  # fmt: skip
def test_guesses_where_lengths_differ(submission):
    """Causal attention with another number of queries than keys is a ValueError."""
    rng = np.random.default_rng(31)
    for sizes in ((2, 3, 1, 1), (2, 4, 3, 2), (4, 2, 3, 2), (1, 3, 2, 2)):
        with pytest.raises(ValueError):
            submission.blockwise_attention(*tensors(rng, *sizes), 2, causal=True)
    for sizes, causal in (((2, 4, 3, 2), False), ((4, 4, 3, 2), True)):
        value = submission.blockwise_attention(*tensors(rng, *sizes), 2, causal)
        assert_array(value, shape=(sizes[0], 2))


# What the contract allows for LENGTH queries and keys. Measuring that takes seconds, so it is done
# only for an answer that may need more: memory and time grow with the square of the length at
# most, so an answer that needs little at SHORT needs little at LENGTH. Time is judged where it is
# causal, memory without a mask, too: there somebody may hold all scores, and it takes no longer.
LENGTH, SHORT, WIDTH = 8192, 640, 16
MOST_MIB, MOST_SECONDS = 256, 30
GROWTH = (LENGTH / SHORT) ** 2
FIRST_LOOK = 0.03  # seconds for 128 queries and keys, which mean 120 for LENGTH
ROWS = [0, 1, SHORT // 2, SHORT - 1]


def measured(answer, seed, length, block_size, patience, causal):
    """Some rows of the output, the peak of memory in MiB, and the CPU seconds.

    Then the same rows by themselves, each query alone with the keys in its sight; and both for a
    few queries and keys. Nothing, where a much smaller call takes longer than `patience`.
    """
    import time
    import tracemalloc

    Q, K, V = np.random.default_rng(seed).normal(size=(3, length, 16))
    clock = [time.process_time()]
    answer.blockwise_attention(Q[:128], K[:128], V[:128], block_size, causal)
    clock.append(time.process_time())
    if clock[1] - clock[0] > patience:
        return []
    tracemalloc.start()
    out = answer.blockwise_attention(Q, K, V, block_size, causal)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    spent = time.process_time() - clock[1]
    few = answer.blockwise_attention(Q[:4], K[:4], V[:4], block_size, causal)
    pairs = []
    for rows, output in (([0, 1, length // 2, length - 1], out), ([0, 1, 2, 3], few)):
        ends = [i + 1 if causal else len(output) for i in rows]
        alone = [
            answer.blockwise_attention(Q[i : i + 1], K[:end], V[:end], block_size)
            for i, end in zip(rows, ends, strict=True)
        ]
        pairs += [np.array(output)[rows], np.concatenate(alone)]
    return [pairs[0], peak, spent, *pairs[1:]]


def at_length(answer, measured, length, mib, seconds, causal):
    """How often the peak and the time at this length hold what is allowed; whole numbers."""
    _, peak, spent, *_ = measured(answer, 26, length, 256, 60.0, causal)
    return [int(peak / mib), int(spent / seconds)]


def with_more_queries(answer, length, seconds):
    """As above for the time, from what eight queries more cost: no need to wait for minutes."""
    import time

    clock = [time.process_time()]
    for queries in (4, 12):
        rng = np.random.default_rng(26)
        Q, K, V = (rng.normal(size=(n, 16)) for n in (queries, length, length))
        answer.blockwise_attention(Q, K, V, 256)
        clock.append(time.process_time())
    return int((clock[2] - 2 * clock[1] + clock[0]) / 8 * length / seconds)


@lru_cache(maxsize=16)
def some_rows(seed, causal):
    """The right output for the rows that are looked at."""
    Q, K, V = np.random.default_rng(seed).normal(size=(3, SHORT, WIDTH)).tolist()
    ends = [row + 1 if causal else SHORT for row in ROWS]
    return np.array(
        [attention_of(Q[row], K[:end], V[:end]) for row, end in zip(ROWS, ends, strict=True)]
    )


def measure(submission, seed, causal, length=SHORT, patience=60.0):
    """Rows, peak, seconds and what `measured` adds, or nothing."""
    value = submission.probe(measured, seed, length, 64, patience, causal)
    given = f"blockwise_attention of {length} queries and keys"
    expect(isinstance(value, list) and len(value) in (0, 6), "it sent back no data", given=given)
    return value


def same_numbers(one, other):
    """Whether two arrays hold the same, up to rounding."""
    assert_array(one, shape=(4, WIDTH))
    assert_array(other, shape=(4, WIDTH))
    return np.allclose(one, other, rtol=1e-4, atol=1e-6)


def assert_quick(submission, given):
    """Fail where each query takes so long that all of them take far too long."""
    # Twice as long, because this is an estimate.
    if submission.probe(with_more_queries, LENGTH, 2 * MOST_SECONDS):
        raise Mismatch(f"it takes more than {MOST_SECONDS} s of processor time", given)


def peak_at_length(short, twice):
    """The peak at LENGTH, of which one part grows with the length and one with its square."""
    square = (twice - 2 * short) / 2
    return square * GROWTH + (short - square) * LENGTH / SHORT


def assert_sparing(submission, seed, causal):
    """Fail where it takes too much, or gives something else; True if that needed LENGTH."""
    given = f"blockwise_attention of {LENGTH} queries and keys of width {WIDTH}"
    value = measure(submission, seed, causal, patience=FIRST_LOOK)
    if not value:
        assert_quick(submission, given)
        value = measure(submission, seed, causal)
    rows, peak, seconds, alone, *few = value
    assert_roughly(rows, some_rows(seed, causal))
    # What is wrong for four queries already is another check's matter.
    if same_numbers(*few):
        expect(same_numbers(rows, alone), "among many queries, some get another output than alone",
               given=given)  # fmt: skip
    little_time = not causal or seconds * GROWTH < MOST_SECONDS
    little_memory = peak * GROWTH < MOST_MIB
    if not little_memory:
        twice = measure(submission, seed, causal, 2 * SHORT)[1]
        little_memory = peak_at_length(peak, twice) < 0.8 * MOST_MIB
    if little_time and little_memory:
        return False
    if not little_time:
        assert_quick(submission, given)
    # Half the length first: an answer that takes too much there need not be run at all of it.
    for length in (LENGTH // 2, LENGTH):
        memory, time = submission.probe(
            at_length, measured, length, MOST_MIB, MOST_SECONDS, causal
        )
        expect(not memory, f"it takes {MOST_MIB} MiB or more beside the arguments", given=given)
        slow = f"it takes more than {MOST_SECONDS} s of processor time"
        expect(not (time and causal), slow, given=given)
    return True


@check("blockwise_attention", points=0.5,
       hint="8,192 times 8,192 scores of 8 bytes are 512 MiB. Which of your arrays has a row for "
            "each query and a column for each key? And is there a Python loop over "
            "either?")  # fmt: skip
def test_holds_all_scores(submission):
    """8,192 queries and keys take less than 256 MiB and 30 seconds of processor time."""
    seed = seeds_of(submission, 1)[0]
    if not assert_sparing(submission, seed, True):
        assert_sparing(submission, seed, False)


@check("blockwise_attention", points=0.25,
       hint="Does a line with `*=` or `/=` reach Q, K or V? Does anything outlive the call, such "
            "as a maximum or an output in a default argument?")  # fmt: skip
def test_writes_into_its_arguments(submission):
    """Q, K and V stay as they were, however they lie in memory, and every call starts afresh."""
    for causal in (False, True):
        cases = fixed(33, (4, 4, 3, 2, 2, causal), (4, 4, 3, 2, 2, causal), (6, 6, 2, 3, 3, causal))
        assert_no_traces(
            submission, ATTENTION, cases,
            draw=lambda rng: (*tensors(rng, 4, 4, 2, 3), 2),
        )  # fmt: skip
