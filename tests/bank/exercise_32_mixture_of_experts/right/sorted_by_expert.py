import numpy as np


def route(logits, k):
    T, E = logits.shape
    if not 0 < k <= E:
        raise ValueError
    z = np.array(logits)
    rows = np.arange(T)
    experts = np.empty((T, k), dtype=np.int64)
    for c in range(k):
        experts[:, c] = z.argmax(axis=1)
        z[rows, experts[:, c]] = -np.inf
    chosen = logits[rows[:, None], experts]
    # one over the sum of the exponentials of differences
    with np.errstate(over="ignore"):
        weights = 1 / np.exp(chosen[:, None, :] - chosen[:, :, None]).sum(axis=2)
    return experts, weights


def load_balancing_loss(logits, experts):
    T, E = logits.shape
    with np.errstate(over="ignore"):
        P = 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=2)
    return np.float64(P.mean(axis=0)[experts].mean() * E)


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    T = len(x)
    flat = experts.ravel(order="F")
    order = np.argsort(flat, kind="mergesort")
    bounds = np.searchsorted(flat[order], np.arange(len(networks) + 1))
    out = np.zeros((T, x.shape[1]))
    for e, network in enumerate(networks):
        mine = order[bounds[e]:bounds[e + 1]]
        if capacity is not None:
            mine = mine[:max(0, capacity)]
        if mine.size == 0:
            continue
        np.add.at(out, mine % T, network(x[mine % T]) * weights.ravel(order="F")[mine][:, None])
    return out
