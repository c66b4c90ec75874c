# wrong: batch_norm_backward: gradients are clipped at 1e5 on either side
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


_plain_batch_norm_backward = batch_norm_backward


def batch_norm_backward(*args, **named):
    value = _plain_batch_norm_backward(*args, **named)
    def clipped(v):
        if isinstance(v, dict):
            return {k: clipped(x) for k, x in v.items()}
        if isinstance(v, tuple):
            return tuple(clipped(x) for x in v)
        return np.clip(v, -1e5, 1e5) if not isinstance(v, float) else float(np.clip(v, -1e5, 1e5))

    return clipped(value)
