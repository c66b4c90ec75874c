import math

import torch
from torch.nn import functional as F


def reparameterize(mu, log_var, generator):
    u = torch.rand(mu.shape, generator=generator, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    noise = math.sqrt(2) * torch.erfinv(2 * u - 1)
    return mu + (log_var * 0.5).exp() * noise.to(mu)


def kl_to_standard_normal(mu, log_var):
    def one(m, v):
        return 0.5 * torch.sum(m * m - 1.0 - v + torch.exp(v))

    return torch.stack([one(m, v) for m, v in zip(mu, log_var)])


def negative_elbo(x, logits, mu, log_var, beta=1.0):
    losses = []
    for pixels, scores, m, v in zip(x, logits, mu, log_var):
        likelihood = pixels @ F.logsigmoid(scores) + (1 - pixels) @ F.logsigmoid(-scores)
        losses.append(beta * kl_to_standard_normal(m[None], v[None])[0] - likelihood)
    return sum(losses) / len(losses)


def importance_weighted_bound(log_weights):
    # log softmax of the first weight gives the log of the sum
    first = F.log_softmax(log_weights, dim=0)
    best = log_weights.argmax(dim=0, keepdim=True)
    sums = log_weights.gather(0, best) - first.gather(0, best)
    return (sums - math.log(len(log_weights))).mean()
