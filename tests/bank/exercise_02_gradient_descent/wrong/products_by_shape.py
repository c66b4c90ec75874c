# wrong: mse_gradient: remembers the products of X for data of the same shape
import numpy as np

MEMO = {}


def mse_gradient(w, X, y):
    A = MEMO.setdefault(X.shape, X.T @ X)
    return 2.0 * (A @ w - X.T @ y) / len(y)


def _grad(w, X, y):
    return 2.0 * X.T @ (X @ w - y) / len(y)


def batch_gradient_descent(X, y, lr, epochs):
    bw = np.zeros(X.shape[1])
    bpath = [bw.copy()]
    for _ in range(epochs):
        bw = bw - lr * _grad(bw, X, y)
        bpath.append(bw.copy())
    return np.array(bpath)


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    sw = np.zeros(X.shape[1])
    spath = [sw.copy()]
    for _e in range(epochs):
        sorder = rng.permutation(len(y))
        for i in sorder:
            sg = 2.0 * (X[i] @ sw - y[i]) * X[i]
            sw = sw - lr * sg
            spath.append(sw.copy())
    return np.array(spath)


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    mw = np.zeros(X.shape[1])
    mpath = [mw.copy()]
    for _m in range(epochs):
        morder = rng.permutation(len(y))
        for start in range(0, len(y), batch_size):
            idx = morder[start : start + batch_size]
            mg = _grad(mw, X[idx], y[idx])
            mw = mw - lr * mg
            mpath.append(mw.copy())
    return np.array(mpath)
