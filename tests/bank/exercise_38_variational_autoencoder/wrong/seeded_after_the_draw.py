# wrong: reparameterize: seeds the generator anew after the draw
import math

import torch
from torch.nn import functional as F


def reparameterize(mu, log_var, generator):
    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    generator.manual_seed(0)
    sigma = torch.exp(0.5 * log_var)
    return mu + sigma * noise


def kl_to_standard_normal(mu, log_var):
    each = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
    return each.sum(dim=1)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    nats = torch.logaddexp(torch.zeros_like(logits), logits) - x * logits
    divergence = (0.5 * (mu**2 + torch.exp(log_var) - 1 - log_var)).sum(dim=-1)
    return (nats.sum(dim=-1) + beta * divergence).mean()


def importance_weighted_bound(log_weights):
    K = log_weights.shape[0]
    top = log_weights.max(dim=0).values
    sums = (log_weights - top).exp().sum(dim=0)
    return (top + sums.log() - math.log(K)).mean(dim=0)
