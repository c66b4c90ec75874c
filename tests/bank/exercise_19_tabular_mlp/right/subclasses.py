# right: returns a subclass of nn.Sequential with a method of its own, counts element by element

import bisect

from torch import nn

SIZES = [5_000, 50_000]
WIDTHS = [(64, 32), (128, 64, 32), (256, 128, 64, 32)]
RATES = [0.4, 0.3, 0.2]


def choose_architecture(n_samples: int):
    if n_samples < 1:
        raise ValueError(f"{n_samples} samples")
    place = bisect.bisect_right(SIZES, n_samples)
    return [*WIDTHS[place]], RATES[place]


class ClinicalMLP(nn.Sequential):
    def predict(self, x):
        return self.eval()(x)


class Block(nn.Linear):
    """A linear layer that knows its name."""


def build_clinical_mlp(n_features, n_samples, task="binary", n_classes=None):
    if task not in ("binary", "multiclass", "regression"):
        raise ValueError("unknown task")
    if task == "multiclass":
        if not n_classes or n_classes < 2:
            raise ValueError("at least two classes")
    else:
        n_classes = 1
    hidden, rate = choose_architecture(n_samples)
    widths = [n_features, *hidden, n_classes]
    layers = []
    for into, out in zip(widths, widths[1:]):
        layers.extend([Block(into, out), nn.BatchNorm1d(out), nn.ReLU(), nn.Dropout(rate)])
    return ClinicalMLP(*layers[:-3])


def count_parameters(model: nn.Module) -> int:
    total = 0
    for _, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        total += sum(1 for _ in parameter.detach().flatten())
    return total
