"""Hidden checks of exercise 32: a router, its balance, and a layer of experts.

Truth goes token by token in Python: experts are the indices sorted by (-logit, index), weights are
exponentials over their exact sum (`math.fsum`). The layer is a list of assignments in the order of
choice and token, each of which is kept as long as there is room, and then goes through its network
alone.

Away from the checks on ties no two logits of a token are nearer than 0.05. Away from the checks on
capacity there is none, or room for all.

Not drawn: test_accepts_any_k: an error type has no value.
"""

import math

import numpy as np
import pytest

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_no_traces,
    check,
    expect,
    same,
    seeds_of,
    show,
)

TIGHT = 1e-9  # any float64 formula is within 1e-12, float32 at 1e-7
LOOSE = 1e-5  # where digits are not what a check is about


# ---- route -------------------------------------------------------------------------------------


def probabilities(scores):
    """The softmax of a list of floats."""
    weights = [math.exp(score - max(scores)) for score in scores]
    return [weight / math.fsum(weights) for weight in weights]


def sorted_experts(logits, k):
    """Experts and weights, token by token."""
    if not 1 <= k <= logits.shape[1]:
        raise ValueError
    rows = logits.tolist()
    experts = [sorted(range(len(row)), key=lambda e, row=row: (-row[e], e))[:k] for row in rows]
    weights = [
        probabilities([row[e] for e in own]) for row, own in zip(rows, experts, strict=True)
    ]
    return np.array(experts), np.array(weights)


def both(actual, expected):
    """Experts and weights as arrays of the right shape, whatever their types."""
    if not isinstance(actual, tuple | list) or len(actual) != 2:
        raise Mismatch(f"expected a pair (experts, weights), got {show(actual)}", kind="type")
    experts, weights = (
        assert_array(part, shape=wanted.shape, dtype=None)
        for part, wanted in zip(actual, expected, strict=True)
    )
    return experts, weights


def judge_experts(actual, expected, *args, **keywords):
    experts, _ = both(actual, expected)
    expect((experts == expected[0]).all(),
           f"expected the experts {show(expected[0])}, got {show(experts)}")  # fmt: skip


def by_expert(experts, weights):
    """Weights in the order of their experts' indices: which comes first is for other checks."""
    order = np.argsort(experts, axis=1, kind="stable")
    return np.take_along_axis(weights.astype(float), order, axis=1)


def judge_weights(actual, expected, *args, **keywords):
    experts, weights = both(actual, expected)
    try:
        got = by_expert(experts, weights)
    except (TypeError, ValueError):
        raise Mismatch("expected integers and floats") from None
    assert_close(got, by_expert(*expected), rtol=LOOSE, atol=1e-12,
                 given="route(...), the weights by the order of their experts")  # fmt: skip


def judge_types(actual, expected, *args, **keywords):
    experts, weights = both(actual, expected)
    expect(experts.dtype.kind in "iu", f"expected integers as experts, got {experts.dtype}")
    got, wanted = by_expert(experts, assert_array(weights)), by_expert(*expected)
    assert_close(got, wanted, rtol=TIGHT, atol=1e-300,
                 given="route(...), the weights by the order of their experts")  # fmt: skip


def rows_of(st, entries, E):
    return st.lists(st.lists(entries, min_size=E, max_size=E), min_size=1, max_size=2).map(
        lambda rows: np.array(rows, dtype=float)
    )


def few_logits(entries):
    """One or two tokens, two or three experts."""

    def inputs(st):
        return st.integers(2, 3).flatmap(
            lambda E: st.tuples(rows_of(st, st.sampled_from(entries), E), st.integers(1, E))
        )

    return inputs


PLAIN = 0.0, 1.0, 2.0, -1.0, 3.0
MANY = 1100  # tokens: more than what cuts off at a round number works on
LARGE = 0.0, 1000.0, -1000.0, 1.0


def routing(judge, entries=PLAIN):
    return Truth("route", sorted_experts, inputs=few_logits(entries), rtol=TIGHT, judge=judge)


EXPERTS, WEIGHTS, TYPES = routing(judge_experts), routing(judge_weights), routing(judge_types)


def apart(rng, T, E):
    """Logits of which no two of a token lie near each other."""
    places = rng.permuted(np.tile(np.arange(E) - E / 2, (T, 1)), axis=1)
    return (0.6 * (places + rng.uniform(-0.4, 0.4, (T, E)))).round(3)


def sizes(rng):
    """T and E, unlike each other, and a k between 1 and E."""
    while True:
        T, E = (int(n) for n in rng.integers(2, 6, 2))
        if T != E:
            return T, E, int(rng.integers(1, E + 1))


def draw_route(rng):
    T, E, k = sizes(rng)
    return apart(rng, T, E), k


def fixed_route(seed):
    """The same in every run."""
    rng = np.random.default_rng(seed)
    shapes = ((3, 4, 2), (2, 5, 3), (5, 3, 1), (4, 4, 4), (1, 6, 2), (3, 1, 1), (2, 3, 2))
    return [(apart(rng, T, E), k) for T, E, k in shapes]


@check("route", points=0.5,
       hint="For the logits 1, 3, 2 and k = 2: which two experts, and which of them first? Along "
            "which axis do experts lie?")  # fmt: skip
def test_chooses_other_experts(submission):
    """Each token gets the k experts of its largest logits, the largest first."""
    # No finite number stands for an expert that has been taken.
    large = np.array([[-3e10, -1e10, -2e10], [-1e300, -3e300, -2e300], [3e300, 1e17, -1e17]])
    many = apart(np.random.default_rng(17), MANY, 2)
    cases = [*fixed_route(1), (large, 3), (many, 1)]
    EXPERTS.assert_holds(submission, cases, draw=draw_route)


def draw_ties(rng):
    """Equal logits, and some that differ in the last digits only, which are not equal."""
    E = int(rng.choice([4, 24]))
    logits = rng.integers(0, 3, (3, E)) / 2.0
    logits[2] += rng.integers(0, 2, E) * 2.0**-40
    return logits, int(rng.integers(1, E + 1))


@check("route", points=0.5,
       hint="Three experts share the largest logit, and two are chosen. Is your sort stable, and "
            "does reversing it keep equals in their order?")  # fmt: skip
def test_chooses_the_wrong_one_of_equals(submission):
    """Of equal logits, the lower index comes first."""
    rng = np.random.default_rng(2)
    rows = np.array([[1.0, 2.0, 2.0, 2.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0], [3.0] * 5,
                     [-1.0, -2.0, -1.0, -2.0, -1.0], [0.0, -0.0, 0.0, -0.0, -5.0]])  # fmt: skip
    cases = [(rows, k) for k in (2, 1, 3, 5)]
    cases += [(rng.integers(0, 2, (3, 40)) * 1.0, k) for k in (3, 25)]
    nearly = np.array([[1.0, 1.0 + 2.0**-40, 1.0 + 2.0**-39, 1.0], [2.0, 2.0 - 2.0**-45, 2.0, 3.0]])
    cases += [(np.zeros((2, 30)), 20), (nearly, 2), (nearly, 3)]
    EXPERTS.assert_holds(submission, cases, draw=draw_ties)


@check("route", points=0.5,
       hint="The chosen logits are 2 and 1, and there are six more. Does the softmax run over two "
            "or over eight numbers? And what do the two weights sum to?")  # fmt: skip
def test_weighs_the_chosen_otherwise(submission):
    """The weights are the softmax over the chosen logits alone."""
    WEIGHTS.assert_holds(submission, fixed_route(3), draw=draw_route)


def draw_large(rng):
    logits, k = draw_route(rng)
    factor, shift = rng.choice([0.0, 1000.0], 2)
    return logits * max(factor, 1.0) + 5000.0 * (rng.integers(3) - 1) + shift, k


@check("route", points=0.5, inputs=few_logits(LARGE),
       hint="exp(1000) is inf, and inf / inf is nan. What can you subtract from all chosen logits "
            "of a token?")  # fmt: skip
def test_overflows(submission):
    """Logits in the thousands give finite weights that are right."""
    rows = np.array([[1000.0, 1001.0, 999.0], [-2000.0, -2001.0, -2001.5], [3000.0, -3000.0, 0.0]])
    small = np.array([[0.0, 1.0, 0.5], [2000.0, 1.0, 0.0]])
    WEIGHTS.assert_holds(
        submission, [(rows, 2), (rows, 3), (rows, 1), (small, 2), (-rows, 2)], draw=draw_large
    )


@check("route", points=0.5,
       hint="What do you return for k = 0, and for k = 5 if there are 4 experts?")  # fmt: skip
def test_accepts_any_k(submission):
    """k below 1 or above the number of experts is a ValueError; k = E is none."""
    logits = apart(np.random.default_rng(4), 3, 4)
    for wrong, k in ((logits, 0), (logits, 5), (logits, -1), (logits[:, :1], 2), (logits[:1], 7)):
        with pytest.raises(ValueError):
            submission.route(wrong, k)
    for k in (1, 4):
        value = submission.route(logits, k)
        both(value, sorted_experts(logits, k))


@check("route", points=0.5,
       hint="Are the experts integers, and the weights float64 in all their digits? Are the logits "
            "afterwards what they were, and does it matter how they lie in memory?")  # fmt: skip
def test_leaves_traces_or_digits(submission):
    """Experts are integers and weights float64; the logits stay; every call starts afresh."""
    given = "route of the same logits, wherever they lie and whatever was asked before"
    for rng in (np.random.default_rng(5), *map(np.random.default_rng, seeds_of(submission, 1))):
        logits, other = apart(rng, 3, 4), apart(rng, 3, 4)
        values, after = submission.probe(routed, logits, other)
        expect(same(after, logits), "it changed the logits in place", given="route")
        first, later, *laid, another, fresh = (both(v, [np.empty((3, 2))] * 2) for v in values)
        for experts, weights in (later, *laid):
            expect((experts == first[0]).all(), f"expected the experts {show(first[0])}, got "
                   f"{show(experts)}", given=given)  # fmt: skip
            near(weights, first[1], given)
        expect((another[0] == fresh[0]).all(), "it answered for the logits of an earlier call",
               given=given)  # fmt: skip
        near(another[1], fresh[1], given)
    # All experts, so that it does not matter over which of them the softmax runs.
    cases = [(logits, logits.shape[1]) for logits, _ in fixed_route(5)]
    TYPES.assert_holds(submission, cases, draw=draw_every_expert)


def near(actual, expected, given):
    """Fail unless these arrays of any floats are equal but for a few digits."""
    assert_close(actual.astype(float), expected.astype(float), rtol=LOOSE, given=given)


def routed(answer, logits, other):
    """Two experts for logits that lie in memory in several ways, then for others."""
    first = answer.route(logits, 2)
    kept = [np.array(part) for part in first]
    laid = [np.asfortranarray(logits), logits.repeat(2, axis=1)[:, ::2]]
    values = []
    for each in laid:
        each.flags.writeable = False
        values.append([np.array(part) for part in answer.route(each, 2)])
    after = logits.copy()
    logits[...] = other
    another = [np.array(part) for part in answer.route(logits, 2)]
    fresh = [np.array(part) for part in answer.route(other.copy(), 2)]
    return [kept, [np.array(part) for part in first], *values, another, fresh], after


def draw_every_expert(rng):
    logits, _ = draw_route(rng)
    return logits, logits.shape[1]


# ---- load_balancing_loss -----------------------------------------------------------------------


def assignment_by_assignment(logits, experts):
    """Each assignment adds the mean probability of its expert."""
    T, E = logits.shape
    rows = [probabilities(row) for row in logits.tolist()]
    means = [math.fsum(row[e] for row in rows) / T for e in range(E)]
    chosen = experts.ravel().tolist()
    return E * math.fsum(means[e] for e in chosen) / len(chosen)


def few_assignments(entries):
    def inputs(st):
        def of(E):
            return st.tuples(
                rows_of(st, st.sampled_from(entries), E), st.permutations(range(E)),
                st.integers(1, E),
            ).map(lambda t: (t[0], np.array([t[1][: t[2]]] * len(t[0]))))  # fmt: skip

        return st.integers(2, 3).flatmap(of)

    return inputs


LOSS = Truth(
    "load_balancing_loss", assignment_by_assignment, inputs=few_assignments(PLAIN), rtol=TIGHT
)


def assigned(rng, T, E, k, best=False):
    """Logits, and k experts a token: the best ones, or any."""
    logits = apart(rng, T, E)
    every = np.argsort(-logits, axis=1) if best else rng.permuted(
        np.tile(np.arange(E), (T, 1)), axis=1)  # fmt: skip
    return logits, every[:, :k].copy()


def draw_best(rng):
    T, E, _ = sizes(rng)
    return assigned(rng, T, E, 1, best=True)


def draw_assigned(rng):
    T, E, _ = sizes(rng)
    return assigned(rng, T, E, 2)


@check("load_balancing_loss", points=0.5,
       hint="With four experts that share everything evenly, f and P are 1/4 each. What is the sum "
            "of their products, and what makes it 1?")  # fmt: skip
def test_multiplies_other_shares(submission):
    """E times the sum, over all experts, of the share of tokens times the mean probability."""
    rng = np.random.default_rng(6)
    LOSS.assert_holds(
        submission,
        [assigned(rng, T, E, 1, best=True) for T, E in ((3, 4), (5, 3), (2, 6), (1, 2), (4, 4))],
        draw=draw_best,
        rtol=LOOSE,
    )


@check("load_balancing_loss", points=0.5,
       hint="Two experts for each of five tokens: how many assignments are there, and whose are "
            "they, if the logits say otherwise?")  # fmt: skip
def test_counts_other_assignments(submission):
    """The share is that of all T * k assignments in `experts`, whatever the logits are."""
    rng = np.random.default_rng(7)
    shapes = ((3, 4, 2), (5, 3, 2), (2, 6, 3), (4, 2, 2), (3, 5, 1))
    cases = [assigned(rng, *shape) for shape in shapes]
    # Nobody is sent to the last expert.
    cases += [(apart(rng, 3, 4), np.array([[0, 1], [1, 0], [0, 2]]))]
    cases += [assigned(rng, MANY, 2, 1)]
    LOSS.assert_holds(submission, cases, draw=draw_assigned, rtol=LOOSE)


def draw_large_loss(rng):
    logits, experts = draw_best(rng)
    return logits + 4000.0 * (2 * rng.integers(2) - 1), experts


@check("load_balancing_loss", points=0.5, inputs=few_assignments(LARGE),
       hint="Which number of a token do you subtract before you exponentiate? And how many digits "
            "has your result?")  # fmt: skip
def test_loss_overflows_or_loses_digits(submission):
    """Logits in the thousands give a finite loss that is right to the last digits."""
    rows = np.array([[1000.0, 1001.0, 999.0], [-2000.0, -2001.0, -1999.5], [-5.0, 800.0, 3.0]])
    cases = [(rows, np.array([[1], [2], [1]])), (-rows, np.array([[0], [1], [0]]))]
    LOSS.assert_holds(submission, cases, draw=draw_large_loss)


@check("load_balancing_loss", points=0.5,
       hint="Do you sort the logits in place, or keep anything for the next call?")  # fmt: skip
def test_loss_leaves_traces(submission):
    """Logits and experts stay as they were, wherever they lie, and every call starts afresh."""
    rng = np.random.default_rng(8)
    cases = [assigned(rng, 3, 4, 1, best=True) for _ in range(2)]
    assert_no_traces(submission, LOSS, cases, draw=draw_best)


# ---- moe_forward -------------------------------------------------------------------------------


def assignments(logits, k, capacity=None):
    """Pairs (token, expert) that are kept, with their weights, in the order of taking."""
    experts, weights = sorted_experts(logits, k)
    room = dict.fromkeys(range(logits.shape[1]), math.inf if capacity is None else capacity)
    for choice in range(k):
        for token in range(len(logits)):
            expert = int(experts[token, choice])
            if room[expert] > 0:
                room[expert] -= 1
                yield token, expert, float(weights[token, choice])


def one_by_one(x, logits, networks, k, capacity=None):
    """Each assignment goes through its network alone."""
    out = np.zeros(x.shape)
    for token, expert, weight in assignments(logits, k, capacity):
        out[token] += weight * networks[expert](x[token : token + 1])[0]
    return out


def judge_layer(actual, expected, *args, **keywords):
    array = assert_array(actual, shape=expected.shape, dtype=None)
    if array.dtype.kind == "f":
        array = array.astype(float)
    assert_close(array, expected, rtol=LOOSE, atol=LOOSE)


TEXTS = ("lambda h: 2 * h + 1", "lambda h: -h - 3", "lambda h: h**2 / 4 + 5",
         "lambda h: 7 - h[:, ::-1]", "lambda h: 10 * h", "lambda h: np.cos(h) - 8")  # fmt: skip


def small_layers(entries, capacities):
    def inputs(st):
        def of(sizes):
            T, E = sizes
            x = np.arange(1.0, T + 1)[:, None]
            # Later tokens are surer of their choice: weights differ from token to token.
            logits = st.lists(st.permutations(entries[:E]), min_size=T, max_size=T).map(
                lambda rows: np.array(rows, dtype=float) * x
            )
            codes = [Code(text) for text in (TEXTS[3], *TEXTS)[:E]]  # the one needs two dimensions
            return st.tuples(
                st.just(x), logits, st.just(codes), st.integers(1, E), st.sampled_from(capacities)
            )

        return st.sampled_from([(1, 2), (2, 2), (1, 3), (3, 2)]).flatmap(of)

    return inputs


ROOMY, TIGHT_ROOM = (None,), (1, 2, 0, 3)
LAYER = Truth("moe_forward", one_by_one, inputs=small_layers((0.0, 1.0, 2.0), ROOMY), rtol=LOOSE,
              judge=judge_layer)  # fmt: skip
EXACT_LAYER = Truth(
    "moe_forward", one_by_one, inputs=small_layers((0.0, 1.0, 2.0), ROOMY), rtol=TIGHT, atol=TIGHT
)
full = small_layers((0.0, 1.0, 2.0), TIGHT_ROOM)


def drawn_networks(rng, E):
    """Networks that nobody has seen before."""
    return [
        Code(f"lambda h: {rng.uniform(-3, 3):.2f} * h{(' ** 2', '')[rng.integers(2)]} + "
             f"{rng.uniform(1, 9):.2f}")
        for _ in range(E)
    ]  # fmt: skip


def layer(rng, T, E, D, k, *capacity, known=False, near=False):
    """Arguments of the layer; `known` networks are the same in every run.

    Unless the logits are `near` each other, those that are not chosen lie so far below that a
    softmax over all of them gives the same weights: that is one check's business.
    """
    networks = [Code(text) for text in TEXTS[:E]] if known else drawn_networks(rng, E)
    x = rng.normal(0.0, 1.0, (T, D)).round(2)
    logits = apart(rng, T, E)
    if not near:
        logits[logits.argsort(axis=1).argsort(axis=1) < E - k] -= 100.0
    return (x, logits, networks, k, *capacity)


def fixed_layers(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [layer(rng, *shape, known=True, near=True) for shape in shapes]


def draw_layer(rng, near=False):
    T, E, k = sizes(rng)
    return layer(rng, T, E, int(rng.integers(1, 4)), k, near=near)


@check("moe_forward", points=1,
       hint="A token has two experts. By which numbers are their results multiplied, and does the "
            "second result replace the first one, or is it added?")  # fmt: skip
def test_mixes_otherwise(submission):
    """A token's result is the sum of what its experts make of it, times their weights."""
    cases = fixed_layers(9, (3, 4, 2, 2), (5, 3, 1, 1), (2, 5, 3, 3), (1, 2, 2, 2), (4, 4, 3, 4),
                         (2, 1, 2, 1), (MANY, 2, 1, 1))  # fmt: skip
    cases[0][0][1] = 0.0  # a token of zeros is a token
    EXACT_LAYER.assert_holds(submission, cases, draw=lambda rng: draw_layer(rng, near=True))


def listening(answer, x, logits, k, capacity):
    """Which network was called with what."""
    heard = []

    def make(number):
        def f(h):
            heard.append((number, np.array(h)))
            return (number + 1.0) * np.array(h)

        return f

    networks = [make(number) for number in range(logits.shape[1])]
    if capacity is None:
        answer.moe_forward(x, logits, networks, k)
    else:
        answer.moe_forward(x, logits, networks, k, capacity)
    return heard


def sure(rng, T, E, k):
    """A router that never chooses its last expert, and is far surer of the first choice."""
    logits = apart(rng, T, E)
    logits[:, -1] = -50.0
    logits[np.arange(T), logits.argmax(axis=1)] += 2000.0
    return rng.normal(size=(T, 2)).round(3), logits, k, None


def calls_to_hear(submission):
    for rng in (np.random.default_rng(10), *map(np.random.default_rng, seeds_of(submission, 1))):
        yield sure(rng, 5, 4, 2)
        x, logits, k, _ = sure(rng, 4, 3, 2)
        x[1], logits[1] = x[0], logits[0]  # a word that stands twice is two tokens
        yield x, logits, k, None
        yield rng.normal(size=(6, 3)).round(3), apart(rng, 6, 3), 1, None
        yield rng.normal(size=(4, 1)).round(3), apart(rng, 4, 3), 3, None
        yield rng.normal(size=(6, 2)).round(3), apart(rng, 6, 3), 2, 1
        yield rng.normal(size=(6, 2)).round(3), apart(rng, 6, 4), 1, 5
        yield rng.normal(size=(2, 2)).round(3), apart(rng, 2, 3), 2, 0


@check("moe_forward", points=1,
       hint="Count how often each network is called, and with which rows. What do you hand to one "
            "that nobody chose, and what becomes of a token whose weight is 0?")  # fmt: skip
def test_calls_networks_otherwise(submission):
    """Each network is called at most once, with the tokens that it keeps and with no others."""
    for case, heard in submission.each_probe(listening, calls_to_hear(submission)):
        x, logits, k, capacity = case
        given = f"moe_forward, {len(x)} tokens, k={k}, capacity={capacity}"
        numbers = [number for number, _ in heard]
        twice = [number for number in set(numbers) if numbers.count(number) > 1]
        expect(not twice, f"expected at most one call of network {twice[:1]}, got "
               f"{[numbers.count(number) for number in twice[:1]]}", given=given)  # fmt: skip
        for number, rows in heard:
            D = x.shape[1]
            expect(rows.ndim == 2 and rows.shape[1] == D and len(rows) > 0,
                   f"network {number} got the shape {rows.shape}, expected (n, {D}) with n of 1 or "
                   "more", given=given)  # fmt: skip
        if capacity is not None:  # which of its tokens it keeps is for other checks
            for number, rows in heard:
                own = [x[t].tolist() for t, e, _ in assignments(logits, k) if e == number]
                fine = len(rows) <= capacity and all(row in own for row in rows.tolist())
                expect(fine, f"network {number} got {show(rows)}, expected at most {capacity} of "
                       f"{show(own)}", given=given)  # fmt: skip
            continue
        for number in range(logits.shape[1]):
            wanted = sorted(x[t].tolist() for t, e, _ in assignments(logits, k) if e == number)
            got = sorted(row.tolist() for e, rows in heard if e == number for row in rows)
            expect(got == wanted, f"network {number} should get {len(wanted)} tokens, got "
                   f"{len(got)}: {show(got)} for {show(wanted)}", given=given)  # fmt: skip


def by_token_first(logits, k, capacity):
    """What would be kept if all choices of a token came before the next token's."""
    experts, _ = sorted_experts(logits, k)
    room, kept = dict.fromkeys(range(logits.shape[1]), capacity), set()
    for token, own in enumerate(experts.tolist()):
        for expert in own:
            if room[expert] > 0:
                room[expert] -= 1
                kept.add((token, expert))
    return kept


def crowded(rng, differ, known=False):
    """A layer that drops something; whether the order of choice decides what, as asked for."""
    while True:
        T, E = int(rng.integers(3, 6)), int(rng.integers(3, 5))
        k, capacity = int(rng.integers(2, 4)), int(rng.integers(1, 3))
        case = layer(rng, T, E, 2, min(k, E - 1), capacity, known=known)
        kept = {(t, e) for t, e, _ in assignments(case[1], *case[3:])}
        other = by_token_first(case[1], *case[3:])
        if len(kept) < T * case[3] and (kept != other) == differ:
            return case


@check("moe_forward", points=0.5, inputs=full,
       hint="Token 0 wants expert 1 second, token 3 wants it first, and it has room for one. Who "
            "gets in?")  # fmt: skip
def test_takes_token_by_token(submission):
    """All first choices are taken before all second ones."""
    rng = np.random.default_rng(11)
    LAYER.assert_holds(
        submission,
        [crowded(rng, True, known=True) for _ in range(4)],
        draw=lambda rng: crowded(rng, True),
    )


def crowded_first(rng, known=False):
    """One choice each, and more tokens than room."""
    T, E = int(rng.integers(5, 8)), int(rng.integers(2, 4))
    return layer(rng, T, E, 2, 1, int(rng.integers(1, (T - 1) // E + 1)), known=known)


@check("moe_forward", points=0.5, inputs=full,
       hint="Five tokens want an expert that has room for two. Which two get in, and what is the "
            "result of the other three?")  # fmt: skip
def test_keeps_other_tokens(submission):
    """Of tokens that chose an expert alike, the first ones are taken; the others give zeros."""
    rng = np.random.default_rng(12)
    LAYER.assert_holds(
        submission, [crowded_first(rng, known=True) for _ in range(4)], draw=crowded_first
    )


@check("moe_forward", points=0.5, inputs=full,
       hint="A token's weights are 0.7 and 0.3, and its first expert is full. By what is the "
            "result of the second one multiplied?")  # fmt: skip
def test_normalises_what_is_left(submission):
    """What is dropped adds nothing, and the other weights of its token stay as they are."""
    rng = np.random.default_rng(13)
    LAYER.assert_holds(
        submission,
        [crowded(rng, False, known=True) for _ in range(4)],
        draw=lambda rng: crowded(rng, False),
    )


def draw_edges(rng):
    *case, k = draw_layer(rng)
    return *case, k, int(rng.choice([0, len(case[0]), 100]))


@check("moe_forward", points=0.5, inputs=small_layers((0.0, 1.0, 2.0), (0, 3, 9)),
       hint="Is a capacity of 0 the same as none? And is one as large as the number of tokens "
            "ever used up?")  # fmt: skip
def test_mistakes_the_ends_of_the_capacity(submission):
    """A capacity of 0 drops everything, and one of T or more drops nothing."""
    rng = np.random.default_rng(14)
    cases = [layer(rng, T, E, 2, k, capacity, known=True) for T, E, k, capacity in
             ((3, 4, 2, 0), (3, 2, 2, 3), (4, 3, 1, 4), (2, 3, 2, 50), (1, 2, 1, 1))]  # fmt: skip
    x, logits, networks, _ = layer(rng, 3, 4, 2, 2, known=True)
    cases += [((x, logits, networks), {"k": 2, "capacity": 0}),
              ((x, logits, networks, 2), {"capacity": None})]  # fmt: skip
    LAYER.assert_holds(submission, cases, draw=draw_edges)


def odd_logits(rng, known=False):
    """Ties, or numbers in the thousands."""
    x, logits, networks, k = layer(rng, 3, 4, 2, int(rng.integers(1, 4)), known=known)
    if rng.random() < 0.5:
        return x, rng.integers(0, 2, logits.shape) * 1.0, networks, k
    return x, logits + 3000.0 * (2 * rng.integers(2) - 1), networks, k


def even_or_large(st):
    return st.one_of(small_layers((1.0, 1.0, 1.0), ROOMY)(st),
                     small_layers((0.0, 1000.0, 1001.0), ROOMY)(st))  # fmt: skip


@check("moe_forward", points=0.5, inputs=even_or_large,
       hint="Which experts and weights has a token whose logits are all equal, or all in the "
            "thousands? Does the layer choose as `route` does?")  # fmt: skip
def test_routes_otherwise(submission):
    """Ties and large logits are treated as `route` is to treat them."""
    rng = np.random.default_rng(15)
    ties = np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 2.0, 0.0, 2.0], [0.0] * 4])
    x, _, networks, _ = layer(rng, 3, 4, 2, 2, known=True)
    cases = [(x, ties, networks, 2), (x, ties, networks, 1), (x, 1000.0 * ties, networks, 3)]
    cases += [odd_logits(rng, known=True) for _ in range(3)]
    LAYER.assert_holds(submission, cases, draw=odd_logits, draws=3)


def laid_out(answer, x, logits, other):
    """The layer for arrays as they come, and as they should not matter; then for others."""
    networks = [lambda h: 2 * h + 1, lambda h: -h - 3, lambda h: h * h + 5]
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    first = answer.moe_forward(x, logits, networks, 2, 2)
    kept = np.array(first)
    fixed = np.asfortranarray(x), logits.repeat(2, axis=1)[:, ::2]
    for each in fixed:
        each.flags.writeable = False
    again = np.array(answer.moe_forward(*fixed, networks, 2, 2))
    arrays = [x.copy(), logits.copy()]
    x[...] = other
    another = np.array(answer.moe_forward(x, logits, networks, 2, 2))
    fresh = np.array(answer.moe_forward(np.array(other), logits.copy(), networks, 2, 2))
    untouched = before == np.random.get_state()[1].tolist()
    return [kept, np.array(first), again, another, fresh], arrays, untouched


@check("moe_forward", points=0.5,
       hint="Do you add the results to x itself, or to an array of zeros? Is there anything that "
            "one call leaves for the next?")  # fmt: skip
def test_layer_leaves_traces(submission):
    """x and logits stay as they were, wherever they lie, and every call starts afresh."""
    cases = []
    for rng in (np.random.default_rng(16), *map(np.random.default_rng, seeds_of(submission, 1))):
        x, other = rng.normal(size=(2, 4, 2)).round(3)
        cases.append((x, apart(rng, 4, 3), other))
    for (x, logits, _), (values, arrays, untouched) in submission.each_probe(laid_out, cases):
        given = f"moe_forward, {len(x)} tokens, k=2, capacity=2"
        expect(same(arrays, [x, logits]), "it changed its arguments", given=given)
        expect(untouched, "NumPy's global random state is another one afterwards", given=given)
        first, later, again, another, fresh = (
            assert_array(value, shape=x.shape, dtype=None, given=given).astype(float)
            for value in values
        )
        expect(np.abs(first).max() > 0.1, "expected numbers that are not all 0", given=given)
        assert_close(later, first, rtol=0.0, given=f"{given}, what it returned, after later calls")
        assert_close(again, first, rtol=LOOSE, atol=LOOSE, given=f"{given}, read-only arrays")
        assert_close(another, fresh, rtol=LOOSE, atol=LOOSE, given=f"{given}, x refilled")
