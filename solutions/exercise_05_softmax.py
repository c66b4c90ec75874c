"""Softmax exponentiates the scores, so that they are positive and their order is kept, and
divides by the sum, so that they add up to one. As a formula that is all; as code it overflows:
exp(710) is already inf in float64, and inf / inf is nan. The way out is that softmax does not
feel a constant: adding c to all scores multiplies numerator and denominator by exp(c). So I
subtract the maximum along the axis of the classes. The largest exponent is then 0, nothing
overflows, and the denominator is at least 1, so there is no division by zero either. The
maximum has to be that of each row. With the maximum of the whole batch, a row far below the
others underflows to 0 / 0.

For the logarithm I do not take np.log of the result. A probability below 1e-324 is stored as 0
and its log as -inf, though the true value, say -1000, is harmless. On paper the log of the
ratio is a difference: the shifted score minus the log of the sum of the shifted exponentials.
That sum lies between 1 and the number of classes, where the log is well behaved. This is the
log-sum-exp trick, and it is why frameworks ask for logits and fuse log-softmax into the loss.

Follow-ups: a score of -inf works as a mask, because exp(-inf) is 0, as long as one score stays
finite. A temperature divides the scores first: large flattens the distribution, small sharpens
it towards the argmax. The Jacobian is diag(p) - p p^T; together with cross-entropy it
collapses to p - y. With two classes softmax is the sigmoid of the difference of the scores.
"""

import numpy as np
from numpy.typing import ArrayLike


def softmax(x: ArrayLike, axis: int = -1) -> np.ndarray:
    """Turn scores into probabilities that sum to one along `axis`."""
    # float64 before anything else: int8 scores would wrap around in the subtraction.
    x = np.asarray(x, dtype=np.float64)
    # Subtracting the maximum cancels out of the ratio, and makes the largest exponent
    # exp(0) = 1: nothing overflows, and the sum is never zero.
    weights = np.exp(x - x.max(axis=axis, keepdims=True))  # shaped like x
    # keepdims again: without it a (3, 3) batch divides columns by rows, and still runs.
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x: ArrayLike, axis: int = -1) -> np.ndarray:
    """Return log(softmax(x)) without ever holding a probability that could underflow."""
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)  # shaped like x, at most 0
    # The sum holds exp(0) = 1 at least once, so this log is of a number from 1 to C. It is
    # the only log there is: the one of the numerator has cancelled against its exp.
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
