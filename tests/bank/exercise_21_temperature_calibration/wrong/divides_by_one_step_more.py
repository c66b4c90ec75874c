# wrong: integrated_gradients: one step too few for the number it divides by
import numpy as np
import torch


def calibrate_temperature(model, X_val, y_val, criterion):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).squeeze(-1)
    for m, mode in modes:
        m.training = mode

    def loss(log_t):
        with torch.no_grad():
            return float(criterion(logits / np.exp(log_t), y_val))

    grid = np.linspace(np.log(0.05), np.log(40.0), 400)
    values = [loss(t) for t in grid]
    best = int(np.argmin(values))
    lo, hi = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    fine = np.linspace(lo, hi, 41)
    values = [loss(t) for t in fine]
    return float(np.exp(fine[int(np.argmin(values))]))


def expected_calibration_error(probs, labels, n_bins=10):
    p = torch.as_tensor(probs).detach().double().numpy().reshape(-1)
    y = torch.as_tensor(labels).detach().double().numpy().reshape(-1)
    edges = np.array([i / n_bins for i in range(n_bins + 1)])
    bins = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, n_bins - 1)
    total = 0.0
    for b in range(n_bins):
        inside = bins == b
        if inside.any():
            total += inside.mean() * abs(p[inside].mean() - y[inside].mean())
    return float(total)


def choose_threshold(y_true, y_prob, min_sensitivity):
    y = np.asarray(y_true).reshape(-1)
    p = np.asarray(y_prob, dtype=float).reshape(-1)
    positives = (y == 1).sum()
    for t in sorted(set(p.tolist()), reverse=True):
        if ((p >= t) & (y == 1)).sum() / positives >= min_sensitivity:
            return float(t)
    raise ValueError("no threshold")


def integrated_gradients(model, x, baseline, steps=200):
    x0 = x.detach()
    base = baseline.detach().expand_as(x0)
    total = torch.zeros_like(x0)
    for k in range(steps):
        point = (base + (k + 0.5) / steps * (x0 - base)).requires_grad_()
        total += torch.autograd.grad(model(point).sum(), point)[0]
    return (x0 - base) * total / (steps + 1)
