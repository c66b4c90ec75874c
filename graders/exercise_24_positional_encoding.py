"""Hidden checks of exercise 24: sinusoids, RoPE and ALiBi.

Truth turns complex numbers: a pair of columns is a point in the plane, and `cmath.rect` is the
factor that turns it; the sine and cosine of a sinusoidal encoding are that factor's parts. ALiBi is
written out entry by entry. Digits are the affair of the checks at far positions; the others are
judged roughly.

Not drawn: test_accepts_an_odd_width, test_turns_an_odd_width: an error type has no value.
"""

import cmath

import numpy as np
import pytest

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_equal,
    assert_no_traces,
    assert_roughly,
    check,
    expect,
    rng_of,
    show,
)

INF = float("inf")
TIGHT = 1e-9  # float64 angles of 100,000 err by 1e-11, float32 ones by 1e-3
ROUGH = 1e-4  # float32 angles of 50 err by 1e-6
NEXT = 1e-12  # a bias is one product


def by_rotations(length, d_model):
    """The factor that turns by the angle has the cosine and the sine for its parts."""
    if d_model % 2:
        raise ValueError
    out = np.zeros((length, d_model))
    for pos in range(length):
        for i in range(d_model // 2):
            factor = cmath.rect(1.0, pos / 10000 ** (2 * i / d_model))
            out[pos, 2 * i], out[pos, 2 * i + 1] = factor.imag, factor.real
    return out


def by_complex_numbers(x, positions, base=10000.0):
    """Each pair of columns as a complex number, times the factor that turns it."""
    *_, L, D = x.shape
    if D % 2:
        raise ValueError
    out = np.zeros((x.size // (L * D), L, D))
    for index, rows in enumerate(x.reshape(out.shape)):
        for row, position in enumerate(positions.tolist()):
            for i in range(D // 2):
                point = complex(rows[row, 2 * i], rows[row, 2 * i + 1])
                point *= cmath.rect(1.0, position * base ** (-2 * i / D))
                out[index, row, 2 * i], out[index, row, 2 * i + 1] = point.real, point.imag
    return out.reshape(x.shape)


def entry_by_entry(num_heads, length):
    """The bias for each head, query and key."""
    return np.array([
        [[-(2.0 ** (-8 * (h + 1) / num_heads)) * (query - key) if key <= query else -INF
          for key in range(length)] for query in range(length)] for h in range(num_heads)
    ])  # fmt: skip


# Where the smallest counterexample is looked for.


def sizes(st):
    return st.tuples(st.integers(1, 3), st.sampled_from([2, 4]))


def points(st, bases=(10000.0,)):
    """Up to two points of few digits, at small positions or far out."""

    def of(D):
        entries = st.lists(st.sampled_from([1.0, 0.0, 2.0, -1.0]), min_size=D, max_size=D)
        position = st.one_of(st.integers(-3, 3), st.sampled_from([5000, 70000]))
        return st.lists(st.tuples(entries, position), min_size=1, max_size=2).map(case)

    def case(rows):
        x, positions = zip(*rows, strict=True)
        return np.array(x), np.array(positions)

    return st.tuples(st.sampled_from([2, 4]).flatmap(of), st.sampled_from(bases)).map(
        lambda pair: pair[0] if pair[1] == 10000.0 else (*pair[0], pair[1])
    )


def based(st):
    return points(st, (10000.0, 4.0, 100.0))


def odd_points(st):
    """One point of an odd width."""
    rows = st.sampled_from([[2.0], [1.0, 0.0, 2.0]])
    return rows.map(lambda row: (np.array([row]), np.array([1])))


def heads(st):
    return st.tuples(st.integers(1, 3), st.integers(1, 2))


def judge_past(actual, expected, *_, **__):
    """Only where the key is before the query: what it sees is the affair of `judge_future`."""
    array = assert_array(actual, shape=expected.shape)
    seen = np.isfinite(expected) & (expected < 0)
    with np.errstate(invalid="ignore"):
        near = np.abs(array - expected) <= NEXT * np.abs(expected)
    expect_all(near | ~seen, array, lambda place: show(float(expected[place])))


def expect_all(right, array, wanted):
    """Fail at the first entry that is not right."""
    for place in np.argwhere(~right)[:1]:
        place = tuple(map(int, place))
        text = f"expected {wanted(place)} at {[*place]} (head, query, key)"
        raise Mismatch(f"{text}, got {show(float(array[place]))}")


def judge_future(actual, expected, *_, **__):
    """-inf where the key comes after the query, 0 for the query itself, and else finite."""
    array = assert_array(actual, shape=expected.shape)
    exact = (expected == -INF) | (expected == 0)
    right = np.where(exact, array == expected, np.isfinite(array))

    def wanted(place):
        return show(float(expected[place])) if exact[place] else "a finite number"

    expect_all(right, array, wanted)


SINUSOIDS = Truth("sinusoidal_encoding", by_rotations, inputs=sizes, rtol=0.0, atol=ROUGH)
ROPE = Truth("apply_rope", by_complex_numbers, inputs=based, rtol=0.0, atol=ROUGH)
PAST = Truth("alibi_bias", entry_by_entry, inputs=heads, rtol=NEXT, judge=judge_past)
FUTURE = Truth("alibi_bias", entry_by_entry, inputs=heads, rtol=NEXT, judge=judge_future)


# Problems


def rows(rng, shape, low=-9, high=10):
    """x of this shape with entries between 0.5 and 2 in size, and a position for each row."""
    x = rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
    return x, rng.integers(low, high, size=shape[-2])


def counted(rng, shape):
    """As `rows`, at the positions 0, 1, 2, ..."""
    return rows(rng, shape)[0], np.arange(shape[-2])


def fixed(make, seed, *shapes):
    """Problems of these shapes, the same in every run."""
    rng = np.random.default_rng(seed)
    return [make(rng, shape) for shape in shapes]


def plane(rng):
    """Two axes, the sizes of which are small."""
    return int(rng.integers(2, 6)), 2 * int(rng.integers(1, 5))


def draw_far(rng):
    return rows(rng, (4, 6), *[(-100_000, -90_000), (90_000, 100_001)][rng.integers(2)])


def draw_base(rng):
    return *counted(rng, plane(rng)), float(rng.choice([10.0, 500.0, 2.5e5]) * rng.uniform(1, 2))


# sinusoidal_encoding


@check("sinusoidal_encoding", points=1,
       hint="Write out four columns for the position 1. Which two share an angle, and by how much "
            "is the angle of the next two smaller?")  # fmt: skip
def test_gives_other_waves(submission):
    """Column 2i is sin(pos / 10000**(2i/d_model)), and column 2i + 1 its cosine."""
    cases = [(3, 4), (4, 4), (5, 2), (2, 8), (6, 6), (1, 4), (4, 12), (1, 2)]
    SINUSOIDS.assert_holds(submission, [*cases, ((), {"length": 2, "d_model": 6})], draw=plane)


def last_position(answer, length):
    """What the last position gets, without the other thousands."""
    return np.array(answer.sinusoidal_encoding(length, 2)[-1])


@check("sinusoidal_encoding", points=0.5,
       hint="Is the angle worked out in float64, from the position itself? Does anything in your "
            "code end at some length?")  # fmt: skip
def test_drifts_with_the_position(submission):
    """Thousands of positions or columns on, the encoding is as exact as at the first."""
    cases = [(40, 6), (700, 4), (2, 1_040)]
    SINUSOIDS.assert_holds(
        submission, cases, draw=lambda rng: (int(rng.integers(200, 900)), 4), draws=1, atol=TIGHT
    )
    far = 2**15 + 10  # which int16 does not count up to
    wanted = np.array([np.sin(far - 1.0), np.cos(far - 1.0)])
    assert_close(submission.probe(last_position, far), wanted,
                 rtol=0.0, atol=TIGHT,
                 given=f"the last row of sinusoidal_encoding({far}, 2)")  # fmt: skip


@check("sinusoidal_encoding", points=0.5,
       hint="With five columns, whose cosine is missing? The contract names an error for that.")
def test_accepts_an_odd_width(submission):
    """An odd d_model is a ValueError, 1 included; an even one is not."""
    assert_array(submission.sinusoidal_encoding(3, 6), shape=(3, 6))
    for length, d_model in ((3, 5), (4, 1), (1, 7)):
        with pytest.raises(ValueError):
            submission.sinusoidal_encoding(length, d_model)


def scribbled(answer, name, first, second, fill):
    """A value; then others, the first of which is written over; then the same again."""
    one = getattr(answer, name)(*first)
    before = np.array(one)
    other = np.array(getattr(answer, name)(*second))
    kept = np.array(one)
    if getattr(one, "flags", None) is not None and one.flags.writeable:
        one[...] = fill
    return before, kept, other, np.array(getattr(answer, name)(*first))


def assert_own_array(submission, truth, first, second):
    """Fail where a later call changes what an earlier one gave, or the other way round."""
    name = truth.function
    value = submission.probe(scribbled, name, first, second, 7.0)
    expect(isinstance(value, tuple | list) and len(value) == 4, "it sent back no proper data")
    before, kept, other, again = value
    given = f"{name}{first}"
    assert_roughly(before, truth.value(first, {}))
    assert_roughly(other, truth.value(second, {}))
    assert_equal(kept, before, given=f"{given}, after {name}{second} was called")
    assert_equal(again, before, given=f"{given}, again after its first array was overwritten")


@check("sinusoidal_encoding", points=0.5,
       hint="Do two calls share one array? Is a table that was made for a shorter text used for a "
            "longer one?")  # fmt: skip
def test_shares_its_table(submission):
    """Every call gives an array of its own, and starts afresh."""
    rng = rng_of(submission)
    for first, second in (((3, 4), (3, 4)), ((2, 4), (5, 4)), ((5, 6), (5, 2)),
                          (plane(rng), plane(rng))):  # fmt: skip
        assert_own_array(submission, SINUSOIDS, first, second)


# apply_rope


@check("apply_rope", points=1, inputs=points,
       hint="Take the row (1, 0, 1, 0) at the position 1. Which columns belong together, and which "
            "of them gets the sine, with which sign?")  # fmt: skip
def test_turns_other_pairs_or_otherwise(submission):
    """The columns (2i, 2i + 1) are turned by position * 10000**(-2i/D), towards the second."""
    cases = fixed(counted, 24, (3, 4), (4, 4), (5, 2), (2, 8), (6, 6), (2, 12))
    ROPE.assert_holds(submission, cases, draw=lambda rng: counted(rng, plane(rng)))


@check("apply_rope", points=0.75, inputs=points,
       hint="In generation a row may stand at any position. Do you use the numbers that you are "
            "given, whatever their order and sign?")  # fmt: skip
def test_takes_other_positions(submission):
    """Positions may be negative, repeated and unordered, and begin anywhere."""
    # One pair of columns: which pairs there are, and their frequencies, is another check's affair.
    x, _ = fixed(rows, 25, (4, 2))[0]
    places = [4, 5, 6, 7], [3, 0, 2, 1], [-1, -2, -3, -4], [2, 2, -2, 2], [0, 0, 0, 0]
    cases = [(x, np.array(each)) for each in places]
    cases += [(x[:1], np.array([5])), (x[:2], np.array([200, 100], dtype=np.int32)),
              (x[:2], np.array([-100, 90], dtype=np.int8))]  # fmt: skip
    ROPE.assert_holds(
        submission, cases, draw=lambda rng: rows(rng, (plane(rng)[0], 2), -40, 40), draws=3
    )


def stacked(answer, x, positions):
    """The value for x with all its leading axes, and for each part of it alone."""
    parts = x.reshape(-1, *x.shape[-2:])
    alone = [np.array(answer.apply_rope(part.copy(), positions.copy())) for part in parts]
    return answer.apply_rope(x, positions), alone


@check("apply_rope", points=0.75,
       hint="Which axis of (B, H, L, D) do the positions belong to? Count from the end: does your "
            "code run for (L, D), and for five axes?")  # fmt: skip
def test_mixes_up_leading_axes(submission):
    """Any number of leading axes works, and each part is turned as it would be alone."""
    shapes = (3, 3, 4), (2, 3, 4), (2, 2, 3, 4), (3, 3, 3, 4), (1, 3, 2), (2, 1, 4, 2)
    shapes = *shapes, (2, 1, 2, 3, 4)
    rng = rng_of(submission)
    drawn = [(*rng.integers(1, 4, size=rng.integers(1, 4)).tolist(), *plane(rng)) for _ in range(2)]
    cases = fixed(rows, 27, *shapes) + [rows(rng, shape) for shape in drawn]
    for (x, positions), value in submission.each_probe(stacked, cases):
        given = f"apply_rope of x {x.shape}, compared with each part of it alone"
        expect(isinstance(value, tuple | list) and len(value) == 2, "it sent back no proper data")
        got, alone = value
        assert_roughly(got, by_complex_numbers(x, positions))
        expect(all(part.shape == x.shape[-2:] for part in alone), "it gives other shapes",
               given=given)  # fmt: skip
        whole = np.reshape(np.array(alone), x.shape)
        assert_close(got, whole, rtol=0.0, atol=TIGHT, given=given)


@check("apply_rope", points=0.5,
       hint="At the position 100,000, how exact is a float32 angle? And has your table of angles "
            "an end, or a beginning?")  # fmt: skip
def test_loses_digits_at_far_positions(submission):
    """Positions up to 100,000 of either sign are as exact as small ones, in any row and column."""
    rng = np.random.default_rng(28)
    cases = [rows(rng, (3, 4), 1, 9), rows(rng, (3, 4), 99_000, 100_001),
             rows(rng, (3, 4), -100_000, -99_000), rows(rng, (2, 16), -5000, 5000)]  # fmt: skip
    cases += [(rows(rng, (3, 2))[0], np.array([100_000, -100_000, 65_537]))]
    cases += [rows(rng, (1_030, 2)), rows(rng, (1, 1_040), 99_000, 100_001)]
    ROPE.assert_holds(submission, cases, draw=draw_far, atol=TIGHT)
    x, positions = rows(rng, (3, 4))
    ROPE.assert_holds(submission, [(1e7 * x, positions)])  # float64 errs by 1e-8


@check("apply_rope", points=0.5, inputs=based,
       hint="What is the frequency of the last pair, for a base of 100 and D = 4? Is the base that "
            "was asked for in your formula?")  # fmt: skip
def test_takes_another_base(submission):
    """`base` sets the frequencies."""
    cases = fixed(counted, 29, (3, 4), (4, 6), (3, 8))
    cases = [(*cases[0], 100.0), (*cases[1], 500_000.0), (cases[2], {"base": 50.0}),
             (*cases[1], 1.0), (*cases[1], 0.5), (*cases[2], 1e8),
             (*cases[0], 10000.0)]  # fmt: skip
    ROPE.assert_holds(submission, cases, draw=draw_base)


@check("apply_rope", points=0.5, inputs=odd_points,
       hint="Which column would the last of five be turned with?")
def test_turns_an_odd_width(submission):
    """An odd D is a ValueError, 1 included; an even one is not."""
    x, positions = fixed(rows, 30, (3, 6))[0]
    assert_array(submission.apply_rope(x, positions), shape=(3, 6))
    for odd in (x[:, :5], x[:, :1], np.stack([x, x])[..., :3]):
        with pytest.raises(ValueError):
            submission.apply_rope(odd, positions)


def with_positions(answer, x, first, second):
    """Calls that differ in the positions, and in the base, only."""
    return [np.array(answer.apply_rope(x, *more)) for more in (
        (first,), (second,), (first,), (first, 20.0), (first,)
    )]  # fmt: skip


@check("apply_rope", points=0.5,
       hint="`x[..., 0::2] = ...` writes into whose array, and what do you read after it? Is a "
            "table of an earlier call used for other positions?")  # fmt: skip
def test_writes_into_x(submission):
    """x and positions stay as they were, however they lie in memory; calls start afresh."""
    cases = fixed(rows, 31, (2, 3, 4), (2, 3, 4), (3, 2))
    assert_no_traces(submission, ROPE, cases, draw=lambda rng: rows(rng, plane(rng)))
    rng = rng_of(submission)
    problems = *fixed(rows, 32, (3, 4)), rows(rng, (3, 4))
    cases = [(x, positions, positions[::-1] + 2) for x, positions in problems]
    for (x, positions, _), value in submission.each_probe(with_positions, cases):
        expect(isinstance(value, list) and len(value) == 5, "it sent back no proper data")
        one, _, again, _, last = value
        assert_roughly(one, by_complex_numbers(x, positions))
        for later in (again, last):
            given = "apply_rope, called again after other positions and another base"
            assert_equal(later, one, given=given)


# alibi_bias


@check("alibi_bias", points=1,
       hint="Two heads have the slopes 1/16 and 1/256. What is the bias of the key next to the "
            "query, and of the one before it, and with which sign?")  # fmt: skip
def test_gives_other_slopes(submission):
    """Where the key is before the query, the bias is -slope * (query - key)."""
    cases = [(2, 3), (4, 4), (8, 5), (1, 4), (8, 8), (16, 2)]
    PAST.assert_holds(
        submission, cases, draw=lambda rng: (2 ** int(rng.integers(0, 5)), int(rng.integers(2, 9)))
    )


@check("alibi_bias", points=0.5,
       hint="The formula knows no powers of two. What does it give for three heads?")
def test_rounds_heads_to_a_power_of_two(submission):
    """Any number of heads has the slopes 2**(-8 * (h + 1) / num_heads)."""
    cases = [(3, 3), (6, 4), (12, 2), (5, 5), (7, 3), (130, 2), ((), {"num_heads": 3, "length": 4})]
    numbers = [3, 5, 6, 7, 9, 10, 11, 12, 13]
    PAST.assert_holds(
        submission, cases, draw=lambda rng: (int(rng.choice(numbers)), int(rng.integers(2, 6)))
    )


@check("alibi_bias", points=0.75,
       hint="Row is query, column is key. Which keys come after query 0? What is 0 times inf, and "
            "does a query see itself?")  # fmt: skip
def test_masks_other_keys(submission):
    """The bias is -inf exactly where the key comes after the query, and 0 for its own."""
    cases = [(2, 3), (4, 4), (1, 2), (3, 6), (1, 1), (5, 1)]
    FUTURE.assert_holds(
        submission, cases, draw=lambda rng: (int(rng.integers(1, 5)), int(rng.integers(2, 9)))
    )


def last_query(answer, length):
    """What one head adds for the last query, without the other thousands of entries."""
    return np.array(answer.alibi_bias(1, length)[0][-1])


@check("alibi_bias", points=0.25,
       hint="How small is the smallest slope, and the distance from the first to the last of a "
            "long text?")  # fmt: skip
def test_ends_at_some_length(submission):
    """Hundreds of tokens have a bias that goes on growing with the distance."""
    PAST.assert_holds(
        submission, [(1, 9)], draw=lambda rng: (1, int(rng.integers(50, 80))), draws=1
    )
    assert_close(submission.probe(last_query, 520), np.arange(-519.0, 1.0) / 256, rtol=NEXT,
                 given="the last row of alibi_bias(1, 520)")  # fmt: skip


@check("alibi_bias", points=0.5,
       hint="Do two calls share one array? Is the result of one length used for another?")
def test_shares_its_bias(submission):
    """Every call gives an array of its own, and starts afresh."""
    rng = rng_of(submission)
    one, other = (int(length) for length in rng.integers(2, 9, size=2))
    for first, second in (((2, 3), (2, 3)), ((2, 3), (2, 5)), ((2, 4), (3, 4)),
                          ((3, one), (2, other))):  # fmt: skip
        assert_own_array(submission, PAST, first, second)
