"""Exercise 13: activations, and what becomes of a gradient behind them (numpy).

"Why does nobody put sigmoids into hidden layers any more?" The question sounds like history,
and is about arithmetic. Write the activations, write their derivatives, then send a gradient
through ten layers and look at what arrives at the first: with one of the three it is a
millionth at best, and the first layers of that network will never learn anything.

Interviewers watch the details on the way. Does your sigmoid survive an input of 1000, and your
tanh? Is the derivative taken at the input or at the output? What is the slope of ReLU at 0,
where it has none? The follow-up is the price of ReLU: how does a unit die, and what does
leaky ReLU do about it?
"""

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-x) of every entry.

    Args:
        x: float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`, within 1e-12 of the true value. `x` itself stays as it was.
    Example:
        >>> sigmoid(np.array([0.0, 2.0])).round(4).tolist()
        [0.5, 0.8808]

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 3.10.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `sigmoid` is still a stub")


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent, (e^x - e^-x) / (e^x + e^-x), of every entry.

    Args:
        x: float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`, within 1e-12 of the true value. `x` itself stays as it was.
    Example:
        >>> tanh(np.array([-1.0, 2.0])).round(4).tolist()
        [-0.7616, 0.964]

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.3.2.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `tanh` is still a stub")


def relu(x: np.ndarray) -> np.ndarray:
    """Return every positive entry as it is and 0 for the others.

    Args:
        x: float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`. `x` itself stays as it was.
    Example:
        >>> [abs(y) for y in relu(np.array([-1.5, 0.0, 2.5])).tolist()]
        [0.0, 0.0, 2.5]

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.3.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `relu` is still a stub")


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    """Return every positive entry as it is and `negative_slope` times the others.

    Args:
        x: float64, any shape, any finite values.
        negative_slope: The slope on the negative side; it may be larger than 1.
    Returns:
        float64, shaped like `x`. `x` itself stays as it was.
    Example:
        >>> leaky_relu(np.array([-2.0, 2.5]), negative_slope=0.5).round(4).tolist()
        [-1.0, 2.5]

    Source: Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic
    Models, 2013.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `leaky_relu` is still a stub")


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    """Return the derivative of `sigmoid` at every entry.

    Args:
        x: What went into the sigmoid, not what came out. float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`, within 1e-12 of the true value. `x` itself stays as it was.
    Example:
        >>> sigmoid_grad(np.array([0.0, 2.0])).round(4).tolist()
        [0.25, 0.105]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `sigmoid_grad` is still a stub")


def tanh_grad(x: np.ndarray) -> np.ndarray:
    """Return the derivative of `tanh` at every entry.

    Args:
        x: What went into the tanh, not what came out. float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`, within 1e-12 of the true value. `x` itself stays as it was.
    Example:
        >>> tanh_grad(np.array([0.0, 2.0])).round(4).tolist()
        [1.0, 0.0707]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `tanh_grad` is still a stub")


def relu_grad(x: np.ndarray) -> np.ndarray:
    """Return the derivative of `relu` at every entry, and 0 at 0, where it has none.

    Args:
        x: What went into the ReLU. float64, any shape, any finite values.
    Returns:
        float64, shaped like `x`. `x` itself stays as it was.
    Example:
        >>> [abs(slope) for slope in relu_grad(np.array([-1.5, 0.0, 2.5])).tolist()]
        [0.0, 0.0, 1.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `relu_grad` is still a stub")


def gradient_through_layers(name: str, pre_activations: np.ndarray) -> np.ndarray:
    """Return the factor that a stack of activations puts on each unit's gradient.

    All weights count as 1 here: what is left is the product, over the layers, of the
    activation's derivative at the unit's pre-activation.

    Args:
        name: `"sigmoid"`, `"tanh"` or `"relu"`.
        pre_activations: `(layers, units)`, float64: what goes into the activation of each unit
            in each layer.
    Returns:
        `(units,)`, float64. `pre_activations` itself stays as it was.
    Raises:
        ValueError: any other name.
    Example:
        >>> gradient_through_layers("sigmoid", np.array([[0.0, 2.0], [0.0, 2.0]])).round(4).tolist()
        [0.0625, 0.011]

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, 2010.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_13: `gradient_through_layers` is still a stub")
