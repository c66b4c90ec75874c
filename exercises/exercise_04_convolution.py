"""Exercise 04: convolution, pooling and a small network (numpy).

"No framework, please: write a convolution." Everybody has used one, few have written one, and
the interviewer watches the details: does your kernel slide or flip, which of height and width
comes first, what happens to the last column when the stride jumps over it, and does your
output have the size that you announced a minute ago?

The follow-up: what does the layer cost, and how would you turn the loops into one matrix
product? Then you put it together: convolution, ReLU, pooling, a linear layer, softmax.

Images are NCHW: samples N, channels C, height H, width W. What deep learning calls convolution
is cross-correlation: the kernel is laid on the image as it is, without flipping. Arrays are
float64, and may lie in memory in any way: transposed, or as a part of a larger array.
"""

from __future__ import annotations

import numpy as np


def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Count the positions of a sliding kernel along one axis.

    Args:
        size: The length of the axis, without padding.
        kernel_size: The length of the kernel along it.
        stride: The distance between neighbouring positions.
        padding: Zeros added at each of the two ends.
    Returns:
        How many positions there are at which the whole kernel lies on the padded input,
        starting at its first entry; an int.
    Raises:
        ValueError: The kernel does not fit the padded input.
    Example:
        >>> int(conv_output_size(6, kernel_size=3))
        4
        >>> int(conv_output_size(6, kernel_size=3, stride=2, padding=1))
        3

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_04: `conv_output_size` is still a stub")


def conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Lay every kernel on every position of the image: products, summed, plus the bias.

    Args:
        x: Images (N, C_in, H, W).
        weight: Kernels (C_out, C_in, kH, kW); kH and kW may differ.
        bias: (C_out,), one number for each output channel.
        stride: The step from one position to the next, down and across.
        padding: Zeros around the image, that many on all four sides.
    Returns:
        float64 (N, C_out, H_out, W_out). The arguments stay as they were.
    Raises:
        ValueError: `x` and `weight` disagree about C_in, or the kernel does not fit the
            padded image.
    Example:
        >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
        >>> weight = np.array([[[[1.0, 0.0], [0.0, 2.0]]]])
        >>> conv2d(x, weight, np.array([10.0])).tolist()
        [[[[18.0, 21.0], [27.0, 30.0]]]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_04: `conv2d` is still a stub")


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int | None = None) -> np.ndarray:
    """Keep the largest entry of every square window.

    Args:
        x: Images (N, C, H, W).
        kernel_size: Height and width of the window, at most H and at most W.
        stride: The step from one window to the next, down and across; None means
            `kernel_size`, so that windows do not overlap.
    Returns:
        float64 (N, C, H_out, W_out); windows that do not fit into the image are left out.
        `x` stays as it was.
    Example:
        >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 9.0]]]])
        >>> max_pool2d(x, 2).tolist()
        [[[[5.0]]]]
        >>> max_pool2d(x, 2, stride=1).tolist()
        [[[[5.0, 9.0]]]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_04: `max_pool2d` is still a stub")


def cnn_forward(
    x: np.ndarray,
    conv_weight: np.ndarray,
    conv_bias: np.ndarray,
    fc_weight: np.ndarray,
    fc_bias: np.ndarray,
) -> np.ndarray:
    """Classify images: convolution, ReLU, 2x2 max pool, flatten, linear, softmax.

    Args:
        x: Images (N, C_in, H, W).
        conv_weight, conv_bias: (C_out, C_in, kH, kW) and (C_out,); stride 1, no padding.
        fc_weight, fc_bias: (F, K) and (K,), applied as `features @ fc_weight + fc_bias`. The
            F features are what the pool leaves, flattened in the order C, H, W.
    Returns:
        float64 (N, K): for every image the softmax over its classes, finite for scores of
        any size. The arguments stay as they were.
    Example:
        >>> x, kernel = np.zeros((1, 1, 3, 3)), np.ones((2, 1, 2, 2))
        >>> cnn_forward(x, kernel, np.zeros(2), np.ones((2, 4)), np.zeros(4)).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_04: `cnn_forward` is still a stub")
