import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence


def reparameterize(mu, log_var, generator):
    noise = torch.empty_like(mu).normal_(generator=generator)
    return torch.addcmul(mu, noise, log_var.div(2).exp())


def kl_to_standard_normal(mu, log_var):
    code = Independent(Normal(mu, (log_var / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return kl_divergence(code, prior)


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    likelihood = Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(1)
    return (beta * kl_to_standard_normal(mu, log_var) - likelihood).mean()


def importance_weighted_bound(log_weights):
    uniform = torch.full_like(log_weights, 1.0 / len(log_weights)).log()
    return torch.logsumexp(log_weights + uniform, dim=0).mean()
