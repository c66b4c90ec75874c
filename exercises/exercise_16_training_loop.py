"""Exercise 16: the training loop (torch).

"Write me a training step, without looking anything up." It is the warm-up of almost every
PyTorch interview, and it sorts candidates within two minutes, since each of its lines can be
forgotten or misplaced without any error: the loss still goes down, only to a worse place.
In production this shows weeks later, as a model that nobody can reproduce.

The follow-up takes your lines away one by one: "What happens without this one? And if it
moves down by two? What if the model has just been evaluated? What if the last batch holds one
sample?"
"""

import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    """Make one update of `model`, in train mode, and return the loss it was made from.

    Gradients left over from earlier work have no effect. A model that came in train mode is
    left in it.

    Args:
        model: A binary classifier that gives logits `(N, 1)`, in whichever mode it was left;
            float32 or float64, as are the tensors.
        X: Inputs `(N, D)`. A batch of one sample works.
        y: Labels `(N,)`, floats 0 and 1. X and y stay as they were.
        optimizer: Holds the model's parameters.
        criterion: Makes a scalar of two tensors of the same shape, for example
            `nn.BCEWithLogitsLoss()` or `nn.MSELoss()`.
    Returns:
        The loss from before the update, as a Python float.
    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
        >>> sgd = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> X, y = torch.tensor([[3.0, 4.0]]), torch.tensor([1.0])
        >>> round(float(train_step(model, X, y, sgd, nn.BCEWithLogitsLoss())), 4)
        0.6931
        >>> model.weight.tolist()
        [[1.5, 2.0]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_16: `train_step` is still a stub")


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    """Train `model` in place on all of `X` at once, with AdamW and `BCEWithLogitsLoss`.

    AdamW has torch's own defaults apart from the learning rate. As in `train_step`, every update is
    made in train mode, gradients left over from earlier work have no effect, and a model that came
    in train mode is left in it.

    Args:
        model: A binary classifier that gives logits `(N, 1)`, in whichever mode it was left.
        X: Inputs `(N, D)`.
        y: Labels `(N,)`, floats 0 and 1.
        epochs: How many updates to make.
        lr: The learning rate.
    Returns:
        One Python float an epoch: the loss from before that epoch's update.
    Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019 (AdamW).
    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
        >>> X, y = torch.tensor([[3.0, 4.0], [-1.0, 2.0]]), torch.tensor([1.0, 0.0])
        >>> losses = train(model, X, y, epochs=30, lr=0.1)
        >>> len(losses), round(float(losses[0]), 4), bool(losses[-1] < 0.5)
        (30, 0.6931, True)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_16: `train` is still a stub")
