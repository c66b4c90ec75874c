import numpy as np
import torch


def reparameterize(mu, log_var, generator):
    noise = torch.randn(mu.shape, generator=generator, dtype=torch.float64)
    return (mu.double() + (log_var.double() / 2).exp() * noise).to(mu.dtype)


def kl_to_standard_normal(mu, log_var):
    m, v = mu.double(), log_var.double()
    return (0.5 * (m.square() + torch.expm1(v) - v)).sum(-1).to(mu.dtype)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    a, s = x.detach().numpy().astype(float), logits.detach().numpy().astype(float)
    nats = a * np.logaddexp(0, -s) + (1 - a) * np.logaddexp(0, s)
    code = kl_to_standard_normal(mu.detach().double(), log_var.detach().double()).numpy()
    return torch.tensor(np.mean(nats.sum(1) + beta * code), dtype=x.dtype)


def importance_weighted_bound(log_weights):
    w = log_weights.detach().numpy().astype(float)
    value = np.logaddexp.reduce(w, axis=0).mean() - np.log(len(w))
    return torch.tensor(value, dtype=log_weights.dtype)
