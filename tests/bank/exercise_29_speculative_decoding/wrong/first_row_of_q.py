# wrong: speculative_step: divides by the first row of q each time
import numpy as np, math
from operator import itemgetter

def residual_distribution(p, q):
    ps, qs = p.tolist(), q.tolist()
    more = [a - b if a > b else 0.0 for a, b in zip(ps, qs)]
    if (s := sum(more)) == 0:
        return np.array(ps)
    return np.array([m / s for m in more])

def roulette(weights, rng):
    spin = rng.uniform(0, sum(weights))
    last = 0
    for t, w in enumerate(weights):
        if w > 0:
            last = t
            if spin < w:
                return t
            spin -= w
    return last

def speculative_step(draft, p, q, rng):
    if len(draft) == 0:
        return [roulette(p[0].tolist(), rng)]
    t = draft[0]
    if q[0][t] * rng.uniform() < p[0][t]:
        return [t] + speculative_step(draft[1:], p[1:], q, rng)
    return [roulette(residual_distribution(p[0], q[0]).tolist(), rng)]

acceptance_rate = lambda p, q: math.fsum(map(min, p, q))

def expected_tokens(rate, k):
    return -math.expm1((k + 1) * math.log(rate)) / (1 - rate) if 0 < rate < 1 else (k + 1.0 if rate else 1.0)
