# right: raises a subclass of ValueError, validates first, counts by bytes

import math

import torch
import torch.nn as nn


class BadTable(ValueError):
    pass


def choose_architecture(n_samples):
    if math.floor(n_samples) < 1:
        raise BadTable("a table of patients has patients in it")
    large, middle = n_samples >= 5e4, n_samples >= 5e3
    hidden = [256] * large + [128] * middle + [64, 32]
    return hidden, (4 - large - middle) / 10


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    known = {"binary": 1, "regression": 1, "multiclass": n_classes}
    if task not in known or (task == "multiclass" and (n_classes is None or n_classes <= 1)):
        raise BadTable(f"{task}, {n_classes}")
    hidden, dropout = choose_architecture(n_samples)
    stack = []
    fan_in = torch.tensor([n_features] + hidden[:-1]).tolist()
    for a, b in zip(fan_in, hidden, strict=True):
        stack += [nn.Linear(a, b, bias=True)]
        stack += [torch.nn.BatchNorm1d(b)]
        stack += [torch.nn.ReLU()]
        stack += [torch.nn.Dropout(dropout)]
    head = nn.Linear(hidden[-1], known[task])
    nn.init.xavier_uniform_(head.weight)
    return nn.Sequential(*stack, head)


def count_parameters(model):
    size = 0
    for p in filter(lambda p: p.requires_grad, model.parameters()):
        size += p.untyped_storage().nbytes() // p.element_size()
    return size
