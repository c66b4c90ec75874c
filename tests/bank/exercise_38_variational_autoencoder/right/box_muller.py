import math
from functools import reduce

import torch
from torch.nn import functional as F


def reparameterize(mu, log_var, generator):
    u, v = torch.rand((2, *mu.shape), generator=generator, dtype=torch.float64)
    noise = (-2 * torch.log1p(-u)).sqrt() * torch.cos(2 * math.pi * v)
    return mu + noise.to(mu.dtype) * torch.exp(log_var / 4) ** 2


def kl_to_standard_normal(mu, log_var):
    return 0.5 * (mu.pow(2).sum(1) + log_var.exp().sum(1) - log_var.sum(1) - mu.shape[1])


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    nats = x * F.softplus(-logits) + (1 - x) * F.softplus(logits)
    return nats.sum() / len(x) + beta * kl_to_standard_normal(mu, log_var).sum() / len(x)


def importance_weighted_bound(log_weights):
    return reduce(torch.logaddexp, log_weights).mean() - math.log(log_weights.size(0))
