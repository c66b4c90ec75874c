import numpy as np


def log_softmax(z):
    top = np.max(z, axis=-1, keepdims=True)
    return z - top - np.log(np.sum(np.exp(z - top), axis=-1, keepdims=True))


def route(logits, k):
    T, E = logits.shape
    if k not in range(1, E + 1):
        raise ValueError("k")
    index = np.broadcast_to(np.arange(E), (T, E))
    order = np.lexsort((index, -logits), axis=1)[:, :k].astype(np.int32)
    logs = np.take_along_axis(log_softmax(logits), order.astype(int), 1)
    return [order, np.exp(log_softmax(logs))]


def load_balancing_loss(logits, experts):
    E = logits.shape[1]
    onehot = np.eye(E)[experts]
    f = onehot.mean(axis=(0, 1))
    return E * np.dot(f, np.exp(log_softmax(logits)).mean(0))


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    T, E = logits.shape
    onehot = experts.T[:, :, None] == np.arange(E)
    flat = onehot.reshape(k * T, E)
    position = np.cumsum(flat, axis=0) - 1
    if capacity is not None:
        flat = flat & (position < capacity)
    kept = flat.reshape(k, T, E)
    combine = np.einsum("kte,kt->te", kept, weights.T)
    any_kept = kept.any(axis=0)
    out = np.zeros(x.shape)
    for e in range(E):
        rows = np.flatnonzero(any_kept[:, e])
        if rows.size:
            out[rows] += combine[rows, e, None] * networks[e](x[rows])
    return out
