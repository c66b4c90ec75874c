"""Hidden checks for exercise 10.

The truth is attention in plain loops: one query at a time, `math.exp` of the scores of the keys
that it may see, less the largest of them; nothing vectorised and nothing masked out, since hidden
keys are never touched.

Only the checks on queries that see nothing hold such queries, so that NaN there is one fault. Nor
does it matter beyond the first check how scores are scaled: queries and keys have one column there.
"""

import math

import numpy as np

from gradekit.grading import (
    Truth,
    assert_array,
    assert_equal,
    assert_no_traces,
    check,
    each_unchanged,
    expect,
    show,
)

# float64 in any order is within 1e-13, an epsilon of 1e-9 near 1e-9, float32 at 1e-7
RTOL, ATOL = 2e-10, 1e-12
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}
LOOSELY = ROUGHLY | {"atol": 1e-3}


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
        powers = [math.exp(score - max(scores)) for score in scores]
        for j, power in zip(keys, powers, strict=True):
            weights[index][j] = power / math.fsum(powers)
            output[index] += weights[index][j] * V[row][j]
    return output, weights


def heads_by_loops(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    """One sample and one head at a time, on slices of the columns."""
    B, L, D = X.shape
    if num_heads not in [size for size in range(1, D + 1) if D % size == 0]:
        raise ValueError
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


def causal_by_pairs(length):
    return np.array([[key <= query for key in range(length)] for query in range(length)])


def judge_views(actual, expected, length):
    """Compare what is seen, whatever dtype says so."""
    found = assert_array(actual, shape=expected.shape, dtype=None)
    agree = np.array_equal(np.asarray(found, dtype=bool), expected)
    expect(agree, f"expected {show(expected)}, got {show(found)}")


def judge_kind(actual, expected, length):
    """It is a boolean array; what it holds is for another check."""
    assert_array(actual, shape=expected.shape, dtype=bool)


# Where the smallest counterexample is looked for: one or two queries, up to three keys.


def array(st, *shape, numbers=None):
    count = math.prod(shape)
    numbers = st.integers(-3, 3) if numbers is None else numbers
    entries = st.lists(numbers, min_size=count, max_size=count)
    return entries.map(lambda values: np.array(values, dtype=np.float64).reshape(shape))


def views(st, *shape):
    count = math.prod(shape)
    entries = st.lists(st.booleans(), min_size=count, max_size=count)
    return entries.map(lambda values: np.array(values, dtype=bool).reshape(shape))


def attentions(st):
    def of_sizes(sizes):
        lead, L_q, L_k, d_k, d_v, extreme, masked = sizes
        numbers = st.sampled_from([0, 1, 2, -1, 1000, -1000, 10**11]) if extreme else None
        mask = st.one_of(views(st, L_q, L_k), views(st, L_k)) if masked else st.none()
        queries, keys = array(st, *lead, L_q, d_k), array(st, *lead, L_k, d_k, numbers=numbers)
        given = st.tuples(queries, keys, array(st, *lead, L_k, d_v), mask)
        return given.map(lambda case: case if masked else case[:3])

    one, two, three = st.just(1), st.integers(1, 2), st.integers(1, 3)
    leads = st.sampled_from([(), (), (1,), (2,), (1, 2)])
    return st.one_of(
        st.tuples(st.just(()), one, two, one, one, st.booleans(), st.booleans()),
        st.tuples(leads, two, three, two, two, st.just(False), st.booleans()),
    ).flatmap(of_sizes)


def one_hidden(st):
    """One key is seen and one is hidden, with scores of any size."""
    numbers = st.sampled_from([0.0, 1000.0, -1000.0, 1e12, -1e12])
    return st.tuples(st.just(np.array([[1.0]])), array(st, 2, 1, numbers=numbers), array(st, 2, 1),
                     st.permutations([True, False]).map(np.array))


def several_heads(st):
    def of_sizes(sizes):
        L, D, num_heads, masked, factor = sizes
        shapes = (L, L), (L,), (1, 1, 1, L)
        mask = st.one_of([views(st, *each) for each in shapes]) if masked else st.none()
        weights = (array(st, D, D) for _ in range(4))
        x = array(st, 1, L, D).map(lambda x: factor * x)
        given = st.tuples(x, *weights, st.just(num_heads), mask)
        return given.map(lambda case: case if masked else case[:6])

    sizes = st.sampled_from([(1, 1), (1, 2), (1, 0), (1, -1), (2, 1), (2, 2), (2, 3), (4, 2)])
    factors = st.sampled_from([1.0, 1.0, 1.0, 64.0])
    return st.tuples(st.integers(1, 2), sizes, st.booleans(), factors).map(
        lambda each: (each[0], *each[1], *each[2:])).flatmap(of_sizes)


def one_head(st):
    """One or two positions of width one: a number each, and one for each weight."""
    def of_sizes(sizes):
        B, L = sizes
        weights = (array(st, 1, 1) for _ in range(4))
        mask = st.one_of(st.none(), views(st, L, L), views(st, L), views(st, B, 1, 1, L))
        given = st.tuples(array(st, B, L, 1), *weights, st.just(1), mask)
        return given.map(lambda case: case[:6] if case[6] is None else case)

    return st.sampled_from([(1, 1), (1, 2), (2, 2)]).flatmap(of_sizes)


def some_lengths(st):
    return st.tuples(st.integers(1, 12))


ATTENTION = Truth(
    "scaled_dot_product_attention", by_loops, inputs=attentions, rtol=RTOL, atol=ATOL
)
HEADS = Truth(
    "multi_head_attention", heads_by_loops, inputs=[one_head, several_heads],
    rtol=3e-9, atol=1e-10,  # sums over D may cancel
)
VIEWS = Truth("causal_mask", causal_by_pairs, inputs=some_lengths, rtol=0.0, judge=judge_views)
BOOLEANS = Truth("causal_mask", causal_by_pairs, inputs=some_lengths, rtol=0.0, judge=judge_kind)


# Problems: fixed ones and drawn ones.


def tokens(rng, lead, L_q, L_k, d_k, d_v):
    """Queries, keys and values with scores of a few units: unsaturated and unsymmetric."""
    shapes = (*lead, L_q, d_k), (*lead, L_k, d_k), (*lead, L_k, d_v)
    return tuple(rng.normal(0.1, 1.2, shape) for shape in shapes)


def layer(rng, B, L, D, *more):
    """X and the four weight matrices, and what else the call is given."""
    X = rng.normal(0.2, 1.0, (B, L, D))
    return X, *(rng.normal(0.0, 0.6, (D, D)) for _ in range(4)), *more


def fixed(problem, first_seed, *sizes):
    """A problem of each of the sizes, from seeds of their own."""
    return [
        problem(np.random.default_rng(first_seed + place), *each)
        for place, each in enumerate(sizes)
    ]


def mask_of(rng, shape):
    """Some keys are hidden, and from nobody all of them."""
    mask = rng.random(shape) < 0.55
    np.put_along_axis(mask, rng.integers(shape[-1], size=(*shape[:-1], 1)), True, axis=-1)
    return mask


def some_tokens(rng):
    return tokens(rng, (), *rng.permutation([2, 3, 4, 5]))


def led_tokens(rng):
    lead = tuple(rng.integers(1, 3, size=rng.integers(1, 3)).tolist())
    L_q, L_k, d_v = rng.permutation([2, 3, 4])
    return tokens(rng, lead, L_q, L_k, 1, d_v)


def extreme(rng):
    """Queries of either sign: a shift by the maximum of the whole array loses one."""
    size, second = rng.uniform(3000.0, 1e6), rng.uniform(0.6, 0.9)
    K = np.array([1.0, second, 0.4])[rng.permutation(3), None]
    return size * np.array([[1.0], [-1.0], [0.0]]), K, rng.normal(size=(3, 2))


def masked_tokens(rng):
    Q, K, V = tokens(rng, (2,), 3, 4, 1, rng.integers(1, 4))
    return Q, K, V, mask_of(rng, [(3, 4), (2, 3, 4)][rng.integers(2)])


def hidden_and_extreme(rng):
    """Two keys are seen, whose scores are near each other, and one is not, which is far off."""
    near = float(rng.integers(-(10**6), 10**6))
    far = near + float(rng.choice([-1.0, 1.0]) * rng.integers(10**3, 10**7))
    order = rng.permutation(3)
    K, mask = np.array([[near], [near + 1.0], [far]])[order], np.array([[True, True, False]])
    return np.array([[1.0]]), K, rng.normal(size=(3, 1)), mask[:, order]


def partly_blind(rng):
    Q, K, V = tokens(rng, (2,), 3, 4, 1, 2)
    mask = mask_of(rng, (2, 3, 4))
    mask[[0, 1], rng.integers(3, size=2)] = False
    return Q, K, V, mask


def with_a_smaller_mask(rng):
    shapes = (5,), (1, 5), (3, 1, 1, 5), (2, 1, 5), (4, 5), (1, 2, 4, 5), (3, 1, 4, 5)
    return *tokens(rng, (3, 2), 4, 5, 1, 3), mask_of(rng, shapes[rng.integers(len(shapes))])


def some_layer(rng):
    D, num_heads = [(4, 2), (6, 2), (6, 3), (4, 4), (3, 1)][rng.integers(5)]
    return layer(rng, *rng.integers(2, 4, 2), D, num_heads)


def masked_layer(rng):
    B, L = (int(size) for size in rng.permutation([2, 3, 4])[:2])
    shape = [(L, L), (B, 1, 1, L), (B, 1, L, L), (1, L), (1, 1, L, L)][rng.integers(5)]
    return layer(rng, B, L, 4, 2, mask_of(rng, shape))


def impossible_heads(rng):
    D = int(rng.integers(3, 8))
    wrong = [size for size in range(-3, D + 4) if size < 1 or D % size]
    return layer(rng, 2, 2, D, int(rng.choice(wrong)))


def small_layer(rng):
    B, L = [(1, 2), (2, 1), (1, 1)][rng.integers(3)]
    return layer(rng, B, L, 2, int(rng.integers(1, 3)))


def some_length(rng):
    return (int(rng.integers(3, 30)),)


@check("scaled_dot_product_attention", points=1,
       hint="A sum of d_k products has a variance that grows with d_k. What brings it back to "
            "one, and which axis do the weights of one query lie on?")  # fmt: skip
def test_scales_scores_wrongly(submission):
    """Without a mask, weights and output follow the formula."""
    cases = fixed(tokens, 0, ((), 3, 4, 5, 2), ((), 5, 3, 2, 7), ((), 2, 6, 9, 3),
                  ((), 2, 300, 2, 1))
    ATTENTION.assert_holds(submission, cases, draw=some_tokens, draws=1)


@check("scaled_dot_product_attention", points=0.5,
       hint="Which two axes does Q K^T concern? Everything before them only comes along: what "
            "does `.T` or a fixed axis number do to it?")  # fmt: skip
def test_mixes_up_leading_dimensions(submission):
    """Any number of leading dimensions comes along, and sizes of one stay."""
    cases = fixed(tokens, 3, ((4,), 3, 5, 1, 6), ((2, 3), 4, 5, 1, 2), ((2, 1, 3), 2, 3, 1, 5),
                  ((1,), 2, 4, 1, 5), ((2,), 1, 1, 1, 1), ((3, 2), 1, 4, 1, 2), ((70,), 2, 2, 1, 1))
    ATTENTION.assert_holds(submission, cases, draw=led_tokens, draws=1, **LOOSELY)


@check("scaled_dot_product_attention", points=0.5,
       hint="exp(1000) is inf. What may you subtract from all scores of one query without "
            "changing its weights? And from whose scores do you take it?")  # fmt: skip
def test_exponentiates_raw_scores(submission):
    """Scores of thousands and more, of either sign, give finite weights."""
    V = np.array([[2.0, 1.0], [4.0, 8.0], [0.0, 1.0]])
    # No ties among the largest scores: exp(score - logsumexp) is a sound formula, too.
    cases = [
        # Queries of opposite signs: a shift by the maximum of the whole array loses one.
        (np.array([[size], [-size], [0.0]]), np.array([[1.0], [second], [0.5]]), V)
        for size, second in ((4096.0, 1.0), (2.0**100, 0.75))
    ]
    Q, K = np.array([[[2000.0]], [[-2000.0]]]), np.full((2, 2, 1), 1.0)
    cases.append((Q, K, np.ones((2, 2, 1))))
    ATTENTION.assert_holds(submission, cases, draw=extreme, draws=1)


@check("scaled_dot_product_attention", points=1,
       hint="The weights of the keys in sight should add up to one again. Where does the mask "
            "have to act for that, and does True hide or show?")  # fmt: skip
def test_masks_after_the_softmax(submission):
    """A mask takes hidden keys out of the softmax; `True` means visible."""
    ((Q, K, V),) = fixed(tokens, 4, ((2,), 3, 4, 1, 2))
    mask = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    cases = []
    for both in (mask, np.stack([mask, mask[::-1]])):
        cases += [(Q, K, V, both), ((), {"Q": Q, "K": K, "V": V, "mask": both})]
    (square,) = fixed(tokens, 5, ((), 5, 5, 1, 4))
    cases.append((*square, np.arange(5)[:, None] >= np.arange(5)))
    ATTENTION.assert_holds(submission, cases, draw=masked_tokens, draws=1, **LOOSELY)


@check("scaled_dot_product_attention", points=1,
       hint="What if a hidden key has the largest score of all, or the visible ones lie far "
            "below any constant that you could have chosen for `hidden`?",
       inputs=lambda st: st.one_of(one_hidden(st), attentions(st)))  # fmt: skip
def test_lets_hidden_keys_matter(submission):
    """Hidden keys leave no trace, however large or small the scores."""
    V = np.array([[1.0], [3.0], [100.0]])
    hidden, one = np.array([[True, True, False]]), np.array([[1.0]])
    keys = [[visible, visible, far] for visible, far in
            ((0.0, 800.0), (0.0, 1e100), (0.0, 1e6), (-1e6, 0.0), (1e6, 0.0))]
    # Far below -1e9, the usual "minus infinity".
    keys += [[-1e10, -2e10, 0.0], [-1e200, -2e200, 0.0]]
    cases = [(one, np.array(each)[:, None], V, hidden) for each in keys]
    # Two queries with different views of the same keys: each has a maximum of its own.
    K, mine = np.array([[0.0], [0.0], [2000.0]]), np.array([[True, True, False], [True] * 3])
    cases.append((np.array([[1.0], [1.0]]), K, V, mine))
    ATTENTION.assert_holds(submission, cases, draw=hidden_and_extreme, draws=1)


@check("scaled_dot_product_attention", points=1,
       hint="What is a softmax over no keys at all: 0 / 0, a uniform guess? What would you "
            "like the padding to contribute?")  # fmt: skip
def test_gives_nan_to_a_query_that_sees_nothing(submission):
    """A query that may look at nothing gets zero weights and a zero output."""
    ((Q, K, V),) = fixed(tokens, 7, ((), 2, 3, 4, 5))
    # First the case in which nobody sees anything, which some handle and the others not.
    cases = [(1000.0 * Q, K, V, np.zeros((2, 3), dtype=bool))]
    ((Q, K, V),) = fixed(tokens, 6, ((2,), 3, 4, 1, 2))
    mask = np.ones((2, 3, 4), dtype=bool)
    mask[0, 1], mask[1, 2], mask[1, 0, :3] = False, False, False
    cases += [(scale * Q, K, V, mask) for scale in (1.0, 1e-3, -40.0)]
    cases.append((Q, K, V, np.array([[True], [False], [True]])))
    # Zero is zero: 1e-13 would be what is left of a hidden score.
    ATTENTION.assert_holds(submission, cases, draw=partly_blind, draws=1)


@check("scaled_dot_product_attention", points=0.5,
       hint="Which shapes broadcast to (..., L_q, L_k)? One row of keys for every query does, "
            "and so does one padding row a sample.")  # fmt: skip
def test_wants_a_full_sized_mask(submission):
    """Masks of every shape that broadcasts to (..., L_q, L_k) work."""
    ((Q, K, V),) = fixed(tokens, 8, ((3, 2), 4, 5, 1, 6))
    rng = np.random.default_rng(9)
    shapes = ((5,), (1, 5), (3, 1, 1, 5), (2, 1, 5), (4, 5), (1, 2, 4, 5), (3, 1, 4, 5),
              (3, 2, 4, 5))
    cases = [(Q, K, V, mask_of(rng, shape)) for shape in shapes]
    (square,) = fixed(tokens, 9, ((2,), 4, 4, 1, 3))
    cases.append((*square, np.array([True, False, True, True])))  # of the keys, not the queries
    ATTENTION.assert_holds(submission, cases, draw=with_a_smaller_mask, draws=1, **LOOSELY)


@check("scaled_dot_product_attention", points=0.5,
       hint="Does a line of yours write into Q, K, V or the mask, or keep something for the "
            "next call?")  # fmt: skip
def test_changes_its_arguments(submission):
    """Arguments stay as they were, and a call does not depend on earlier ones."""
    first, second = fixed(tokens, 10, ((3,), 4, 2, 1, 3), ((3,), 4, 2, 1, 3))
    mask = np.array([[True, False], [True, True], [True, True], [False, True]])
    full = np.stack([mask, mask[::-1], mask])
    blind = np.array([[True, False], [False, False], [True, True], [False, True]])
    for _ in each_unchanged(submission, "scaled_dot_product_attention", [(*first, blind)]):
        pass  # what a query that sees nothing gets is for another check
    cases = [(*first, mask), (*second, mask), (*first, full), first, (*second, full), second]
    assert_no_traces(submission, ATTENTION, cases, draw=masked_tokens, **ROUGHLY)


@check("causal_mask", points=0.5,
       hint="Row i is the query at position i. Is column i in its past? And column i + 1?")
def test_looks_ahead(submission):
    """A position sees itself and what came before, and nothing after."""
    VIEWS.assert_holds(submission, [(4,), (1,), (7,), (40,), (130,)], draw=some_length, draws=1)


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
    cases = [((), {"length": length}) for length in (5, 2)]
    BOOLEANS.assert_holds(submission, cases, draw=some_length, draws=1)
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
    cases = fixed(layer, 11, (3, 4, 6, 2), (2, 5, 6, 3), (2, 3, 4, 1), (4, 3, 5, 5), (3, 2, 8, 4),
                  (1, 2, 32, 16), (70, 1, 2, 1))
    HEADS.assert_holds(submission, cases, draw=some_layer, draws=1)


@check("multi_head_attention", points=1,
       hint="Scores are (B, num_heads, L, L). What does a mask (L, L) do against that, and one "
            "of (B, 1, 1, L)? What do you do for a position that sees nothing?")  # fmt: skip
def test_masks_the_wrong_scores(submission):
    """Masks of shape (L, L) and whatever broadcasts to (B, 1, L, L) hold for every head."""
    B, L, D = 3, 4, 6
    (given,) = fixed(layer, 16, (B, L, D, 2))
    rng = np.random.default_rng(17)
    causal = np.arange(L)[:, None] >= np.arange(L)
    padding = np.arange(L) < np.array([4, 2, 3]).reshape(B, 1, 1, 1)  # (B, 1, 1, L)
    masks = [causal, padding, causal & padding, mask_of(rng, (1, 1, L, L)),
             mask_of(rng, (1, L)), np.array([True, False, True, False]),
             mask_of(rng, (B, 1, L, L))]  # fmt: skip
    masks[-1][1, 0, 2] = False  # this position sees nothing
    cases = [(given, {"mask": mask}) for mask in masks]
    # A hidden token with huge entries: the others are alike, so all means are known.
    I = np.eye(2)  # noqa: E741
    twins, two = [[1.0, -1.0]] * 2, [[1.0, -1.0], [2.0, -2.0]]
    first_two = np.array([[True, True, False]])
    last_sees_first = np.array([[True, True, False], [True, True, False], [True, False, False]])
    for visible, hidden, W_k, mask in (
        (twins, [4096.0, 8192.0], I, first_two),
        # The hidden score is 1e12, or 0 among visible ones far below -1e9, the usual "minus
        # infinity". No ties among large scores: exp(score - logsumexp) is a sound formula, too.
        (twins, [2.0**40, 2.0**41], I, last_sees_first),
        (two, [0.0, 0.0], -1e12 * I, first_two),
    ):
        cases.append((np.array([[*visible, hidden]]), I, W_k, I, I, 2, mask))
    HEADS.assert_holds(submission, cases, draw=masked_layer, draws=1)


@check("multi_head_attention", points=0.5,
       hint="What happens for 4 heads on 6 columns, for 0 heads, for -2? Which of these does "
            "`D % num_heads` notice?")  # fmt: skip
def test_accepts_any_number_of_heads(submission):
    """A number of heads that is not a positive divisor of D is a ValueError."""
    (given,) = fixed(layer, 18, (2, 3, 6))
    HEADS.assert_holds(submission, [(*given, heads) for heads in (4, 5, 12, 0, -2, -1)],
                       draw=impossible_heads, draws=1)
    assert_array(submission.multi_head_attention(*given, num_heads=6), shape=(2, 3, 6))


@check("multi_head_attention", points=0.5,
       hint="Try one sentence of one token, then look at X and the mask after the call. Does "
            "`squeeze` or an in-place operator bite?")  # fmt: skip
def test_trips_over_a_batch_of_one(submission):
    """One sample and one token work, large scores too, and arguments stay as they were."""
    X, I = np.array([[[64.0, -64.0], [32.0, -96.0]]]), np.eye(2)  # noqa: E741
    cases = fixed(layer, 19, (1, 3, 4, 2), (1, 3, 4, 2), (3, 1, 4, 2), (1, 1, 2, 2), (1, 2, 3, 1))
    causal = np.arange(3)[:, None] >= np.arange(3)
    cases += [(*cases[0], causal), (*cases[4], causal[:2, :2]), (X, I, I, I, I, 2)]
    assert_no_traces(submission, HEADS, cases, draw=small_layer, **ROUGHLY)
