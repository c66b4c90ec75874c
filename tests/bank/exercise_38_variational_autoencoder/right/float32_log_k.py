import torch
from torch import nn

class VAE:
    @staticmethod
    def std(log_var): return torch.exp(log_var / 2)

def reparameterize(mu, log_var, generator):
    z = torch.normal(torch.zeros_like(mu), torch.ones_like(mu), generator=generator)
    return VAE.std(log_var) * z + mu

def kl_to_standard_normal(mu, log_var):
    return -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp(), dim=-1)

def negative_elbo(x, logits, mu, log_var, beta=1.0):
    bce = nn.BCEWithLogitsLoss(reduction="sum")(logits, x)
    kld = torch.sum(kl_to_standard_normal(mu, log_var))
    return (bce + kld * beta) / x.shape[0]

def importance_weighted_bound(log_weights):
    k, n = log_weights.shape
    w = torch.log_softmax(log_weights, 0)
    return (log_weights - w).mean() - torch.tensor(k).log()
