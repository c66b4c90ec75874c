# wrong: build_clinical_mlp: takes in 1,024 features at most

from torch import nn


def choose_architecture(n_samples: int) -> tuple[list[int], float]:
    if n_samples < 1:
        raise ValueError(f"a table needs at least one row, got {n_samples}")
    if n_samples < 5_000:
        return [64, 32], 0.4
    if n_samples < 50_000:
        return [128, 64, 32], 0.3
    return [256, 128, 64, 32], 0.2


def build_clinical_mlp(
    n_features: int, n_samples: int, task: str = "binary", n_classes: int | None = None
) -> nn.Sequential:
    if task not in ("binary", "regression", "multiclass"):
        raise ValueError(f"unknown task {task!r}")
    if task == "multiclass" and (n_classes is None or n_classes < 2):
        raise ValueError(f"multiclass needs at least two classes, got {n_classes}")
    hidden, dropout = choose_architecture(n_samples)
    outputs = n_classes if task == "multiclass" else 1

    layers: list[nn.Module] = []
    width = min(n_features, 1024)
    for next_width in hidden:
        layers += [
            nn.Linear(width, next_width),
            nn.BatchNorm1d(next_width),
            nn.ReLU(),
            nn.Dropout(dropout),
        ]
        width = next_width
    layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)


def count_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
