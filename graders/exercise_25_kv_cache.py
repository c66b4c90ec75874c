"""Hidden checks of exercise 25: grouped-query attention, and the cache of its keys and values.

Truth goes query by query in Python floats: exact sums (`math.fsum`), and a mean of values that is
weighted by exp(score - largest). Truth of decoding is one causal pass over the whole sequence, in
which every head is cut out of the weights by its columns.

So that one fault is one loss, most checks leave out what another one is about: with one number a
head the scale is 1, with queries of zero all weights are equal, and with as many groups as heads,
or one, there is nothing to be grouped.

Not drawn: test_accepts_heads_that_do_not_divide: an error type has no value.
"""

import math
from itertools import pairwise

import numpy as np
import pytest

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_no_traces,
    check,
    each_unchanged,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)

TIGHT = 1e-9  # any float64 formula is within 1e-12, float32 at 1e-7
LOOSE = 1e-5  # where digits are not what a check is about
LARGE = 2.0**20  # exact; its square, as a score, is beyond -1e9


# ---- grouped_query_attention -------------------------------------------------------------------


def attend(query, keys, values):
    """The mean of `values`, weighted by exp of the scores; lists of floats."""
    scores = [math.fsum(map(math.prod, zip(query, key, strict=True))) for key in keys]
    scores = [score / math.sqrt(len(query)) for score in scores]
    weights = [math.exp(score - max(scores)) for score in scores]
    total = math.fsum(weights)
    return [
        math.fsum(weight * entry for weight, entry in zip(weights, column, strict=True)) / total
        for column in zip(*values, strict=True)
    ]


def query_by_query(Q, K, V, causal=True):
    """Every query of every head on its own."""
    (B, H, L_q, _), (G, L_k) = Q.shape, K.shape[1:3]
    if H % G or (causal and L_q > L_k):
        raise ValueError
    result = np.empty(Q.shape)
    for b, h, i in np.ndindex(B, H, L_q):
        group = [g for g in range(G) for _ in range(H // G)][h]
        end = L_k - (L_q - 1 - i) if causal else L_k
        result[b, h, i] = attend(
            Q[b, h, i].tolist(), K[b, group, :end].tolist(), V[b, group, :end].tolist()
        )
    return result


def small(st):
    """One sequence with up to two heads and one number a head."""
    entry = st.integers(-2, 2).map(float)

    def of(sizes):
        H, G, L_q, L_k = sizes
        filled = [
            st.lists(entry, min_size=n * L, max_size=n * L).map(
                lambda numbers, n=n, L=L: np.array(numbers).reshape(1, n, L, 1))
            for n, L in ((H, L_q), (G, L_k), (G, L_k))
        ]  # fmt: skip
        return st.tuples(*filled, st.just(False) if L_q > L_k else st.booleans())

    sizes = st.sampled_from([(1, 1, 1, 1), (1, 1, 1, 2), (1, 1, 2, 2), (2, 1, 1, 1), (2, 1, 1, 2),
                             (1, 1, 2, 1), (2, 2, 1, 1), (2, 2, 1, 2), (4, 2, 1, 1)])  # fmt: skip
    return sizes.flatmap(of)


def small_and_wide(st):
    """The same, and heads of two or four numbers."""

    def wide(d):
        return st.lists(st.integers(0, 2).map(float), min_size=d, max_size=d).map(
            lambda row: (np.full((1, 1, 1, d), 1.0), np.array([row, [0.0] * d])[None, None],
                         np.array([[1.0] * d, [0.0] * d])[None, None]))  # fmt: skip

    return st.one_of(small(st), wide(2), wide(4))


def small_and_large(st):
    return st.one_of(
        small(st),
        st.tuples(small(st), st.sampled_from([LARGE, 1000.0])).map(
            lambda pair: (pair[0][0] * pair[1], pair[0][1] * pair[1], *pair[0][2:])
        ),
        st.sampled_from([LARGE, 1000.0]).map(two_of_which_one_sees_one),
    )


def two_of_which_one_sees_one(size):
    """The first query may see the first key only, far below the other one."""
    of_two = (np.array([1.0, 1.0]) * size, np.array([-1.0, 0.0]) * size, np.array([2.0, 1.0]))
    return *(each.reshape(1, 1, 2, 1) for each in of_two), True


def impossible(st):
    """Two groups for one head, or two queries for one position."""
    one, two = (1, 1, 1, 1), (1, 2, 1, 1)
    zeros = st.sampled_from([(one, two, True), (one, two, False), ((1, 1, 2, 1), one, True)])
    return zeros.map(lambda each: (np.zeros(each[0]), *[np.zeros(each[1])] * 2, each[2]))


def judge_loosely(actual, expected, *args, **keywords):
    near(actual, expected)


def near(actual, expected, rtol=LOOSE, given=None):
    """Fail unless these are the numbers but for a few digits, in any type of floats."""
    array = assert_array(actual, shape=expected.shape, dtype=None, given=given)
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
    assert_close(array, expected, rtol=rtol, atol=LOOSE, given=given)


EXACTLY = Truth("grouped_query_attention", query_by_query, inputs=small, rtol=TIGHT, atol=TIGHT)
ATTENTION = Truth(
    "grouped_query_attention", query_by_query, inputs=small, rtol=LOOSE, judge=judge_loosely
)
# The logarithm of a sum of exponentials near 2**40 is rounded to 2**-13.
FAR = Truth(
    "grouped_query_attention", query_by_query, inputs=small, rtol=2e-3,
    judge=lambda actual, expected, *args, **keywords: near(actual, expected, 2e-3),
)  # fmt: skip


def arrays(rng, B, H, G, L_q, L_k, d):
    """Q, K and V, no entry like another."""
    shapes = (B, H, L_q, d), (B, G, L_k, d), (B, G, L_k, d)
    return tuple(rng.normal(0.0, 1.5, shape).round(3) for shape in shapes)


def fixed(seed, *sizes):
    return arrays(np.random.default_rng(seed), *sizes)


def integers(rng, *ranges):
    """One from each range, both ends included."""
    return [int(rng.integers(low, high + 1)) for low, high in ranges]


def unlike(rng, *ranges):
    """As `integers`, until no two are alike."""
    while len(set(found := integers(rng, *ranges))) < len(ranges):
        pass
    return found


def draw_all(rng):
    """Every query sees every key; heads and groups are as many, or there is one group."""
    B, H, L_q, L_k, d = unlike(rng, (1, 3), (2, 4), (1, 5), (1, 5), (2, 6))
    return (*arrays(rng, B, H, H if rng.random() < 0.5 else 1, L_q, L_k, d), False)


@check("grouped_query_attention", points=0.5, inputs=small_and_wide,
       hint="Take a single query, two keys and heads of width 4. Over which axis does the softmax "
            "run, and by what are the scores divided?")  # fmt: skip
def test_weighs_the_values_otherwise(submission):
    """Not causal, each query gives the softmax of its scores over sqrt(d) times the values."""
    EXACTLY.assert_holds(
        submission,
        [(*fixed(1, 1, 2, 2, 3, 4, 5), False), (*fixed(2, 2, 3, 3, 5, 4, 2), False),
         (*fixed(3, 3, 2, 1, 1, 5, 4), False), (*fixed(4, 2, 2, 2, 3, 3, 3), False),
         (fixed(5, 1, 3, 1, 4, 1, 6), {"causal": False}), (*fixed(6, 1, 1, 1, 2, 3, 8), False)],
        draw=draw_all,
    )  # fmt: skip


def groups(rng, H, G, L_k=2, B=1):
    return (*arrays(rng, B, H, G, 1, L_k, 1), False)


def blind(rng, H, G, d=3):
    """Queries of zero weigh all keys alike: only the head of the values shows."""
    Q, K, V = arrays(rng, 1, H, G, 1, 2, d)
    return 0 * Q, K, V, False


def draw_groups(rng):
    G, share = integers(rng, (2, 3), (2, 3))
    make = blind if rng.random() < 0.3 else groups
    return make(rng, G * share, G)


@check("grouped_query_attention", points=0.5,
       hint="With four query heads and two groups, which query heads share a key head: 0 and 1, or "
            "0 and 2?")  # fmt: skip
def test_looks_at_another_group(submission):
    """Query head h uses the keys and values of head h // (H // G)."""
    rng = np.random.default_rng(7)
    ATTENTION.assert_holds(
        submission,
        [groups(rng, 4, 2), groups(rng, 6, 2, 3), groups(rng, 6, 3, 2, 2), blind(rng, 4, 2),
         groups(rng, 8, 2, 3), blind(rng, 6, 3), groups(rng, 12, 4), groups(rng, 3, 1, 2)],
        draw=draw_groups,
        draws=3,
    )  # fmt: skip


def draw_square(rng):
    B, H, L = integers(rng, (1, 2), (1, 2), (2, 5))
    return arrays(rng, B, H, H, L, L, 1)


@check("grouped_query_attention", points=0.5,
       hint="Does the first query see its own key? Does the last one see all of them? And what is "
            "the default of `causal`?")  # fmt: skip
def test_sees_other_keys_when_causal(submission):
    """Causal, which is the default, each query sees itself and what came before."""
    blind_ones = fixed(8, 1, 2, 2, 4, 4, 2)
    ATTENTION.assert_holds(
        submission,
        [fixed(9, 2, 2, 2, 3, 3, 1), (*fixed(10, 1, 3, 3, 5, 5, 1), True),
         (*fixed(11, 2, 1, 1, 4, 4, 1), True), (0 * blind_ones[0], *blind_ones[1:]),
         (fixed(12, 1, 2, 1, 2, 2, 1), {"causal": True}), fixed(13, 1, 1, 1, 1, 1, 1)],
        draw=draw_square,
    )  # fmt: skip


def draw_last_ones(rng):
    B, H, L_q, more = integers(rng, (1, 2), (1, 2), (1, 3), (1, 3))
    return (*arrays(rng, B, H, H, L_q, L_q + more, 1), True)


def draw_far_back(rng):
    """More keys than anybody may think that a query looks back on."""
    L_q, L_k = integers(rng, (2, 4), (300, 500))
    return (*arrays(rng, 1, 1, 1, L_q, L_k, 1), True)


@check("grouped_query_attention", points=0.5,
       hint="Three keys lie in a cache, and two queries come with their own two keys. At which "
            "positions do the queries stand, and in which corner is the mask aligned?")  # fmt: skip
def test_aligns_the_mask_at_the_first_key(submission):
    """Causal with fewer queries than keys, the queries are the last of the positions."""
    ATTENTION.assert_holds(
        submission,
        [(*fixed(15, 1, 2, 2, 2, 5, 1), True), (*fixed(16, 2, 1, 1, 1, 4, 1), True),
         fixed(17, 2, 2, 2, 3, 4, 1), (*fixed(18, 1, 3, 1, 2, 7, 1), True)],
        draw=draw_last_ones,
    )  # fmt: skip
    ATTENTION.assert_holds(submission, [], draw=draw_far_back, draws=1)
    # Where all keys are alike a query gets the mean, and an early value is as good as a late one.
    V = np.arange(4200.0).reshape(1, 1, -1, 1)
    value = submission.grouped_query_attention(np.ones((1, 1, 1, 1)), 0 * V, V, False)
    near(value, V.mean(axis=2, keepdims=True), given="grouped_query_attention of 4,200 equal keys")


def large(rng, size, shift):
    """Whole numbers and a power of two, so that scores and their differences are exact."""
    L = int(rng.integers(2, 5))
    Q = size * rng.choice([-1.0, 1.0], (2, 2, 1, 1))
    K = shift + rng.integers(-3, 4, (2, 2, L, 1)) / size
    return Q, K, rng.normal(size=(2, 2, L, 1)).round(3), False


@check("grouped_query_attention", points=0.5, inputs=small_and_large,
       hint="exp(1000) is inf, and exp(-1000) is 0. What can you subtract from all scores of a "
            "query, and from whose scores?")  # fmt: skip
def test_overflows(submission):
    """Scores in the thousands and millions give finite weights that are right."""
    Q, K, V = fixed(19, 1, 2, 2, 1, 3, 4)
    rng = np.random.default_rng(20)
    ATTENTION.assert_holds(
        submission,
        [(*fixed(21, 1, 1, 1, 1, 2, 1)[:1], np.array([[[[900.0], [901.0]]]]),
          np.array([[[[1.0], [2.0]]]]), False),
         (4096.0 * Q.round(), K.round(), V, False), (4096.0 * Q.round(), -K.round(), V, False),
         large(rng, 4.0, 500.0), large(rng, 2.0, -1000.0),
         # Each query is far from the best of another one.
         (np.array([[[[2000.0]]], [[[-2000.0]]]]), np.array([[[[1.0], [1.0005]]]] * 2),
          np.array([[[[1.0], [2.0]]]] * 2), False)],
        draw=lambda rng: large(rng, 8.0, float(rng.integers(300, 3000))),
    )  # fmt: skip


def hidden_giants(rng, L=4, size=1000.0):
    """Keys that a query must not see score higher by thousands, and hold huge values."""
    Q = rng.uniform(1.0, 2.0, (1, 1, L, 1)).round(2)
    K = size * np.arange(L)[:, None] + rng.integers(-2, 3, (1, 1, L, 1))
    return Q, K, rng.normal(size=(1, 1, L, 1)).round(3), True


def huge_values(rng):
    """A key that a query must not see has a value that shows through the smallest weight."""
    Q, K, V = arrays(rng, 1, 1, 1, 3, 3, 1)
    return Q, K, V * 1e15 ** np.arange(3)[:, None], True


def far_below(rng):
    """All that a query may see scores below -1e12; what it may not see does not."""
    L = int(rng.integers(2, 5))
    Q, K = np.full((1, 1, L, 1), LARGE), np.full((1, 1, L, 1), -LARGE)
    Q[..., :-1, :] += rng.integers(0, 4, (1, 1, L - 1, 1)) * 4.0
    K[..., -1, :] = 0.0
    return Q, K, rng.normal(size=(1, 1, L, 1)).round(3), True


@check("grouped_query_attention", points=0.5, inputs=small_and_large,
       hint="A later key has the score 5000. Does it take part in the maximum that you subtract? "
            "And is a large negative number below every score that there is?")  # fmt: skip
def test_lets_hidden_keys_count(submission):
    """Keys that a query may not see have no influence, whatever their scores are."""
    rng = np.random.default_rng(22)
    FAR.assert_holds(
        submission,
        [hidden_giants(rng), hidden_giants(rng, 2, 1e6), far_below(rng), far_below(rng),
         hidden_giants(rng, 3, 1e11), hidden_giants(rng, 3, 1e200),
         huge_values(rng)],
        draw=lambda rng: (hidden_giants, far_below, huge_values)[rng.integers(3)](rng),
    )  # fmt: skip


@check("grouped_query_attention", points=0.5, inputs=impossible,
       hint="What is 3 // 2 query heads to a group? And where would the first of three queries "
            "stand, if there are two positions?")  # fmt: skip
def test_accepts_heads_that_do_not_divide(submission):
    """G that does not divide H is a ValueError; so is L_q > L_k, but only if it is causal."""
    for sizes, causal in (
        ((1, 3, 2, 2, 2, 3), True), ((1, 3, 2, 2, 2, 3), False), ((2, 2, 4, 1, 3, 2), True),
        ((1, 2, 4, 2, 2, 2), False), ((1, 4, 3, 1, 1, 1), False), ((1, 1, 1, 3, 2, 2), True),
        ((1, 1, 2, 1, 2, 2), False),
        ((2, 4, 2, 5, 4, 1), True),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            submission.grouped_query_attention(*fixed(23, *sizes), causal)
    for sizes, causal in (((1, 4, 2, 3, 2, 2), False), ((1, 2, 2, 2, 2, 2), True)):
        value = submission.grouped_query_attention(*fixed(24, *sizes), causal)
        assert_array(value, shape=(1, sizes[1], sizes[3], 2), dtype=None)


@check("grouped_query_attention", points=0.5,
       hint="Does `*=` or `/=` reach Q, K or V, or a view of them? And does a call know anything "
            "of the last one?")  # fmt: skip
def test_writes_into_its_arguments(submission):
    """Q, K and V stay as they were, wherever they lie in memory; every call starts afresh."""
    small = (*fixed(24, 1, 1, 1, 1, 2, 4), False)
    for _ in each_unchanged(submission, ATTENTION.function, [small]):
        pass  # the first that is told, since it can be read
    cases = [(*fixed(seed, 2, 4, 2, 2, 3, 2), False) for seed in (25, 26)]
    cases += [(*fixed(27, 1, 2, 2, 2, 2, 3), True), (*fixed(28, 2, 2, 1, 1, 3, 2), True)]
    assert_no_traces(submission, ATTENTION, cases, draw=draw_some)
    for seed in (29, *seeds_of(submission, 1)):
        case = fixed(seed, 2, 4, 2, 2, 3, 2)
        plain, *laid_out = submission.probe(in_other_places, case)
        for value in laid_out:
            near(value, assert_array(plain, shape=(2, 4, 2, 2)),
                 given="grouped_query_attention of the same numbers, lying elsewhere")


def draw_some(rng):
    """As many or fewer queries than keys."""
    B, L_q, more, d = integers(rng, (1, 2), (1, 2), (0, 2), (2, 3))
    return (*arrays(rng, B, 2, 2, L_q, L_q + more, d), False)


def in_other_places(answer, arrays):
    """The value for arrays as they come, in Fortran order, and with axes that were exchanged."""
    given = (
        arrays,
        [np.asfortranarray(each) for each in arrays],
        [each.transpose(0, 2, 1, 3).copy().transpose(0, 2, 1, 3) for each in arrays],
    )
    return [np.array(answer.grouped_query_attention(*each, False)) for each in given]


# ---- KVCache -----------------------------------------------------------------------------------


def pieces(seed, *lengths, B=2, G=3, d=2):
    """Keys and values of so many positions each; no number stands twice."""
    rng = np.random.default_rng(seed)
    total = B * G * d * sum(lengths)
    numbers = rng.permutation(2 * total) + rng.uniform(-0.4, 0.4, 2 * total)
    both = numbers.reshape(2, B, G, sum(lengths), d)
    ends = np.cumsum([0, *lengths])
    return [
        (both[0, :, :, a:b].copy(), both[1, :, :, a:b].copy()) for a, b in pairwise(ends)
    ]


def lengths_of(rng):
    return [int(n) for n in rng.integers(1, 4, size=int(rng.integers(2, 5)))]


def sequences(submission):
    """Pieces to append, fixed ones and two of this run's."""
    for lengths in ((1, 3, 2), (4, 1, 1), (2,)):
        yield pieces(30 + len(lengths), *lengths)
    yield pieces(34, 2) * 2  # the same once more
    yield pieces(35, 1200, 1, 3000, B=1, G=1, d=1)  # longer than a buffer that somebody may fix
    rng = rng_of(submission)
    for _ in range(2):
        B, G, d = unlike(rng, (1, 3), (1, 4), (1, 4))
        yield pieces(int(rng.integers(2**31)), *lengths_of(rng), B=B, G=G, d=d)


def append_all(answer, every):
    """What each append gives; pieces lie in memory in other ways now and then."""
    cache = answer.KVCache()
    seen = []
    for number, (k, v) in enumerate(every):
        if number % 3 == 1:
            k, v = np.asfortranarray(k), v.repeat(2, axis=3)[..., ::2]
            k.flags.writeable = v.flags.writeable = False
        K, V = cache.append(k, v)
        seen.append((K.copy(), V.copy()))
    return seen


def described(every):
    return "KVCache, pieces of " + ", ".join(str(k.shape[2]) for k, _ in every) + " positions"


@check("KVCache", points=0.5,
       hint="Along which of the four axes do positions lie? And which piece stands first in what "
            "comes back?")  # fmt: skip
def test_returns_something_else_than_all(submission):
    """Each append returns all keys and all values so far, oldest first."""
    for (every,), seen in submission.each_probe(
        append_all, [(every,) for every in sequences(submission)]
    ):
        for number, found in enumerate(seen, start=1):
            given = f"{described(every[:number])}: "
            for name, got, parts in zip(
                "KV", found, zip(*every[:number], strict=True), strict=True
            ):
                wanted = np.concatenate(parts, axis=2)
                assert_close(got, wanted, rtol=1e-12, given=given + name)  # copied, not computed


def lengths_after(answer, every):
    cache = answer.KVCache()
    found = [len(cache)]
    for k, v in every:
        cache.append(k, v)
        found.append(len(cache))
    return found


@check("KVCache", points=0.5,
       hint="Is a piece of three positions one more or three more? And what is the length before "
            "the first piece?")  # fmt: skip
def test_counts_something_else_than_positions(submission):
    """len(cache) is the number of positions, 0 before the first piece."""
    for (every,), found in submission.each_probe(
        lengths_after, [(every,) for every in sequences(submission)]
    ):
        wanted = [0, *np.cumsum([k.shape[2] for k, _ in every]).tolist()]
        expect(found == wanted, f"expected the lengths {show(wanted)}, got {show(found)}",
               given=described(every))  # fmt: skip


def overwritten(answer, every, what):
    """What the appends give, and the caller's arrays after each.

    Afterwards nothing (0), what went in (1) or what came back (2) is written to.
    """
    cache = answer.KVCache()
    seen, kept = [], []
    for k, v in every:
        K, V = cache.append(k, v)
        seen.append((K.copy(), V.copy()))
        kept.append((k.copy(), v.copy()))
        for each in ((), (k, v), (K, V))[what]:
            if each.flags.writeable:  # what is read-only changes nothing
                each[...] = 7.5
    return seen, kept


def holds_the_last(seen, every):
    """Whether the last piece is somewhere in what came back: an answer that does nothing fails."""
    if not all(isinstance(got, np.ndarray) and got.dtype.kind == "f" for got in seen[-1]):
        return False
    got, given = (
        np.concatenate([part.ravel() for part in pair]).astype(np.float32)
        for pair in (seen[-1], every[-1])
    )
    return bool(np.isin(given, got).all())


@check("KVCache", points=0.5,
       hint="The caller fills the same buffer at every step. Does the cache hold the numbers, or "
            "the buffer? And is a single piece copied as well?")  # fmt: skip
def test_keeps_the_callers_arrays(submission):
    """Writing into what went in, or into what came back, does not change the cache."""
    # Compared with the same pieces left alone: what comes back at all is for another check.
    every_one = [*sequences(submission)]
    cases = [(every, what) for every in every_one for what in range(3)]
    alone = None
    for (every, what), (seen, kept) in submission.each_probe(overwritten, cases):
        given = described(every)
        if what == 0:
            alone = seen
            expect(holds_the_last(seen, every), "the last piece does not come back", given=given)
            expect(same(kept, every), "it changed the arrays that it was given", given=given)
            continue
        place = "what it was given" if what == 1 else "what it had returned"
        expect(same(seen, alone), f"writing into {place} changed what it returned later",
               given=given)  # fmt: skip


def two_at_once(answer, first, second):
    """Two caches filled by turns, and then each of them alone."""
    left, right = answer.KVCache(), answer.KVCache()
    together = [], []
    for a, b in zip(first, second, strict=True):
        for cache, piece, found in zip((left, right), (a, b), together, strict=True):
            K, V = cache.append(*piece)
            found.append((np.array(K), np.array(V), len(cache)))
    alone = []
    for every in (first, second):
        cache, found = answer.KVCache(), []
        for piece in every:
            K, V = cache.append(*piece)
            found.append((np.array(K), np.array(V), len(cache)))
        alone.append(found)
    return list(together), alone


@check("KVCache", points=0.5,
       hint="Every layer has a cache of its own. Whose is a list that stands in the class's body, "
            "or a default argument?")  # fmt: skip
def test_shares_state_between_caches(submission):
    """Two caches know nothing of each other, and a new one is empty."""
    cases = [(pieces(33, 2, 1), pieces(34, 2, 1))]
    cases += [(pieces(a, 1, 2, 1), pieces(b, 1, 2, 1)) for a, b in [seeds_of(submission, 2)]]
    for (first, second), (together, alone) in submission.each_probe(two_at_once, cases):
        expect(same(together, alone), "a cache returns something else if another one is filled",
               given="two caches")  # fmt: skip
        for every, seen in zip((first, second), alone, strict=True):
            expect(holds_the_last([found[:2] for found in seen], every),
                   "the last piece does not come back", given="a new cache")  # fmt: skip


# ---- decode_step -------------------------------------------------------------------------------


class Pieces:
    """Takes and gives what a cache does, and has nothing else."""

    __slots__ = ("heard", "told")

    def __init__(self):
        self.heard, self.told = [], []

    def append(self, k, v):
        arrays = isinstance(k, np.ndarray) and isinstance(v, np.ndarray)
        self.told.append([np.shape(k), np.shape(v)] if arrays else [])
        self.heard.append([np.array(k), np.array(v)])
        return tuple(np.concatenate(each, axis=2) for each in zip(*self.heard, strict=True))

    def __len__(self):
        return sum(k.shape[2] for k, _ in self.heard)


def stepping(answer, make, xs, weights, H, G):
    cache = make()
    return [np.array(answer.decode_step(x, cache, *weights, H, G)) for x in xs]


def step_by_step(answer, xs, weights, H, G):
    """What each step gives, with a cache from scratch, or else with the answer's own."""
    try:
        return stepping(answer, Pieces, xs, weights, H, G)
    except Exception as error:
        # What else of a cache is used is for another check.
        try:
            return stepping(answer, answer.KVCache, xs, weights, H, G)
        except Exception:
            raise error from None


def whole_pass(xs, weights, H, G):
    """(B, L, D): one causal pass, head by head; each owns its columns of the weights."""
    W_q, W_k, W_v, W_o = weights
    x = np.concatenate(xs, axis=1)
    B, L, D = x.shape
    d = D // H
    heads = np.empty((B, H, L, d))
    for h in range(H):
        own, shared = (slice(n * d, n * d + d) for n in (h, h // (H // G)))
        parts = [x @ W_q[:, own], x @ W_k[:, shared], x @ W_v[:, shared]]
        heads[:, h] = query_by_query(*(part[:, None] for part in parts))[:, 0]
    return sum(heads[:, h] @ W_o[h * d : h * d + d] for h in range(H))


def layer(seed, B, L, H, G, d, project=True, blind=False):
    """Steps and weights of a layer; W_o is the identity if nothing is to be projected."""
    rng = np.random.default_rng(seed)
    D = H * d
    xs = [rng.normal(0.0, 1.0, (B, 1, D)).round(3) for _ in range(L)]
    W_q, W_k, W_v, W_o = (
        rng.normal(0.0, 1.5 / math.sqrt(D), (D, width)).round(3) for width in (D, G * d, G * d, D)
    )
    return xs, [W_q * (not blind), W_k, W_v, W_o if project else np.eye(D)], H, G


def assert_steps(submission, cases, exactly=False):
    """Each step of each case gives its part of the whole pass."""
    for case, found in submission.each_probe(step_by_step, cases):
        wanted = whole_pass(*case)
        B, L, D = wanted.shape
        for number, got in enumerate(found):
            given = f"decode_step, B={B}, D={D}, {case[2]} heads, {case[3]} groups, step {number}"
            part = wanted[:, number : number + 1]
            if exactly:
                assert_close(got, part, rtol=TIGHT, atol=TIGHT, given=given)
            near(got, part, given=given)


@check("decode_step", points=0.5,
       hint="With one position in the cache, its weight is 1. So what is the result of a first "
            "step, in terms of x, W_v and W_o? And which columns belong to head 1?")  # fmt: skip
def test_projects_or_splits_otherwise(submission):
    """A first step gives the values of each head, side by side, times W_o."""
    sizes = (2, 1, 3, 3, 2), (1, 1, 2, 1, 3), (3, 1, 4, 1, 2), (1, 1, 1, 1, 4)
    cases = [layer(35 + number, *each) for number, each in enumerate(sizes)]
    for seed in seeds_of(submission, 2):
        B, H, d = unlike(np.random.default_rng(seed), (1, 3), (2, 4), (2, 4))
        cases.append(layer(seed, B, 1, H, 1, d))
    assert_steps(submission, cases, exactly=True)


@check("decode_step", points=0.5,
       hint="Does the new token see itself? Does the second step see both positions, and what is "
            "the width of a head that the scores are divided by?")  # fmt: skip
def test_differs_from_the_whole_pass(submission):
    """Step by step it gives what one causal pass over the whole sequence gives."""
    # The last one is long enough for whoever looks back 16 or 128 positions only.
    sizes = (1, 3, 1, 1, 4), (2, 3, 2, 2, 2), (3, 2, 1, 1, 2), (1, 140, 1, 1, 3)
    cases = [layer(40 + number, *each, False) for number, each in enumerate(sizes)]
    for seed in seeds_of(submission, 2):
        B, H, d = unlike(np.random.default_rng(seed), (1, 3), (1, 3), (2, 4))
        cases.append(layer(seed, B, 3, H, H, d, False))
    assert_steps(submission, cases)


@check("decode_step", points=0.5,
       hint="How many columns have W_k and W_v, and into how many heads are they cut? Which of "
            "these does query head 1 use?")  # fmt: skip
def test_decodes_with_other_groups(submission):
    """With fewer groups than heads, keys and values are cut into groups of heads."""
    sizes = (1, 2, 4, 2, 1), (2, 3, 6, 3, 1), (1, 3, 6, 2, 1)
    cases = [layer(45 + number, *each, False) for number, each in enumerate(sizes)]
    for seed in seeds_of(submission, 2):
        G, share = integers(np.random.default_rng(seed), (2, 3), (2, 3))
        cases.append(layer(seed, 2, 2, G * share, G, 1, False))
    assert_steps(submission, cases)


def large_steps(seed):
    """One head of one number, and whole numbers: scores are exact, and thousands apart."""
    rng = np.random.default_rng(seed)
    xs = [rng.choice([-1.0, 1.0], (2, 1, 1)) * rng.integers(1, 7, (2, 1, 1)) for _ in range(3)]
    return xs, [np.array([[weight]]) for weight in (2048.0, 1.0, 0.75, 1.0)], 1, 1


@check("decode_step", points=0.5,
       hint="A step has a softmax as well. What does it make of the scores 2000 and "
            "-3000?")  # fmt: skip
def test_decoding_overflows(submission):
    """Scores in the thousands give finite results that are right."""
    seeds = 48, 49, *seeds_of(submission, 2)
    assert_steps(submission, [large_steps(seed) for seed in seeds])


def after_others(answer, xs, weights, H, G, before):
    """A step with a cache that holds positions already: what it was told, and what came of it."""
    cache = Pieces()
    cache.append(*before)
    held = len(cache)
    for x in xs:
        answer.decode_step(x, cache, *weights, H, G)
    return held, len(cache), cache.told[1:], cache.heard[1:]


@check("decode_step", points=0.5,
       hint="The cache comes from somebody else, and has `append` and a length. What else of it do "
            "you use? And what do you append: for how many heads, and how often?")  # fmt: skip
def test_uses_more_of_the_cache(submission):
    """Any object with `append` and `len` will do, and gets one key and value a step."""
    cases = []
    for seed, (B, H, G, d) in zip((50, *seeds_of(submission, 1)), ((2, 4, 2, 3), (1, 6, 3, 2)),
                                  strict=True):  # fmt: skip
        (before,) = pieces(seed, 3, B=B, G=G, d=d)
        cases.append((*layer(seed, B, 2, H, G, d), before))
    for case, (held, length, told, heard) in submission.each_probe(after_others, cases):
        xs, (_, W_k, W_v, _), H, G, _ = case
        B, _, D = xs[0].shape
        given = f"decode_step, B = {B}, D = {D}, {H} heads, {G} groups, a cache of 3 positions"
        expect(length == held + 2, f"expected {held + 2} positions after two steps, got {length}",
               given=given)  # fmt: skip
        shape = (B, G, 1, D // H)
        expect(told == [[shape, shape]] * 2, f"expected k and v of shape {shape} once a step, got "
               f"{show(told)}", given=given)  # fmt: skip
        for x, both in zip(xs, heard, strict=True):
            for got, weight in zip(both, (W_k, W_v), strict=True):
                # Which numbers, not in which order: how heads are cut is for other checks.
                close = np.sort(np.asarray(got, float), axis=None), np.sort(x @ weight, axis=None)
                expect(np.allclose(*close, rtol=TIGHT, atol=TIGHT),
                       "expected x @ W_k as k and x @ W_v as v", given=given)  # fmt: skip


def by_turns(answer, one, other):
    """Two sequences by turns, with a cache each; then each alone, with its arrays as they were.

    The second time the weights are Fortran-ordered and nothing can be written to.
    """
    def make():
        try:
            answer.decode_step(one[0][0], Pieces(), *one[1], *one[2:])
        except Exception:
            return answer.KVCache()
        return Pieces()

    caches = make(), make()
    together = [], []
    for steps in zip(one[0], other[0], strict=True):
        for x, cache, case, found in zip(steps, caches, (one, other), together, strict=True):
            found.append(np.array(answer.decode_step(x, cache, *case[1], *case[2:])))
    alone = []
    for xs, weights, H, G in (one, other):
        cache = make()
        rows = [np.asfortranarray(each) for each in weights]
        steps = [x.repeat(2, axis=2)[..., ::2] for x in xs]
        for each in [*rows, *steps]:
            each.flags.writeable = False
        alone.append([np.array(answer.decode_step(x, cache, *rows, H, G)) for x in steps])
    return list(together), alone, [one[0], one[1]], [other[0], other[1]]


@check("decode_step", points=0.5,
       hint="Two conversations are decoded by turns, each with its own cache. Where do you keep "
            "what belongs to one of them? And do you write into x or a weight?")  # fmt: skip
def test_decoding_leaves_traces(submission):
    """x and the weights stay as they were, and all that is remembered is in the cache."""
    cases = [(layer(52, 2, 3, 2, 1, 2), layer(53, 2, 3, 2, 1, 2))]
    cases += [tuple(layer(seed, 1, 2, 4, 2, 2) for seed in seeds_of(submission, 2))]
    for (one, other), (together, alone, *after) in submission.each_probe(by_turns, cases):
        given = "decode_step, two sequences by turns"
        for case, left in zip((one, other), after, strict=True):
            expect(same(left, [*case[:2]]), "it changed x or a weight", given=given)
        for case, found, again in zip((one, other), together, alone, strict=True):
            for got, wanted in zip(found, again, strict=True):
                assert_array(got, shape=case[0][0].shape, dtype=None, given=given)
                expect(np.abs(got).max() > 1e-3, "expected numbers that are not 0", given=given)
                near(got, assert_array(wanted, dtype=None).astype(float), given=f"{given}, alone")


# ---- cache_bytes -------------------------------------------------------------------------------


def number_by_number(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    """Keys and values, of each layer, sequence and position."""
    of_a_position = sum(num_groups * head_dim * bytes_per_value for _ in ("keys", "values"))
    return of_a_position * length * batch * layers


def small_counts(st):
    few = st.integers(1, 3)
    return st.one_of(st.tuples(*[few] * 4), st.tuples(*[few] * 6),
                     st.tuples(*[st.just(10**6 + 3)] * 4))  # fmt: skip


def whole_number(actual):
    if isinstance(actual, bool) or not isinstance(actual, int | np.integer):
        raise Mismatch(f"expected an int, got {show(actual)}", kind="type")
    return int(actual)


def judge_count(actual, expected, *args, **keywords):
    expect(whole_number(actual) == expected, f"expected {expected}, got {show(actual)}")


def judge_exact(actual, expected, *args, **keywords):
    """An exact product, if perhaps not of everything: what is multiplied is for another check."""
    number = whole_number(actual)
    exact = number > 2**53 and 0 in (number % expected, expected % number)
    expect(exact, f"expected {expected}, got {show(actual)}")


BYTES = Truth("cache_bytes", number_by_number, inputs=small_counts, rtol=0.0, judge=judge_count)
EXACT = Truth("cache_bytes", number_by_number, inputs=small_counts, rtol=0.0, judge=judge_exact)


@check("cache_bytes", points=0.5,
       hint="Write down the shape of the keys of one layer. How many such arrays are there, and "
            "how many bytes has a number of each?")  # fmt: skip
def test_counts_other_arrays(submission):
    """Keys and values of all layers, for all sequences and positions."""
    BYTES.assert_holds(
        submission,
        [(3, 5, 7, 11), (3, 5, 7, 11, 13), (3, 5, 7, 11, 13, 4), (32, 8, 128, 4096),
         ((2, 3, 5, 7), {"bytes_per_value": 1}), (1, 1, 1, 1, 1, 1), (4, 2, 8, 0),
         ((), {"layers": 2, "num_groups": 3, "head_dim": 5, "length": 7, "batch": 11})],
        draw=lambda rng: tuple(integers(rng, *[(2, 40)] * 6)),
    )  # fmt: skip


@check("cache_bytes", points=0.5,
       hint="A float64 has 53 bits. Which int does 2**53 + 1 become on the way through "
            "one?")  # fmt: skip
def test_rounds_large_counts(submission):
    """The number is exact for any size."""
    EXACT.assert_holds(
        submission,
        [(10**6 + 3, 10**5 + 3, 10**5 + 19, 10**6 + 33, 1, 1), (3**20, 3**20, 3**20, 3**20, 3, 1),
         (10**9 + 7, 10**9 + 9, 3, 7, 1, 1), (2, 1, 1, 3**20, 3**20, 3)],
        draw=lambda rng: tuple(2 * n + 1 for n in integers(rng, *[(10**5, 10**7)] * 5)),
    )  # fmt: skip
