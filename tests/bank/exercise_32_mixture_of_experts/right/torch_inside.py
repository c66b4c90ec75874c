import numpy as np
import torch


def route(logits, k):
    z = torch.tensor(np.ascontiguousarray(logits))
    if k < 1 or k > z.shape[1]:
        raise ValueError("wrong k")
    values, experts = torch.sort(z, dim=1, descending=True, stable=True)
    return experts[:, :k].numpy(), torch.softmax(values[:, :k], dim=1).numpy()


def load_balancing_loss(logits, experts):
    z = torch.tensor(np.ascontiguousarray(logits))
    E = z.shape[1]
    counts = torch.zeros(E, dtype=torch.float64)
    index = torch.tensor(np.ascontiguousarray(experts)).reshape(-1)
    counts.scatter_add_(0, index, torch.ones(len(index), dtype=torch.float64))
    return (E * (counts / counts.sum() * torch.softmax(z, dim=1).mean(0)).sum()).item()


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    T = len(x)
    out = torch.zeros(*x.shape, dtype=torch.float64)
    token = np.tile(np.arange(T), k)
    expert = experts.T.reshape(-1)
    weight = weights.T.reshape(-1)
    for e, network in enumerate(networks):
        slots = np.flatnonzero(expert == e)[:capacity]
        if len(slots) > 0:
            rows = torch.tensor(network(x[token[slots]]) * weight[slots, None])
            out.index_add_(0, torch.tensor(token[slots]), rows)
    return out.numpy()
