# wrong: negative_elbo: divides the divergence by the number of pixels
import math
import torch
import torch.nn.functional as F


def reparameterize(mu, log_var, generator):
    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + torch.exp(0.5 * log_var) * noise


def kl_to_standard_normal(mu, log_var):
    return 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(dim=1)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    recon = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    return (recon + beta * kl_to_standard_normal(mu, log_var) / x.shape[1]).mean()


def importance_weighted_bound(log_weights):
    K = log_weights.shape[0]
    return (torch.logsumexp(log_weights, dim=0) - math.log(K)).mean()
