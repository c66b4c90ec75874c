# right: appends to an nn.Sequential, starts the weights by He's rule, keeps its own table in build

import torch
from torch import nn


def choose_architecture(n_samples):
    if n_samples < 1:
        raise ValueError("n_samples < 1")
    hidden = [64, 32]
    dropout = 0.4
    if n_samples >= 5000:
        hidden.insert(0, 128)
        dropout = 0.3
    if n_samples >= 50000:
        hidden.insert(0, 256)
        dropout = 0.2
    return hidden, dropout


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None, *, seed=None):
    if task == "multiclass":
        if n_classes is None or int(n_classes) < 2:
            raise ValueError("multiclass wants n_classes >= 2")
        out = int(n_classes)
    elif task in {"binary", "regression"}:
        out = 1
    else:
        raise ValueError("task must be binary, regression or multiclass")
    if seed is not None:
        torch.manual_seed(seed)
    widths = [256, 128, 64, 32][-2 if n_samples < 5000 else -3 if n_samples < 50000 else -4 :]
    p = {2: 0.4, 3: 0.3, 4: 0.2}[len(widths)]
    model = nn.Sequential()
    last = n_features
    for width in widths:
        model.append(nn.Linear(last, width))
        nn.init.kaiming_normal_(model[-1].weight, nonlinearity="relu")
        nn.init.zeros_(model[-1].bias)
        model.append(nn.BatchNorm1d(width, eps=1e-3, momentum=0.05))
        model.append(nn.ReLU())
        model.append(nn.Dropout(p))
        last = width
    model.append(nn.Linear(last, out))
    return model.eval()


def count_parameters(model):
    trainable = [p for p in model.parameters() if p.requires_grad]
    return nn.utils.parameters_to_vector(trainable).numel() if trainable else 0
