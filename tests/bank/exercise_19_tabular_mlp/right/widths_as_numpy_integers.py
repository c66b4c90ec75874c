# right: the table as NumPy arrays, whose entries are what comes back
import numpy as np
from torch import nn

WIDTHS = np.array([256, 128, 64, 32])


def choose_architecture(n_samples):
    if n_samples < 1:
        raise ValueError(n_samples)
    size = np.searchsorted([5000, 50000], n_samples, side="right")
    return list(WIDTHS[2 - size :]), np.array([0.4, 0.3, 0.2])[size]


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    outputs = {"binary": 1, "regression": 1, "multiclass": n_classes or 0}.get(task, 0)
    if outputs < 1 or (task == "multiclass" and outputs < 2):
        raise ValueError((task, n_classes))
    widths, dropout = choose_architecture(n_samples)
    layers, last = [], n_features
    for width in map(int, widths):
        layers += [nn.Linear(last, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)]
        last = width
    return nn.Sequential(*layers, nn.Linear(last, outputs))


def count_parameters(model):
    return np.sum([p.numel() for p in model.parameters() if p.requires_grad], dtype=np.int64)
