"""The hidden checks of exercise 28.

Probabilities are stated in decimals of 28 digits, token by token in the order of the contract.
Beams are found among all sequences there are: one was kept if no more than a beam's width of its
rivals have as large a sum, and so was the sequence that it extends.

Not drawn: test_accepts_what_makes_no_sense: an error type has no value.
"""

from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_afresh,
    assert_close,
    assert_number,
    check,
    expect,
    same,
    seeds_of,
    show,
)

INF = float("inf")

# -------------------------------------------------------------------- next_token_distribution


def ranked(logits):
    """Tokens from the largest logit down; of equals the lower index first."""
    return sorted(range(len(logits)), key=lambda token: (-logits[token], token))


def weights_of(logits, tokens, temperature):
    """exp((logit - largest) / temperature) of each token, in decimals."""
    largest = Decimal(float(max(logits)))
    exponents = {t: Decimal(float(logits[t])) - largest for t in tokens}
    return {
        t: Decimal(0) if exponent.is_infinite() else (exponent / Decimal(temperature)).exp()
        for t, exponent in exponents.items()
    }


def by_the_contract(logits, temperature=1.0, top_k=None, top_p=None):
    """Temperature, then top-k, then top-p, in decimals."""
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError
    tokens = ranked(logits)[: 1 if temperature == 0 else top_k]
    weights = weights_of(logits, tokens, temperature or 1)
    total = sum(weights.values())
    kept, reached = [], Decimal(0)
    for token in tokens:
        if top_p is None or top_p == 1 or reached < Decimal(top_p) * total:
            kept.append(token)
            reached += weights[token]
    result = np.zeros(len(logits))
    for token in kept:
        result[token] = float(weights[token] / reached)
    return result


def judge_distribution(
    actual, expected, logits, temperature=1.0, top_k=None, top_p=None, rtol=1e-9
):
    """Right to 1e-9, and 0 where a token is left out."""
    # With top_p = 1 a token below 1e-12 may be left out.
    assert_close(actual, expected, rtol=rtol, atol=1e-12 if top_p == 1 else 1e-300)
    left = np.asarray(actual)[expected == 0]
    if left.size and np.abs(left).max() > 1e-300:  # exp(-745.1) is 0 or the smallest float
        raise Mismatch(f"expected exactly 0 for a token that is left out, got {show(left.max())}")


# More digits are for the checks on the scale, and the exact 0 for those on what is left out.
def judge_zeros(actual, expected, *args, **keywords):
    """Right to four digits, and 0 where a token is left out."""
    judge_distribution(actual, expected, *args, **keywords, rtol=1e-4)


def judge_kept(actual, expected, *_, **__):
    """The tokens that are kept, whatever probabilities they have."""
    assert_close(np.asarray(actual) > 1e-9, expected > 1e-9, rtol=0)


def is_decided(logits, temperature=1.0, top_k=None, top_p=None):
    """Whether no sum of probabilities lies so near to top_p that rounding decides."""
    if top_p in (None, 1) or temperature == 0:
        return True
    finite = logits[np.isfinite(logits)]
    if len(finite) in (2, 4, 16) and not finite.any():
        return True
    weights = [*weights_of(logits, ranked(logits)[:top_k], temperature).values()]
    sums = [float(sum(weights[:n]) / sum(weights)) for n in range(1, len(weights) + 1)]
    return min(abs(part - top_p) for part in sums) > 1e-5


def inputs(st):
    """Up to five logits with one decimal, and every argument in all its regimes."""
    small = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=4)
    odd = st.sampled_from([-INF, 1000.0, -1000.0, 1e308, -1e308, 0.5])
    logits = st.one_of(small, st.lists(st.one_of(st.integers(0, 2).map(float), odd), min_size=1,
                                       max_size=3)).filter(lambda x: max(x) > -INF).map(np.array)
    temperature = st.sampled_from([1.0, 2.0, 0.5, 0.0, 1e-3, 1e-300])
    top_k = st.one_of(st.none(), st.integers(1, 5))
    top_p = st.one_of(st.none(), st.sampled_from([0.5, 0.9, 0.25, 1.0, 0.7]))
    plain = st.tuples(logits)
    every = st.tuples(logits, temperature, top_k, top_p)
    return st.one_of(plain, every).filter(lambda case: is_decided(*case))


DISTRIBUTION = Truth(
    "next_token_distribution", by_the_contract, inputs=inputs, rtol=1e-9, judge=judge_distribution
)
ZEROS = Truth(
    "next_token_distribution", by_the_contract, inputs=inputs, rtol=1e-4, judge=judge_zeros
)
CHOICE = Truth("next_token_distribution", by_the_contract, inputs=inputs, rtol=1e-4, atol=1e-9)
KEPT = Truth("next_token_distribution", by_the_contract, rtol=0, judge=judge_kept)

LOGITS = np.array([0.5, -1.25, 2.0, 0.0, 1.5])
FLAT = np.array([1.0, 0.75, 0.5, 0.875, 0.25, 0.625])


def scores(rng, low=3, high=8):
    """Logits that are no two alike."""
    count = int(rng.integers(low, high))
    return rng.permutation(np.arange(count) / 2 - 1) + rng.uniform(-0.2, 0.2, count)


def decided(rng, make):
    """The first case that `make` draws whose sums keep away from top_p."""
    while True:
        args, keywords = make(rng)
        if is_decided(*args, **keywords):
            return args, keywords


@check("next_token_distribution", points=0.5,
       hint="Take two logits and a pocket calculator: e to the power of each over the "
            "temperature, divided by the sum of both. What of that do you do?")  # fmt: skip
def test_scales_the_logits_otherwise(submission):
    """The logits over the temperature, by softmax, give the probabilities."""
    DISTRIBUTION.assert_holds(
        submission,
        [(LOGITS,), (LOGITS, 2.0), (LOGITS, 0.5), (np.array([3.0]),), (-FLAT, 0.25),
         # More tokens than the 50 that some libraries keep by default.
         (Code("np.sin(np.arange(60.0))"),),
         ((LOGITS, 4.0, None, None), {}), ((), {"logits": LOGITS, "temperature": 0.75})],
        draw=lambda rng: (scores(rng), float(rng.uniform(0.3, 3.0))),
    )  # fmt: skip


@check("next_token_distribution", points=0.5,
       hint="What is a logit divided by 0? Which token does the limit choose, and which of two "
            "equal ones?")  # fmt: skip
def test_divides_by_a_temperature_of_zero(submission):
    """A temperature of 0 gives all probability to the largest logit, the first of equals."""
    ties = np.array([0.5, 2.0, -1.0, 2.0, 2.0])
    DISTRIBUTION.assert_holds(
        submission,
        [(LOGITS, 0.0), (LOGITS, 0), (ties, 0.0), (ties, 0.0, 3, 0.9), (ties, 0.0, None, 1.0),
         (ties, 0.0, 2, None), (np.zeros(4), 0.0), (np.array([-2.0, -1.0]), 0.0)],
        draw=lambda rng: (rng.permutation([3.0, 3.0, 0.0, -1.5, 1.0]), 0.0),
    )  # fmt: skip


@check("next_token_distribution", points=0.5,
       hint="exp(800) is inf, and so is 1 / 1e-320. What can you subtract from all logits first, "
            "before you divide?")  # fmt: skip
def test_overflows(submission):
    """Large logits and tiny temperatures give finite probabilities."""
    DISTRIBUTION.assert_holds(
        submission,
        [(np.array([1000.0, 1001.0]),), (np.array([-2000.0, -2001.0, -2000.5]),),
         (LOGITS, 1e-3), (LOGITS, 1e-300), (np.array([2.0, 2.0, 1.0]), 1e-320),
         (np.array([-3.0, 1.0, -3.0, 1.0]), 5e-324), (np.array([1e308, -1e308, 1e308]), 0.5)],
        draw=lambda rng: (scores(rng) + float(rng.uniform(900, 3000)), 1.0),
    )  # fmt: skip
    DISTRIBUTION.assert_holds(
        submission, [(-LOGITS, 1e-310), (LOGITS * 1e-9, 1e-9)],
        draw=lambda rng: (scores(rng), float(10.0 ** -rng.uniform(100, 315))),
    )  # fmt: skip


@check("next_token_distribution", points=0.5,
       hint="exp(-inf) is 0. Does a token that was impossible before stay so in every branch of "
            "yours, and does -inf never meet a 0 or another -inf?")  # fmt: skip
def test_mishandles_impossible_tokens(submission):
    """A logit of -inf gets probability 0, and the others what they would get without it."""
    masked = np.array([-INF, 0.5, 2.0, -INF, 1.0, -INF])

    def draw(rng):
        logits = scores(rng)
        return (rng.permutation([*logits, -INF, -INF]), 0.7, int(rng.integers(1, 9)))

    ZEROS.assert_holds(
        submission,
        [(masked,), (masked, 0.5), (masked, 0.0), (masked, 1.0, 5), (masked, 1.0, 2),
         (np.array([-INF, -7.0]),), (masked, 1.0, None, 1.0), (masked, 1e-300),
         (np.array([-INF, -1e300]),), (masked, 1e12),  # no finite number stands for -inf
         (np.array([-INF, 0.0, 0.0, -INF]), 1.0, None, 0.5)],
        draw=draw,
    )  # fmt: skip


@check("next_token_distribution", points=0.5,
       hint="How many tokens have a probability above 0 for top_k = 2, and do they sum to one? "
            "What if top_k is 50 and there are 5 tokens?")  # fmt: skip
def test_keeps_another_number_than_top_k(submission):
    """The `top_k` largest logits are kept and renormalised, all if there are fewer."""
    cases = [((LOGITS,), {"top_k": k}) for k in (2, 1, 3, 4, 5, 6, 50)]
    cases += [((LOGITS, 1.0, 3), {}), ((-FLAT,), {"top_k": 4})]

    def draw(rng):
        count = int(rng.integers(300, 1200))  # more than some libraries keep at most
        return (scores(rng, count, count + 1) / 50,), {"top_k": int(rng.integers(200, count))}

    ZEROS.assert_holds(
        submission, cases,
        draw=lambda rng: ((scores(rng),), {"top_k": int(rng.integers(1, 6))}),
    )  # fmt: skip
    ZEROS.assert_holds(submission, [], draw=draw, draws=1)


@check("next_token_distribution", points=0.5,
       hint="Three tokens share the second place, and there is room for one of them. Does yours "
            "keep all that reach a threshold, or the last ones of a reversed sort?")  # fmt: skip
def test_keeps_too_many_or_the_wrong_one_of_equals(submission):
    """Of equal logits the lower index is kept, with top-k as with top-p."""
    ties = np.array([1.0, 3.0, 1.0, 1.0, 0.0])
    pairs = np.array([0.0, 2.0, 0.0, 2.0, 0.0, 2.0])
    many = np.array([1.0] * 9 + [2.0] * 20 + [0.0] * 11)

    def draw(rng):
        logits = rng.integers(0, 3, size=40) / 2
        return (logits, 1.0, int(rng.integers(1, 40)))

    CHOICE.assert_holds(
        submission,
        [*((ties, 1.0, k) for k in (2, 3, 1)), (pairs, 1.0, 2), (pairs, 1.0, 5), (many, 2.0, 7),
         (many, 1.0, 25), (np.zeros(4), 1.0, 3), (ties, 1.0, None, 0.75), (pairs, 1.0, None, 0.4),
         (pairs, 1.0, None, 0.2), (np.zeros(16), 1.0, None, 0.4), (pairs, 1.0, None, 0.93),
         (np.array([1.0, 1 + 2.0**-40, 0.5]), 1.0, 1)],  # nearly equal is not equal
        draw=draw,
    )  # fmt: skip


@check("next_token_distribution", points=0.5,
       hint="The sum is 0.45 after one token and 0.72 after two, and top_p is 0.5. How many "
            "tokens together reach it? And how many for top_p = 0.1?")  # fmt: skip
def test_stops_before_or_after_top_p_is_reached(submission):
    """The fewest most probable tokens that reach `top_p` are kept, and renormalised."""
    cases = [((LOGITS,), {"top_p": p}) for p in (0.5, 0.1, 0.75, 0.9, 0.97, 1e-5, 1.0, 1)]
    cases += [((-FLAT, 2.0), {"top_p": p}) for p in (0.3, 0.7, 0.99, 1.0)]
    cases += [((np.array([4.0]),), {"top_p": 0.5}), ((LOGITS, 0.5, None, 0.8), {})]
    # Large ones leave something out, too.
    cases += [((np.array([12.0, 0.0, 4.0, 2.0]),), {"top_p": p}) for p in (0.9995, 0.99999)]
    # All but the first are below 0.001 together.
    cases += [((np.array([12.0, 0.0, 4.0, 2.0]),), {"top_p": 1.0})]
    # 4e-11 is not below 1e-12, and two millionths are more than rounding.
    cases += [((np.array([24.0, 0.0]),), {"top_p": 1.0})]
    cases += [((np.log([0.6, 0.4]),), {"top_p": 0.6 + off}) for off in (2e-6, -2e-6)]

    def draw(rng):
        return decided(rng, lambda rng: ((scores(rng),), {"top_p": float(rng.uniform(0.2, 0.95))}))

    ZEROS.assert_holds(submission, cases, draw=draw, draws=3)


@check("next_token_distribution", points=0.5,
       hint="Two of four equal tokens have 0.25 each. Is their sum at least 0.5?")  # fmt: skip
def test_wants_more_than_top_p(submission):
    """A sum of exactly `top_p` reaches it."""
    cases = [(np.zeros(n), 1.0, None, p) for n, p in ((2, 0.5), (4, 0.5), (4, 0.75), (4, 0.25),
                                                       (16, 0.5), (16, 0.0625), (16, 0.875))]

    def draw(rng):
        gaps = rng.permutation([0.0] * 4 + [-INF] * int(rng.integers(1, 4)))
        return (gaps, 1.0, None, float(rng.integers(1, 4) / 4))

    CHOICE.assert_holds(submission, cases, draw=draw)


@check("next_token_distribution", points=0.5,
       hint="Top-k has left two tokens. Which probabilities do you add up for top-p: those of "
            "all tokens, or of the two? And has the temperature come before that?")  # fmt: skip
def test_mixes_up_the_order_of_the_three(submission):
    """Temperature comes first, then top-k, then top-p on what top-k left, renormalised."""
    def draw(rng):
        return decided(rng, lambda rng: (
            (scores(rng, 5), float(rng.uniform(0.5, 2.5)), int(rng.integers(2, 5)),
             float(rng.uniform(0.3, 0.95))), {}))  # fmt: skip

    cases = [(LOGITS, 1.0, 2, 0.6), (LOGITS, 3.0, 3, 0.4), (LOGITS, 3.0, 3, 0.7),
             (FLAT, 0.25, 4, 0.5), (FLAT, 1.0, 3, 0.6), (FLAT, 1.0, 2, 0.99), (FLAT, 1.0, 9, 0.6),
             (LOGITS, 0.4, None, 0.8), (LOGITS, 2.5, None, 0.8)]  # fmt: skip
    expect(all(is_decided(*case) for case in cases), "the cases are too near")
    CHOICE.assert_holds(submission, cases, draw=draw, draws=3)


@check("next_token_distribution", points=0.5,
       hint="Which of top_k = 0, top_p = 0 and top_p = 1.5 does your code notice, and does it do "
            "so before it returns early for temperature 0?")  # fmt: skip
def test_accepts_what_makes_no_sense(submission):
    """A temperature below 0, top_k below 1 or top_p outside (0, 1] is a ValueError."""
    for wrong in ({"temperature": -1e-9}, {"temperature": -1.0}, {"top_k": 0}, {"top_k": -2},
                  {"top_p": 0.0}, {"top_p": -0.5}, {"top_p": 1.0 + 1e-9},
                  {"temperature": 0.0, "top_k": 0}, {"temperature": 0.0, "top_p": 0.0},
                  {"temperature": 0.0, "top_p": 2.0}, {"temperature": 0.0, "top_k": -1}):
        with pytest.raises(ValueError):
            submission.next_token_distribution(LOGITS, **wrong)
    CHOICE.assert_holds(submission, [(LOGITS, 0.5, 1, 1.0), (LOGITS, 0.0, 1, 1e-5)])


def in_other_places(answer, logits):
    """The same logits between others in memory, and where nothing can be written."""
    # Not reversed: torch, which an answer may use, takes no arrays of negative strides.
    spread = np.full(2 * len(logits), 9.0)
    spread[::2] = logits
    fixed = logits.copy()
    fixed.flags.writeable = False
    views = spread[::2], fixed
    return [answer.next_token_distribution(view, 1.0, 3, 0.875) for view in views], spread


@check("next_token_distribution", points=0.5,
       hint="Does a line of yours write into `logits`, `/=` or an assignment to an index? And "
            "does anything outlive a call?")  # fmt: skip
def test_changes_its_logits_or_remembers_them(submission):
    """The logits stay as they were, wherever they lie in memory, and every call starts afresh."""
    CHOICE.assert_holds(
        submission,
        [(LOGITS, 1.0, 3, 0.875), (LOGITS,), (LOGITS, 1.0, 2), (FLAT, 1.0, 4)],
        draw=lambda rng: (scores(rng), 1.0, 2),
        unchanged=True,
    )
    # What the temperature makes of them is for other checks.
    KEPT.assert_holds(
        submission, [(LOGITS, 0.75), (LOGITS, 0.5, 3), (LOGITS, 0.0)], unchanged=True
    )
    values, spread = submission.probe(in_other_places, LOGITS)
    for value in values:
        assert_close(value, by_the_contract(LOGITS, 1.0, 3, 0.875), rtol=1e-4, atol=1e-9)
    expect((spread[1::2] == 9.0).all(), "it wrote beside its argument")
    other = LOGITS[::-1].copy()
    value = assert_afresh(submission, "next_token_distribution", (LOGITS, 1.0), (other, 1.0))
    assert_close(value, by_the_contract(other), rtol=1e-4, atol=1e-9)  # the same


# -------------------------------------------------------------------------- repetition_penalty


def token_by_token(logits, previous, penalty):
    """Each logit on its own."""
    return np.array([
        logit if token not in previous else logit / penalty if logit > 0 else logit * penalty
        for token, logit in enumerate(logits.tolist())
    ])  # fmt: skip


PENALTY = Truth(
    "repetition_penalty",
    token_by_token,
    inputs=lambda st: st.lists(st.integers(-2, 2).map(float), min_size=1, max_size=4).flatmap(
        lambda logits: st.tuples(
            st.just(np.array(logits)),
            st.lists(st.integers(0, len(logits) - 1), max_size=3),
            st.sampled_from([2.0, 1.5, 0.5]),
        )
    ),
    rtol=1e-12,  # a product or a quotient
)


def penalised(rng, twice):
    """Logits of both signs, and some of the tokens, `twice` over or once each."""
    logits = np.where(rng.random(6) < 0.5, -1, 1) * rng.uniform(0.5, 4.0, 6)
    previous = rng.choice(6, size=3, replace=False).tolist() * (2 if twice else 1)
    return logits, previous, float(rng.uniform(1.1, 2.0))


@check("repetition_penalty", points=0.5,
       hint="Divide -2 by 1.5. Is the token now likelier or less likely? And what of the tokens "
            "that were not said?")  # fmt: skip
def test_makes_unlikely_tokens_likelier(submission):
    """A positive logit is divided by the penalty, a negative one multiplied; others stay."""
    PENALTY.assert_holds(
        submission,
        [(np.array([2.0, -1.0, 3.0, -4.0, 0.0]), [0, 1, 4], 2.0), (LOGITS, [1, 2], 1.25),
         (LOGITS, [4], 0.5), (np.array([-INF, 1.0, -2.0]), [2, 0], 1.5), (-LOGITS, [2, 0, 3], 4.0),
         (np.array([5.0]), [0], 1.0), (LOGITS, [1, 0], 3)],
        draw=lambda rng: penalised(rng, False),
    )  # fmt: skip


@check("repetition_penalty", points=0.5,
       hint="A word that was said ten times: is its logit divided once or ten times? And which "
            "dtype has np.array([])?")  # fmt: skip
def test_counts_repetitions(submission):
    """However often a token was said, the penalty counts once; an empty list changes nothing."""
    PENALTY.assert_holds(
        submission,
        [(LOGITS, [2, 1, 2, 2, 1], 1.5), (LOGITS, [], 1.5), (LOGITS, [4, 1] + [0, 2] * 40, 2.0),
         (np.array([-3.0, 3.0]), [0, 1, 0, 1, 1], 1.25), (np.array([-3.0]), [], 2.0)],
        draw=lambda rng: penalised(rng, True),
    )  # fmt: skip


def beside_others(answer, logits, previous):
    """As `in_other_places`."""
    spread = np.full(2 * len(logits), 9.0)
    spread[::2] = logits
    fixed = logits.copy()
    fixed.flags.writeable = False
    views = spread[::2], fixed
    return [answer.repetition_penalty(view, previous, 1.5) for view in views]


@check("repetition_penalty", points=0.5,
       hint="Look at `logits` after the call: did you change the caller's array? Have you "
            "sorted or emptied the list?")  # fmt: skip
def test_penalises_the_callers_logits(submission):
    """The arguments stay as they were, wherever they lie; every call starts afresh."""
    PENALTY.assert_holds(
        submission,
        [(LOGITS, [3, 2, 1], 2.0), (LOGITS, [4, 1], 1.5), (LOGITS, [0], 0.75)],
        draw=lambda rng: penalised(rng, False),
        unchanged=True,
    )
    for value in submission.probe(beside_others, LOGITS, [2, 1]):
        assert_close(value, token_by_token(LOGITS, [2, 1], 1.5), rtol=1e-12)
    other = -LOGITS
    value = assert_afresh(
        submission, "repetition_penalty", (LOGITS, [2, 1], 1.5), (other, [2, 1], 1.5)
    )
    assert_close(value, token_by_token(other, [2, 1], 1.5), rtol=1e-12)
    named = submission.repetition_penalty(logits=LOGITS, previous=[2], penalty=2.0)
    assert_close(named, token_by_token(LOGITS, [2], 2.0), rtol=1e-12)


# --------------------------------------------------------------------------------- beam_search


def rounds(step, start, end, beam_width, max_length):
    """For each length, the sums of all extensions, and those sequences that the beam kept."""
    total = {(start,): 0.0}
    kept = [(start,)]
    yield total, kept
    for length in range(2, max_length + 1):
        total = {}
        for parent, token in product(kept, range(len(step([start])))):
            if length == 2 or parent[-1] != end:
                path = [*parent, token]
                gains = [float(step(path[:n])[path[n]]) for n in range(1, length)]
                if min(gains) > -INF:
                    total[(*path,)] = sum(gains)
        kept = [path for path in total if sum(t > total[path] for t in total.values()) < beam_width]
        yield total, kept


def by_rank(step, start, end, beam_width, max_length, length_penalty=0.0):
    """The best of all sequences that were kept and are finished, or as long as they may be."""
    scored = {}
    for length, (total, kept) in enumerate(
        rounds(step, start, end, beam_width, max_length), start=1
    ):
        for path in kept:
            if length == max_length or (length > 1 and path[-1] == end):
                scored[path] = total[path] / length**length_penalty
    best = max(scored, key=scored.get)
    return [*best], scored[best]


def competes_clearly(step, start, end, beam_width, max_length, length_penalty=0.0):
    """Whether no two sums and no two scores lie near each other, and there is an answer."""
    scores, lists = [], []
    for length, (total, kept) in enumerate(
        rounds(step, start, end, beam_width, max_length), start=1
    ):
        lists.append([*total.values()])
        scores += [total[path] / length**length_penalty for path in kept
                   if length == max_length or (length > 1 and path[-1] == end)]  # fmt: skip
    return bool(scores) and all(
        np.diff(np.sort(values)).min(initial=1) > 1e-4 for values in [*lists, scores]
    )


def judge_beam(actual, expected, *_, **__):
    """A list of ints, and a score."""
    is_pair = isinstance(actual, tuple | list) and len(actual) == 2
    expect(is_pair, f"expected a pair (tokens, score), got {show(actual)}")
    tokens, score = actual
    expect(isinstance(tokens, list), f"expected tokens as a list, got {show(tokens)}")
    integers = all(isinstance(t, int | np.integer) and not isinstance(t, bool) for t in tokens)
    expect(integers and [*map(int, tokens)] == expected[0],
           f"expected the tokens {show(expected[0])}, got {show(tokens)}")  # fmt: skip
    assert_number(score)
    assert_close(score, expected[1], rtol=1e-9, atol=1e-12)  # sums of five logarithms


def model(counts, by="t[-1]"):
    """The step of a model whose next token depends on what `by` says."""
    return Code(f"lambda t: np.log(np.array({counts}) / {sum(counts[0])})[{by}]")


def cases_of(strategy):
    """Whole numbers a row, which sum to 20, for three tokens."""
    row = strategy.tuples(strategy.integers(1, 12), strategy.integers(1, 7)).map(
        lambda pair: [pair[0], pair[1], 20 - sum(pair)]
    )
    table = strategy.tuples(row, row, row).map(lambda rows: model([*rows]))
    return strategy.tuples(
        table, strategy.integers(0, 2), strategy.integers(0, 2), strategy.integers(1, 3),
        strategy.integers(1, 4), strategy.sampled_from([0.0, 1.0, 0.5]),
    ).filter(lambda case: competes_clearly(case[0].build(), *case[1:]))  # fmt: skip


BEAM = Truth("beam_search", by_rank, inputs=cases_of, rtol=1e-9, judge=judge_beam)

# The best first token (1) leads nowhere; two that begin worse end better.
TRAP = model([[1, 50, 40, 9], [31, 24, 22, 23], [4, 3, 86, 7], [78, 9, 2, 11]])
# By the place as well, so that a step that sees only the last token is told apart.
PLACES = model(
    [[141, 98, 104, 57], [37, 186, 116, 61], [98, 59, 23, 220], [114, 154, 50, 82],
     [85, 116, 62, 137], [20, 239, 45, 96], [165, 60, 137, 38], [61, 37, 198, 104]],
    "len(t) % 2 * 4 + t[-1]",
)  # fmt: skip
# By the tokens before the last as well, so that two which end alike are told apart.
PAST = model(
    [[33, 17, 16, 34], [32, 18, 24, 26], [22, 26, 24, 28], [22, 28, 25, 25], [19, 22, 38, 21]],
    "(3 * t[0] + t[len(t) // 2] + t[-1] + len(t)) % 5",
)
FIRST = model(
    [[105, 45, 160, 90], [183, 29, 71, 117], [20, 135, 201, 44], [38, 122, 100, 140]],
    "(3 * t[0] + t[len(t) // 2] + len(t)) % 4",
)


def clear_model(rng, *arguments, tokens=4):
    """A random model, for which these arguments have a clear answer."""
    while True:
        counts = rng.integers(5, 60, size=(2, tokens, tokens)).astype(float)
        weights = np.log(counts / counts.sum(axis=2, keepdims=True)).tolist()
        step = Code(f"lambda t: np.array({weights})[len(t) % 2][t[-1]]")
        if competes_clearly(step.build(), *arguments):
            return step, *arguments


def last_place(rng):
    """A wide beam in which the token in the last place leads on best."""
    count, width = 24, int(rng.integers(17, 21))
    order = rng.permutation(count)  # from the likeliest first token to the end, which is last
    chosen, end = int(order[width - 1]), int(order[-1])
    rows = np.zeros((3, count))
    rows[0, order] = -0.05 * np.arange(count)
    rows[1:] = -0.002 * rng.permutation(count)
    rows[2, end] = 8.0
    rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
    place = f"0 if len(t) == 1 else 2 if t[-1] == {chosen} else 1"
    return Code(f"lambda t: np.array({rows.tolist()})[{place}]"), int(order[0]), end, width, 3


@check("beam_search", points=0.5,
       hint="What does a beam of width 2 know that the best token at each place does not? By "
            "which number are the extensions of both sequences compared?")  # fmt: skip
def test_takes_the_best_token_each_time(submission):
    """Of all extensions of all live sequences, those of the highest sums are kept."""
    cases = [(TRAP, 0, 3, width, 4) for width in (2, 1, 3)]
    cases += [(PLACES, 2, 3, 2, 4), (PLACES, 2, 3, 3, 4), (FIRST, 1, 0, 2, 4), (FIRST, 3, 1, 4, 4)]
    # More places than tokens, and the last of them counts.
    wide = model([[2, 20, 18, 110], [13, 51, 27, 59], [8, 13, 26, 103], [39, 37, 11, 63]])
    cases += [(wide, 1, 0, 5, 4)]
    # Two that end in the same token go on differently, and the first round needs its full width.
    cases += [(PAST, 3, 1, 4, 4, 2.0)]
    # No sequence ends, as nothing leads to token 4.
    cases += [(model([[9, 6, 5], [3, 4, 13], [10, 8, 2]]), 0, 4, 2, 5)]
    BEAM.assert_holds(
        submission, cases, draw=lambda rng: clear_model(rng, 0, 3, int(rng.integers(2, 4)), 4)
    )
    BEAM.assert_holds(submission, [], draw=last_place, draws=1)


@check("beam_search", points=0.5,
       hint="A sequence has ended. Does it still take one of the places in the beam? Does the "
            "search stop as soon as one has ended?")  # fmt: skip
def test_keeps_finished_sequences_in_the_beam(submission):
    """What ends leaves the beam, which goes on in full width, and competes again in the end."""
    early = model([[9, 6, 5], [8, 7, 5], [11, 2, 7]])  # token 0 ends, and is likely
    late = model([[6, 194, 200], [177, 67, 156], [87, 158, 155]])
    # One ends in each round, and the one that goes on stays the best.
    steady = model([[10, 40, 50], [15, 80, 5], [30, 31, 39]])
    # Whoever fills the places of those that have ended finds a better one, or no end.
    narrow = model([[13, 18, 3, 116], [10, 6, 2, 132], [2, 6, 8, 134], [47, 13, 41, 49]])
    BEAM.assert_holds(
        submission,
        [(early, 1, 0, 2, 4), (late, 2, 0, 1, 5), (late, 2, 0, 2, 5), (steady, 1, 0, 2, 5),
         (steady, 1, 0, 1, 5), (PLACES, 0, 1, 2, 5), (PLACES, 3, 1, 2, 4, 1.0),
         (FIRST, 1, 0, 2, 5, 2.0), (early, 1, 0, 2, 5, 2.0), (late, 2, 0, 2, 5, 2.0),
         (narrow, 1, 0, 2, 4, 1.0)],
        draw=lambda rng: clear_model(rng, 1, 0, 2, 5, 1.5, tokens=3),
        draws=3,
    )  # fmt: skip


@check("beam_search", points=0.5,
       hint="Each token makes a sum of logarithms smaller. By what do you divide it, is `start` "
            "counted, and is the beam itself chosen by sums or by scores?")  # fmt: skip
def test_divides_by_another_length(submission):
    """The result has the highest sum over `len(tokens) ** length_penalty`."""
    BEAM.assert_holds(
        submission,
        [(TRAP, 0, 3, 3, 4, 1.0), (PLACES, 2, 1, 2, 5, 1.0), (PLACES, 2, 1, 2, 5, 0.5),
         (PLACES, 0, 3, 3, 4, 2.0), (FIRST, 1, 2, 3, 4, 0.75), (TRAP, 0, 0, 2, 4, 3.0),
         ((PLACES, 2, 1, 2, 4), {"length_penalty": 1.0}), (PLACES, 2, 1, 2, 5, -1.0)],
        draw=lambda rng: clear_model(rng, 2, 1, 3, 4, float(rng.choice([0.5, 1.0, 2.0]))),
        draws=3,
    )  # fmt: skip


@check("beam_search", points=0.5,
       hint="With max_length = 3, how often may [start] grow? What do you return for 1, and what "
            "if `start` is `end`?")  # fmt: skip
def test_stops_at_another_length(submission):
    """`max_length` counts `start`; live sequences compete as they are; `start` may be `end`."""
    BEAM.assert_holds(
        submission,
        [(TRAP, 2, 3, 2, 1), (TRAP, 3, 3, 2, 1, 1.0), (TRAP, 2, 3, 1, 2), (TRAP, 2, 0, 1, 3),
         (PLACES, 3, 3, 1, 4), (PLACES, 1, 1, 1, 3), (TRAP, 0, 0, 1, 2, 1.0), (FIRST, 2, 0, 9, 3),
         (model([[4, 16], [15, 5]]), 0, 1, 5, 3), (model([[7, 12, 1], [13, 6, 1]]), 0, 2, 1, 40)],
        draw=lambda rng: clear_model(rng, 2, 2, 1, int(rng.integers(2, 5))),
    )  # fmt: skip


def listening(answer, table, start, end, width, length, penalty):
    """What the model was asked, and in which form; what came back; and the table afterwards."""
    heard = []

    def f(tokens):
        form = isinstance(tokens, list) and all(
            isinstance(t, int | np.integer) and not isinstance(t, bool) for t in tokens
        )
        heard.append((form, [int(t) for t in tokens]))
        return table[len(tokens) % 2, tokens[-1]]

    result = answer.beam_search(f, start, end, width, length, penalty)
    return result, heard, table


def single_file(rng):
    """A model in which each token has one that may follow: it leads from `start` to `end`."""
    order = rng.permutation(4)
    weights = np.full((4, 4), -INF)
    weights[order[:-1], order[1:]] = -rng.uniform(0.1, 1.0, 3).round(3)
    step = Code(f"lambda t: np.array({weights.tolist()})[t[-1]]".replace("inf", "np.inf"))
    return step, int(order[0]), int(order[3]), 3, 6, 0.0


def tables(submission):
    """Log-probabilities (2, 4, 4), one fixed and two of this run's."""
    seeds = [28, *seeds_of(submission, 2)]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        while True:
            table = np.log(rng.dirichlet(np.ones(4) * 2, size=(2, 4)))
            if competes_clearly(lambda t, table=table: table[len(t) % 2, t[-1]], 1, 0, 3, 4):
                break
        yield table


@check("beam_search", points=0.5,
       hint="Which sequences does your loop hand to `step`: also those that end in `end`, or the "
            "last token alone?")  # fmt: skip
def test_asks_for_what_follows_the_end(submission):
    """`step` gets lists of ints that begin with `start` and are not finished."""
    for table in tables(submission):
        result, heard, _ = submission.probe(listening, table, 1, 0, 3, 4, 0.0)
        given = "beam_search(step, 1, 0, 3, 4), where step looks at what it gets"
        for form, tokens in heard:
            expect(form, "step expects a list of ints", given=given)
            expect(tokens[:1] == [1], f"step got {tokens}, which does not begin with 1",
                   given=given)  # fmt: skip
            expect(0 not in tokens, f"step got {tokens}, which is finished", given=given)
        # What is found is for other checks.
        expect(result is not None and len(heard) > 0, "step was not asked", given=given)


@check("beam_search", points=0.5,
       hint="`step` may give you the same array each time. Do you add the sum to it in place? "
            "And what becomes of a beam of which some extensions are -inf?")  # fmt: skip
def test_writes_into_what_step_gives(submission):
    """What `step` gives stays as it was, -inf means impossible, and every call starts afresh."""
    for table in tables(submission):
        for penalty in (0.0, 1.0):
            given = f"beam_search(step, 1, 0, 3, 4, {penalty})"
            _, _, after = submission.probe(listening, table, 1, 0, 3, 4, penalty)
            expect(same(after, table), "it wrote into the array that step gave it", given=given)
    BEAM.assert_holds(
        submission,
        [(Code("lambda t: np.array([[-np.inf, 0.0], [-1.25, -0.5]])[t[-1]]"), 0, 0, 2, 4),
         (Code("lambda t: np.array([-np.inf, -0.25, -1.5])"), 2, 0, 5, 3)],
        draw=single_file,
    )  # fmt: skip
