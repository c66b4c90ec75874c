import torch
from torch.nn import functional as F


def reparameterize(mu, log_var, generator):
    flat = torch.randn(mu.numel(), generator=generator, dtype=torch.float32)
    return mu + flat.reshape(mu.shape).to(mu.dtype) * torch.exp(log_var / 2)


def kl_to_standard_normal(mu, log_var):
    sigma = (log_var / 2).exp()
    return -0.5 * torch.sum((1 + log_var) - mu * mu - sigma * sigma, dim=-1)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    nats = logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))
    loss = nats.sum(1).mean(0)
    if beta:
        loss = loss + beta * kl_to_standard_normal(mu, log_var).mean(0)
    return loss


def importance_weighted_bound(log_weights):
    count = torch.tensor(float(log_weights.shape[0]), dtype=log_weights.dtype)
    return (log_weights.T.logsumexp(-1) - count.log()).sum() / log_weights.shape[1]
