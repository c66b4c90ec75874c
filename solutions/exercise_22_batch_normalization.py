"""Batch normalisation takes each feature's mean and variance over the batch, makes the feature
zero mean and unit variance, and then lets two learned numbers, gamma and beta, choose another
scale and shift. In training the statistics are those of the batch. In use there may be a single
sample, whose output must not depend on its neighbours, so I keep running averages in training and
normalise with those. Forgetting to switch is the classic bug: good losses, useless predictions.

Two variances: the normalisation divides by N, because it describes this batch. The running value
estimates the variance of the data, so it takes the unbiased one, divided by N - 1; so do PyTorch's.
A batch of one has neither: its variance is zero, its output would be beta whatever x is, and
N - 1 would be a division by zero. That is an error, not a result. eps stands under the root, where
it keeps a constant column from dividing by zero.

Backwards, x enters three times: directly, through the mean and through the variance. Writing out
the three and collecting gives one line: grad_out, less its mean, less its part along x_hat, times
gamma over the deviation. I check it by its meaning: adding a constant to a column, or stretching
it, does not change the output, so the gradient has to be orthogonal to both, and it is (up to eps).

In use, all is constant: out = x * scale + shift with scale = gamma / sqrt(var + eps). A linear
layer before it takes the scale into its columns and the shift into its bias; the normalisation
then costs nothing, and quantisation sees the weights that really act.

Follow-ups: small batches make noisy statistics, hence layer or group normalisation; a bias right
before batch normalisation is useless, because the mean takes it away; data-parallel training
has to decide whether the statistics are those of one device's samples or of everybody's.
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
    """Return (out, running_mean, running_var); the running values move in training only."""
    if training:
        if len(x) < 2:
            raise ValueError("a batch of one has no variance to normalise with")
        mean, var = x.mean(axis=0), x.var(axis=0)  # (D,): over the samples, divided by N
        running_mean = (1 - momentum) * running_mean + momentum * mean
        # Divided by N - 1: this one estimates the variance of the data, not of the batch.
        running_var = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    else:
        # Copies are returned: the caller may go on to update them in place.
        running_mean, running_var = running_mean.copy(), running_var.copy()
        mean, var = running_mean, running_var
    out = gamma * (x - mean) / np.sqrt(var + eps) + beta  # (N, D)
    return out, running_mean, running_var


def batch_norm_backward(
    grad_out: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (grad_x, grad_gamma, grad_beta) of sum(grad_out * out)."""
    deviation = np.sqrt(x.var(axis=0) + eps)  # (D,)
    x_hat = (x - x.mean(axis=0)) / deviation  # (N, D)
    grad_gamma = (grad_out * x_hat).sum(axis=0)
    grad_beta = grad_out.sum(axis=0)
    # The mean and the variance are made of all samples, so each sample's gradient loses the
    # batch's mean gradient, and the part that would only stretch the column.
    through = grad_out - grad_beta / len(x) - x_hat * grad_gamma / len(x)  # (N, D)
    return gamma / deviation * through, grad_gamma, grad_beta


def fold_batch_norm(
    weight: np.ndarray,
    bias: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (weight, bias) that act as both steps together."""
    scale = gamma / np.sqrt(running_var + eps)  # (D,)
    # Outputs are the columns of weight, so one scale a column.
    return weight * scale, (bias - running_mean) * scale + beta
