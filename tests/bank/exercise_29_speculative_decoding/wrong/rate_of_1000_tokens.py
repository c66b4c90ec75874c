# wrong: acceptance_rate: adds up the first 1,000 tokens
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


def acceptance_rate(p, q):
    return float(np.minimum(p[:1000], q[:1000]).sum())
