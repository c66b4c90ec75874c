# wrong: build_clinical_mlp: tasks in capitals are taken, too
import torch
from torch import nn


def choose_architecture(n_samples):
    if n_samples < 1:
        raise ValueError("need at least one sample")
    if n_samples < 5000:
        return [64, 32], 0.4
    if n_samples < 50000:
        return [128, 64, 32], 0.3
    return [256, 128, 64, 32], 0.2


def _widths(n):
    if n < 1:
        raise ValueError("need at least one sample")
    if n < 5000:
        return [64, 32], 0.4
    if n < 50000:
        return [128, 64, 32], 0.3
    return [256, 128, 64, 32], 0.2


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    task = task.lower()
    if task in ("binary", "regression"):
        outputs = 1
    elif task == "multiclass":
        if n_classes is None or n_classes < 2:
            raise ValueError("multiclass needs at least two classes")
        outputs = n_classes
    else:
        raise ValueError(f"unknown task {task!r}")
    hidden, dropout = _widths(n_samples)
    layers, width = [], n_features
    for h in hidden:
        layers += [nn.Linear(width, h), nn.BatchNorm1d(h), nn.ReLU(), nn.Dropout(dropout)]
        width = h
    layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)


def count_parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
