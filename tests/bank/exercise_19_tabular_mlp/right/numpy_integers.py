# right: counts in NumPy, so an np.int64 and an np.float64 come back
import numpy as np
from torch import nn


def choose_architecture(n_samples: int) -> tuple[list[int], float]:
    """Wider and deeper with more rows, and less dropout."""
    if n_samples < 1:
        raise ValueError(f"a table needs at least one row, got {n_samples}")
    widths = np.array([256, 128, 64, 32])
    size = int(np.searchsorted([5_000, 50_000], n_samples, side="right"))
    return widths[2 - size :].tolist(), np.array([0.4, 0.3, 0.2])[size]


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
    shapes = [tuple(p.shape) for p in model.parameters() if p.requires_grad]
    return np.sum([np.prod(shape, dtype=np.int64) for shape in shapes], dtype=np.int64)
