"""A variational autoencoder maximises a lower bound of log p(x): how well a sampled code explains
the data, less how far the code's distribution has moved from the prior.

Sampling has no gradient, so I draw standard normal noise, which depends on nothing, and compute the
sample from it: mu + sigma * noise. Now the sample is an ordinary function of mu and sigma, and
backward() reaches the encoder. The network gives the logarithm of the variance, so every output is
legal, and sigma is exp(log_var / 2): a root of exp(log_var) would overflow twice as early.

The divergence between two Gaussians has a closed form, half of mu^2 + var - 1 - log var, summed
over the latent axes, because the coordinates are independent. There is nothing to sample here,
which takes noise out of the loss.

The reconstruction is a Bernoulli log-likelihood from logits. Through a sigmoid, log(0) turns up at
logits of a few dozen; libraries hide it by cutting the logarithm at -100, so the loss is finite and
wrong. From logits it is softplus(l) - x l. It is summed over pixels and not averaged: an
average would weigh the divergence D times as much, which is a beta in disguise, and codes collapse.

With K samples, the logarithm of the mean weight is a tighter bound. Inside is log-sum-exp over
the samples, with a maximum of its own for every data point, less log K.

Follow-ups: if the decoder ignores the code, I warm beta up from 0, or grant each latent axis some
free nats. Larger K tightens the bound but drowns the encoder's gradient in noise.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def reparameterize(mu: Tensor, log_var: Tensor, generator: torch.Generator) -> Tensor:
    """A sample that gradients can pass through."""
    noise = torch.empty_like(mu).normal_(generator=generator)  # (N, Z)
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
