"""Exercise 31: quantisation, from floats to eight bits and back (numpy).

A language model of seven billion weights needs 28 gigabytes in float32 and 7 in int8, and reading
the weights is what a token costs. So interviewers ask for the whole of it: "Round a matrix to
eight bits, multiply with it, and tell me what you have lost." The code is short and its bugs are
quiet. A sum of products wraps around in int8, a code of 256 becomes 0, a channel of zeros gives
nan, and the model answers as before, only worse.

The follow-up: one outlier makes the step of a whole matrix large. What do you do about it, and on
which axis?

In all four functions rounding is to the nearest integer, and halves go to the even one, as in
np.rint. The arguments stay as they were.
"""

import numpy as np


def quantize_symmetric(
    w: np.ndarray, bits: int = 8, axis: int | None = None
) -> tuple[np.ndarray, float | np.ndarray]:
    """Store weights as small integers, with 0.0 at the code 0.

    Args:
        w: float64, of any shape with at least one axis. Every magnitude is 0 or at least 1e-300.
            If a number lies half-way between two codes, the scale is a power of two.
        bits: From 2 to 8. The codes run from `-bound` to `bound`, with
            `bound = 2**(bits - 1) - 1`: from -127 to 127 for eight bits.
        axis: None for one scale for the whole array, or an axis of `w`, which may be negative:
            then each index along that axis has a scale of its own, taken over all other axes.
    Returns:
        (q, scale). `q` is int8, shaped like `w`: `w / scale`, rounded. `scale` is the largest
        magnitude over `bound`: a float if `axis` is None, else a float64 array that is shaped
        like `w` with all axes but `axis` of length 1, so for (3, 4) and axis 0 it is (3, 1).
        Where everything that shares a scale is 0, the scale is 1.
    Example:
        >>> q, scale = quantize_symmetric(np.array([[1.0, -0.26], [0.0, 12.7]]))
        >>> q.tolist(), round(float(scale), 6)
        ([[10, -3], [0, 127]], 0.1)
        >>> q, scale = quantize_symmetric(np.array([[3.5, 1.0], [0.0, 0.0]]), bits=4, axis=0)
        >>> q.tolist(), scale.tolist()
        ([[7, 2], [0, 0]], [[0.5], [1.0]])

    Source: Jacob and others, Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference, 2018.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_31: `quantize_symmetric` is still a stub")


def dequantize(q: np.ndarray, scale: float | np.ndarray, zero_point: int = 0) -> np.ndarray:
    """Return the floats that codes stand for: `(q - zero_point) * scale`.

    Args:
        q: An array of any integer type, signed or not, of any width.
        scale: A float, or an array that broadcasts against `q`.
        zero_point: The code of 0.0: an int or a numpy integer.
    Returns:
        float64, shaped like `q`.
    Example:
        >>> dequantize(np.array([0, 3, 255], dtype=np.uint8), 0.5, 3).tolist()
        [-1.5, 0.0, 126.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_31: `dequantize` is still a stub")


def quantize_affine(x: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float, int]:
    """Store activations, whose range need not be symmetric, in all the codes there are.

    With `low = min(x.min(), 0)` and `high = max(x.max(), 0)`, so that 0.0 is always in the range:
    `scale = (high - low) / (2**bits - 1)`, `zero_point = round(-low / scale)`, and
    `q = round(x / scale) + zero_point`, clipped to 0 ... 2**bits - 1.

    Args:
        x: float64, of any shape with at least one axis. Every magnitude is 0 or at least 1e-300.
            No entry but `low` and `high` lies half-way between two codes. If one of these two
            does, or if `-low / scale` does, the scale is a power of two.
        bits: From 2 to 8.
    Returns:
        (q, scale, zero_point): uint8 shaped like `x`, a float and an int. 0.0 has the code
        `zero_point`. Where `x` is all zeros, the scale is 1 and the zero point 0.
    Example:
        >>> q, scale, zero_point = quantize_affine(np.array([-1.0, 0.0, 2.0, 4.1]))
        >>> q.tolist(), round(float(scale), 6), int(zero_point)
        ([0, 50, 150, 255], 0.02, 50)
        >>> q, scale, zero_point = quantize_affine(np.array([3.0, 6.0]), bits=2)
        >>> q.tolist(), float(scale), int(zero_point)
        ([2, 3], 2.0, 0)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_31: `quantize_affine` is still a stub")


def int8_matmul(
    x_q: np.ndarray, x_scale: float | np.ndarray, w_q: np.ndarray, w_scale: float | np.ndarray
) -> np.ndarray:
    """Multiply two matrices that are stored as symmetric codes, in integers until the end.

    Args:
        x_q: (N, K) int8. All of its 256 values may occur. K is at most 65,536.
        x_scale: A float, or one for each row: (N, 1).
        w_q: (K, M) int8.
        w_scale: A float, or one for each column: (1, M).
    Returns:
        (N, M) float64: the products of the codes summed exactly, and then multiplied by the
        scales. The largest sum there can be fits into int32; integers in float64 are exact too.
    Example:
        >>> x_q, w_q = np.array([[100, 100]], dtype=np.int8), np.array([[100], [27]], dtype=np.int8)
        >>> int8_matmul(x_q, 0.5, w_q, np.array([[0.01]])).round(6).tolist()
        [[63.5]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_31: `int8_matmul` is still a stub")
