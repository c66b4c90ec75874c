"""Exercise 19: a network for a table of patients (torch).

A hospital has 3,000 rows, thirty columns and one question: who will be back within a month?
The interviewer wants a network on the whiteboard and watches three things: whether its size
follows the data, whether the last layer fits the loss, and whether you know what it weighs.

Expect these two: "Why is there no sigmoid at the end?" and "How many of those parameters
does the optimiser move, if I freeze the first layer?" Whoever guesses at the second has
usually counted BatchNorm's running statistics, too.
"""

import torch
from torch import nn


def choose_architecture(n_samples: int) -> tuple[list[int], float]:
    """Return hidden widths and dropout rate for a table of `n_samples` rows.

    | rows             | hidden widths      | dropout |
    | ---------------- | ------------------ | ------- |
    | under 5,000      | [64, 32]           | 0.4     |
    | under 50,000     | [128, 64, 32]      | 0.3     |
    | 50,000 and more  | [256, 128, 64, 32] | 0.2     |

    Returns:
        The list of widths, first hidden layer first, and the rate. What a caller does to
        the list has no effect on later calls.
    Raises:
        ValueError: less than one sample.
    Example:
        >>> hidden, dropout = choose_architecture(3_000)
        >>> [int(width) for width in hidden], round(float(dropout), 4)
        ([64, 32], 0.4)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_19: `choose_architecture` is still a stub")


def build_clinical_mlp(
    n_features: int, n_samples: int, task: str = "binary", n_classes: int | None = None
) -> nn.Sequential:
    """Build the network for a table of `n_samples` rows and `n_features` columns.

    One flat `nn.Sequential`, nothing nested. For each hidden width of the table in
    `choose_architecture`, in this order: `nn.Linear` (with bias), `nn.BatchNorm1d`,
    `nn.ReLU`, `nn.Dropout` at the table's rate. Then one last `nn.Linear` and nothing
    after it: the model gives logits, or the predicted value.

    Args:
        n_features: Columns of the table.
        n_samples: Rows of the table.
        task: `"binary"` and `"regression"` have one output, whatever `n_classes` is,
            `"multiclass"` has `n_classes`.
        n_classes: For `"multiclass"`, at least two.
    Returns:
        A float32 model from `(N, n_features)` to `(N, outputs)`.
    Raises:
        ValueError: any other task, or multiclass without at least two classes.
    Example:
        >>> model = build_clinical_mlp(30, 3_000, task="multiclass", n_classes=4)
        >>> len(model), model[-1].out_features
        (9, 4)
        >>> tuple(model.eval()(torch.zeros(1, 30)).shape)
        (1, 4)

    Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3.2 (normalisation before
        the nonlinearity).
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_19: `build_clinical_mlp` is still a stub")


def count_parameters(model: torch.nn.Module) -> int:
    """Return how many numbers in `model` training can move.

    Only parameters count, wherever they sit in the model, and only trainable ones: not the
    frozen ones, and not buffers such as BatchNorm's running statistics.

    Example:
        >>> int(count_parameters(torch.nn.Linear(3, 2)))
        8
        >>> int(count_parameters(torch.nn.Linear(3, 2).requires_grad_(False)))
        0
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_19: `count_parameters` is still a stub")
