# wrong: speculative_step: adds half of the Gumbel noise, which sharpens what it draws
"""Gumbel-max draws, generator of tokens, log ratios."""
import math
import numpy as np
from itertools import islice


def residual_distribution(p, q):
    if np.array_equal(p, q):
        return p.copy()
    r = np.where(p > q, p - q, 0.0)
    r /= math.fsum(r)
    return r


def _draw(weights, rng):
    with np.errstate(divide="ignore"):
        return np.argmax(np.log(weights) + 0.5 * rng.gumbel(size=len(weights)))


def _said(draft, p, q, rng):
    for token, pi, qi in zip(draft, p, q):
        # an exponential clock: P(E > log(q/p)) = p/q
        if pi[token] > 0 and rng.standard_exponential() >= math.log(qi[token]) - math.log(pi[token]):
            yield token
        else:
            yield _draw(residual_distribution(pi, qi), rng)
            return
    yield _draw(p[-1], rng)


def speculative_step(draft, p, q, rng):
    return list(_said(draft, p, q, rng))


def acceptance_rate(p, q):
    return 1.0 - 0.5 * np.linalg.norm(p - q, ord=1)


def expected_tokens(rate, k):
    total = 1.0
    for _ in range(k):
        total = 1.0 + rate * total       # Horner
    return total
