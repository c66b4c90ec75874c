# wrong: reparameterize: gives the second half of the batch the noise of the first with its sign turned
import math

import torch
from torch import Tensor
from torch.nn import functional as F


def reparameterize(mu: Tensor, log_var: Tensor, generator: torch.Generator) -> Tensor:
    """A sample that gradients can pass through."""
    half = torch.empty_like(mu[: (len(mu) + 1) // 2]).normal_(generator=generator)
    noise = torch.cat([half, -half])[: len(mu)]  # (N, Z)
    # Halved before the exponential: exp(log_var) overflows long before its root does.
    return mu + torch.exp(log_var / 2) * noise                 # (N, Z)


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """The divergence of the code's distribution from the prior, for each sample."""
    # The code comes first and the prior second: the other way round is another number.
    return (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1) / 2         # (N,)


def negative_elbo(
    x: Tensor, logits: Tensor, mu: Tensor, log_var: Tensor, beta: float = 1.0
) -> Tensor:
    """What a VAE minimises: nats for the data, given the code, and beta times nats for the code."""
    # Its own logarithm of the sigmoid: log(sigmoid(-200)) is log(0) in float32.
    nats = F.binary_cross_entropy_with_logits(logits, x, reduction="none")  # (N, D)
    # Both are sums over their axes, and only the samples are averaged.
    return (nats.sum(dim=1) + beta * kl_to_standard_normal(mu, log_var)).mean()


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """The mean logarithm of the mean weight; with one sample it is the ELBO."""
    # logsumexp subtracts each column's own maximum: with one for all, the others underflow.
    log_sums = torch.logsumexp(log_weights, dim=0)                      # (N,)
    return (log_sums - math.log(len(log_weights))).mean()
