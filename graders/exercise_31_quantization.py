"""The hidden checks of exercise 31: symmetric and affine codes, and products of them.

Truth is in fractions: a float is one exactly, `round` of a fraction goes to the nearest and halves
to even, and sums of Python's ints cannot overflow. Cases in which rounding of floats could decide
(an entry within 1e-6 of half a step while the scale is no power of two) do not occur.

Each check judges one thing and takes the rest loosely: codes may be off by one where scales are
looked at, and are judged by the answer's own scale where rounding is; their type counts in the
checks on types alone.
"""

import math
from fractions import Fraction

import numpy as np

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_no_traces,
    assert_number,
    check,
    expect,
    show,
)

RTOL = 1e-9  # a scale in float64 is within 1e-15, one in float32 within 1e-7
HALF = Fraction(1, 2)
MARGIN = Fraction(1, 10**6)


# ---- quantize_symmetric: truth -----------------------------------------------------------------


def slices(shape, axis):
    """For each scale: the places in the array of scales, and those of the entries it serves."""
    if axis is None:
        return [((), slice(None) if len(shape) == 1 else (slice(None),) * len(shape))]
    axis %= len(shape)
    whole, first = [slice(None)] * len(shape), [0] * len(shape)
    return [
        (tuple(first[:axis] + [i] + first[axis + 1 :]),
         tuple(whole[:axis] + [i] + whole[axis + 1 :]))
        for i in range(shape[axis])
    ]  # fmt: skip


def fractions_of(array):
    return [Fraction(entry) for entry in array.ravel().tolist()]


def exact_symmetric(w, bits=8, axis=None):
    """Slice by slice in fractions."""
    bound = 2 ** (bits - 1) - 1
    q = np.zeros(w.shape, dtype=np.int8)
    scales = np.ones(() if axis is None else [
        size if i == axis % w.ndim else 1 for i, size in enumerate(w.shape)])  # fmt: skip
    for of_scale, of_entries in slices(w.shape, axis):
        part = w[of_entries]
        entries = fractions_of(part)
        scale = max(map(abs, entries)) / bound or Fraction(1)
        codes = [round(entry / scale) for entry in entries]
        q[of_entries] = np.array(codes, dtype=np.int8).reshape(part.shape)
        scales[of_scale] = float(scale)
    return q, float(scales) if axis is None else scales


def is_power_of_two(number):
    return math.frexp(float(number))[0] == 0.5 and Fraction(float(number)) == number


def is_near_half(number):
    """Whether rounding of floats could decide to which integer this goes."""
    return abs(number - math.floor(number) - HALF) < MARGIN


def is_decided(w, bits=8, axis=None):
    """Whether no entry is near to half a step, unless its scale is a power of two."""
    bound = 2 ** (bits - 1) - 1
    for _, of_entries in slices(w.shape, axis):
        entries = fractions_of(w[of_entries])
        scale = max(map(abs, entries)) / bound or Fraction(1)
        if not is_power_of_two(scale) and any(is_near_half(each / scale) for each in entries):
            return False
    return True


def parts_of(actual, names):
    """The parts of the tuple that came back."""
    if not isinstance(actual, tuple | list) or len(actual) != len(names):
        raise Mismatch(f"expected a tuple ({', '.join(names)}), got {show(actual)}")
    return actual


def codes_of(q, expected):
    """The codes as floats, whatever their type."""
    q = assert_array(q, shape=expected.shape, dtype=None)
    expect(q.dtype.kind in "iuf", f"expected integers, got dtype {q.dtype}")
    return q.astype(np.float64)


def number_of(value):
    """A scale for the whole array, or a zero point, as a float, whatever holds it."""
    if isinstance(value, np.ndarray | np.generic) and value.size == 1 and value.dtype.kind in "iuf":
        return float(value.reshape(()))
    return assert_number(value)


def scales_of(scale, wanted):
    """One scale or an array of them as float64, whatever type holds them."""
    if isinstance(wanted, float):
        return np.asarray(number_of(scale))
    scale = assert_array(scale, shape=wanted.shape, dtype=None)
    expect(scale.dtype.kind in "iuf", f"expected floats, got dtype {scale.dtype}")
    return scale.astype(np.float64)


def assert_codes(q, expected, off):
    """No code is further than `off` from what it should be."""
    apart = np.abs(codes_of(q, expected) - expected.astype(np.float64))
    if not bool((apart <= off).all()):
        raise Mismatch(f"expected the codes {show(expected)}, got {show(q)}")


def judge_scales(actual, expected, *args, **keywords):
    """Right scales, and codes that are at most one off."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    assert_close(scales_of(scale, wanted), np.asarray(wanted), rtol=RTOL)
    assert_codes(q, wanted_q, off=1)


def judge_rounding(actual, expected, w, bits=8, axis=None):
    """Right codes; for a scale of the answer's own, codes that are right for that one."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    own = number_of(scale)
    if abs(own - wanted) <= RTOL * wanted:
        assert_codes(q, wanted_q, off=0)
        return
    bound = 2 ** (bits - 1)
    exact = np.clip(w / own if own else w * np.nan, -bound, bound)
    near = np.abs(codes_of(q, wanted_q) - exact) <= (0.5 if abs(exact).max() < bound else 1) + 1e-6
    expect(near.all(), f"expected round(w / scale) for the scale {show(own)}, got {show(q)}")


def judge_axis(actual, expected, w, bits=8, axis=None):
    """One scale for each index: right ones, or all wrong by the same factor."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    scale = assert_array(scale, shape=wanted.shape, dtype=None)
    expect(scale.dtype.kind in "iuf", f"expected floats, got dtype {scale.dtype}")
    factor = scale.ravel()[0] / wanted.ravel()[0]
    expect(0.25 < factor < 4, f"expected the scale {show(wanted)}, got {show(scale)}")
    # Relative to the first, in float32 at the worst.
    assert_close(scale.astype(np.float64), wanted * factor, rtol=1e-6)
    apart = np.abs(codes_of(q, wanted_q) * scale - w)
    expect((apart <= 1.6 * wanted).all(), f"expected the codes {show(wanted_q)}, got {show(q)}")


def judge_types(actual, expected, *args, **keywords):
    """Types alone, and about the right numbers."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    assert_array(q, shape=wanted_q.shape, dtype=np.int8)
    expect(q.any() == wanted_q.any(), f"expected the codes {show(wanted_q)}, got {show(q)}")
    if isinstance(wanted, float):
        assert_number(scale)
    else:
        assert_array(scale, shape=wanted.shape)


def judge_zeros(actual, expected, w, bits=8, axis=None):
    """Scales of 1 and codes of 0 where all is zero, and about the right ones elsewhere."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    q, wanted = codes_of(q, wanted_q), np.asarray(wanted)
    zero = np.array([not w[of_entries].any() for _, of_entries in slices(w.shape, axis)])
    scale = np.asarray(scale, dtype=np.float64)
    # Shapes of scales are for another check.
    expect(scale.size == wanted.size, f"expected the scale {show(wanted)}, got {show(scale)}")
    scale, wanted = scale.ravel(), wanted.ravel()
    right = np.where(zero, scale == 1, (scale > wanted / 4) & (scale < wanted * 4))
    expect(right.all(), f"expected the scale {show(wanted)}, got {show(scale)}")
    near = np.where(wanted_q == 0, np.abs(q) <= (w != 0), q * np.sign(w) > 0)
    expect(near.all(), f"expected the codes {show(wanted_q)}, got {show(q)}")


def in_proportion(actual, expected, *args, **keywords):
    """Scales of the right order, exact to 1e-3, and codes that are about right."""
    (q, scale), (wanted_q, wanted) = parts_of(actual, ("q", "scale")), expected
    scale, wanted = np.asarray(scale, dtype=np.float64).ravel(), np.asarray(wanted).ravel()
    expect(scale.size == wanted.size, f"expected the scale {show(wanted)}, got {show(scale)}")
    expect(((scale > wanted / 4) & (scale < wanted * 4)).all(),
           f"expected the scale {show(wanted)}, got {show(scale)}")  # fmt: skip
    # A bound of 128 or 255 moves codes, but lets none of the large ones vanish.
    q = codes_of(q, wanted_q)
    right = np.where(np.abs(wanted_q) < 2, True, (q * wanted_q > 0) & (np.abs(q) >= 1))
    expect(right.all(), f"expected the codes {show(wanted_q)}, got {show(q)}")


def small_weights(st, bits=(8, 4, 2), axes=(None, 0, 1, -1)):
    """One or two rows of small numbers, decided whatever the axis."""
    numbers = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([0.5, 63.5, 127.0, 1e-9]))
    one = st.lists(numbers, min_size=1, max_size=3).map(lambda row: np.array([row]))
    two = st.lists(numbers, min_size=4, max_size=4).map(lambda four: np.array(four).reshape(2, 2))
    cases = st.tuples(st.one_of(one, two), st.sampled_from(bits), st.sampled_from(axes))
    return cases.filter(lambda case: is_decided(*case))


def whole(st):
    return small_weights(st, (8,), (None,))


def of_bits(st):
    return small_weights(st, (8, 4, 2, 3, 7), (None,))


SCALES = Truth("quantize_symmetric", exact_symmetric, inputs=of_bits, rtol=RTOL, judge=judge_scales)
ROUNDED = Truth("quantize_symmetric", exact_symmetric, inputs=whole, rtol=RTOL,
                judge=judge_rounding)
ALONG = Truth("quantize_symmetric", exact_symmetric, inputs=lambda st: small_weights(
    st, (8,), (0, 1, -1, -2)), rtol=RTOL, judge=judge_axis)
TYPES = Truth("quantize_symmetric", exact_symmetric, inputs=small_weights, rtol=RTOL,
              judge=judge_types)

ZEROS = Truth("quantize_symmetric", exact_symmetric, inputs=lambda st: small_weights(st, (8,)),
              rtol=0.0, judge=judge_zeros)
PROPORTIONS = Truth("quantize_symmetric", exact_symmetric, inputs=whole, rtol=0.0,
                    judge=in_proportion)


# ---- quantize_symmetric: cases and checks ------------------------------------------------------


def decided(rng, make, is_decided):
    """The first case that `make` draws in which no rounding of floats decides."""
    while True:
        case = make(rng)
        if is_decided(*case):
            return case


def weights(rng, *shape, size=1.0):
    """Unlike numbers, of which the largest magnitude is negative half of the times."""
    w = rng.normal(0.0, size, shape)
    w.flat[int(rng.integers(w.size))] = rng.choice([-3.5, 3.5]) * size * rng.uniform(0.9, 1.1)
    return w


def shape_of(rng, least=1, most=3):
    """A shape of some axes, no two of one length."""
    return [int(n) for n in rng.permutation([2, 3, 4])[: int(rng.integers(least, most + 1))]]


def draw_weights(rng):
    size = float(10.0 ** rng.integers(-3, 4))
    return decided(rng, lambda rng: (weights(rng, *shape_of(rng), size=size),), is_decided)


def draw_bits(rng):
    bits = int(rng.integers(2, 8))
    return decided(rng, lambda rng: (weights(rng, *shape_of(rng)), bits), is_decided)


def draw_axis(rng):
    """Slices whose magnitudes are powers of ten apart."""

    def make(rng):
        shape = shape_of(rng, least=2)
        axis = int(rng.integers(len(shape)))
        sizes = 10.0 ** rng.permutation(np.arange(shape[axis]) - 2.0)
        along = [-1 if i == axis else 1 for i in range(len(shape))]
        w = weights(rng, *shape) * sizes.reshape(along)
        return w, 8, axis - len(shape) * int(rng.integers(2))

    return decided(rng, make, is_decided)


def draw_halves(rng):
    """Entries half-way between two codes, with a scale that is a power of two."""
    scale = 2.0 ** rng.integers(-5, 6)
    halves = rng.choice(np.arange(-126, 126), size=6, replace=False) + 0.5
    return (np.array([[127.0, *halves[:3]], [-127.0, *halves[3:]]]) * scale,)


def draw_zeros(rng):
    """A slice of zeros among others."""
    w = decided(rng, lambda rng: (weights(rng, 3, 4), 8, 0), is_decided)[0]
    w[int(rng.integers(3))] = 0.0
    return w, 8, 0


def draw_extreme(rng):
    """Magnitudes that squares, sums with an eps and float32 do not stand."""
    power = float(rng.choice([-1, 1]) * rng.uniform(60, 290))
    return decided(rng, lambda rng: (weights(rng, 2, 3) * 10.0**power,), is_decided)


def fixed(draw, *numbers):
    """Cases that `draw` makes of seeds of ours, the same in every run."""
    return [draw(np.random.default_rng(number)) for number in numbers]


@check("quantize_symmetric", points=0.5,
       hint="For eight bits the codes run from -127 to 127. Which number gets 127? And does your "
            "largest number know that -5 is larger than 3?")  # fmt: skip
def test_takes_another_scale(submission):
    """For eight bits the scale is the largest magnitude over 127, and codes are w / scale."""
    cases = [(np.array([0.5, -2.54, 1.0]),), (np.array([[3.0, 1.25, -0.2]]),),
             (np.array([-4.0]),), *fixed(draw_weights, 1, 2)]  # fmt: skip
    SCALES.assert_holds(submission, cases, draw=draw_weights)


@check("quantize_symmetric", points=0.5, inputs=whole,
       hint="What becomes of 2.7, of -2.7, of 2.5 and of 3.5 codes? Does a cast to an integer "
            "round?")  # fmt: skip
def test_rounds_otherwise(submission):
    """Codes are rounded to the nearest integer, and halves to the even one."""
    row = np.array([127.0, 0.5, 1.5, -0.5, -1.5, 2.5, -2.5, 125.5, 126.5, -126.5])
    cases = [(np.array([12.7, 0.27, -0.27, 0.33, -0.33]),), (row,), (-row * 0.25,),
             *fixed(draw_weights, 3, 4)]  # fmt: skip
    ROUNDED.assert_holds(submission, cases, draw=draw_halves)
    ROUNDED.assert_holds(submission, fixed(draw_weights, 5), draw=draw_weights, draws=1)


@check("quantize_symmetric", points=0.5,
       hint="How many codes have four bits, and which of them is the counterpart of 7? And "
            "two bits?")  # fmt: skip
def test_ignores_the_bits(submission):
    """With `bits` the largest code is 2**(bits - 1) - 1, down to two bits."""
    w = np.array([[0.31, -1.4], [0.92, 0.05]])
    cases = [(w, 4), (w, 2), (-w, 3), (w, 7), (w, 5), ((w,), {"bits": 6})]
    SCALES.assert_holds(submission, cases, draw=draw_bits, draws=3)


@check("quantize_symmetric", points=1,
       hint="For (3, 4) and axis 0 the scale is (3, 1). Over which axes is the largest magnitude "
            "taken? And over which with three axes, or for axis -1?")  # fmt: skip
def test_takes_scales_along_the_wrong_axis(submission):
    """With `axis` each index along it has a scale of its own, and all axes are kept."""
    w = np.array([[0.5, -8.0, 3.0, 0.3], [0.02, 0.01, -0.03, 0.0], [40.0, 7.0, 90.0, 1.0]])
    three = w.reshape(3, 2, 2) * np.array([1.0, 0.1])
    cases = [(w, 8, 0), (w, 8, 1), (w, 8, -1), (w, 8, -2), (three, 8, 0), (three, 8, 1),
             (three, 8, 2), (three, 8, -3), (three, 8, -2), ((w.T,), {"axis": 1}),
             (w[2], 8, 0), (w[0], 8, -1)]  # fmt: skip
    ALONG.assert_holds(submission, cases, draw=draw_axis, draws=3)


@check("quantize_symmetric", points=0.5,
       hint="What is 0 / 0, and what does a cast to int8 make of it? If one row of three is zero, "
            "which scales are 1?")  # fmt: skip
def test_divides_by_zero(submission):
    """Where all that shares a scale is zero, the scale is 1 and the codes are 0."""
    rows = np.array([[0.0, 0.0], [0.5, -2.0], [0.0, 0.0]])
    ZEROS.assert_holds(
        submission,
        [(np.zeros(3),), (np.zeros((2, 3)), 4), (rows, 8, 0), (rows, 3, -2), (rows[:, :1], 8, 1),
         (np.zeros((2, 2)), 8, 1), (-np.zeros(2),), (rows,)],
        draw=draw_zeros,
    )  # fmt: skip


@check("quantize_symmetric", points=0.5,
       hint="Weights of 1e-12 are weights. What is left of them after you add 1e-8 to the scale, "
            "or in float32?")  # fmt: skip
def test_adds_to_tiny_scales(submission):
    """Tiny and huge weights get scales in proportion, without an eps."""
    w = np.array([[0.31, -1.4], [0.92, 0.05]])
    cases = [(w * 10.0**power,) for power in (-12, -9, -60, -299, 45, 290)]
    cases += [(np.array([1e-300, 0.0]),), (w * 1e-12, 8, 0), (w * 1e-290, 4, 1)]
    PROPORTIONS.assert_holds(submission, cases, draw=draw_extreme)


def draw_for_types(rng):
    w = draw_weights(rng)[0]
    return (w, 8, 0) if rng.random() < 0.5 else (w,)


@check("quantize_symmetric", points=0.5,
       hint="Which dtype have the codes after np.round? Is one scale a float, several an array? "
            "And whose array does `w /= scale` write into?")  # fmt: skip
def test_gives_other_types_or_writes_into_w(submission):
    """Codes are int8, one scale is a float, and `w` stays as it was."""
    w = np.array([[0.5, -8.0, 3.0], [0.26, 0.1, -0.3]])
    cases = [(w,), (w[::-1] * 1.5,), (w, 4, 0), (w, 8, -1), (np.zeros((2, 2)),), (w[0],)]
    TYPES.assert_holds(submission, cases, draw=draw_for_types)
    for axis in (None, 1):
        layouts = [(w, 8, axis), (w[::-1] * 1.5, 8, axis)]
        assert_no_traces(submission, TYPES, layouts, draw=draw_for_types)


# ---- dequantize --------------------------------------------------------------------------------


def entry_by_entry(q, scale, zero_point=0):
    """(q - zero_point) * scale in Python's ints and fractions."""
    scales = np.broadcast_to(scale, q.shape).ravel().tolist()
    pairs = zip(q.ravel().tolist(), scales, strict=True)
    values = [float((code - int(zero_point)) * Fraction(each)) for code, each in pairs]
    return np.array(values, dtype=np.float64).reshape(q.shape)


def judge_values(actual, expected, *args, **keywords):
    """Values alone, whatever float type holds them."""
    got = assert_array(actual, shape=expected.shape, dtype=None)
    expect(got.dtype.kind in "iuf", f"expected floats, got dtype {got.dtype}")
    # float32 is for the check on types.
    assert_close(got.astype(np.float64), expected, rtol=1e-6, atol=1e-300)


def small_codes(st):
    """Up to three codes of some type, with a zero point."""
    dtypes = st.sampled_from([np.int8, np.uint8, np.int32])
    codes = st.lists(st.integers(0, 100), min_size=1, max_size=3)
    return st.builds(lambda values, dtype, scale, zero: (np.array(values, dtype), scale, zero),
                     codes, dtypes, st.sampled_from([1.0, 0.5]), st.integers(0, 5))  # fmt: skip


FLOATS = Truth("dequantize", entry_by_entry, inputs=small_codes, rtol=1e-6, judge=judge_values)
EXACT = Truth("dequantize", entry_by_entry, inputs=small_codes, rtol=1e-12)


def draw_codes(rng):
    """Codes above the zero point, which no type can wrap."""
    zero_point = int(rng.integers(1, 20))
    q = rng.integers(zero_point, 100, shape_of(rng)).astype(np.int16)
    return q, float(rng.uniform(0.01, 2.0)), zero_point


def draw_broadcast(rng):
    N, M = int(rng.integers(2, 4)), int(rng.integers(4, 6))
    shape = [(N, 1), (1, M), (M,), (N, M)][int(rng.integers(4))]
    return rng.integers(1, 100, (N, M)).astype(np.int32), rng.uniform(0.01, 2.0, shape)


@check("dequantize", points=0.5,
       hint="Which code stands for 0.0? Is the zero point taken away before or after the scale "
            "comes in? And what if there is a scale for each row?")  # fmt: skip
def test_dequantizes_otherwise(submission):
    """Codes less the zero point, times the scale, which may be an array; by default no shift."""
    q = np.array([[3, 100, 7], [20, 5, 64]], dtype=np.int16)
    cases = [(q, 0.5, 3), (q, 0.25), (q, 0.3, 1), (q, np.float64(2.0), 2), (q[0], 0.7, 0),
             (q, np.array([[0.5], [0.1]])), (q, np.array([[2.0, 0.3, 1.5]]), 2),
             (q, np.array([0.1, 0.2, 0.3]), 1), ((), {"q": q, "scale": 1.5, "zero_point": 3}),
             (q, 0.5, -4)]  # fmt: skip
    FLOATS.assert_holds(submission, cases, draw=draw_codes)
    FLOATS.assert_holds(submission, [], draw=draw_broadcast)


def draw_any_type(rng):
    """Codes over the whole range of a type, and a zero point on which it would wrap."""
    dtype = np.dtype(rng.choice(["int8", "uint8", "int16", "uint16", "int32", "uint32"]))
    limits = np.iinfo(dtype)
    q = rng.integers(limits.min, limits.max, 4, dtype=dtype, endpoint=True)
    q[:2] = limits.max, limits.min
    return q, float(rng.uniform(0.01, 2.0)), int(rng.choice([-7, 11]))


@check("dequantize", points=0.5,
       hint="What is 0 - 3 in uint8, and 127 - (-1) in int8? Which type has to come first, and "
            "does it hold every code exactly?")  # fmt: skip
def test_wraps_in_the_type_of_the_codes(submission):
    """Codes of any integer type and zero points of any kind of integer give exact float64."""
    def code(dtype, *values):
        return np.array(values, dtype=dtype)

    cases = [
        (code(np.uint8, 0, 3, 255), 0.5, 3), (code(np.int8, -128, 127, 0), 0.1, -100),
        (code(np.uint8, 0, 200), 0.1, np.uint8(128)), (code(np.int8, -100, 90), 0.1, np.int8(100)),
        (code(np.int64, 2**40, -(2**35) + 1), 0.5, 7), (code(np.uint64, 0, 5), 0.5, 3),
        (code(np.uint32, 0, 2**32 - 1), 0.25, 1), (code(np.int32, 2**31 - 1, -(2**31)), 1.0, -9),
        (code(np.uint16, 1, 65535), np.array([0.5, 0.1]), np.int64(3)),
        (code(np.uint8, 7, 9), 1.0, 7), (code(np.int8, 100, -100), 3.0),
    ]  # fmt: skip
    EXACT.assert_holds(submission, cases, draw=draw_any_type, draws=3)


@check("dequantize", points=0.5,
       hint="Do the codes stay as they were? And is the result an array of its own, with every "
            "code in its place?")  # fmt: skip
def test_writes_into_the_codes(submission):
    """Codes and scales stay as they were, may lie anyhow in memory, and each call starts afresh."""
    q = np.array([[30, 100, 70], [20, 50, 64]], dtype=np.int64)
    scale = np.array([[0.5], [0.25]])
    cases = [(q, scale, 3), (q[::-1] + 5, scale * 3, 3)]
    assert_no_traces(submission, EXACT, cases, draw=draw_broadcast)
    assert_no_traces(submission, EXACT, [(q, 0.5), (q + 1, 0.5)], draw=draw_codes)


# ---- quantize_affine: truth --------------------------------------------------------------------


def exact_affine(x, bits=8):
    """The formulas of the contract in fractions."""
    entries, top = fractions_of(x), 2**bits - 1
    low, high = min(*entries, Fraction(0), 0), max(*entries, Fraction(0), 0)
    scale = Fraction(high - low) / top or Fraction(1)
    zero_point = round(-low / scale)
    codes = [min(max(round(entry / scale) + zero_point, 0), top) for entry in entries]
    return np.array(codes, dtype=np.uint8).reshape(x.shape), float(scale), zero_point


def is_decided_affine(x, bits=8):
    """Whether only `low` and `high` are near to half a step, and only if a power of two decides."""
    entries = fractions_of(x)
    low, high = min(*entries, 0, 0), max(*entries, 0, 0)
    scale = Fraction(high - low) / (2**bits - 1) or Fraction(1)
    between = [each for each in entries if low < each < high]
    if any(is_near_half(each / scale) for each in between):
        return False
    return is_power_of_two(scale) or not is_near_half(low / scale)


AFFINE_PARTS = "q", "scale", "zero_point"


def judge_range(actual, expected, *args, **keywords):
    """The right scale; zero point and codes at most one off."""
    (q, scale, zero_point), (wanted_q, wanted, wanted_zero) = parts_of(
        actual, AFFINE_PARTS), expected  # fmt: skip
    assert_close(number_of(scale), wanted, rtol=RTOL)
    zero = number_of(zero_point)
    expect(abs(zero - wanted_zero) <= 1, f"expected the zero point {wanted_zero}, got {show(zero)}")
    assert_codes(q, wanted_q, off=1)


def judge_affine_rounding(actual, expected, x, bits=8):
    """The right zero point and codes, whatever type holds them."""
    (q, scale, zero_point), (wanted_q, wanted, wanted_zero) = parts_of(
        actual, AFFINE_PARTS), expected  # fmt: skip
    own, zero = number_of(scale), number_of(zero_point)
    if abs(own - wanted) <= RTOL * wanted:
        expect(zero == wanted_zero, f"expected the zero point {wanted_zero}, got {show(zero)}")
        assert_codes(q, wanted_q, off=0)
        return
    exact = np.clip(x / own + zero if own else x * np.nan, 0, 2**bits - 1)
    near = np.abs(codes_of(q, wanted_q) - exact) <= 1 + 1e-6
    expect(near.all(), f"expected codes for the scale {show(own)}, got {show(q)}")


def judge_affine_types(actual, expected, *args, **keywords):
    """Types alone, and about the right numbers."""
    (q, scale, zero_point), (wanted_q, _, wanted_zero) = parts_of(
        actual, AFFINE_PARTS), expected  # fmt: skip
    assert_array(q, shape=wanted_q.shape, dtype=np.uint8)
    expect(q.any() == wanted_q.any(), f"expected the codes {show(wanted_q)}, got {show(q)}")
    assert_number(scale)
    if isinstance(zero_point, np.ndarray) and zero_point.shape == ():
        zero_point = zero_point.item()
    proper = isinstance(zero_point, int | np.integer) and not isinstance(zero_point, bool)
    expect(proper, f"expected the zero point {wanted_zero} as an int, got {show(zero_point)}")


def judge_affine_extremes(actual, expected, x, bits=8):
    """What is exact where all is zero, and elsewhere the right order of magnitude."""
    (q, scale, zero_point), (wanted_q, wanted, wanted_zero) = parts_of(
        actual, AFFINE_PARTS), expected  # fmt: skip
    scale, zero = number_of(scale), number_of(zero_point)
    if not x.any():
        exact = scale == 1 and zero == 0 and not codes_of(q, wanted_q).any()
        expect(exact, f"expected scale 1 and codes 0, got {show(actual)}")
        return
    expect(wanted / 2 < scale < wanted * 2, f"expected the scale {show(wanted)}, got {show(scale)}")
    expect(abs(zero - wanted_zero) <= 2, f"expected the zero point {wanted_zero}, got {show(zero)}")
    assert_codes(q, wanted_q, off=2)


def small_activations(st, bits=(8,)):
    odd = st.sampled_from([-126.5, 128.5, 0.25, 255.0])
    numbers = st.one_of(st.integers(-4, 4).map(float), odd)
    x = st.lists(numbers, min_size=1, max_size=3).map(np.array)
    return st.tuples(x, st.sampled_from(bits)).filter(lambda case: is_decided_affine(*case))


RANGE = Truth("quantize_affine", exact_affine, inputs=small_activations, rtol=RTOL,
              judge=judge_range)
RANGE_OF_BITS = Truth("quantize_affine", exact_affine, inputs=lambda st: small_activations(
    st, (8, 4, 2, 7)), rtol=RTOL, judge=judge_range)
AFFINE_ROUNDED = Truth("quantize_affine", exact_affine, inputs=small_activations, rtol=RTOL,
                       judge=judge_affine_rounding)
AFFINE_TYPES = Truth("quantize_affine", exact_affine, inputs=small_activations, rtol=RTOL,
                     judge=judge_affine_types)


def far_activations(st):
    numbers = st.sampled_from([0.0, 1e-12, -1e-12, 1e-60])
    x = st.lists(numbers, min_size=1, max_size=2).map(np.array)
    return st.tuples(x).filter(lambda case: is_decided_affine(*case))


EXTREMES = Truth("quantize_affine", exact_affine, inputs=far_activations, rtol=0.0,
                 judge=judge_affine_extremes)


# ---- quantize_affine: cases and checks ---------------------------------------------------------


def activations(rng, low, high, shape):
    """Unlike numbers from `low` to `high`, both included."""
    x = rng.uniform(low, high, shape)
    first, second = rng.choice(x.size, size=2, replace=False)
    x.flat[first], x.flat[second] = low, high
    return x


def draw_both_signs(rng):
    def make(rng):
        size = float(10.0 ** rng.integers(-3, 4))
        low, high = -rng.uniform(0.2, 2.0) * size, rng.uniform(0.2, 2.0) * size
        return (activations(rng, low, high, shape_of(rng)),)

    return decided(rng, make, is_decided_affine)


def draw_one_sign(rng):
    def make(rng):
        sign = float(rng.choice([-1, 1]))
        low, high = rng.uniform(0.5, 2.0), rng.uniform(2.5, 6.0)
        return (sign * activations(rng, low, high, shape_of(rng)),)

    return decided(rng, make, is_decided_affine)


def draw_affine_bits(rng):
    bits = int(rng.integers(2, 8))
    return decided(rng, lambda rng: (*draw_both_signs(rng), bits), is_decided_affine)


def draw_ends_half_way(rng):
    """A power of two for a scale, and both ends half-way between two codes."""
    scale, zero = 2.0 ** rng.integers(-4, 5), int(rng.integers(20, 230)) + 0.5
    inner = rng.integers(-10, 10, 3) + rng.uniform(-0.4, 0.4, 3)
    return (rng.permutation([-zero, 255 - zero, *inner]) * scale,)


@check("quantize_affine", points=0.5,
       hint="255 steps lie between 256 codes. From where to where do they reach, and how many of "
            "them lie below 0.0?")  # fmt: skip
def test_takes_another_step_or_zero_point(submission):
    """The range between low and high is 2**bits - 1 steps, and the zero point says where 0 is."""
    cases = [(np.array([-1.0, 0.3, 2.0, 4.1]),), (np.array([[-3.0, -0.11], [0.5, 0.27]]),),
             *fixed(draw_both_signs, 11, 12)]  # fmt: skip
    RANGE.assert_holds(submission, cases, draw=draw_both_signs)


@check("quantize_affine", points=0.5,
       hint="After a ReLU nothing is negative, and perhaps nothing is 0 in this batch. Which code "
            "would 0.0 have, if the range began at the smallest entry?")  # fmt: skip
def test_leaves_zero_out_of_the_range(submission):
    """The range includes 0.0 where all entries are positive, or all are negative."""
    cases = [(np.array([3.0, 6.1]),), (np.array([-2.5, -1.11]),), (np.array([[4.0]]),),
             (np.array([-0.7]),), (np.array([0.0, 1.3]),), (np.array([0.0, -5.0]),),
             (np.array([2.0, 2.0]),), *fixed(draw_one_sign, 13, 14)]  # fmt: skip
    RANGE.assert_holds(submission, cases, draw=draw_one_sign)


@check("quantize_affine", points=0.5,
       hint="With -127.5 and 127.5, at which code do the two roundings put the larger one, and "
            "what does a cast to uint8 make of that? Is 126.5 rounded to 126 or 127?")  # fmt: skip
def test_rounds_or_clips_otherwise(submission):
    """Zero point and entries are rounded, halves to even; codes are clipped before the cast."""
    cases = [(np.array([-127.5, 127.5, 3.2]),), (np.array([-126.5, 128.5, 0.7, -0.7]),),
             (np.array([-1.0, -0.616, 0.335, 2.0, 4.1]),), (np.array([-0.5, 254.5]) / 4,),
             (np.array([-1.5, 253.5, 2.8]),), *fixed(draw_ends_half_way, 15),
             *fixed(draw_both_signs, 16, 17, 18)]  # fmt: skip
    AFFINE_ROUNDED.assert_holds(submission, cases, draw=draw_ends_half_way)
    AFFINE_ROUNDED.assert_holds(submission, [], draw=draw_both_signs)


@check("quantize_affine", points=0.5,
       hint="How many steps are there with two bits, and which code is the largest?")  # fmt: skip
def test_always_takes_eight_bits(submission):
    """With `bits` there are 2**bits - 1 steps and codes up to there."""
    x = np.array([-1.0, 0.2, 2.1])
    cases = [(x, 4), (x, 2), (x, 7), (x * 0.9, 3), ((x,), {"bits": 5}), (np.array([5.0, 3.0]), 2)]
    RANGE_OF_BITS.assert_holds(submission, cases, draw=draw_affine_bits, draws=3)
    # Both ends are rounded up: the larger one beyond the largest code, unless it is clipped.
    cases = [(np.array([-1.5, 13.5, 3.2]), 4), (np.array([-0.375, 0.375, 0.1]), 2)]
    for (x, bits), value in submission.each("quantize_affine", cases):
        q = np.asarray(parts_of(value, AFFINE_PARTS)[0])
        expect((q < 2**bits).all(), f"expected codes below {2**bits}, got {show(q)}",
               given=f"quantize_affine({show(x)}, {bits})")  # fmt: skip


def draw_far(rng):
    power = float(rng.choice([-1, 1]) * rng.uniform(60, 290))
    return (draw_both_signs(rng)[0] * 10.0**power,)


@check("quantize_affine", points=0.5,
       hint="What are the smallest and the largest of a batch of zeros, and what is 0 / 0? Does "
            "what helps there harm a batch of numbers near 1e-12?")  # fmt: skip
def test_fails_on_zeros_or_tiny_numbers(submission):
    """All zeros have the scale 1 and the zero point 0; tiny numbers have their own."""
    x = np.array([-1.0, 0.31, 2.0])
    cases = [(np.zeros(3),), (np.zeros((2, 1)), 4), (x * 1e-12,), (x * 1e-45,), (x * 1e-290,),
             (x * 1e290,), (-np.zeros(2),), (np.array([1e-300]),)]  # fmt: skip
    EXTREMES.assert_holds(submission, cases, draw=draw_far)


@check("quantize_affine", points=0.5,
       hint="Which types have the three things that you return? And do you clip or shift in an "
            "array that belongs to somebody else?")  # fmt: skip
def test_gives_other_types_or_writes_into_x(submission):
    """Codes are uint8, the zero point is an int, and `x` stays as it was."""
    x = np.array([[-1.01, 0.32, 2.0], [0.72, 1.13, -0.23]])
    cases = [(x,), (x[::-1] * 1.5,), (x, 4), (np.zeros((2, 2)),), (-x[0],), (np.abs(x),)]
    AFFINE_TYPES.assert_holds(submission, cases, draw=draw_both_signs)
    assert_no_traces(submission, AFFINE_TYPES, cases, draw=draw_both_signs)


# ---- int8_matmul -------------------------------------------------------------------------------


def in_integers(x_q, x_scale, w_q, w_scale):
    """Sums of Python's ints, each scaled by a fraction."""
    N, M = len(x_q), w_q.shape[1]
    rows, columns = x_q.tolist(), w_q.T.tolist()
    of_row = np.broadcast_to(x_scale, (N, 1)).ravel().tolist()
    of_column = np.broadcast_to(w_scale, (1, M)).ravel().tolist()
    out = np.zeros((N, M))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            total = sum(a * b for a, b in zip(row, column, strict=True))
            out[i, j] = float(total * Fraction(of_row[i]) * Fraction(of_column[j]))
    return out


def small_products(st):
    codes = st.integers(-128, 127)

    def of(K):
        many = st.lists(codes, min_size=K, max_size=K)
        return st.tuples(
            many.map(lambda row: np.array([row], dtype=np.int8)), st.sampled_from([1.0, 0.5]),
            many.map(lambda row: np.array(row, dtype=np.int8)[:, None]),
            st.sampled_from([1.0, 0.25]),
        )  # fmt: skip

    return st.integers(1, 2).flatmap(of)


def cancelling(st):
    """Products that add up to 0, which tenths do not: 0.5 + 0.2 is less than 7 * 0.1."""
    ones = np.ones((3, 1), dtype=np.int8)
    return st.just((np.array([[5, 2, -7]], dtype=np.int8), 0.1, ones, 1.0))


PRODUCTS = Truth("int8_matmul", in_integers, inputs=[small_products, cancelling], rtol=1e-12)
SCALED = Truth("int8_matmul", in_integers, inputs=small_products, rtol=1e-6, judge=judge_values)


def codes(rng, *shape, most=127):
    return rng.integers(-most - 1, most, shape, endpoint=True).astype(np.int8)


def narrow(rng, N, K, M):
    """Products whose sums fit into every type, int8 included."""
    signs = rng.choice([-1, 1], (K, M)) * rng.integers(1, 4, (K, M))
    return rng.integers(1, 6, (N, K)).astype(np.int8), signs.astype(np.int8)


def draw_scaled(rng):
    N, K, M = (int(n) for n in rng.permutation([2, 3, 4]))
    x_q, w_q = narrow(rng, N, K, M)
    x_scale = [float(rng.uniform(0.1, 2.0)), rng.uniform(0.1, 2.0, (N, 1))][int(rng.integers(2))]
    w_scale = [float(rng.uniform(0.1, 2.0)), rng.uniform(0.1, 2.0, (1, M))][int(rng.integers(2))]
    return x_q, x_scale, w_q, w_scale


def draw_wide(rng):
    """Sums that need more bits than float32 keeps, or that cancel down to small ones."""
    K = int(rng.integers(1500, 2500))
    x_q, w_q = codes(rng, 1, K), codes(rng, K, 2)
    w_q[:, 0] = np.where(x_q[0] < 0, rng.integers(-128, -60, K), rng.integers(60, 128, K))
    return x_q, float(rng.uniform(0.01, 1.0)), w_q, float(rng.uniform(0.01, 1.0))


def draw_cancelling(rng):
    """Large products whose sum is -1, 0 or 1: rounded terms leave more than that digit's share."""
    x, w = codes(rng, 150), codes(rng, 150)
    w[w == -128] = 127
    order = rng.permutation(301)
    x_q = np.append(np.concatenate([x, x]), np.int8(1))[order][None]
    w_q = np.append(np.concatenate([w, -w]), rng.integers(-1, 2, dtype=np.int8))[order][:, None]
    return x_q, float(rng.uniform(0.01, 1.0)), w_q, float(rng.uniform(0.01, 1.0))


def draw_extreme_codes(rng):
    N, K, M = (int(n) for n in rng.permutation([2, 3, 4]))
    return codes(rng, N, K), 0.1, codes(rng, K, M), rng.uniform(0.1, 2.0, (1, M))


@check("int8_matmul", points=0.5,
       hint="Each row of x has its scale, and each column of w. Which entries of the product does "
            "the scale of row 0 concern?")  # fmt: skip
def test_scales_the_product_otherwise(submission):
    """The product is scaled by both scales, each a float or one for each row or column."""
    x_q, w_q = narrow(np.random.default_rng(21), 3, 4, 2)
    rows, columns = np.array([[0.5], [2.0], [0.1]]), np.array([[0.3, 7.0]])
    square = narrow(np.random.default_rng(22), 2, 2, 2)
    cases = [(x_q, 0.5, w_q, 0.3), (x_q, rows, w_q, 0.3), (x_q, 2.5, w_q, columns),
             (x_q, rows, w_q, columns), (x_q[:1], rows[:1], w_q, columns),
             (square[0], rows[:2], square[1], columns), (x_q, np.float64(0.2), w_q, 3.0)]
    SCALED.assert_holds(submission, cases, draw=draw_scaled, draws=3)


@check("int8_matmul", points=0.5,
       hint="100 * 100 does not fit into int8, and 65,536 products do not fit into int16. From "
            "which integer on is float32 not exact? And what is left of a sum that should be 0, "
            "if its terms are rounded first?")  # fmt: skip
def test_does_not_sum_exactly(submission):
    """Products of codes are summed exactly, the longest sums too, before the scales come in."""
    ends = np.array([[-128, 127, 100]], dtype=np.int8)
    full = np.full((1, 65536), -128, dtype=np.int8)
    odd = np.full((1, 2001), 127, dtype=np.int8)
    cases = [(ends, 1.0, ends.T, 0.5), (ends, 0.3, -ends.T[:, [0, 0]], 0.7),
             (odd, 0.1, odd.T, 0.1), (full, 1.0, full.T, 1.0),
             *fixed(draw_wide, 23), *fixed(draw_cancelling, 25)]  # fmt: skip
    PRODUCTS.assert_holds(submission, cases, draw=draw_extreme_codes)
    PRODUCTS.assert_holds(submission, [], draw=draw_wide, draws=1)
    PRODUCTS.assert_holds(submission, [], draw=draw_cancelling, draws=1)


@check("int8_matmul", points=0.5,
       hint="Is the result float64? And do codes and scales stay as they were, wherever they lie "
            "in memory?")  # fmt: skip
def test_multiplying_leaves_traces(submission):
    """The result is float64, arguments stay as they were, and each call starts afresh."""
    x_q, w_q = narrow(np.random.default_rng(24), 3, 4, 2)
    rows, columns = np.array([[0.5], [2.0], [0.25]]), np.array([[0.5, 7.0]])
    cases = [(x_q, rows, w_q, columns), (x_q[::-1], rows * 2, w_q[::-1], columns * 3),
             (x_q, 1.0, w_q, 1.0)]  # fmt: skip
    assert_no_traces(submission, PRODUCTS, cases, draw=draw_scaled)
