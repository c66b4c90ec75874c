import math

import torch


def reparameterize(mu, log_var, generator):
    N, Z = mu.shape
    noise = torch.empty(N, Z, dtype=mu.dtype)
    for i in range(N):
        for j in range(Z):
            noise[i, j] = torch.randn((), generator=generator, dtype=mu.dtype)
    return mu + (log_var / 2).exp() * noise


def kl_to_standard_normal(mu, log_var):
    sums = []
    for m, v in zip(mu.tolist(), log_var.tolist()):
        sums.append(sum(0.5 * (a * a + math.exp(b) - 1 - b) for a, b in zip(m, v)))
    return torch.tensor(sums, dtype=mu.dtype)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    total = 0.0
    for pixels, scores in zip(x.tolist(), logits.tolist()):
        for p, s in zip(pixels, scores):
            total += max(s, 0.0) - s * p + math.log1p(math.exp(-abs(s)))
    total += beta * sum(kl_to_standard_normal(mu.double(), log_var.double()).tolist())
    return torch.tensor(total / len(x), dtype=x.dtype)


def importance_weighted_bound(log_weights):
    bounds = []
    for column in log_weights.T.tolist():
        top = max(column)
        bounds.append(top + math.log(sum(math.exp(w - top) for w in column) / len(column)))
    return torch.tensor(sum(bounds) / len(bounds), dtype=log_weights.dtype)
