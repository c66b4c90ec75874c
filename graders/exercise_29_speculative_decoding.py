"""Hidden checks of exercise 29: speculative decoding.

Truth of distributions and rates are fractions, which are exact. Most steps are decided by
p and q alone: a token whose p is at least q is accepted, one whose p is 0 is refused, and a
distribution of one token gives that token, however `rng` is drawn from.

What is left to chance is repeated some hundred times, and counted. Twice the logarithm of a ratio
of likelihoods says how far counts are from what is expected. For a right answer it is above FAR,
and a little for each number that is counted, in less than one of 10**8 runs; problems are chosen
so that the usual mistakes are beyond.
"""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_array,
    assert_no_traces,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)

FAR, FARTHER = 35.0, 3.0  # for each number that is counted
RNG = Code("np.random.default_rng(29)")


def distribution(rng, V, least=1):
    """V probabilities that are multiples of 1/64 and at least `least` of these; they sum to 1."""
    parts = rng.multinomial(64 - least * V, rng.dirichlet(np.full(V, 2.0)))
    return (parts + least) / 64


def distributions(rng, rows, V):
    return np.array([distribution(rng, V) for _ in range(rows)])


def one(V, token):
    """All probability for one token."""
    return np.eye(V)[token]


# ---- residual_distribution ---------------------------------------------------------------------


def entry_by_entry(p, q):
    """What p has more than q, in fractions."""
    left = [max(Fraction(a) - Fraction(b), 0) for a, b in zip(p.tolist(), q.tolist(), strict=True)]
    total = sum(left)
    return np.array([float(part / total) for part in left]) if total else p * 1.0


def small_pairs(st):
    """Two distributions over two or three tokens, in quarters; some are equal."""

    def of(V):
        quarters = st.lists(st.integers(0, V - 1), min_size=4, max_size=4).map(
            lambda tokens: np.bincount(tokens, minlength=V) / 4
        )
        return st.one_of(st.tuples(quarters, quarters), quarters.map(lambda p: (p, p * 1.0)))

    return st.integers(2, 3).flatmap(of)


def nearly(st):
    """Two distributions that are equal but for a little."""
    return st.sampled_from([2.0**-19, 2.0**-14]).map(
        lambda little: (np.array([0.5 + little, 0.5 - little]), np.array([0.5, 0.5]))
    )


def long_pairs(st):
    """Where float32 is not enough; then over 500 tokens, of the first of which q is sure."""
    return st.sampled_from([
        (np.array([0.4, 0.3, 0.3]), np.array([0.3999, 0.2, 0.4001])),
        (np.full(500, 0.002), np.array([1.0] + [0.0] * 499)),
    ])  # fmt: skip


RESIDUAL = Truth(
    "residual_distribution", entry_by_entry, inputs=[small_pairs, long_pairs],
    rtol=1e-9, atol=1e-12,
)  # fmt: skip


def draw_pair(rng):
    """Two distributions of which neither is above the other everywhere."""
    V = int(rng.integers(3, 7))
    while True:
        p, q = distributions(rng, 2, V)
        if 2 <= np.count_nonzero(p > q) < V and np.abs(p - q).sum() > 0.2:
            return p, q


def draw_vocabulary(rng):
    """Two distributions over hundreds of tokens, in numbers that float32 does not hold.

    Between them lie 900 that neither says.
    """
    both = rng.dirichlet(np.ones(int(rng.integers(300, 500))), size=2)
    return (*np.insert(both, [150] * 900, 0.0, axis=1),)


@check("residual_distribution", points=0.5,
       hint="Which tokens did the draft say too rarely, and by how much each? And what do the "
            "numbers sum to?")  # fmt: skip
def test_leaves_something_else(submission):
    """max(0, p - q), entry by entry, is normalised to sum to one."""
    RESIDUAL.assert_holds(
        submission,
        [(np.array([0.5, 0.125, 0.25, 0.125]), np.array([0.125, 0.5, 0.125, 0.25])),
         (np.array([0.625, 0.0, 0.25, 0.125]), np.array([0.25, 0.5, 0.0, 0.25])),
         (np.array([0.0, 1.0]), np.array([0.75, 0.25])), (one(3, 2), one(3, 0)),
         ((), {"p": np.array([0.5, 0.25, 0.25]), "q": np.array([0.25, 0.25, 0.5])})],
        draw=draw_pair,
    )  # fmt: skip
    RESIDUAL.assert_holds(submission, [], draw=draw_vocabulary, draws=1)


def draw_equal(rng):
    p = distribution(rng, int(rng.integers(2, 6)), least=0)
    return p, p * 1.0


@check("residual_distribution", points=0.5,
       hint="Where p and q are equal, what is there to normalise, and what is 0 / 0?")  # fmt: skip
def test_divides_nothing_by_nothing(submission):
    """Where p and q are equal, p itself comes back."""
    RESIDUAL.assert_holds(
        submission,
        [(p, p * 1.0) for p in (np.array([0.5, 0.25, 0.25]), one(3, 1), np.array([0.1, 0.9]),
                                np.full(7, 1 / 7), np.ones(1))],
        draw=draw_equal,
    )  # fmt: skip


def draw_nearly(rng):
    """Equal but for 1e-6 to 1e-3, which floats subtract without an error."""
    q = distribution(rng, 4)
    little = 2.0 ** -int(rng.integers(10, 20)) * np.array([2.0, 1.0, -2.0, -1.0])
    return q + rng.permutation(little), q


@check("residual_distribution", points=0.5, inputs=nearly,
       hint="p and q differ in the sixth digit. Is that equal for your comparison, and is "
            "something that you add to the sum as small as it is?")  # fmt: skip
def test_takes_near_for_equal(submission):
    """Where p and q differ by a millionth, it is that which is normalised."""
    rng = np.random.default_rng(1)
    half, little = np.array([0.5, 0.25, 0.25]), np.array([2.0, -1.0, -1.0])
    RESIDUAL.assert_holds(
        submission,
        [(half + 2.0**-19 * little, half), (half - 2.0**-20 * little, half),
         (half + 2.0**-12 * little, half), draw_nearly(rng), draw_nearly(rng)],
        draw=draw_nearly,
        # A constant of 1e-12 under the fraction would cost 1e-6 here.
        rtol=1e-5, atol=1e-8,
    )  # fmt: skip


@check("residual_distribution", points=0.5,
       hint="Where p and q are equal: do you return the caller's p, or a copy? And does `-=` reach "
            "p?")  # fmt: skip
def test_writes_into_p_or_returns_it(submission):
    """p and q stay as they were, the result is a new array, and every call starts afresh."""
    p, q = np.array([0.5, 0.125, 0.25, 0.125]), np.array([0.125, 0.5, 0.125, 0.25])
    cases = [(p, q), (q[::-1].copy(), p)]
    assert_no_traces(submission, RESIDUAL, cases, draw=draw_pair, new=True)
    shared, value = submission.probe(twice_the_same, np.array([0.25, 0.75]))
    assert_array(value, shape=(2,))
    expect(not shared, "it returned p itself instead of a copy",
           given="residual_distribution of equal p and q")  # fmt: skip


def twice_the_same(answer, p):
    """Whether what comes back for equal arguments shares memory with one; and what it is."""
    q = p.copy()
    value = answer.residual_distribution(p, q)
    shared = isinstance(value, np.ndarray) and (
        np.shares_memory(value, p) or np.shares_memory(value, q)
    )
    return bool(shared), value


# ---- speculative_step --------------------------------------------------------------------------


def decided_step(draft, p, q, rng):
    """What a step says if nothing is left to chance."""
    said = []
    for i, token in enumerate(draft):
        token = int(token)
        if p[i, token] < q[i, token]:
            assert p[i, token] == 0, "chance decides"
            return [*said, only_token(np.maximum(p[i] - q[i], 0))]
        said.append(token)
    return [*said, only_token(p[len(draft)])]


def only_token(weights):
    (token,) = np.flatnonzero(weights)
    return int(token)


def tokens_of(actual):
    """The tokens of a step as ints, if it is a list of such."""
    if not isinstance(actual, list):
        sort = "an array" if isinstance(actual, np.ndarray) else f"a {type(actual).__name__}"
        raise Mismatch(f"expected a list of tokens, got {sort}, {show(actual)}", kind="type")
    for token in actual:
        if isinstance(token, bool) or not isinstance(token, int | np.integer):
            raise Mismatch(f"expected tokens that are ints, got {show(token)}", kind="type")
    return [int(token) for token in actual]


def loose_tokens(actual):
    """The tokens of anything that holds some: what it is, is for another check."""
    try:
        return [int(token) for token in np.asarray(actual).ravel()]
    except (TypeError, ValueError):
        return tokens_of(actual)


def judge_step(actual, expected, *args):
    got = loose_tokens(actual)
    left, right = show(expected), show(got)
    if left == right:  # as far as long lists are shown
        left, right = f"{len(expected)} tokens", str(len(got))
    expect(got == expected, f"expected {left}, got {right}")


def decided_cases(st):
    """Up to two tokens, of a vocabulary of one or two, where p is sure and q is not."""

    def of(sizes):
        k, V = sizes
        tokens = st.lists(st.integers(0, V - 1), min_size=k, max_size=k)
        rows = st.lists(st.integers(0, V - 1), min_size=k + 1, max_size=k + 1).map(
            lambda row: np.eye(V)[row]
        )
        return st.tuples(tokens, rows, st.just(np.full((k, V), 1 / V)), st.just(RNG))

    return st.tuples(st.integers(1, 2), st.sampled_from([2, 1])).flatmap(of)


def unlike_rows(st):
    """Two tokens of which p and q think alike, but not of both the same; then a hundred."""
    rows, sure = np.array([[0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]), np.resize([1.0, 0.0], (101, 2))
    return st.sampled_from([([0, 0], rows, rows[:2], RNG), ([0] * 100, sure, sure[:100], RNG)])


STEP = Truth(
    "speculative_step", decided_step, inputs=[decided_cases, unlike_rows], rtol=0.0,
    judge=judge_step,
)  # fmt: skip


def drafted(rng, q):
    """A token that each row of q gives a positive probability."""
    return [int(rng.choice(len(row), p=row)) for row in q]


def accepted(rng, k, V):
    """Every token is accepted: p is not below q where one is drafted. p ends in a sure token."""
    q = distributions(rng, k, V)
    draft = drafted(rng, q)
    p = q.copy()
    for i, token in enumerate(draft):
        if i % 2:  # more than q says: the ratio is above 1
            other = (token + 1) % V
            p[i, token] += p[i, other]
            p[i, other] = 0.0
    return draft, np.vstack([p, one(V, rng.integers(V))]), q


def apart(k, V, step):
    """Each token is accepted: unlikely in its own row, and likely `step` rows away."""
    draft = [i % V for i in range(k)]
    q = np.ones((k, V)) / 64
    for i in range(k):
        q[i, draft[(i + step) % k]] = (65 - V) / 64
    return draft, np.vstack([q, one(V, V - 1)]), q


def with_generator(case):
    return (*case, RNG)


def draw_accepted(rng):
    return with_generator(accepted(rng, int(rng.integers(1, 5)), int(rng.integers(2, 6))))


@check("speculative_step", points=0.5,
       hint="If the target likes every drafted token at least as much as the draft does, how many "
            "tokens are said, and which row speaks of the last one?")  # fmt: skip
def test_adds_no_token_to_an_accepted_draft(submission):
    """If all are accepted, they are followed by one more token, from the last row of p."""
    rng = np.random.default_rng(3)
    cases = [accepted(rng, *sizes) for sizes in ((1, 3), (3, 4), (2, 5), (4, 3), (1, 2), (6, 4))]
    sure = one(3, 1)
    cases += [([0], np.ones((2, 1)), np.ones((1, 1))), ([1, 1], np.array([sure] * 3),
              np.array([sure] * 2))]  # fmt: skip
    cases += [apart(4, 5, 1), apart(4, 5, -1), apart(3, 4, 1)]
    # p equals q in a hundred rows: whoever accepts a little less often refuses one of them.
    half = np.full((101, 2), 0.5)
    cases += [([0, 1] * 50, np.vstack([half[1:], one(2, 0)]), half[1:])]
    STEP.assert_holds(
        submission, [with_generator(case) for case in cases], draw=draw_accepted, draws=3
    )


def refused(rng, k, V, place):
    """The token at `place` is refused for certain, and only one token is left to replace it."""
    draft, p, q = accepted(rng, k, V)
    token = draft[place]
    other = (token + 1 + int(rng.integers(V - 1))) % V
    p[place] = one(V, other)  # so p, too, would replace it by this one
    return draft, p, q


def draw_refused(rng):
    k, V = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    return with_generator(refused(rng, k, V, int(rng.integers(k))))


@check("speculative_step", points=0.5,
       hint="The second of four tokens is refused. After which token was the third one drafted, "
            "and is it said?")  # fmt: skip
def test_goes_on_after_a_refusal(submission):
    """The first refused token is replaced, and ends the step."""
    rng = np.random.default_rng(4)
    cases = [refused(rng, k, V, place) for k, V, place in
             ((4, 5, 1), (1, 3, 0), (3, 4, 2), (3, 3, 0), (2, 2, 1), (5, 6, 3))]  # fmt: skip
    STEP.assert_holds(
        submission, [with_generator(case) for case in cases], draw=draw_refused, draws=3
    )


def repeated(answer, draft, p, q, seed, times):
    """What so many steps in a row say, and how often each."""
    rng = np.random.default_rng(seed)
    counts = {}
    for _ in range(times):
        said = answer.speculative_step([*draft], p, q, rng)
        said = tuple(int(token) for token in np.asarray(said).ravel())
        counts[said] = counts.get(said, 0) + 1
    return [[list(said), count] for said, count in sorted(counts.items())]


def surprise(counts, shares):
    """Twice the logarithm of the ratio of likelihoods: of these shares, and of the best ones."""
    total = sum(counts)
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return math.inf
    return 2 * sum(
        count * math.log(count / (total * share))
        for count, share in zip(counts, shares, strict=True) if count
    )  # fmt: skip


def expect_shares(counts, shares, what, given):
    """Fail if counts are farther from these shares than chance ever brings them."""
    total = sum(counts)
    wanted = [round(share * total, 1) for share in shares]
    likely = surprise(counts, shares) < FAR + FARTHER * len(shares)
    expect(total and likely, f"{what}: expected about {show(wanted)} of {total}, got "
           f"{show(counts)}", given=given)  # fmt: skip


def counts_of(seen, choose, V):
    """How often `choose(said)` is each token; None is passed over."""
    counts = [0] * V
    for said, count in seen:
        token = choose(said)
        if token is not None and 0 <= token < V:
            counts[token] += count
    return counts


def told(row):
    """A row of a distribution in a few characters."""
    equal = bool((row == row[0]).all())
    return f"{len(row)} x {show(row[0])}" if equal else show(row).partition(" of shape")[0]


def repeating(submission, cases):
    """Cases (draft, p, q, seed, times), what came of them, and how to call them in a message."""
    for case, seen in submission.each_probe(repeated, cases):
        draft, p, q, _, times = case
        # The rows that a draft of like tokens has are like each other, too.
        rows = (f"p = [{', '.join(map(told, p))}], q = [{', '.join(map(told, q))}]"
                if len(draft) == 2 else
                f"p[0] = {told(p[0])}, p[-1] = {told(p[-1])}, q[0] = {told(q[0])}")  # fmt: skip
        shown = f"{times} times speculative_step({draft}, p, q, rng), {rows}"
        yield case, seen, shown


# One token in half of all cases, or one of 16 others, and one never: sharper shares than these are
# far from them, flatter ones too, and few draws show it.
HALVES = np.array([0.5] + [1 / 32] * 16 + [0.0])
MIDDLE = np.array([8, *range(8), *range(9, 18)])  # the likely one in the middle of the others


def halves_at(order, shares=HALVES):
    """These shares, of the tokens in this order."""
    row = np.zeros(len(order))
    row[order[: len(shares)]] = shares
    return row


def expect_halves(seen, at, order, what, given):
    """Fail unless the token that is said at place `at` is drawn from `halves_at(order)`."""
    counts = counts_of(seen, lambda said: said[at] if len(said) > at else None, len(order))
    one, *others, never = (counts[token] for token in order[:18])
    never += sum(counts[token] for token in order[18:])
    expect_shares([one, sum(others), never], [0.5, 0.5, 0.0],
                  f"{what} {order[0]}, others, and those that are never drawn", given)  # fmt: skip


def owed(order, place):
    """Two tokens, of which the one at `place` is refused, and `halves_at(order)` owed for it.

    p alone, its distance from q, and the other row of q would bring tokens that are not owed; p
    where it is above q brings the likely one too often.
    """
    refused, common = order[18], order[17]
    rows = np.full((3, 19), 1 / 19), np.full((2, 19), 1 / 19)
    draft = [int(refused)] * 2
    shared = 0.75 * (0.875 * one(19, order[0]) + 0.125 * one(19, common))
    rows[0][place] = halves_at(order) / 4 + shared
    rows[1][place] = one(19, refused) / 4 + shared
    return draft, *rows


@check("speculative_step", points=0.5,
       hint="Drafted tokens that p and q both like have been accepted already. Which tokens are "
            "owed something, after a refusal?")  # fmt: skip
def test_replaces_from_another_distribution(submission):
    """A refused token is replaced by a draw from the residual of p and q in its row."""
    first, second = np.append(MIDDLE, 18), rng_of(submission).permutation(19)
    (seed,) = seeds_of(submission, 1)
    cases = [(*owed(first, 0), 5, 120), (*owed(second, 1), seed, 60)]
    for place, (_, seen, given) in enumerate(repeating(submission, cases)):
        order = (first, second)[place].tolist()
        expect_halves(seen, place, order, "replacements by token", given)


def all_accepted(order):
    """Two tokens that are accepted, and then `halves_at(order)`.

    What p has more than q, another row of p, and p's likeliest token are all far from this.
    """
    first = halves_at(order, [0.9375, 0.0625])
    return order[:2].tolist(), np.array([first, first, halves_at(order)]), np.array([first, first])


@check("speculative_step", points=0.5,
       hint="All are accepted. Whose distribution does the extra token come from, after which "
            "token, and is it drawn or is it the likeliest?")  # fmt: skip
def test_draws_the_extra_token_otherwise(submission):
    """The extra token is a draw from the last row of p."""
    order, (seed,) = rng_of(submission).permutation(18), seeds_of(submission, 1)
    cases = [(*all_accepted(MIDDLE), 6, 200), (*all_accepted(order), seed, 60)]
    orders = MIDDLE.tolist(), order.tolist()
    for order, (_, seen, given) in zip(orders, repeating(submission, cases), strict=True):
        expect_halves(seen, 2, order, "extra tokens", given)


def chancy(p_token, q_token, V=3):
    """One drafted token with these probabilities, the rest of them shared by the others."""
    p, q = (np.full(V, (1 - share) / (V - 1)) for share in (p_token, q_token))
    p[1], q[1] = p_token, q_token
    return [1], np.array([p, one(V, 0)]), q[None]


@check("speculative_step", points=1,
       hint="p says 0.45 and q said 0.5. In how many of 100 cases is the token accepted? And if p "
            "says 0.05?")  # fmt: skip
def test_accepts_with_another_probability(submission):
    """A token is accepted with probability p / q, where that is below 1."""
    shares = (0.45, 0.5, 100), (0.05, 0.5, 100), (0.375, 0.75, 400)
    cases = [(*chancy(a, b), 7 + n, times) for n, (a, b, times) in enumerate(shares)]
    for seed in seeds_of(submission, 1):
        rng = np.random.default_rng(seed)
        q_token = rng.uniform(0.3, 0.9)
        cases.append((*chancy(q_token * rng.uniform(0.2, 0.7), q_token, 4), seed, 60))
    for (_, p, q, *_), seen, given in repeating(submission, cases):
        # One that comes alone has replaced a refused one, unless nothing ever follows.
        least = 1 + any(len(said) > 1 for said, _ in seen)
        number = sum(count for said, count in seen if said[:1] == [1] and len(said) >= least)
        total = sum(count for _, count in seen)
        rate = p[0, 1] / q[0, 1]
        expect_shares([number, total - number], [rate, 1 - rate],
                      "accepted and refused", given)  # fmt: skip


def likely_tokens(order):
    """Four like tokens that are accepted with 3/4, and one with 1/2.

    Two tokens may replace each, and two may come last.
    """
    p, q = np.array([6, 2, 4, 4]) / 16, np.array([8, 2, 3, 3]) / 16
    other = np.array([4, 4, 4, 4]) / 16, np.array([8, 4, 2, 2]) / 16
    place = np.argsort(order)  # where the tokens 0 to 3 stand
    last = (one(4, place[2]) + one(4, place[3])) / 2
    rows = [p[order]] * 4 + [other[0][order], last], [q[order]] * 4 + [other[1][order]]
    return [int(place[0])] * 5, np.array(rows[0]), np.array(rows[1])


@check("speculative_step", points=1,
       hint="Two tokens, each accepted in three of four cases. How often are both? And does the "
            "number that refused a token also choose what stands for it?")  # fmt: skip
def test_uses_a_random_number_twice(submission):
    """Acceptances, the replacement and the extra token are independent of each other."""
    cases = [(*likely_tokens(np.arange(4)), 11, 300)]
    order, (seed,) = rng_of(submission).permutation(4), seeds_of(submission, 1)
    cases.append((*likely_tokens(order), seed, 60))
    for (draft, p, *_), seen, given in repeating(submission, cases):
        expect(any(said for said, _ in seen), "expected tokens, got only empty lists", given=given)
        tried = [sum(count for said, count in seen if said[:n] == draft[:n]) for n in range(5)]
        # Compared with each other, since how often one is accepted at all is for another check.
        rate = sum(tried[1:]) / sum(tried[:-1])
        far = 0.0
        if 0 < rate < 1:
            far = sum(
                surprise([more, before - more], [rate, 1 - rate])
                for before, more in pairwise(tried)
            )
        expect(far < FAR + 4 * FARTHER, f"the first of four like tokens was accepted {tried[1]} "
               f"times of {tried[0]}, the others {tried[2:]} times of {tried[1:-1]}",
               given=given)  # fmt: skip
        a, b = np.flatnonzero(p[-1]).tolist()
        for what, chosen in (
            ("replacements by two equally likely tokens", lambda said: said[:1]),
            ("extra tokens, of two equally likely ones", lambda said: said[5:]),
        ):
            counts = [sum(n for said, n in seen if chosen(said) == [t]) for t in (a, b)]
            if sum(counts):
                expect_shares(counts, [0.5, 0.5], what, given)


def after_a_step(answer, draft, p, q):
    """A step with everything that may not be written to, and what it left of the rest."""
    rng = np.random.default_rng(0)
    said = answer.speculative_step(draft, p, q, rng)
    fixed = p.copy(order="F"), q.repeat(2, axis=1)[:, ::2], np.array(draft)
    for each in fixed:
        each.flags.writeable = False
    again = answer.speculative_step(fixed[2], fixed[0], fixed[1], rng)
    return said, again, [draft, p, q]


@check("speculative_step", points=0.5,
       hint="Is what you return a list, and its entries ints? Does a draft that is an array, or a "
            "p that cannot be written to, make a difference?")  # fmt: skip
def test_returns_no_list_or_writes(submission):
    """A list of ints comes back, for lists and arrays alike, and the arguments stay."""
    cases = []
    for seed in (12, *seeds_of(submission, 1)):
        rng = np.random.default_rng(seed)
        draft, p, q = accepted(rng, 3, 4)
        cases += [(draft, p, q), (np.array(draft), p, q), (np.array(draft, dtype=np.int32), p, q)]
        cases += [([*map(int, rng.integers(4, size=2))], distributions(rng, 3, 4),
                   distributions(rng, 2, 4))]  # fmt: skip
    for (draft, p, q), (said, again, after) in submission.each_probe(after_a_step, cases):
        given = f"speculative_step({show(draft)}, p, q, rng), p = {show(p)}, q = {show(q)}"
        for result in (said, again):
            tokens = tokens_of(result)
            likely = (p[: len(draft)] >= q)[range(len(draft)), [*draft]].all()
            fine = len(tokens) > 0 and (not likely or tokens[: len(draft)] == [*map(int, draft)])
            expect(fine, f"expected the accepted draft, got {show(tokens)}", given=given)
        expect(same(after, [draft, p, q]), "it changed its arguments", given=given)


def twice_from(answer, draft, p, q, seeds):
    """What steps say, each seed used twice; and NumPy's global state, if it was touched."""
    np.random.seed(7)
    before = np.random.get_state()[1].tolist(), int(np.random.get_state()[2])
    runs = []
    for seed in [*seeds, *seeds]:
        rng = np.random.default_rng(seed)
        runs.append([[int(token) for token in np.asarray(answer.speculative_step(
            draft, p, q, rng)).ravel()] for _ in range(6)])  # fmt: skip
    after = np.random.get_state()[1].tolist(), int(np.random.get_state()[2])
    return runs, before == after


@check("speculative_step", points=0.5,
       hint="Two generators of the same seed: does the step say the same with both? And with "
            "another seed? Where else does a random number of yours come from?")  # fmt: skip
def test_draws_from_another_generator(submission):
    """All randomness comes from `rng`: the same state gives the same tokens."""
    cases = []
    for seeds in ([13, 14], seeds_of(submission, 2)):
        rng = np.random.default_rng(seeds[0])
        draft, p, q = accepted(rng, 2, 64)
        p[-1] = 1 / 64
        cases.append((draft, p, q, seeds))
        # Each accepted in one of two cases, and any of 63 tokens may replace it.
        p, q = (np.array([share] + [(1 - share) / 63] * 63) for share in (0.25, 0.5))
        order = rng.permutation(64)
        draft = [int(np.argmin(order))] * 5
        cases.append((draft, np.array([p[order]] * 6), np.array([q[order]] * 5), seeds))
    for case, (runs, untouched) in submission.each_probe(twice_from, cases):
        given = f"speculative_step({case[0]}, p, q, rng), 64 tokens"
        expect(untouched, "NumPy's global random state is another one afterwards", given=given)
        expect(runs[:2] == runs[2:], "the same state of rng gave other tokens", given=given)
        expect(runs[0] != runs[1], "two seeds gave the same tokens", given=given)


# ---- acceptance_rate ---------------------------------------------------------------------------


def without_the_distance(p, q):
    """One minus half of the summed differences, in fractions."""
    pairs = zip(p.tolist(), q.tolist(), strict=True)
    return float(1 - sum(abs(Fraction(a) - Fraction(b)) for a, b in pairs) / 2)


RATE = Truth("acceptance_rate", without_the_distance, inputs=small_pairs, rtol=1e-9, atol=1e-12)


@check("acceptance_rate", points=0.5,
       hint="A token t is drafted with probability q(t), and then accepted with min(1, p(t) / "
            "q(t)). What is the product, and over what do you sum?")  # fmt: skip
def test_gives_another_rate(submission):
    """The rate is the sum over all tokens of the probability to be drafted and accepted."""
    RATE.assert_holds(
        submission,
        [(np.array([0.5, 0.125, 0.25, 0.125]), np.array([0.125, 0.5, 0.125, 0.25])),
         (np.array([0.25, 0.75]), np.array([0.75, 0.25])),
         (np.array([0.625, 0.25, 0.125]), np.array([0.25, 0.5, 0.25])),
         (np.array([1, 2, 4]) / 7, np.array([4, 1, 6]) / 11),
         ((), {"p": np.array([0.75, 0.25]), "q": np.array([0.125, 0.875])})],
        draw=draw_pair,
    )  # fmt: skip
    RATE.assert_holds(submission, [], draw=draw_vocabulary, draws=1)


def draw_gaps(rng):
    """Tokens that only one of them has, or neither."""
    p, q = (distribution(rng, 4, 0) for _ in range(2))
    return np.array([*p, 0.0, 0.0]), np.array([*q[:2], 0.0, 0.0, *q[2:]])


@check("acceptance_rate", points=0.5,
       hint="What is p / q for a token that the draft never says? And how large is the rate if p "
            "and q are equal, or have nothing in common?")  # fmt: skip
def test_divides_by_a_probability_of_zero(submission):
    """Tokens of probability 0 add nothing; equal distributions have the rate 1."""
    half = np.array([0.5, 0.5, 0.0, 0.0])
    RATE.assert_holds(
        submission,
        [(half, half[::-1].copy()), (half, half * 1.0), (half, np.array([0.0, 0.25, 0.75, 0.0])),
         (np.array([0.1, 0.9, 0.0]), np.array([0.1, 0.9, 0.0])), (np.ones(1), np.ones(1)),
         (one(3, 0), one(3, 2))],
        draw=draw_gaps,
    )  # fmt: skip


@check("acceptance_rate", points=0.5,
       hint="Is p afterwards what it was? And what if its entries do not lie side by side in "
            "memory?")  # fmt: skip
def test_rate_leaves_traces(submission):
    """p and q stay as they were, wherever they lie in memory, and every call starts afresh."""
    rng = np.random.default_rng(15)
    first, second = ((*distributions(rng, 2, 4),) for _ in range(2))
    assert_no_traces(submission, RATE, [first, second], draw=draw_pair)


# ---- expected_tokens ---------------------------------------------------------------------------


def place_by_place(rate, k):
    """The token at place i is said if all i before it were accepted."""
    return math.fsum(rate**i for i in range(k + 1))


TOKENS = Truth(
    "expected_tokens",
    place_by_place,
    inputs=lambda st: st.tuples(st.sampled_from([0.5, 0.25, 0.75, 0.0, 1.0, 0.875]),
                                st.integers(1, 5)),
    rtol=1e-9,  # both formulas are within 1e-12
)  # fmt: skip


@check("expected_tokens", points=0.5,
       hint="With k = 1: what are the two ways for a step to end, how likely is each, and how many "
            "tokens does it say?")  # fmt: skip
def test_expects_another_number(submission):
    """A step yields 1 + rate + ... + rate**k tokens on average."""
    TOKENS.assert_holds(
        submission,
        [(0.5, 1), (0.5, 4), (0.25, 2), (0.8, 3), (0.75, 7), (2.0**-11, 3),
         ((), {"rate": 0.6, "k": 5})],
        draw=lambda rng: (float(rng.uniform(0.1, 0.9)), int(rng.integers(1, 9))),
    )


@check("expected_tokens", points=0.5,
       hint="What is 1 - rate at a rate of 1? And how many tokens come of a draft of which all are "
            "refused?")  # fmt: skip
def test_fails_at_the_ends(submission):
    """A rate of 1 gives k + 1 tokens, and a rate of 0 gives one."""
    TOKENS.assert_holds(
        submission,
        [(1.0, 1), (1.0, 4), (0.0, 1), (0.0, 5), (1.0, 30)],
        draw=lambda rng: (float(rng.integers(2)), int(rng.integers(1, 50))),
    )


@check("expected_tokens", points=0.5,
       hint="Is 0.999 nearly 1 for your code? What does it make of a draft of 400 "
            "tokens?")  # fmt: skip
def test_takes_near_one_for_one(submission):
    """Rates near 1 and long drafts give their own number."""
    TOKENS.assert_holds(
        submission,
        [(0.999, 1), (0.999, 400), (0.99, 100), (0.995, 450), (0.9, 60)],
        draw=lambda rng: (float(rng.uniform(0.97, 0.999)), int(rng.integers(100, 450))),
    )
