import numpy as np


def residual_distribution(p, q):
    left = np.where(p > q, p - q, 0.0)
    if left.sum() < 1e-9:
        return 1.0 * p
    return left / left.sum()


def draw(weights, rng):
    with np.errstate(divide="ignore"):
        return np.argmax(np.log(weights) + rng.gumbel(size=len(weights)))


def speculative_step(draft, p, q, rng):
    out = []
    for token, target, guess in zip(draft, p, q):
        with np.errstate(divide="ignore"):
            log_ratio = np.log(target[token]) - np.log(guess[token])
        if -rng.exponential() >= log_ratio:
            out.append(draw(residual_distribution(target, guess), rng))
            return out
        out.append(token)
    out.append(draw(p[-1], rng))
    return out


def acceptance_rate(p, q):
    ratio = np.divide(p, q, out=np.zeros_like(p), where=q > 0)
    return np.dot(q, np.minimum(1, ratio))


def expected_tokens(rate, k):
    total = 1.0
    for _ in range(k):
        total = 1.0 + rate * total
    return total
