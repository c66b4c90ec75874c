# wrong: negative_elbo: log_var is clamped at -60 from below
import math
import torch
import torch.nn.functional as F


def reparameterize(mu, log_var, generator):
    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + torch.exp(log_var / 2) * noise


def kl_to_standard_normal(mu, log_var):
    return 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    nats = F.softplus(logits) - x * logits
    nats = x * F.softplus(-logits) + (1 - x) * F.softplus(logits)
    log_var = log_var.clamp(min=-60)
    kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1)
    return (nats.sum(dim=1) + beta * kl).mean()


def importance_weighted_bound(log_weights):
    K = log_weights.shape[0]
    return (torch.logsumexp(log_weights, dim=0) - math.log(K)).mean()
