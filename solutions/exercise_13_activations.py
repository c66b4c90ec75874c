"""An activation bends the line. Without one, any stack of linear layers is a single linear layer.
Which one to take is mostly a question of what its derivative does to a gradient on the way back,
since backpropagation multiplies one derivative per layer.

The sigmoid's derivative is s (1 - s), a quarter at most, and only at 0. Ten layers of it leave
at best 0.25**10, a millionth, and saturated units leave far less. That is the vanishing
gradient. Its outputs are also all positive, so the weight gradients of the next layer's unit all
share one sign. Tanh is a rescaled sigmoid, 2 s(2x) - 1: centred, with a slope of 1 at 0, better
by a wide margin, but it saturates as well. ReLU's derivative is exactly 1 wherever the unit is
active, so depth alone costs nothing. Its price is the other side: a unit that is negative on
all data has gradient 0 and never comes back; it is dead. A large learning rate or a bad bias gets
it there. Leaky ReLU keeps a small slope for that reason; GELU and SiLU are the smooth relatives in
transformers. At 0 itself ReLU has no derivative, any number from 0 to 1 is a subgradient, and
frameworks take 0.

As code: exp(1000) is inf, so I exponentiate nothing above 0. The derivatives take the input x; the
formulas in terms of the output, y (1 - y) and 1 - y**2, are what a framework uses, because it
has kept the output anyway, and mixing the two up is the classic mistake.

Follow-ups: sigmoids still have their place at the output of a binary classifier and as gates in
an LSTM. Against vanishing: ReLU with He initialisation (variance 2 / fan-in, because half of the
units are off), normalisation, and residual connections, whose identity path adds 1 to the
derivative of every block.
"""

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-x), entry by entry."""
    # This is 1 / (1 + e^-x) for positive x and e^x / (1 + e^x) for negative x, which are the same
    # number. No exponent is ever above 0, so nothing overflows.
    return np.exp(x.clip(max=0.0)) / (1.0 + np.exp(-np.abs(x)))


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent, entry by entry."""
    # The textbook quotient of exponentials is inf / inf from 710 on. numpy's own is not.
    return np.tanh(x)


def relu(x: np.ndarray) -> np.ndarray:
    """Return max(x, 0), entry by entry."""
    # clip works entry by entry; x.max() would look for the largest one.
    return x.clip(min=0.0)


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    """Return x where it is positive and `negative_slope * x` elsewhere."""
    # Positive part plus scaled negative part. The larger of x and negative_slope * x is shorter,
    # but wrong for slopes above 1.
    return x.clip(min=0.0) + negative_slope * x.clip(max=0.0)


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    """Return the derivative of the sigmoid at the input x: 1/4 at most."""
    y = sigmoid(x)
    return y * (1.0 - y)


def tanh_grad(x: np.ndarray) -> np.ndarray:
    """Return the derivative of tanh at the input x: 1 at most."""
    return 1.0 - np.tanh(x) ** 2


def relu_grad(x: np.ndarray) -> np.ndarray:
    """Return 1 where x is positive and 0 elsewhere, at 0 too."""
    # A comparison gives booleans, and a gradient is a number.
    return (x > 0).astype(np.float64)


def gradient_through_layers(name: str, pre_activations: np.ndarray) -> np.ndarray:
    """Return the product over layers of the activation's derivative, one factor a unit."""
    derivatives = {"sigmoid": sigmoid_grad, "tanh": tanh_grad, "relu": relu_grad}
    if name not in derivatives:
        raise ValueError(f"no activation is called {name!r}; there are {', '.join(derivatives)}")
    # The chain rule multiplies; layers lie along axis 0, and each unit keeps its own product.
    return derivatives[name](pre_activations).prod(axis=0)  # (units,)
