"""Hidden checks for exercise 04.

The truth is the definition in plain loops: one output entry at a time, a window cut out of an
image that was padded by hand, multiplied with the kernel and summed. Sizes come from counting
the starting positions at which a kernel lies on the input. No formula, no stride tricks.
"""

import math

import numpy as np

from gradekit.grading import Truth, assert_no_traces, check

RTOL, ATOL = 1e-9, 1e-10  # float64 in any order, FFTs included, is within 1e-13; float32 at 1e-7
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}


def starts(size, kernel_size, stride):
    """Where a kernel can begin so that it ends on the input."""
    return [start for start in range(0, size, stride) if start + kernel_size <= size]


def counted(size, kernel_size, stride=1, padding=0):
    """How many positions there are; without any the kernel does not fit."""
    count = len(starts(size + 2 * padding, kernel_size, stride))
    if not count:
        raise ValueError
    return count


def conv_by_loops(x, weight, bias, stride=1, padding=0):
    """One output entry at a time, on an image laid into a larger one of zeros."""
    N, C_in, H, W = x.shape
    C_out, C_kernel, kH, kW = weight.shape
    if C_in != C_kernel:
        raise ValueError
    padded = np.zeros((N, C_in, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    rows, columns = starts(H + 2 * padding, kH, stride), starts(W + 2 * padding, kW, stride)
    if not rows or not columns:
        raise ValueError
    out = np.zeros((N, C_out, len(rows), len(columns)))
    for n, c, i, j in np.ndindex(out.shape):
        window = padded[n, :, rows[i] : rows[i] + kH, columns[j] : columns[j] + kW]
        out[n, c, i, j] = (window * weight[c]).sum() + bias[c]
    return out


def pool_by_loops(x, kernel_size, stride=None):
    """The largest entry of one window at a time."""
    stride = kernel_size if stride is None else stride
    N, C, H, W = x.shape
    rows, columns = starts(H, kernel_size, stride), starts(W, kernel_size, stride)
    out = np.zeros((N, C, len(rows), len(columns)))
    for n, c, i, j in np.ndindex(out.shape):
        top, left = rows[i], columns[j]
        out[n, c, i, j] = max(x[n, c, top : top + kernel_size, left : left + kernel_size].flat)
    return out


def cnn_by_loops(x, conv_weight, conv_bias, fc_weight, fc_bias):
    """The network for one image and one class at a time."""
    pooled = pool_by_loops(np.maximum(conv_by_loops(x, conv_weight, conv_bias), 0.0), 2, 2)
    out = np.zeros((len(x), len(fc_bias)))
    for n, image in enumerate(pooled):
        features = [value for channel in image for row in channel for value in row]
        scores = [
            float(bias) + sum(f * float(w) for f, w in zip(features, column, strict=True))
            for bias, column in zip(fc_bias, fc_weight.T, strict=True)
        ]
        powers = [math.exp(score - max(scores)) for score in scores]
        out[n] = [power / math.fsum(powers) for power in powers]
    return out


# Where the smallest counterexample is looked for: images and kernels of a few entries.


def array(st, *shape):
    count = math.prod(shape)
    numbers = st.lists(st.integers(-4, 4), min_size=count, max_size=count)
    return numbers.map(lambda values: np.array(values, dtype=np.float64).reshape(shape))


def lengths(st):
    return st.tuples(st.integers(1, 8), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2))


def convolutions(st):
    def of_sizes(sizes):
        N, C_in, H, W, C_out, kH, kW, stride, padding, more = sizes
        images, kernels = array(st, N, C_in, H, W), array(st, C_out, C_in + more, kH, kW)
        steps = (stride, padding) if padding else (stride,) if stride > 1 else ()
        return st.tuples(images, kernels, array(st, C_out), *map(st.just, steps))

    one, two, three = st.just(1), st.integers(1, 2), st.integers(1, 3)
    more = st.sampled_from([0, 0, 0, 1])
    return st.one_of(
        st.tuples(one, one, two, three, one, one, two, st.just(1), st.just(0), st.just(0)),
        st.tuples(one, one, two, three, one, one, two, three, st.integers(0, 1), st.just(0)),
        st.tuples(two, two, three, three, two, two, two, two, st.integers(0, 2), more),
    ).flatmap(of_sizes)


def rough_convolutions(st):
    """The same with numbers that no float32 holds."""
    def roughened(case):
        return tuple(each * 0.1 if isinstance(each, np.ndarray) else each for each in case)
    return convolutions(st).map(roughened)


def pools(st):
    def of_sizes(sizes):
        N, C, kernel_size, more_rows, more_columns, stride = sizes
        images = array(st, N, C, kernel_size + more_rows, kernel_size + more_columns)
        steps = (kernel_size,) if stride is None else (kernel_size, stride)
        return st.tuples(images, *map(st.just, steps))

    one, two, more = st.just(1), st.integers(1, 2), st.integers(0, 3)
    strides = st.sampled_from([None, 1, 2, 3])
    return st.one_of(st.tuples(one, one, two, more, more, strides),
                     st.tuples(two, two, two, more, more, strides)).flatmap(of_sizes)


def networks(st):
    def of_sizes(sizes):
        N, C_in, C_out, k, rows, columns, K = sizes
        H, W = k + 1 + rows, k + 1 + columns
        features = C_out * ((H - k + 1) // 2) * ((W - k + 1) // 2)
        images, kernels = array(st, N, C_in, H, W), array(st, C_out, C_in, k, k)
        large = st.sampled_from([1.0, 1.0, 1024.0])
        weights = st.tuples(array(st, features, K), large).map(lambda pair: pair[0] * pair[1])
        return st.tuples(images, kernels, array(st, C_out), weights, array(st, K))

    one, two, zero = st.just(1), st.integers(1, 2), st.just(0)
    return st.one_of(
        st.tuples(one, one, one, one, zero, zero, st.just(2)),
        st.tuples(two, one, one, one, zero, zero, st.just(2)),
        st.tuples(one, one, st.just(2), one, zero, two, st.just(2)),
        st.tuples(two, two, two, two, st.integers(0, 2), st.integers(0, 2), st.integers(2, 3)),
    ).flatmap(of_sizes)


SIZE = Truth("conv_output_size", counted, inputs=lengths, rtol=0.0)
CONV = Truth("conv2d", conv_by_loops, inputs=[convolutions, rough_convolutions],
             rtol=RTOL, atol=ATOL)
POOL = Truth("max_pool2d", pool_by_loops, inputs=pools, rtol=0.0)  # the entries themselves
def a_square(st):
    """One image of 4 by 4 pixels, of whose four features the second one counts."""
    second = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.0], [0.0, 0.0]])
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    return st.just((image, np.ones((1, 1, 1, 1)), np.zeros(1), second, np.zeros(2)))


CNN = Truth(
    "cnn_forward", cnn_by_loops, inputs=[a_square, networks],
    rtol=1e-8,  # the exponential multiplies the error of a score by its size
    atol=1e-12,
)


# Problems: fixed ones and drawn ones.


def layer(rng, N, C_in, H, W, C_out, kH, kW, *more):
    """Images, kernels and biases, and what else the call is given."""
    x = rng.normal(0.3, 1.0, (N, C_in, H, W))
    kernels = rng.normal(0.1, 1.0, (C_out, C_in, kH, kW))
    return x, kernels, rng.normal(0.0, 2.0, C_out), *more


def network(rng, N, C_in, H, W, C_out, kH, kW, K):
    """A network whose ReLU has work to do: many of the pooled entries are negative."""
    x, weight, bias = layer(rng, N, C_in, H, W, C_out, kH, kW)
    features = C_out * ((H - kH + 1) // 2) * ((W - kW + 1) // 2)
    fc_weight, fc_bias = rng.normal(0.0, 0.4, (features, K)), rng.normal(0.0, 0.7, K)
    return x, 0.5 * weight, bias / 4 - 0.8, fc_weight, fc_bias


def fixed(problem, first_seed, *sizes):
    """A problem of each of the sizes, from seeds of their own."""
    return [
        problem(np.random.default_rng(first_seed + place), *each)
        for place, each in enumerate(sizes)
    ]


def whole(rng, low, high):
    return int(rng.integers(low, high + 1))


def row(rng, leftover):
    """Lengths for which `leftover` entries of the padded input are never looked at."""
    stride, padding = whole(rng, leftover + 1, leftover + 4), whole(rng, 0, 2)
    kernel_size = whole(rng, 2 * padding + 1, 2 * padding + 6)
    return (kernel_size + stride * whole(rng, 1, 8) + leftover - 2 * padding, kernel_size,
            stride, padding)


def even_row(rng):
    return row(rng, 0)


def uneven_row(rng):
    return row(rng, whole(rng, 1, 3))


def short_row(rng):
    size, padding = whole(rng, 1, 6), whole(rng, 0, 2)
    return size, size + 2 * padding + whole(rng, 1, 4), whole(rng, 1, 5), padding


def plain_layer(rng):
    kH, kW = rng.permutation([1, 2, 3])[:2].tolist()
    H, W = (rng.permutation([3, 4, 5])[:2]).tolist()
    return layer(rng, 2, whole(rng, 1, 2), H, W, whole(rng, 2, 3), kH, kW)


def strided_layer(rng):
    sizes = whole(rng, 1, 2), whole(rng, 1, 2), whole(rng, 4, 6), whole(rng, 4, 6)
    return layer(rng, *sizes, 2, *rng.integers(1, 4, 2), whole(rng, 2, 3), 0)


def padded_layer(rng):
    sizes = whole(rng, 1, 2), whole(rng, 1, 2), whole(rng, 2, 4), whole(rng, 2, 4)
    return layer(rng, *sizes, 2, *rng.integers(1, 4, 2), whole(rng, 1, 2), whole(rng, 1, 2))


def black_image(rng):
    padding = whole(rng, 0, 1)
    bias = rng.normal(0.0, 3.0, 3)
    return np.zeros((2, 2, 4, 4)), np.ones((3, 2, 2, 2)), bias, 1, padding


def one_pixel(rng):
    return layer(rng, 2, whole(rng, 1, 3), 2, 3, whole(rng, 1, 3), 1, 1, 1, 0)


def unequal_channels(rng):
    of_image, of_kernel = rng.permutation([1, 2, 3, 4])[:2]
    return disagreeing(rng, of_image, of_kernel, whole(rng, 0, 1))


def disagreeing(rng, of_image, of_kernel, padding):
    x, _, _ = layer(rng, 2, of_image, 5, 6, 3, 2, 3)
    return x, *layer(rng, 2, of_kernel, 5, 6, 3, 2, 3)[1:], 1, padding


def too_large(rng):
    H, W, padding = whole(rng, 2, 4), whole(rng, 5, 7), whole(rng, 0, 1)
    sizes = [(H, H + 2 * padding + whole(rng, 1, 3)), (W, whole(rng, 1, 3))]
    (H, kH), (W, kW) = (sizes[place] for place in rng.permutation(2))
    return layer(rng, 2, 2, H, W, 2, kH, kW, whole(rng, 1, 3), padding)


def just_as_large(rng):
    padding = whole(rng, 0, 1)
    H, W = whole(rng, 2, 3), whole(rng, 2, 4)
    sizes = 2, 2, H, W, 2, H + 2 * padding, W + 2 * padding
    return with_even_kernels(layer(rng, *sizes, whole(rng, 1, 2), padding))


def with_even_kernels(case):
    """All entries of a kernel alike: how it is laid on the image is for another check."""
    x, kernels, *others = case
    return x, np.broadcast_to(kernels[:, :1, :1, :1], kernels.shape).copy(), *others


def single_axes(rng):
    return layer(rng, 1, 1, whole(rng, 2, 3), 4, 1, whole(rng, 1, 2), 2)


def pool(rng, shape, kernel_size, shift=-1.0, scale=1.0):
    return scale * rng.normal(shift, 1.0, shape), kernel_size


def negative_pool(rng):
    k = whole(rng, 1, 3)
    shape = 2, 2, k * whole(rng, 1, 3), k * whole(rng, 1, 3)
    return pool(rng, shape, k, rng.uniform(-9.0, 0.0))


def strided_pool(rng):
    k, shape = whole(rng, 1, 4), (2, 1, whole(rng, 4, 6), whole(rng, 4, 7))
    stride = int(rng.choice([step for step in (1, 2, 3) if step != k]))
    return *pool(rng, shape, k), stride


def with_a_partial_window(rng, shape, kernel_size, stride=None):
    """The last row and column are large: a partial window would show."""
    x = rng.normal(0.0, 1.0, shape)
    x[:, :, -1, :] += 50.0
    x[:, :, :, -1] += 50.0
    return x, kernel_size, *(() if stride is None else (stride,))


def uneven_pool(rng):
    k = whole(rng, 2, 3)
    H, W = (k * whole(rng, 1, 2) + extra for extra in rng.integers(1, k, 2))
    return with_a_partial_window(rng, (2, 2, H, W), k)


def single_pool(rng):
    return pool(rng, (1, 1, 2, whole(rng, 2, 5)), 2)


def some_network(rng):
    sizes = whole(rng, 2, 3), whole(rng, 1, 2), whole(rng, 4, 6), whole(rng, 4, 6)
    return network(rng, *sizes, whole(rng, 2, 3), *rng.integers(1, 4, 2), whole(rng, 2, 4))


def single_network(rng):
    return network(rng, 1, 1, 3, whole(rng, 3, 4), 2, 2, 2, whole(rng, 2, 4))


def far_apart(offset, factor=512.0, odds=3.0):
    """The only feature is 0, 4 and 8; the scores are it times +-factor, plus fc_bias."""
    x = np.ones((3, 1, 3, 3)) * np.array([0.0, 1.0, 2.0]).reshape(3, 1, 1, 1)
    fc_weight = factor * np.array([[1.0, 1.0, -1.0]])
    fc_bias = np.array([math.log(odds), 0.0, 0.0]) + offset
    return x, np.ones((1, 1, 2, 2)), np.zeros(1), fc_weight, fc_bias


def some_far_apart(rng):
    return far_apart(rng.uniform(-5000.0, 5000.0), rng.uniform(300.0, 900.0), rng.uniform(2.0, 9.0))


@check("conv_output_size", points=0.5,
       hint="Draw a row of boxes and slide the kernel along. How many boxes does padding add, "
            "and how often does a full stride fit after the first position?")  # fmt: skip
def test_miscounts_positions(submission):
    """Sizes are right where the kernel comes out even with the end of the input."""
    SIZE.assert_holds(submission, [
        (7, 3, 1, 0), (7, 3, 2, 0), (9, 3, 3, 0), (5, 3, 1, 1), (7, 5, 1, 2), (28, 5, 1, 0),
        (5, 3, 2, 1), (11, 5, 3, 3), (4, 4, 1, 0), (1, 1, 1, 0), (3, 1, 1, 2), (8, 2, 2, 0),
        (8, 3), (9, 3, 2), ((), {"size": 8, "kernel_size": 3, "padding": 2}),
    ], draw=even_row, draws=3)


@check("conv_output_size", points=0.5,
       hint="With stride 2 a kernel of 3 starts at 0 and 2 in an input of 6. Could it start at "
            "4, too?")  # fmt: skip
def test_rounds_up(submission):
    """A last stride that is not a full one adds no position; the size is an int."""
    SIZE.assert_holds(submission, [
        (6, 3, 2, 0), (224, 7, 2, 3), (10, 3, 3, 1), (5, 2, 4, 0), (8, 3, 4, 1), (6, 5, 3, 0),
        (3, 2, 5, 0), (10, 4, 4, 0), ((12,), {"kernel_size": 4, "stride": 3, "padding": 1}),
    ], draw=uneven_row, draws=3)


@check("conv_output_size", points=0.5,
       hint="What does your formula give for a kernel of 3 on an input of 2, with stride 1 and "
            "with stride 4? And does padding make room?")  # fmt: skip
def test_lets_the_kernel_hang_over(submission):
    """A kernel larger than the padded input is a ValueError, and one as large is fine."""
    cases = [(2, 4, 3, 1), (3, 3, 2), ((1, 3), {"padding": 2})]
    SIZE.assert_holds(submission, cases, draw=even_row)
    SIZE.assert_holds(submission, [
        (2, 3, 1, 0), (2, 3, 4, 0), (3, 5, 3, 0), (4, 7, 2, 1), (1, 6, 5, 2), (2, 9, 1, 1),
        (1, 20, 1, 0),
    ], draw=short_row, draws=1)


@check("conv2d", points=1,
       hint="Lay the kernel on the image as it is: which entry of the kernel meets the window's "
            "top left one? And over which axes do you sum?")  # fmt: skip
def test_flips_the_kernel(submission):
    """With stride 1 and no padding every entry is its window times the kernel, plus bias."""
    cases = fixed(layer, 0, (2, 3, 5, 7, 4, 2, 3), (3, 2, 6, 4, 5, 3, 1), (4, 2, 3, 5, 3, 1, 4),
                  (2, 4, 3, 4, 5, 1, 1), (70, 20, 2, 2, 20, 1, 2))
    x, weight, bias = cases[0]
    cases.append((1e4 * x, 1e3 * weight, bias))
    CONV.assert_holds(submission, cases, draw=plain_layer)


@check("conv2d", points=0.5,
       hint="Which axis does `+ bias` line up with if you write nothing else?")
def test_adds_the_bias_to_the_wrong_axis(submission):
    """Every output channel gets its own bias, once."""
    bias = np.array([1.0, -2.0, 4.0])
    black, white = np.zeros((2, 2, 4, 4)), np.ones((3, 2, 2, 2))
    cases = [((black, white, bias), {"padding": padding}) for padding in (0, 1)]
    CONV.assert_holds(submission, cases, draw=black_image)


@check("conv2d", points=0.5,
       hint="Does your window jump by the stride, down as well as across? Where does the last "
            "window begin?")  # fmt: skip
def test_slides_with_the_wrong_stride(submission):
    """A stride steps over positions in both directions, and leftovers are dropped."""
    cases = fixed(layer, 4, (2, 3, 7, 9, 4, 3, 2, 2, 0), (3, 2, 8, 6, 2, 2, 3, 3, 0),
                  (2, 1, 5, 8, 3, 2, 1, 4, 0), (2, 3, 6, 5, 2, 6, 2, 2, 0))
    (named,) = fixed(layer, 8, (2, 2, 6, 8, 3, 3, 2))
    by_name = dict(zip(("x", "weight", "bias"), named, strict=True), stride=2)
    CONV.assert_holds(submission, [*cases, ((), by_name)], draw=strided_layer)


@check("conv2d", points=1,
       hint="Padding adds zeros above, below, left and right, and only there. How large is the "
            "image afterwards, and do your windows count from its new corner?")  # fmt: skip
def test_pads_the_wrong_sides(submission):
    """Padding adds zeros on all four sides, together with a stride, too."""
    cases = fixed(
        layer, 9, (2, 3, 5, 4, 4, 3, 3, 1, 1), (3, 2, 4, 6, 2, 3, 2, 1, 2),
        (2, 2, 6, 5, 3, 3, 4, 2, 1), (2, 3, 7, 4, 2, 2, 5, 3, 2),
        (2, 1, 2, 3, 2, 4, 5, 1, 1),  # larger than the image, not than the padded one
        (2, 2, 3, 2, 3, 1, 1, 1, 3),
    )
    (named,) = fixed(layer, 15, (2, 2, 4, 5, 3, 3, 2))
    CONV.assert_holds(submission, [*cases, (named, {"padding": 1})], draw=padded_layer)


@check("conv2d", points=0.5,
       hint="An image of three channels, a kernel of one: does your product broadcast, or cut "
            "off what is too much? Who notices?")  # fmt: skip
def test_broadcasts_disagreeing_channels(submission):
    """Images and kernels with different numbers of channels are a ValueError, others not."""
    # A kernel of one pixel: whoever raises at everything is found, other mistakes are not.
    CONV.assert_holds(submission, fixed(layer, 16, (2, 3, 5, 6, 3, 1, 1, 1, 0)), draw=one_pixel)
    cases = fixed(disagreeing, 17, (3, 1, 0), (1, 3, 1), (3, 2, 0), (2, 4, 1), (3, 1, 1), (1, 3, 0))
    CONV.assert_holds(submission, cases, draw=unequal_channels, draws=1)


@check("conv2d", points=0.5,
       hint="What comes out when the kernel is taller than the image, but not wider? An empty "
            "array is not an answer. Does padding make room?")  # fmt: skip
def test_returns_an_empty_image(submission):
    """A kernel that is too tall or too wide for the padded image is a ValueError."""
    cases = fixed(layer, 19, (2, 3, 4, 6, 2, 4, 6, 1, 0), (2, 3, 2, 3, 2, 6, 7, 2, 2))
    CONV.assert_holds(submission, map(with_even_kernels, cases), draw=just_as_large)
    CONV.assert_holds(submission, fixed(
        layer, 18, (2, 3, 3, 6, 2, 4, 2, 1, 0), (2, 3, 6, 3, 2, 2, 4, 1, 0),
        (2, 3, 3, 7, 2, 6, 2, 2, 1), (2, 3, 7, 2, 2, 3, 5, 3, 1), (2, 3, 2, 2, 2, 3, 3, 4, 0),
        (2, 3, 2, 6, 2, 7, 2, 1, 1),
    ), draw=too_large, draws=1)


@check("conv2d", points=0.5,
       hint="Try one image, one channel, one kernel. Then compare x, weight and bias before and "
            "after the call.")  # fmt: skip
def test_trips_over_a_batch_of_one(submission):
    """Axes of size one stay, arguments do too, and no call remembers another."""
    cases = fixed(
        layer, 21, (2, 3, 5, 4, 2, 2, 3, 2, 1), (2, 3, 5, 4, 2, 2, 3, 2, 1), (1, 1, 4, 5, 1, 2, 3),
        (1, 2, 3, 4, 1, 3, 4), (1, 1, 4, 5, 1, 2, 3, 2, 1), (3, 1, 4, 5, 1, 1, 1),
    )
    x, weight, bias = cases[-1]
    cases.append((x, 1.0 - weight, bias))  # the same images, other kernels
    assert_no_traces(submission, CONV, cases, draw=single_axes, **ROUGHLY)


@check("max_pool2d", points=0.5,
       hint="What does a window of negative numbers leave? And does each channel keep a maximum "
            "of its own?")  # fmt: skip
def test_starts_from_zero(submission):
    """The largest entry of each window is kept, negative ones too."""
    POOL.assert_holds(submission, fixed(
        pool, 23, ((2, 3, 4, 6), 2, 0.0), ((3, 2, 6, 3), 3, -9.0), ((2, 4, 2, 4), 1, -1.0),
        ((2, 2, 4, 8), 4, -4.0, 2.0**60), ((70, 20, 2, 2), 2),
    ), draw=negative_pool)


@check("max_pool2d", points=0.5,
       hint="Which step does stride=None stand for, and which one does stride=1? May windows "
            "overlap, or leave gaps?")  # fmt: skip
def test_ignores_the_stride(submission):
    """Windows step by the stride, with overlaps and gaps; None steps by the window."""
    x = np.random.default_rng(24).normal(-1.0, 1.0, (2, 3, 5, 7))
    cases = [(x, *sizes) for sizes in ((3, 1), (3, 2), (1, 2), (2, 3), (5, 2))]
    cases += [((), {"x": x, "kernel_size": 3, "stride": 2})]
    cases += [((x, size), {"stride": None}) for size in (1, 5)]
    POOL.assert_holds(submission, cases, draw=strided_pool)


@check("max_pool2d", points=0.5,
       hint="A window of 2 on a width of 5: what becomes of the last column?")
def test_keeps_partial_windows(submission):
    """Windows that do not fit are left out, at the bottom and at the right."""
    POOL.assert_holds(submission, fixed(
        with_a_partial_window, 25, ((2, 3, 5, 6), 2), ((2, 3, 6, 5), 2), ((3, 2, 5, 8), 3),
        ((2, 2, 6, 8), 3, 2), ((2, 1, 7, 4), 4, 2),
    ), draw=uneven_pool)


@check("max_pool2d", points=0.5,
       hint="Does pooling one image of one channel keep four axes, and x as it was?")
def test_squeezes_single_channels(submission):
    """Axes of size one stay, x does too, and no call remembers another."""
    cases = fixed(
        pool, 26, ((2, 3, 4, 5), 2), ((2, 3, 4, 5), 2), ((1, 1, 2, 2), 2), ((1, 3, 3, 5), 2),
        ((4, 1, 2, 5), 2), ((1, 1, 2, 2), 2), ((4, 1, 2, 5), 2),
    )
    assert_no_traces(submission, POOL, cases, draw=single_pool, **ROUGHLY)


@check("cnn_forward", points=1,
       hint="Print the shape after every step. Is the ReLU there, do the features come in "
            "C, H, W order, and do the classes of one image add up to one?")  # fmt: skip
def test_wires_the_steps_wrongly(submission):
    """conv, ReLU, 2x2 max pool, flatten in C, H, W order, linear, softmax over classes."""
    cases = fixed(
        network, 27, (3, 2, 6, 8, 4, 3, 2, 5),
        (4, 3, 5, 7, 2, 2, 3, 3),  # (4, 5) before the pool: a column is left out
        (2, 1, 6, 4, 3, 2, 2, 4),  # (5, 3): a row and a column
        (3, 2, 5, 4, 4, 2, 2, 8),  # as many classes as features
        (70, 1, 2, 3, 2, 1, 2, 3), (2, 1, 3, 4, 2, 2, 2, 1),  # many images; a single class
    )
    # Scores are near 10, so within 1e-13; a sum + 1e-8 is not a softmax.
    CNN.assert_holds(submission, cases, draw=some_network, rtol=3e-9)


@check("cnn_forward", points=0.5,
       hint="exp(1000) is inf. What may you subtract from the scores of one image without "
            "changing its probabilities?")  # fmt: skip
def test_overflows_in_the_softmax(submission):
    """Scores of thousands, of either sign, give finite probabilities."""
    CNN.assert_holds(submission, [far_apart(offset) for offset in (0.0, 4096.0, -4096.0)],
                     draw=some_far_apart,
                     atol=1e-14)  # exp(-2048) is nothing; exp(-30) of a clipped score is 1e-13


@check("cnn_forward", points=0.5,
       hint="Try one image and one class more, then compare all five arguments before and after. "
            "Does ReLU write into something that is not yours?")  # fmt: skip
def test_trips_over_a_single_image(submission):
    """One image works, arguments stay as they were, and no call remembers another."""
    cases = fixed(
        network, 30, (2, 2, 4, 5, 3, 2, 2, 4), (2, 2, 4, 5, 3, 2, 2, 4), (1, 2, 4, 5, 3, 2, 2, 4),
        (1, 1, 2, 2, 1, 1, 1, 2),  # one feature; a kernel of one
        (1, 1, 2, 2, 1, 1, 1, 2), (2, 1, 3, 4, 2, 1, 1, 3),
    )
    names = "x", "conv_weight", "conv_bias", "fc_weight", "fc_bias"
    by_name = dict(zip(names, cases[-1], strict=True))
    # The second time with another fc_weight only.
    cases += [((), by_name), ((), {**by_name, "fc_weight": 1.0 - by_name["fc_weight"]})]
    assert_no_traces(submission, CNN, cases, draw=single_network, **ROUGHLY)
