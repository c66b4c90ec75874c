# wrong: integrated_gradients: reseeds torch's global generator
import math

import numpy as np
import torch


def calibrate_temperature(model, X_val, y_val, criterion):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).squeeze(1).double()
    for m, was in modes:
        m.training = was
    y = y_val.double()

    def loss(u):
        with torch.no_grad():
            return float(criterion(logits / math.exp(u), y))

    grid = np.linspace(math.log(0.02), math.log(100.0), 200)
    values = [loss(u) for u in grid]
    k = int(np.argmin(values))
    lo, hi = grid[max(k - 1, 0)], grid[min(k + 1, 199)]
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = hi - ratio * (hi - lo), lo + ratio * (hi - lo)
        if loss(a) < loss(b):
            hi = b
        else:
            lo = a
    return math.exp((lo + hi) / 2)


def _array(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64).reshape(-1)


def expected_calibration_error(probs, labels, n_bins=10):
    p, y = _array(probs), _array(labels)
    edges = np.arange(1, n_bins) / n_bins
    bins = np.searchsorted(edges, p, side="right")
    total = 0.0
    for i in range(n_bins):
        inside = bins == i
        if inside.any():
            total += inside.sum() / len(p) * abs(p[inside].mean() - y[inside].mean())
    return float(total)


def choose_threshold(y_true, y_prob, min_sensitivity):
    y, p = _array(y_true), _array(y_prob)
    positives = np.sort(p[y == 1])[::-1]
    for k in range(1, len(positives) + 1):
        if k / len(positives) >= min_sensitivity:
            return float(positives[k - 1])
    return float(positives[-1])


def integrated_gradients(model, x, baseline, steps=200):
    torch.manual_seed(0)
    start = baseline.detach().expand_as(x)
    diff = x.detach() - start
    total = torch.zeros_like(diff)
    with torch.enable_grad():
        for k in range(steps):
            point = (start + (k + 0.5) / steps * diff).requires_grad_(True)
            out = model(point).sum()
            total += torch.autograd.grad(out, point)[0]
    return diff * total / steps
