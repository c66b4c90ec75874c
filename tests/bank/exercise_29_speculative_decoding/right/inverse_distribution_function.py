import numpy as np


def residual_distribution(p, q):
    result = np.zeros(len(p))
    total = 0.0
    for t in range(len(p)):
        if p[t] > q[t]:
            result[t] = p[t] - q[t]
            total += result[t]
    if total == 0.0:
        for t in range(len(p)):
            result[t] = p[t]
        return result
    for t in range(len(p)):
        result[t] /= total
    return result


def sample(weights, rng):
    u = rng.uniform()
    total = 0.0
    last = 0
    for t, weight in enumerate(weights):
        if weight > 0:
            last = t
            total += weight
            if u < total:
                return t
    return last


def speculative_step(draft, p, q, rng):
    k = len(draft)
    i = 0
    while i < k and rng.uniform(0, q[i][draft[i]]) < p[i][draft[i]]:
        i += 1
    last = sample(p[k], rng) if i == k else sample(residual_distribution(p[i], q[i]), rng)
    return [int(t) for t in draft[:i]] + [last]


def acceptance_rate(p, q):
    return sum(min(a, b) for a, b in zip(p.tolist(), q.tolist()))


def expected_tokens(rate, k):
    # by the two ways in which a step can end
    result = 0.0
    for accepted in range(k):
        result += (accepted + 1) * rate**accepted * (1 - rate)
    return result + (k + 1) * rate**k
