import math
import numpy as np


def residual_distribution(p, q):
    d = p - q
    d[d < 0] = 0.0
    if not np.count_nonzero(d):
        return p + 0.0
    return np.divide(d, math.fsum(d))


def speculative_step(draft, p, q, rng):
    said, i = [], 0
    for t in list(draft):
        target, guess = p[i], q[i]
        # a height under q's bar of the token: accepted if it is under p's bar as well
        height = rng.uniform(0.0, guess[t])
        if height < target[t]:
            said += [t]
            i += 1
            continue
        # by rejection: a token from p, kept with the share that is above q
        while True:
            candidate = int(rng.choice(len(target), p=target / target.sum()))
            if rng.uniform(0, target[candidate]) >= guess[candidate]:
                said += [candidate]
                return said
    said += [rng.choice(p.shape[1], p=p[i] / p[i].sum())]
    return said


def acceptance_rate(p, q):
    return math.fsum(np.fmin(p, q))


def expected_tokens(rate, k):
    powers = [1.0]
    while len(powers) <= k:
        powers.append(powers[-1] * rate)
    return math.fsum(reversed(powers))
