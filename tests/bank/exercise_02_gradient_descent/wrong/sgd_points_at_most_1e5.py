# wrong: stochastic_gradient_descent: points are clipped at 1e5 on either side
import numpy as np


def mse_gradient(w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(D,), (N, D), (N,) -> (D,)."""
    residuals = X @ w - y                                      # (N,)
    return 2.0 / len(y) * X.T @ residuals                      # (D, N) @ (N,)


def batch_gradient_descent(X: np.ndarray, y: np.ndarray, lr: float, epochs: int) -> np.ndarray:
    """(N, D), (N,) -> (epochs + 1, D)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        # A new array each time. `w -= ...` would change the one that is already in the path,
        # and every row of the result would show the final weights.
        path.append(path[-1] - lr * mse_gradient(path[-1], X, y))
    return np.array(path)


def stochastic_gradient_descent(
    X: np.ndarray, y: np.ndarray, lr: float, epochs: int, rng: np.random.Generator
) -> np.ndarray:
    """(N, D), (N,) -> (epochs * N + 1, D): minibatches of one."""
    return minibatch_gradient_descent(X, y, lr, epochs, batch_size=1, rng=rng)


def minibatch_gradient_descent(
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(N, D), (N,) -> (epochs * ceil(N / batch_size) + 1, D)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        # Inside the loop: one order for all epochs would repeat the same noise.
        order = rng.permutation(len(y))                        # (N,)
        for start in range(0, len(y), batch_size):
            # A slice past the end is cut short, which is what the last batch needs.
            batch = order[start : start + batch_size]
            # The same indices for X and y keep every sample with its target.
            path.append(path[-1] - lr * mse_gradient(path[-1], X[batch], y[batch]))
    return np.array(path)


_plain_stochastic_gradient_descent = stochastic_gradient_descent


def stochastic_gradient_descent(*args, **named):
    value = _plain_stochastic_gradient_descent(*args, **named)
    def clipped(v):
        if isinstance(v, dict):
            return {k: clipped(x) for k, x in v.items()}
        if isinstance(v, tuple):
            return tuple(clipped(x) for x in v)
        return np.clip(v, -1e5, 1e5) if not isinstance(v, float) else float(np.clip(v, -1e5, 1e5))

    return clipped(value)
