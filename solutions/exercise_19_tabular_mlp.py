"""A network for tabular data, sized by the data.

I start by saying that for a few thousand rows gradient-boosted trees are the baseline to
beat, and that I want their score before I trust a network. Then the size: capacity follows
the number of rows, and dropout runs against it, since a small table is memorised first.
Widths shrink towards the output, so that most weights sit where the raw columns are mixed.

Each block is Linear, BatchNorm, ReLU, Dropout. BatchNorm stands before the ReLU, as in the
paper, and centres what the ReLU cuts. Dropout comes last: in front of BatchNorm it would
change the variance that the running statistics record in training, and evaluation, without
dropout, would be normalised with the wrong ones. The bias before BatchNorm is redundant, as
the mean is subtracted again; it is here because the task asks for it, and I would say so.

The last layer is linear for every task. BCEWithLogitsLoss and CrossEntropyLoss take logits,
because they compute log-sigmoid and log-softmax in one stable step; a sigmoid before them
squashes twice, and training crawls without an error message. A regression target has no
bounds, so it gets none either. Binary needs one logit, not two: only their difference counts.

What can be trained is what `parameters()` yields with `requires_grad`. BatchNorm's running
mean and variance are buffers: saved with the model, moved to the device with it, yet never
touched by the optimiser. The follow-up: a training batch of one row raises an error in
BatchNorm, so the last incomplete batch has to be dropped or made larger.
"""

from torch import nn


def choose_architecture(n_samples: int) -> tuple[list[int], float]:
    """Wider and deeper with more rows, and less dropout."""
    if n_samples < 1:
        raise ValueError(f"a table needs at least one row, got {n_samples}")
    # Lists are made anew in each call: a shared one could be changed by a caller.
    if n_samples < 5_000:
        return [64, 32], 0.4
    if n_samples < 50_000:
        return [128, 64, 32], 0.3
    return [256, 128, 64, 32], 0.2


def build_clinical_mlp(
    n_features: int, n_samples: int, task: str = "binary", n_classes: int | None = None
) -> nn.Sequential:
    """Linear, BatchNorm, ReLU and Dropout for each hidden width, then one linear layer."""
    if task not in ("binary", "regression", "multiclass"):
        raise ValueError(f"unknown task {task!r}")
    if task == "multiclass" and (n_classes is None or n_classes < 2):
        raise ValueError(f"multiclass needs at least two classes, got {n_classes}")
    hidden, dropout = choose_architecture(n_samples)
    # One logit settles a binary question: softmax over two sees only their difference.
    outputs = n_classes if task == "multiclass" else 1

    layers: list[nn.Module] = []
    width = n_features
    for next_width in hidden:
        layers += [
            nn.Linear(width, next_width),                   # (N, width) -> (N, next_width)
            nn.BatchNorm1d(next_width),
            nn.ReLU(),
            # After BatchNorm: its statistics should not depend on dropout in its own block.
            nn.Dropout(dropout),
        ]
        width = next_width
    # Nothing behind it: the losses want logits, and a regression target has no bounds.
    layers.append(nn.Linear(width, outputs))                # (N, width) -> (N, outputs)
    return nn.Sequential(*layers)


def count_parameters(model: nn.Module) -> int:
    """Trainable parameters only."""
    # parameters() leaves out buffers, so running statistics are not counted.
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
