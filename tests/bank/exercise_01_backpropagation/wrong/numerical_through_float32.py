# wrong: numerical_gradient: keeps only some of the digits, as in float32 or with an epsilon added
import numpy as np

def mlp_loss(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    return float(np.mean((o - y) ** 2))

def mlp_gradients(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    d = 2.0 * (o - y) / y.size
    gW2 = h.T @ d
    gb2 = d.sum(axis=0)
    dh = d @ W2.T
    dz = dh * (1.0 - h ** 2)
    gW1 = X.T @ dz
    gb1 = dz.sum(axis=0)
    return {"W1": gW1, "b1": gb1, "W2": gW2, "b2": gb2}

def numerical_gradient(f, x, eps=1e-5):
    g = np.zeros_like(x, dtype=np.float64)
    for i in np.ndindex(x.shape):
        up = x.copy(); up[i] += eps
        dn = x.copy(); dn[i] -= eps
        g[i] = (f(up) - f(dn)) / (2 * eps)
    return g.astype(np.float32).astype(np.float64)
