"""Exercise 20: a training step that survives a bad batch (torch).

It is the third day of a training run, and one corrupt record arrives. A careless step turns
every weight into NaN, and three days are gone. Interviewers give you the usual four lines and
ask you to make them safe; almost everybody writes one `if`, and almost everybody then
believes that nothing else in the model has changed.

So expect the follow-up: "Your loss was finite. Can the update still be ruined? And after a
skipped batch, is the model really the model it was?" And, as the dataset's last batch holds a
single sample: "Does it still run then?"
"""

import torch
from torch import Tensor, nn


def safe_training_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
    max_norm: float = 1.0,
) -> dict[str, float]:
    """Make one clipped update of `model`, or none at all where the batch is bad.

    Puts the model in train mode, clears the old gradients of the model's parameters, runs
    forward and backward on the logits against `y`, clips the global gradient norm (all
    parameters together) to `max_norm`, and steps.

    Where the loss or the gradient norm is not finite, the step is skipped: both values come
    back as NaN; the model's parameters, its buffers (BatchNorm statistics) and the
    optimiser's state are exactly what they were; and no gradient is left behind (None or
    zero).

    Args:
        model: Gives logits `(N, 1)` for `X`; float32 or float64, as are the tensors.
        X: Inputs `(N, D)`. A batch of one sample works.
        y: Labels `(N,)`, floats. X and y stay as they were.
        optimizer: Holds parameters of `model`, all of them or some.
        criterion: Makes a scalar of two tensors of the same shape, for example
            `nn.BCEWithLogitsLoss()`.
        max_norm: The largest global gradient norm that reaches the optimiser.
    Returns:
        A dict of two floats: `"loss"`, and `"grad_norm"`, the norm before clipping.
    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural
        networks, 2013, section 3.2 (clipping by the global norm).
    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
        >>> sgd = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> X, y = torch.tensor([[3.0, 4.0]]), torch.tensor([1.0])
        >>> out = safe_training_step(model, X, y, sgd, nn.BCEWithLogitsLoss())
        >>> round(float(out["loss"]), 4), round(float(out["grad_norm"]), 4)
        (0.6931, 2.5495)
        >>> out = safe_training_step(model, X * float("nan"), y, sgd, nn.BCEWithLogitsLoss())
        >>> str(float(out["loss"])), str(float(out["grad_norm"]))
        ('nan', 'nan')
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_20: `safe_training_step` is still a stub")
