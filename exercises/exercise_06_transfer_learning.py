"""Exercise 06: transfer learning (torch).

A hospital has 300 labelled scans and a network that somebody trained on a million photographs.
Everybody in the interview says "freeze the backbone and train a new head", and everybody can
set one flag. Yet many of those models get worse with every epoch while the training loss
falls, and their authors swear that the backbone was frozen.

The follow-up question is: "You have frozen all the parameters. What else in the backbone can
change, and how would you prove that nothing did?"
"""

import torch
from torch import Tensor, nn


def build_finetune_model(backbone: nn.Module, feature_dim: int, num_classes: int) -> nn.Module:
    """Put a new linear head on top of a backbone, ready to train the head alone.

    Args:
        backbone: Turns inputs into features `(N, feature_dim)`; any module, with or without
            parameters. One thing changes in it: no parameter is trainable afterwards.
        feature_dim: How many features the backbone gives.
        num_classes: How many logits the head gives.
    Returns:
        A module with the attributes `.backbone` (that very module, not a copy) and `.head`,
        an `nn.Linear` in the backbone's dtype (float32 where the backbone has no parameters),
        all of whose parameters are trainable. Calling the module gives logits
        `(N, num_classes)`.
    Example:
        >>> model = build_finetune_model(nn.Linear(4, 3), feature_dim=3, num_classes=2)
        >>> model(torch.zeros(5, 4)).shape
        torch.Size([5, 2])
        >>> [p.requires_grad for p in model.backbone.parameters()]
        [False, False]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_06: `build_finetune_model` is still a stub")


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """List the parameters that an optimiser should be given: those with `requires_grad`.

    For a model as `build_finetune_model` makes it, these are the head's; somebody may have
    unfrozen more since.

    Example:
        >>> layer = nn.Linear(3, 2)
        >>> layer.bias.requires_grad = False
        >>> [p is layer.weight for p in trainable_parameters(layer)]
        [True]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_06: `trainable_parameters` is still a stub")


def finetune_epoch(
    model: nn.Module, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    """Make one full-batch step of mean cross-entropy, and leave the backbone as it is.

    The backbone runs in evaluation mode: BatchNorm uses its stored statistics, dropout is off,
    and every backbone parameter and buffer stays exactly as it was. Gradients left over from
    earlier work have no effect.

    Args:
        model: As `build_finetune_model` makes it, in whichever mode it was left.
        X: Inputs `(N, ...)`, as the backbone takes them, in the model's dtype, float32 or
            float64. A batch of one sample works.
        y: Integer labels `(N,)`. X and y stay as they were.
        optimizer: Holds the parameters to train.
    Returns:
        The loss from before the step.
    Example:
        >>> model = nn.Sequential()
        >>> model.backbone, model.head = nn.Identity(), nn.Linear(2, 2)
        >>> _ = nn.init.zeros_(model.head.weight), nn.init.zeros_(model.head.bias)
        >>> sgd = torch.optim.SGD(model.head.parameters(), lr=1.0)
        >>> round(float(finetune_epoch(model, torch.ones(1, 2), torch.tensor([0]), sgd)), 4)
        0.6931
        >>> model.head.weight.tolist()
        [[0.5, 0.5], [-0.5, -0.5]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_06: `finetune_epoch` is still a stub")
