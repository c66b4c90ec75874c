"""Exercise 05: softmax and its logarithm (numpy).

Every classifier ends here, and every interviewer asks for it: three lines at a whiteboard.
They expect the formula, so they wait with the second question: what does your code make of
the scores [1000, 1001]? In training nobody asks, the loss just reads nan one night, and the
cluster is paid for until the morning.

The follow-up is always the logarithm. A probability of 1e-500 is zero to a computer, and
log(0) is minus infinity; the honest answer, about -1151, fits into a float with ease. And
then comes the shape question: which axis holds the classes, and what if it is not the last?
"""

import scipy.special
import numpy as np
from numpy.typing import ArrayLike


def softmax(x, axis=-1):
    return scipy.special.softmax(np.asarray(x, dtype=float), axis=axis)


def log_softmax(x: ArrayLike, axis: int = -1) -> np.ndarray:
    """Return the natural logarithm of the probabilities that `softmax` means.

    Args:
        x: As for `softmax`. A score of -inf has the logarithm -inf.
        axis: The axis of the classes.
    Returns:
        float64, shaped like `x`: finite for finite scores whose differences are finite, and
        right also where the probability itself is too small for a float.
        `x` itself stays as it was.
    Example:
        >>> log_softmax([0, 0]).round(4).tolist()
        [-0.6931, -0.6931]
        >>> round(float(log_softmax([0, -1000])[1]), 4)
        -1000.0

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 4.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_05: `log_softmax` is still a stub")
