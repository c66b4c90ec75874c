# wrong: build_clinical_mlp: builds the smaller network for exactly 5,000 rows
import torch
from torch import nn

def choose_architecture(n_samples):
    if n_samples < 1:
        raise ValueError("n")
    if n_samples < 5_000:
        return [64, 32], 0.4
    if n_samples < 50_000:
        return [128, 64, 32], 0.3
    return [256, 128, 64, 32], 0.2
def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    if task in ("binary", "regression"):
        outputs = 1
    elif task == "multiclass" and n_classes is not None and n_classes >= 2:
        outputs = n_classes
    else:
        raise ValueError("task")
    hidden, dropout = ([64, 32], 0.4) if n_samples <= 5000 else ([128, 64, 32], 0.3) if n_samples < 50000 else ([256, 128, 64, 32], 0.2)
    layers, width = [], n_features
    for h in hidden:
        layers += [nn.Linear(width, h), nn.BatchNorm1d(h), nn.ReLU(), nn.Dropout(dropout)]
        width = h
    layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)
def count_parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
