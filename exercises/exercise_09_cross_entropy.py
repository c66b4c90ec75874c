"""Exercise 09: cross-entropy, from probabilities and from logits (numpy).

The loss of every classifier that you have trained. An interviewer lets you write the formula
and then changes the input: one sample instead of a batch, soft labels instead of one-hot ones,
two classes given as a single column of probabilities. Each time an answer by heart breaks.

Then comes the question that the job depends on: on Monday the model is certain and wrong. It
gave the true class probability 0, the loss is inf, and every weight is nan. You may clip
probabilities, and should be able to say what that hides. Given the logits, there is nothing to
clip: a model that misses by 100 has a loss of 100, and the follow-up is how you get that
number, with logits in the thousands too.
"""

import numpy as np
from numpy.typing import ArrayLike


def cross_entropy_loss(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean negative log-likelihood, in nats, of predicted probabilities.

    Args:
        y_true: Two-dimensional, `(N, C)`: one target distribution a sample, one-hot or soft.
            One-dimensional, `(N,)`: binary labels 0 or 1. Lists and integers are fine.
        y_pred: Shaped like `y_true`: the predicted probability of each class `(N, C)`, or
            that of class 1 `(N,)`. Lists and float32 are fine, and so are exact zeros and ones.
    Returns:
        The mean over the samples, computed in float64 whatever the arguments are: float32 has no
        number between 1 - 1e-15 and 1, and is right to 7 digits only. In the binary case
        samples of both classes count.
        Probabilities of exactly 0 or 1 give a finite loss: clip at 1e-15, from below or on
        both sides (1e-4 relative is near enough there). Neither argument is changed.
    Raises:
        ValueError: the shapes differ, even where numpy could broadcast them.
    Example:
        >>> round(float(cross_entropy_loss([[0, 1, 0]], [[0.25, 0.5, 0.25]])), 4)
        0.6931
        >>> round(float(cross_entropy_loss([1, 0], [0.5, 0.75])), 4)
        1.0397
        >>> single = np.array([0.1, 0.3], dtype=np.float32)
        >>> loss = cross_entropy_loss([1, 1], single)
        >>> bool(abs(loss - cross_entropy_loss([1, 1], single.astype(np.float64))) < 1e-12)
        True

    Source: Goodfellow, Bengio and Courville, Deep Learning, sections 3.13 and 5.5.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_09: `cross_entropy_loss` is still a stub")


def cross_entropy_from_logits(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean negative log-likelihood, in nats, of the softmax of `logits`.

    Args:
        logits: `(N, C)`, float64, of any finite size. An offset common to a row changes
            nothing, however large it is.
        labels: `(N,)`, integers: the true class of each sample, counted from 0.
    Returns:
        The mean over the samples, within 1e-9 of the true loss (relative), and not clipped:
        a model that is certain and wrong pays in full. Neither argument is changed.
    Example:
        >>> round(float(cross_entropy_from_logits(np.array([[0.0, 0.0]]), np.array([1]))), 4)
        0.6931
        >>> round(float(cross_entropy_from_logits(np.array([[0.0, 100.0]]), np.array([0]))), 4)
        100.0

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2.3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_09: `cross_entropy_from_logits` is still a stub")
