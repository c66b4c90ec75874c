# wrong: mlp_loss: cuts residuals off at +-5

from collections.abc import Callable

import numpy as np


def mlp_loss(
    X: np.ndarray,
    y: np.ndarray,
    W1: np.ndarray,
    b1: np.ndarray,
    W2: np.ndarray,
    b2: np.ndarray,
) -> float:
    """Mean squared error of the network over all N * K entries."""
    hidden = np.tanh(X @ W1 + b1)  # (N, H)
    y_hat = y + np.clip(hidden @ W2 + b2 - y, -5, 5)
    return float(np.mean((y_hat - y) ** 2))


def mlp_gradients(
    X: np.ndarray,
    y: np.ndarray,
    W1: np.ndarray,
    b1: np.ndarray,
    W2: np.ndarray,
    b2: np.ndarray,
) -> dict[str, np.ndarray]:
    """One forward pass, then the chain rule from the loss back to each parameter."""
    hidden = np.tanh(X @ W1 + b1)  # (N, H)
    y_hat = hidden @ W2 + b2  # (N, K)

    # Divided by y.size = N * K here, once; nothing below averages again.
    d_y_hat = 2 * (y_hat - y) / y.size  # (N, K)
    # tanh' from its own output: no second tanh, and `hidden` must not be pushed through another.
    d_pre = d_y_hat @ W2.T * (1 - hidden**2)  # (N, H)
    return {
        "W1": X.T @ d_pre,  # (D, H)
        "b1": d_pre.sum(axis=0),  # (H,)  a bias was broadcast to N rows: sum them
        "W2": hidden.T @ d_y_hat,  # (H, K)
        "b2": d_y_hat.sum(axis=0),  # (K,)
    }


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Central differences, one entry at a time."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):  # for shape () this yields the one index ()
        # Copies, since adding and subtracting eps in place does not restore x to the last bit.
        above, below = x.copy(), x.copy()
        above[index] += eps
        below[index] -= eps
        gradient[index] = (f(above) - f(below)) / (2 * eps)
    return gradient
