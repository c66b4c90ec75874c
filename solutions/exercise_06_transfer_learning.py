"""Freeze what was learned elsewhere, train a small head on top of it.

With few labels of my own I keep a pretrained backbone as a feature extractor and replace only
the last layer. Freezing has two halves, and the second is the one that gets forgotten. The
first is requires_grad = False: no gradients for the backbone's parameters, and the optimiser
is given only the others. That is for speed and memory, too, and it keeps a stale gradient or
a momentum from an earlier phase from moving a weight that I believe to be fixed.

The second half is the mode. BatchNorm's running mean and variance are buffers, not
parameters: requires_grad means nothing to them, and every forward pass in train mode moves
them towards my few samples. The loss looks fine meanwhile, since train mode normalises by the
batch, and then evaluation uses statistics that fit neither data set. So the backbone runs in
eval(), which switches its dropout off as well, and that has to be said again for every epoch,
because model.train() turns it back on for all submodules.

The head gives logits; cross_entropy has the log-softmax inside, where it is stable. It starts
in the backbone's dtype, since a float64 feature does not multiply a float32 weight.

When to go further: with more data, or data unlike the original, train the head first and then
unfreeze the last blocks with a learning rate ten to a hundred times smaller. Unfreezing
everything at once sends the random head's large gradients through features worth keeping.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FinetuneModel(nn.Module):
    """A frozen backbone and a fresh linear head."""

    def __init__(self, backbone: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))                  # (N, F) -> (N, K) logits


def build_finetune_model(backbone: nn.Module, feature_dim: int, num_classes: int) -> nn.Module:
    """The backbone, frozen, under a new trainable head."""
    backbone.requires_grad_(False)
    # A backbone such as nn.Flatten() has no parameters, hence the default.
    first = next(backbone.parameters(), None)
    head = nn.Linear(feature_dim, num_classes, dtype=None if first is None else first.dtype)
    return FinetuneModel(backbone, head)


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """What the optimiser should be given."""
    # A list, as a generator would be empty after the optimiser has read it once.
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def finetune_epoch(
    model: nn.Module, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    """One full-batch step of the head; the loss before it."""
    # Without it BatchNorm would drift although no parameter of the backbone is trainable: its
    # statistics are buffers. A model.train() would have to come before, as it reaches every
    # submodule; the head, one linear layer, does the same in either mode.
    model.backbone.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)                     # logits (N, K), labels (N,)
    loss.backward()
    optimizer.step()
    return loss.item()
