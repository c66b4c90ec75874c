"""Exercise 17: why depth needs a bend (torch).

A candidate shows a network of twelve layers that fits no better than a straight line, and
has spent a week on its learning rate. The interviewer asks one thing: "What would be left of
it if I multiplied your weights together?" Four points, XOR, have decided that question since
1969, and they still do in twenty minutes at a whiteboard.

The follow-ups are practical. "Where do the biases go?" "You get a network as a black box: how
do you find out, with data alone, whether it bends at all?" And: "Your XOR network learns with
seed 3 and is stuck with seed 7. Why, and what do you change?"
"""

from collections.abc import Callable

import torch
from torch import nn


def collapse_linear(stack: nn.Sequential) -> nn.Linear:
    """Return the one layer that computes what a stack of linear layers computes.

    Args:
        stack: `nn.Linear` layers only, at least one, none nested; each with a bias or
            without. float32 or float64. It stays as it was.
    Returns:
        An `nn.Linear` of the same dtype that gives, up to rounding, what `stack` gives
        for every input.
    Raises:
        ValueError: `stack` holds any other kind of layer, whatever that layer does.
    Example:
        >>> stack = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
        >>> layer = collapse_linear(stack)
        >>> isinstance(layer, torch.nn.Linear), tuple(layer.weight.shape)
        (True, (2, 3))

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_17: `collapse_linear` is still a stub")


def is_affine(
    f: Callable[[torch.Tensor], torch.Tensor], in_features: int, tolerance: float = 1e-4
) -> bool:
    """Say whether `f` behaves as an affine map, x -> x @ A + c, on random inputs.

    Rounding is no bend. The answer is right whatever the scale of the output, and with a large
    constant offset in it. A bend that lies within a few units of the origin is found. A
    constant function is affine.

    Args:
        f: Takes float32 tensors `(N, in_features)`, any N from one up, and gives
            tensors `(N, K)`. If `f` is an `nn.Module`, give it tensors of its parameters' dtype.
        in_features: How many columns `f` wants.
        tolerance: The deviation from an affine map, relative to how much the output
            varies, that still passes.
    Returns:
        True or False. The global random state is not reseeded.
    Example:
        >>> bool(is_affine(lambda x: 2 * x + 1, 3))
        True
        >>> bool(is_affine(torch.abs, 3))
        False
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_17: `is_affine` is still a stub")


def xor_accuracy(model: nn.Module) -> float:
    """Return the share of the four XOR points that `model` gets right.

    The points are those of {0, 1} x {0, 1}; the label is 1 where exactly one coordinate is.

    Args:
        model: Gives logits `(4, 1)` for inputs `(4, 2)` of its parameters' dtype (float32
            where it has none). A logit above 0 is read as class 1, any other as class 0.
            Parameters and the modes of all submodules stay as they were.
    Returns:
        A float: 0.0, 0.25, 0.5, 0.75 or 1.0.
    Example:
        >>> always_one = torch.nn.Linear(2, 1)
        >>> _ = torch.nn.init.zeros_(always_one.weight), torch.nn.init.ones_(always_one.bias)
        >>> round(float(xor_accuracy(always_one)), 2)
        0.5
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_17: `xor_accuracy` is still a stub")


def solve_xor(seed: int) -> nn.Module:
    """Build and train a model that gets all four XOR points right.

    It must do so for every seed from 0 to 9, in a few seconds (a call that uses the processor for
    ten is stopped), and the same seed gives the same model whatever happened to the random state
    before. Setting torch's global seed is allowed here.

    Args:
        seed: Decides everything that is random in building and training.
    Returns:
        A trained model: `(N, 2)` float32 in, logits `(N, 1)` out, above 0 for class 1.
    Example:
        >>> logits = solve_xor(0)(torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
        >>> (logits > 0).flatten().tolist()
        [False, True, True, False]

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_17: `solve_xor` is still a stub")
