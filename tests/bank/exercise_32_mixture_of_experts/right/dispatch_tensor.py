import numpy as np


def _softmax(z):
    z = z - z.max(-1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


def route(logits, k):
    E = logits.shape[-1]
    if not (k >= 1 and k <= E):
        raise ValueError("k out of range")
    # rank of each expert: how many are ahead of it
    ahead = (logits[:, None, :] > logits[:, :, None]) | (
        (logits[:, None, :] == logits[:, :, None]) & (np.arange(E)[None, :] < np.arange(E)[:, None])
    )
    rank = ahead.sum(-1)
    experts = np.argsort(rank, axis=-1)[:, :k]
    masked = np.where(rank < k, logits, -np.inf)
    weights = np.take_along_axis(_softmax(masked), experts, -1)
    return experts, weights


def load_balancing_loss(logits, experts):
    T, E = logits.shape
    hot = np.zeros((T, E))
    np.put_along_axis(hot, experts, 1.0 / experts.shape[1], axis=1)
    return np.einsum("te,se->", hot, _softmax(logits)) * E / T / T


def moe_forward(x, logits, networks, k, capacity=None):
    T, E = logits.shape
    C = T if capacity is None else min(capacity, T)
    experts, weights = route(logits, k)
    dispatch = np.zeros((T, E, C))
    combine = np.zeros((T, E, C))
    used = np.zeros(E, dtype=int)
    for c in range(k):
        for t in range(T):
            e = experts[t, c]
            if used[e] < C:
                dispatch[t, e, used[e]] = 1
                combine[t, e, used[e]] = weights[t, c]
                used[e] += 1
    inside = np.einsum("tec,td->ecd", dispatch, x)
    outside = np.zeros(inside.shape)
    for e in range(E):
        if used[e]:
            outside[e, :used[e]] = networks[e](inside[e, :used[e]])
    return np.einsum("tec,ecd->td", combine, outside)
