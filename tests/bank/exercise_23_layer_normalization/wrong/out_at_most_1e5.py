# wrong: layer_norm: what it returns is clipped at 1e5 on either side
import numpy as np


def layer_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Return x, (..., D), normalised over its last axis, times gamma, plus beta."""
    apart = x - x.mean(axis=-1, keepdims=True)  # (..., D)
    var = (apart**2).mean(axis=-1, keepdims=True)  # (..., 1)
    return gamma * apart / np.sqrt(var + eps) + beta


def layer_norm_backward(
    grad_out: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (grad_x, grad_gamma, grad_beta) of sum(grad_out * out)."""
    apart = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((apart**2).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    x_hat = apart / deviation  # (..., D)
    g = grad_out * gamma  # gamma is not constant along the axis of the means below
    through = g.mean(axis=-1, keepdims=True) + x_hat * (g * x_hat).mean(axis=-1, keepdims=True)
    tokens = tuple(range(x.ndim - 1))  # all axes but the last; none for a single token
    return (g - through) / deviation, (grad_out * x_hat).sum(tokens), grad_out.sum(tokens)


def rms_norm(x: np.ndarray, gamma: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Return x, (..., D), over the root of its mean square, times gamma."""
    largest = np.abs(x).max(axis=-1, keepdims=True)  # (..., 1): every row has its own
    scale = np.maximum(largest, np.sqrt(eps))  # never zero, and eps / scale**2 is at most 1
    small = x / scale  # at most 1, so that squares neither overflow nor matter when they vanish
    return gamma * small / np.sqrt((small**2).mean(axis=-1, keepdims=True) + eps / scale / scale)


_plain_layer_norm = layer_norm


def layer_norm(*args, **named):
    value = _plain_layer_norm(*args, **named)
    def clipped(v):
        if isinstance(v, dict):
            return {k: clipped(x) for k, x in v.items()}
        if isinstance(v, tuple):
            return tuple(clipped(x) for x in v)
        return np.clip(v, -1e5, 1e5) if not isinstance(v, float) else float(np.clip(v, -1e5, 1e5))

    return clipped(value)
