"""Decoding is bound by memory: a pass of the large model reads all weights, whether it scores one
position or five. So a small model drafts k tokens one after the other, and the large model scores
all of them in one pass. Token t is accepted with probability min(1, p(t) / q(t)). The first refused
one is replaced by a draw from max(0, p - q), normalised, and what comes after it is thrown away,
because it was written after a token that was not said. If all are accepted, the pass has also
given the distribution after the last of them, so one more token is free.

Why is it exact? A token t comes out in two ways. It is drafted and accepted: q(t) * min(1, p(t) /
q(t)), which is min(p(t), q(t)). Or some token is refused, which happens with one minus the sum
of all these minima, and t is drawn as the replacement, with max(0, p(t) - q(t)) over its sum. The
sum of max(0, p - q) is just that probability of a refusal, so the two cancel, and min(p, q) +
max(0, p - q) is p. Drawing the replacement from p instead counts the overlap twice.

The acceptance rate is the sum of min(p, q), or one minus the total variation distance. With a rate
a, a step yields 1 + a + a^2 + ... + a^k tokens: the token at place i is said if all i before it
were accepted.

Follow-ups: the best k balances that against k passes of the draft model, and is small, 3 to 8.
The gain shrinks with large batches, as arithmetic becomes the limit, and with a high temperature,
as the two models agree less. Both caches have to be cut back after a refusal.
"""

import numpy as np


def residual_distribution(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return max(0, p - q), normalised."""
    left = (p - q).clip(min=0.0)  # (V,)
    total = left.sum()
    # Equal distributions refuse nothing, so any answer would do but 0 / 0.
    return left / total if total > 0 else p.copy()


def speculative_step(
    draft: list[int] | np.ndarray, p: np.ndarray, q: np.ndarray, rng: np.random.Generator
) -> list[int]:
    """Return the accepted tokens of the draft, and one token of the target's own."""
    said = []
    for i, token in enumerate(draft):
        # u < p / q, without the quotient. A new u each time: with one for all tokens, a draft
        # would be accepted or refused as a whole.
        if rng.random() * q[i, token] >= p[i, token]:
            residual = residual_distribution(p[i], q[i])  # (V,)
            # The rest of the draft continues a token that is not said.
            return [*said, int(rng.choice(len(residual), p=residual))]
        said.append(int(token))
    return [*said, int(rng.choice(p.shape[1], p=p[-1]))]  # the pass gave one row more than asked


def acceptance_rate(p: np.ndarray, q: np.ndarray) -> float:
    """Return the sum over t of q(t) * min(1, p(t) / q(t))."""
    # q * min(1, p / q) is the lesser of p and q, without a quotient that may be 0 / 0.
    return float(np.min([p, q], axis=0).sum())


def expected_tokens(rate: float, k: int) -> float:
    """Return 1 + rate + ... + rate**k."""
    if rate == 1:
        return float(k + 1)
    return (1 - rate ** (k + 1)) / (1 - rate)
