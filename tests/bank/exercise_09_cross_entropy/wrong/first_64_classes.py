# wrong: cross_entropy_loss: counts the first 64 classes only
import numpy as np

EPS = 1e-15

def cross_entropy_loss(y_true, y_pred):
    t = np.asarray(y_true, dtype=np.float64)
    p = np.asarray(y_pred, dtype=np.float64)
    if t.shape != p.shape:
        raise ValueError("shapes differ")
    p = np.clip(p, EPS, 1.0)
    if t.ndim == 2: t, p = t[:, :64], p[:, :64]
    if t.ndim == 1:
        q = np.clip(1.0 - np.asarray(y_pred, dtype=np.float64), EPS, 1.0)
        return float(-np.mean(t * np.log(p) + (1 - t) * np.log(q)))
    return float(-np.mean(np.sum(t * np.log(p), axis=1)))

def cross_entropy_from_logits(logits, labels):
    z = np.asarray(logits, dtype=np.float64)
    y = np.asarray(labels)
    big = z.max(axis=1, keepdims=True)
    s = z - big
    n = np.arange(len(z))
    k = z.argmax(axis=1)
    e = np.exp(s)
    e[n, k] = 0.0
    return float(np.mean(np.log1p(e.sum(axis=1)) - s[n, y]))
