import torch
from torch import nn


class Noise:
    def __init__(self, generator):
        self.generator = generator

    def like(self, tensor):
        mean, deviation = torch.zeros_like(tensor), torch.ones_like(tensor)
        return torch.normal(mean.detach(), deviation.detach(), generator=self.generator)


def reparameterize(mu, log_var, generator):
    return torch.lerp(mu, mu + log_var.mul(0.5).exp(), Noise(generator).like(mu))


def kl_to_standard_normal(mu, log_var):
    ones = torch.ones(mu.shape[1], dtype=mu.dtype)
    half = torch.exp(log_var / 2)
    squares = torch.einsum("nz,nz->n", mu, mu) + torch.einsum("nz,nz->n", half, half)
    return (squares - torch.einsum("nz,z->n", log_var + 1, ones)) / 2


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    bce = nn.BCEWithLogitsLoss(reduction="sum")
    return (bce(logits, x) + beta * kl_to_standard_normal(mu, log_var).sum()) / x.shape[0]


def importance_weighted_bound(log_weights):
    top = log_weights.amax(dim=0, keepdim=True)
    mean = torch.exp(log_weights - top).mean(dim=0, keepdim=True)
    return torch.mean(mean.log() + top)
