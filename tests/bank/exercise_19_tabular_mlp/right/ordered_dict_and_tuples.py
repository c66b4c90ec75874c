# right: a Sequential with named layers, one ReLU shared by all blocks, a list as the pair

from collections import OrderedDict

import numpy as np
from torch import nn


def choose_architecture(n_samples):
    if not n_samples > 0:
        raise ValueError(n_samples)
    depth = 2 + int(np.searchsorted([5_000, 50_000], n_samples, side="right"))
    return [[2 ** (5 + k) for k in range(depth)][::-1], round(0.6 - 0.1 * depth, 1)]


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    outputs = {"binary": lambda: 1, "regression": lambda: 1, "multiclass": lambda: n_classes}
    try:
        width = outputs[task]()
    except KeyError:
        raise ValueError(f"no such task: {task}") from None
    if task == "multiclass" and (width or 0) < 2:
        raise ValueError("two classes at least")
    hidden, p = choose_architecture(n_samples)
    relu = nn.ReLU(inplace=True)
    layers = OrderedDict()
    for number, (into, out) in enumerate(zip([n_features] + hidden, hidden)):
        layers[f"linear{number}"] = nn.Linear(in_features=into, out_features=out)
        layers[f"norm{number}"] = nn.BatchNorm1d(num_features=out)
        layers[f"relu{number}"] = relu
        layers[f"dropout{number}"] = nn.Dropout(p=p)
    layers["head"] = nn.Linear(hidden[-1], width)
    return nn.Sequential(layers)


def count_parameters(model):
    return int(np.sum([np.prod(p.shape) for p in model.parameters() if p.requires_grad], dtype=int))
