"""Hidden checks for exercise 04.

The truth is the definition in plain loops: one output entry at a time, a window cut out of an
image that was padded by hand, multiplied with the kernel and summed. Sizes come from counting
the starting positions at which a kernel lies on the input. No formula, no stride tricks.
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
)

RTOL, ATOL = 1e-9, 1e-10  # float64 in any order, FFTs included, is within 1e-13; float32 at 1e-7


def starts(size, kernel_size, stride):
    """Where a kernel can begin so that it ends on the input."""
    return [start for start in range(0, size, stride) if start + kernel_size <= size]


def conv_by_loops(x, weight, bias, stride=1, padding=0):
    """One output entry at a time, on an image laid into a larger one of zeros."""
    N, C_in, H, W = x.shape
    C_out, _, kH, kW = weight.shape
    padded = np.zeros((N, C_in, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    rows, columns = starts(H + 2 * padding, kH, stride), starts(W + 2 * padding, kW, stride)
    out = np.zeros((N, C_out, len(rows), len(columns)))
    for n, c, i, j in np.ndindex(out.shape):
        window = padded[n, :, rows[i] : rows[i] + kH, columns[j] : columns[j] + kW]
        out[n, c, i, j] = (window * weight[c]).sum() + bias[c]
    return out


def pool_by_loops(x, kernel_size, stride):
    """The largest entry of one window at a time."""
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


def draw(seed, N, C_in, H, W, C_out, kH, kW):
    """Images, kernels and biases with every size different from its neighbours."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.3, 1.0, (N, C_in, H, W))
    return x, rng.normal(0.1, 1.0, (C_out, C_in, kH, kW)), rng.normal(0.0, 2.0, C_out)


def draw_cnn(seed, N, C_in, H, W, C_out, kH, kW, K):
    """A network whose ReLU has work to do: many of the pooled entries are negative."""
    rng = np.random.default_rng(seed)
    x, weight, bias = draw(seed, N, C_in, H, W, C_out, kH, kW)
    features = C_out * ((H - kH + 1) // 2) * ((W - kW + 1) // 2)
    fc_weight, fc_bias = rng.normal(0.0, 0.4, (features, K)), rng.normal(0.0, 0.7, K)
    return x, 0.5 * weight, bias / 4 - 0.8, fc_weight, fc_bias


def judge_size(submission, args, kwargs, expected):
    """Compare a size, which is a whole number."""
    words = [*map(str, args), *(f"{name}={value}" for name, value in kwargs.items())]
    given = f"conv_output_size({', '.join(words)})"
    actual = submission.conv_output_size(*args, **kwargs)
    whole = isinstance(actual, int | np.integer) and not isinstance(actual, bool)
    expect(whole, f"expected an int, got {actual!r}", given=given)
    assert_equal(int(actual), expected, given=given)


def judge_conv(submission, arguments, stride, padding):
    """Compare conv2d with the loops."""
    x, weight, bias = arguments
    assert_close(
        submission.conv2d(x, weight, bias, stride, padding),
        conv_by_loops(x, weight, bias, stride, padding),
        rtol=RTOL,
        atol=ATOL,
        given=f"conv2d of x {x.shape}, weight {weight.shape}, stride={stride}, padding={padding}",
    )


@check("conv_output_size", points=0.5,
       hint="Draw a row of boxes and slide the kernel along. How many boxes does padding add, "
            "and how often does a full stride fit after the first position?")  # fmt: skip
def test_miscounts_positions(submission):
    """Sizes are right where the kernel comes out even with the end of the input."""
    for size, kernel_size, stride, padding in (
        (7, 3, 1, 0), (7, 3, 2, 0), (9, 3, 3, 0), (5, 3, 1, 1), (7, 5, 1, 2), (28, 5, 1, 0),
        (5, 3, 2, 1), (11, 5, 3, 3), (4, 4, 1, 0), (1, 1, 1, 0), (3, 1, 1, 2), (8, 2, 2, 0),
    ):  # fmt: skip
        expected = len(starts(size + 2 * padding, kernel_size, stride))
        judge_size(submission, (size, kernel_size, stride, padding), {}, expected)
    judge_size(submission, (8, 3), {}, 6)
    judge_size(submission, (9, 3, 2), {}, 4)
    judge_size(submission, (), {"size": 8, "kernel_size": 3, "padding": 2}, 10)


@check("conv_output_size", points=0.5,
       hint="With stride 2 a kernel of 3 starts at 0 and 2 in an input of 6. Could it start at "
            "4, too?")  # fmt: skip
def test_rounds_up(submission):
    """A last stride that is not a full one adds no position; the size is an int."""
    for size, kernel_size, stride, padding in (
        (6, 3, 2, 0), (224, 7, 2, 3), (10, 3, 3, 1), (5, 2, 4, 0), (8, 3, 4, 1), (6, 5, 3, 0),
        (3, 2, 5, 0), (10, 4, 4, 0),
    ):  # fmt: skip
        expected = len(starts(size + 2 * padding, kernel_size, stride))
        judge_size(submission, (size, kernel_size, stride, padding), {}, expected)
    judge_size(submission, (12,), {"kernel_size": 4, "stride": 3, "padding": 1}, 4)


@check("conv_output_size", points=0.5,
       hint="What does your formula give for a kernel of 3 on an input of 2, with stride 1 and "
            "with stride 4? And does padding make room?")  # fmt: skip
def test_lets_the_kernel_hang_over(submission):
    """A kernel larger than the padded input is a ValueError, and one as large is fine."""
    for size, kernel_size, stride, padding in (
        (2, 3, 1, 0), (2, 3, 4, 0), (3, 5, 3, 0), (4, 7, 2, 1), (1, 6, 5, 2), (2, 9, 1, 1),
        (1, 20, 1, 0),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            submission.conv_output_size(size, kernel_size, stride, padding)
    judge_size(submission, (2, 4, 3, 1), {}, 1)
    judge_size(submission, (3, 3, 2), {}, 1)
    judge_size(submission, (1, 3), {"padding": 2}, 3)


@check("conv2d", points=1,
       hint="Lay the kernel on the image as it is: which entry of the kernel meets the window's "
            "top left one? And over which axes do you sum?")  # fmt: skip
def test_flips_the_kernel(submission):
    """With stride 1 and no padding every entry is its window times the kernel, plus bias."""
    for seed, sizes in (
        (0, (2, 3, 5, 7, 4, 2, 3)),
        (1, (3, 2, 6, 4, 5, 3, 1)),
        (2, (4, 2, 3, 5, 3, 1, 4)),
        (3, (2, 4, 3, 4, 5, 1, 1)),
    ):
        x, weight, bias = draw(seed, *sizes)
        assert_close(
            submission.conv2d(x, weight, bias),
            conv_by_loops(x, weight, bias),
            rtol=RTOL,
            atol=ATOL,
            given=f"conv2d of x {x.shape}, weight {weight.shape}",
        )


@check("conv2d", points=0.5,
       hint="Which axis does `+ bias` line up with if you write nothing else?")
def test_adds_the_bias_to_the_wrong_axis(submission):
    """Every output channel gets its own bias, once."""
    bias = np.array([1.0, -2.0, 4.0])
    for padding in (0, 1):
        x, weight = np.zeros((2, 2, 4, 4)), np.ones((3, 2, 2, 2))
        side = 3 + 2 * padding
        assert_close(
            submission.conv2d(x, weight, bias, padding=padding),
            np.broadcast_to(bias.reshape(3, 1, 1), (2, 3, side, side)).copy(),
            rtol=RTOL,
            atol=ATOL,
            given=f"conv2d of a black image with bias [1, -2, 4], padding={padding}",
        )


@check("conv2d", points=0.5,
       hint="Does your window jump by the stride, down as well as across? Where does the last "
            "window begin?")  # fmt: skip
def test_slides_with_the_wrong_stride(submission):
    """A stride steps over positions in both directions, and leftovers are dropped."""
    for seed, sizes, stride in (
        (4, (2, 3, 7, 9, 4, 3, 2), 2),
        (5, (3, 2, 8, 6, 2, 2, 3), 3),
        (6, (2, 1, 5, 8, 3, 2, 1), 4),
        (7, (2, 3, 6, 5, 2, 6, 2), 2),
    ):
        judge_conv(submission, draw(seed, *sizes), stride, 0)
    x, weight, bias = draw(8, 2, 2, 6, 8, 3, 3, 2)
    assert_close(
        submission.conv2d(x=x, weight=weight, bias=bias, stride=2),
        conv_by_loops(x, weight, bias, 2),
        rtol=RTOL,
        atol=ATOL,
        given=f"conv2d of x {x.shape}, weight {weight.shape}, stride=2",
    )


@check("conv2d", points=1,
       hint="Padding adds zeros above, below, left and right, and only there. How large is the "
            "image afterwards, and do your windows count from its new corner?")  # fmt: skip
def test_pads_the_wrong_sides(submission):
    """Padding adds zeros on all four sides, together with a stride, too."""
    for seed, sizes, stride, padding in (
        (9, (2, 3, 5, 4, 4, 3, 3), 1, 1),
        (10, (3, 2, 4, 6, 2, 3, 2), 1, 2),
        (11, (2, 2, 6, 5, 3, 3, 4), 2, 1),
        (12, (2, 3, 7, 4, 2, 2, 5), 3, 2),
        (13, (2, 1, 2, 3, 2, 4, 5), 1, 1),  # larger than the image, not than the padded one
        (14, (2, 2, 3, 2, 3, 1, 1), 1, 3),
    ):
        judge_conv(submission, draw(seed, *sizes), stride, padding)
    x, weight, bias = draw(15, 2, 2, 4, 5, 3, 3, 2)
    assert_close(
        submission.conv2d(x, weight, bias, padding=1),
        conv_by_loops(x, weight, bias, 1, 1),
        rtol=RTOL,
        atol=ATOL,
        given=f"conv2d of x {x.shape}, weight {weight.shape}, padding=1",
    )


@check("conv2d", points=0.5,
       hint="An image of three channels, a kernel of one: does your product broadcast, or cut "
            "off what is too much? Who notices?")  # fmt: skip
def test_broadcasts_disagreeing_channels(submission):
    """Images and kernels with different numbers of channels are a ValueError, others not."""
    # A kernel of one pixel: whoever raises at everything is found, other mistakes are not.
    judge_conv(submission, draw(16, 2, 3, 5, 6, 3, 1, 1), 1, 0)
    for image_channels, kernel_channels in ((3, 1), (1, 3), (3, 2), (2, 4)):
        x, _, _ = draw(16, 2, image_channels, 5, 6, 3, 2, 3)
        _, weight, bias = draw(17, 2, kernel_channels, 5, 6, 3, 2, 3)
        for padding in (0, 1):
            with pytest.raises(ValueError):
                submission.conv2d(x, weight, bias, padding=padding)


@check("conv2d", points=0.5,
       hint="What comes out when the kernel is taller than the image, but not wider? An empty "
            "array is not an answer. Does padding make room?")  # fmt: skip
def test_returns_an_empty_image(submission):
    """A kernel that is too tall or too wide for the padded image is a ValueError."""
    for H, W, kH, kW, stride, padding in (
        (3, 6, 4, 2, 1, 0), (6, 3, 2, 4, 1, 0), (3, 7, 6, 2, 2, 1), (7, 2, 3, 5, 3, 1),
        (2, 2, 3, 3, 4, 0), (2, 6, 7, 2, 1, 1),
    ):  # fmt: skip
        x, weight, bias = draw(18, 2, 3, H, W, 2, kH, kW)
        with pytest.raises(ValueError):
            submission.conv2d(x, weight, bias, stride, padding)
    judge_conv(submission, draw(19, 2, 3, 4, 6, 2, 4, 6), 1, 0)
    judge_conv(submission, draw(20, 2, 3, 2, 3, 2, 6, 7), 2, 2)


@check("conv2d", points=0.5,
       hint="Try one image, one channel, one kernel. Then compare x, weight and bias before and "
            "after the call.")  # fmt: skip
def test_trips_over_a_batch_of_one(submission):
    """Axes of size one stay, arguments do too, and no call remembers another."""
    for sizes, stride, padding in (
        ((1, 1, 4, 5, 1, 2, 3), 1, 0),
        ((1, 2, 3, 4, 1, 3, 4), 1, 0),
        ((1, 1, 4, 5, 1, 2, 3), 2, 1),
        ((3, 1, 4, 5, 1, 1, 1), 1, 0),
    ):
        for seed in (21, 22):
            x, weight, bias = draw(seed, *sizes)
            assert_close(
                assert_unchanged(submission, "conv2d", x, weight, bias, stride, padding),
                conv_by_loops(x, weight, bias, stride, padding),
                rtol=RTOL,
                atol=ATOL,
                given=f"conv2d of x {x.shape}, weight {weight.shape}, stride={stride}, "
                      f"padding={padding}",
            )
    judge_conv(submission, (x, 1.0 - weight, bias), 1, 0)  # the same images, other kernels
    first, second = ((*draw(seed, 2, 3, 5, 4, 2, 2, 3), 2, 1) for seed in (57, 58))
    assert_close(
        assert_afresh(submission, "conv2d", first, second),
        conv_by_loops(*second),
        rtol=RTOL,
        atol=ATOL,
        given="conv2d called again with other numbers",
    )


@check("max_pool2d", points=0.5,
       hint="What does a window of negative numbers leave? And does each channel keep a maximum "
            "of its own?")  # fmt: skip
def test_starts_from_zero(submission):
    """The largest entry of each window is kept, negative ones too."""
    rng = np.random.default_rng(23)
    for shape, kernel_size, shift, scale in (
        ((2, 3, 4, 6), 2, 0.0, 1.0),
        ((3, 2, 6, 3), 3, -9.0, 1.0),
        ((2, 4, 2, 4), 1, -1.0, 1.0),
        ((2, 2, 4, 8), 4, -4.0, 2.0**60),
    ):
        x = scale * rng.normal(shift, 1.0, shape)
        assert_equal(
            submission.max_pool2d(x, kernel_size),
            pool_by_loops(x, kernel_size, kernel_size),
            given=f"max_pool2d of x {shape} around {scale * shift:g}, kernel_size={kernel_size}",
        )


@check("max_pool2d", points=0.5,
       hint="Which step does stride=None stand for, and which one does stride=1? May windows "
            "overlap, or leave gaps?")  # fmt: skip
def test_ignores_the_stride(submission):
    """Windows step by the stride, with overlaps and gaps; None steps by the window."""
    x = np.random.default_rng(24).normal(-1.0, 1.0, (2, 3, 5, 7))
    for kernel_size, stride in ((3, 1), (3, 2), (1, 2), (2, 3), (5, 2)):
        given = f"max_pool2d of x {x.shape}, kernel_size={kernel_size}, stride={stride}"
        expected = pool_by_loops(x, kernel_size, stride)
        assert_equal(submission.max_pool2d(x, kernel_size, stride), expected, given=given)
        named = submission.max_pool2d(x=x, kernel_size=kernel_size, stride=stride)
        assert_equal(named, expected, given=given)
    for kernel_size in (1, 5):
        assert_equal(
            submission.max_pool2d(x, kernel_size, stride=None),
            pool_by_loops(x, kernel_size, kernel_size),
            given=f"max_pool2d of x {x.shape}, kernel_size={kernel_size}, stride=None",
        )


@check("max_pool2d", points=0.5,
       hint="A window of 2 on a width of 5: what becomes of the last column?")
def test_keeps_partial_windows(submission):
    """Windows that do not fit are left out, at the bottom and at the right."""
    rng = np.random.default_rng(25)
    for shape, kernel_size, stride in (
        ((2, 3, 5, 6), 2, 2),
        ((2, 3, 6, 5), 2, 2),
        ((3, 2, 5, 8), 3, 3),
        ((2, 2, 6, 8), 3, 2),
        ((2, 1, 7, 4), 4, 2),
    ):
        x = rng.normal(0.0, 1.0, shape)
        x[:, :, -1, :] += 50.0  # a partial window would show
        x[:, :, :, -1] += 50.0
        assert_equal(
            submission.max_pool2d(x, kernel_size, None if stride == kernel_size else stride),
            pool_by_loops(x, kernel_size, stride),
            given=f"max_pool2d of x {shape}, kernel_size={kernel_size}, stride={stride}",
        )


@check("max_pool2d", points=0.5,
       hint="Does pooling one image of one channel keep four axes, and x as it was?")
def test_squeezes_single_channels(submission):
    """Axes of size one stay, x does too, and no call remembers another."""
    rng = np.random.default_rng(26)
    for shape, kernel_size in (((1, 1, 2, 2), 2), ((1, 3, 3, 5), 2), ((4, 1, 2, 5), 2)):
        for _ in range(2):
            x = rng.normal(-1.0, 1.0, shape)
            assert_equal(
                assert_unchanged(submission, "max_pool2d", x, kernel_size),
                pool_by_loops(x, kernel_size, kernel_size),
                given=f"max_pool2d of x {shape}, kernel_size={kernel_size}",
            )
    first, second = ((x, 2) for x in rng.normal(-1.0, 1.0, (2, 2, 3, 4, 5)))
    assert_equal(
        assert_afresh(submission, "max_pool2d", first, second),
        pool_by_loops(second[0], 2, 2),
        given="max_pool2d called again with other numbers",
    )


@check("cnn_forward", points=1,
       hint="Print the shape after every step. Is the ReLU there, do the features come in "
            "C, H, W order, and do the classes of one image add up to one?")  # fmt: skip
def test_wires_the_steps_wrongly(submission):
    """conv, ReLU, 2x2 max pool, flatten in C, H, W order, linear, softmax over classes."""
    for seed, sizes in (
        (27, (3, 2, 6, 8, 4, 3, 2, 5)),
        (28, (4, 3, 5, 7, 2, 2, 3, 3)),  # (4, 5) before the pool: a column is left out
        (29, (2, 1, 6, 4, 3, 2, 2, 4)),  # (5, 3): a row and a column
        (59, (3, 2, 5, 4, 4, 2, 2, 8)),  # as many classes as features
    ):
        arguments = draw_cnn(seed, *sizes)
        assert_close(
            submission.cnn_forward(*arguments),
            cnn_by_loops(*arguments),
            rtol=3e-9,  # scores near 10, so within 1e-13; a sum + 1e-8 is not a softmax
            atol=1e-12,
            given=f"cnn_forward of x {arguments[0].shape}, conv_weight {arguments[1].shape}, "
                  f"fc_weight {arguments[3].shape}",
        )


@check("cnn_forward", points=0.5,
       hint="exp(1000) is inf. What may you subtract from the scores of one image without "
            "changing its probabilities?")  # fmt: skip
def test_overflows_in_the_softmax(submission):
    """Scores of thousands, of either sign, give finite probabilities."""
    x = np.ones((3, 1, 3, 3)) * np.array([0.0, 1.0, 2.0]).reshape(3, 1, 1, 1)
    kernel, fc_weight = np.ones((1, 1, 2, 2)), np.array([[1.0, 1.0, -1.0]])
    # The only feature is 0, 4 and 8; the scores are it times +-512, plus fc_bias.
    for offset in (0.0, 4096.0, -4096.0):
        fc_bias = np.array([math.log(3.0), 0.0, 0.0]) + offset
        assert_close(
            submission.cnn_forward(x, kernel, np.zeros(1), 512 * fc_weight, fc_bias),
            np.array([[0.6, 0.2, 0.2], [0.75, 0.25, 0.0], [0.75, 0.25, 0.0]]),
            rtol=1e-8,  # log(3) + 4096 is rounded at 1e-12
            atol=1e-14,  # exp(-2048) is nothing; exp(-30) of a clipped score is 1e-13
            given=f"cnn_forward with scores 0, 2048 and 4096 apart, fc_bias near {offset:g}",
        )


@check("cnn_forward", points=0.5,
       hint="Try one image and one class more, then compare all five arguments before and after. "
            "Does ReLU write into something that is not yours?")  # fmt: skip
def test_trips_over_a_single_image(submission):
    """One image works, arguments stay as they were, and no call remembers another."""
    for seed, sizes in (
        (30, (1, 2, 4, 5, 3, 2, 2, 4)),
        (55, (1, 1, 2, 2, 1, 1, 1, 2)),  # one feature; a kernel of one
        (56, (1, 1, 2, 2, 1, 1, 1, 2)),
        (43, (2, 1, 3, 4, 2, 1, 1, 3)),
    ):
        arguments = draw_cnn(seed, *sizes)
        assert_close(
            assert_unchanged(submission, "cnn_forward", *arguments),
            cnn_by_loops(*arguments),
            rtol=1e-8,  # the exponential multiplies the error of a score by its size
            atol=1e-12,
            given=f"cnn_forward of x {arguments[0].shape}, conv_weight {arguments[1].shape}",
        )
    names = ("x", "conv_weight", "conv_bias", "fc_weight", "fc_bias")
    by_name = dict(zip(names, arguments, strict=True))
    assert_array(submission.cnn_forward(**by_name), shape=(2, 3))
    by_name["fc_weight"] = 1.0 - by_name["fc_weight"]
    assert_close(
        submission.cnn_forward(**by_name),
        cnn_by_loops(**by_name),
        rtol=1e-8,  # as above
        atol=1e-12,
        given="cnn_forward called again with another fc_weight only",
    )
    first, second = (draw_cnn(seed, 2, 2, 4, 5, 3, 2, 2, 4) for seed in (60, 61))
    assert_close(
        assert_afresh(submission, "cnn_forward", first, second),
        cnn_by_loops(*second),
        rtol=1e-8,  # as above
        atol=1e-12,
        given="cnn_forward called again with other numbers",
    )
