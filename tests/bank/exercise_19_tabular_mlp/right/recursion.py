# right: builds the layers by recursion from the back and counts by walking the modules itself

from torch import nn


def choose_architecture(n_samples):
    if n_samples <= 0:
        raise ValueError("no rows, no network")
    limits = ((50_000, (256, 128, 64, 32), 0.2), (5_000, (128, 64, 32), 0.3), (1, (64, 32), 0.4))
    return next((list(widths), rate) for limit, widths, rate in limits if n_samples >= limit)


def _layers(width, hidden, p, outputs):
    if not hidden:
        return [nn.Linear(width, outputs)]
    first, *rest = hidden
    block = [nn.Linear(width, first), nn.BatchNorm1d(first), nn.ReLU(), nn.Dropout(p)]
    return block + _layers(first, rest, p, outputs)


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    match task:
        case "binary" | "regression":
            outputs = 1
        case "multiclass" if n_classes is not None and n_classes > 1:
            outputs = n_classes
        case _:
            raise ValueError(f"cannot build for {task!r} with {n_classes} classes")
    return nn.Sequential(*_layers(n_features, *choose_architecture(n_samples), outputs))


def count_parameters(model):
    own = 0
    for parameter in model._parameters.values():
        if parameter is not None and parameter.requires_grad:
            size = 1
            for length in parameter.shape:
                size *= length
            own += size
    return own + sum(count_parameters(child) for child in model.children())
