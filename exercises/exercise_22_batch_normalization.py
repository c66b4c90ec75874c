"""Exercise 22: batch normalisation, forwards, backwards and folded away (numpy).

"Implement BatchNorm" sounds like two lines: subtract the mean, divide by the deviation. The
interviewer watches what differs between training and use. Which of the two variances goes into
the running average? What does a batch of one do? A model that was excellent in training and
guesses in production has, more often than not, one of these wrong, and nothing ever crashes.

Then comes the board: "Derive the gradient." The mean and the variance depend on every sample, so
each sample's gradient hears of all the others. And the follow-up of people who ship models: in
use the normalisation is a fixed scale and shift. Why is it still there? Fold it into the layer.

In all three functions all arrays are float64. x is (N, D): rows are samples, columns are features.
"""

import numpy as np


def batch_norm_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normalise each column, scale it by gamma and shift it by beta.

    In training, a column is normalised with the mean and the population variance (divided by N)
    of this batch, and the running values move: each new one is
    `(1 - momentum) * old + momentum * batch`. What the running variance takes from the batch is
    the *unbiased* variance (divided by N - 1).
    Not in training, a column is normalised with the running values, and they stay.

    Args:
        x: (N, D). In training N is 2 or more, otherwise 1 or more. No column's mean lies further
            than 1,000 of its standard deviations from zero; a column may be constant.
        gamma, beta: (D,), scale and shift of the normalised columns.
        running_mean, running_var: (D,), what has been seen of the columns so far.
        training: Whether this is training.
        momentum: The share of this batch in the new running values, from 0 to 1.
        eps: Added to the variance, before the root. At least 1e-8.
    Returns:
        (out, running_mean, running_var), shaped (N, D), (D,) and (D,). All are new float64
        arrays that share no memory with an argument, also where the running values stay as they
        were. The arguments stay as they were.
    Raises:
        ValueError: in training, for a batch of one: it has no variance.
    Example:
        >>> x, one, zero = np.array([[1.0], [5.0]]), np.ones(1), np.zeros(1)
        >>> out, mean, var = batch_norm_forward(x, one, zero, zero, one, training=True)
        >>> out.round(4).tolist()
        [[-1.0], [1.0]]
        >>> mean.round(4).tolist(), var.round(4).tolist()
        ([0.3], [1.7])
        >>> out, _, _ = batch_norm_forward(x, one, zero, zero, one, training=False)
        >>> out.round(3).tolist()
        [[1.0], [5.0]]

    Source: Ioffe and Szegedy, Batch Normalization: accelerating deep network training by
    reducing internal covariate shift, 2015, algorithms 1 and 2.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_22: `batch_norm_forward` is still a stub")


def batch_norm_backward(
    grad_out: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of `sum(grad_out * out)`, where `out` is that of training.

    Args:
        grad_out: (N, D), the gradient of the loss with respect to `out`.
        x: (N, D) as in `batch_norm_forward`; N is 2 or more.
        gamma: (D,). (The gradients do not depend on beta.)
        eps: As in `batch_norm_forward`.
    Returns:
        (grad_x, grad_gamma, grad_beta), shaped (N, D), (D,) and (D,): new float64 arrays that
        share no memory with an argument. The arguments stay as they were.
    Example:
        >>> x, grad_out = np.array([[1.0], [5.0]]), np.array([[1.0], [3.0]])
        >>> grad_x, grad_gamma, grad_beta = batch_norm_backward(grad_out, x, np.ones(1))
        >>> grad_gamma.round(4).tolist(), grad_beta.round(4).tolist()
        ([2.0], [4.0])

    Source: as above, section 3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_22: `batch_norm_backward` is still a stub")


def fold_batch_norm(
    weight: np.ndarray,
    bias: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray]:
    """Merge a linear layer and the normalisation after it, not in training, into one layer.

    Args:
        weight, bias: (D_in, D) and (D,), of the layer `x @ weight + bias`.
        gamma, beta, running_mean, running_var, eps: Of the normalisation of its outputs, not in
            training, as in `batch_norm_forward`.
    Returns:
        (weight, bias), shaped (D_in, D) and (D,), of the layer that computes both steps at once:
        new float64 arrays that share no memory with an argument. The arguments stay as they were.
    Example:
        >>> weight, bias = np.array([[1.0, 2.0]]), np.array([0.5, 0.0])
        >>> gamma, beta = np.array([3.0, 1.0]), np.array([0.0, 7.0])
        >>> mean, var = np.array([0.5, 4.0]), np.array([9.0, 16.0])
        >>> weight, bias = fold_batch_norm(weight, bias, gamma, beta, mean, var)
        >>> weight.round(4).tolist(), bias.round(4).tolist()
        ([[1.0, 0.5]], [0.0, 6.0])
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_22: `fold_batch_norm` is still a stub")
