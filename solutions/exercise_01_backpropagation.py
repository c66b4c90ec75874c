"""What to say: backpropagation is the chain rule, read from the loss backwards, keeping what the
forward pass computed.

The loss is a mean over N * K squares, so its gradient at the output is
2 (y_hat - y) / (N K): everything behind it inherits that factor, once. A layer `Z = A @ W + b`
that receives dZ hands out three things. To W: A transposed times dZ, each weight being the
meeting of one input with one output, summed over the samples. To b: dZ summed over the samples,
because one bias was broadcast to all rows, and the backward of a broadcast is a sum. And to the
layer below: dZ times W transposed. In between stands the tanh, which acts entry by entry, so its
derivative is multiplied in entry by entry; it is 1 - tanh^2, and the tanh is still lying there
from the forward pass. The shapes nearly write the code: a gradient has its parameter's shape.

How do I know that it is right? I compare with central differences, whose error falls with
eps^2 where the one-sided quotient's falls only with eps. Not too small an eps, though: f is
rounded at 1e-16, and that error is divided by eps, so the best is near the cube root, 1e-5, in
float64. In float32 the check is useless.

Why not train with differences, then? They need two forward passes for each parameter;
backpropagation gives all gradients for about the price of two more. It pays with memory: the
activations must be kept until the backward pass has used them.
"""

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
    y_hat = hidden @ W2 + b2  # (N, K)
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
