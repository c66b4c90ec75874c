"""Exercise 29: speculative decoding (numpy).

A large model writes slowly because every token needs all of its weights to be read once. Reading
them for five tokens takes no longer than for one. So a small model drafts five tokens, and the
large one looks at all of them in one pass and keeps what it likes. The claim that makes it worth an
interview: the text is *exactly* distributed as if the large model had written it alone, however
bad the small one is. Whoever only accepts "likely enough" tokens, or replaces a refused one by a
draw from p, changes the model and will not notice.

The follow-up: what does the speed-up depend on, and how long should the draft be?

In all functions p is what the target, the large model, says, and q what the draft model says:
float64 probabilities, none negative, that sum to one up to rounding.
"""

import numpy as np


def residual_distribution(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the distribution from which a refused token is replaced.

    Args:
        p: (V,), of the target.
        q: (V,), of the draft. Some entry differs from p's by 1e-6 or more, or all are equal.
    Returns:
        (V,) float64: `max(0, p - q)`, entry by entry, normalised to sum to one. Where p and q
        are equal, nothing is left to normalise: a copy of p. The arguments stay as they were.
    Example:
        >>> p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])
        >>> residual_distribution(p, q).round(4).tolist()
        [0.5, 0.0, 0.5]
        >>> residual_distribution(p, p).round(4).tolist()
        [0.5, 0.25, 0.25]

    Source: Leviathan, Kalman and Matias, Fast Inference from Transformers via Speculative Decoding,
        2023, section 2.3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_29: `residual_distribution` is still a stub")


def speculative_step(
    draft: list[int] | np.ndarray, p: np.ndarray, q: np.ndarray, rng: np.random.Generator
) -> list[int]:
    """Check a draft of k tokens, and return the tokens that are said.

    Token `i` of the draft, t, is accepted with probability `min(1, p[i, t] / q[i, t])`,
    independently of the others. The first one that is refused is replaced by a draw from the
    residual distribution of `p[i]` and `q[i]`, and ends the step. If all k are accepted, one more
    token is drawn from the last row of p. What is said is thus distributed as if it had been
    sampled from p.

    Args:
        draft: k tokens, k of 1 or more: a list of ints or an integer array (k,).
        p: (k + 1, V), of the target: row i after the first i tokens of the draft.
        q: (k, V), of the draft, row by row. It gives each token of the draft a positive
            probability.
        rng: All randomness comes from here. How you draw from it is up to you.
    Returns:
        A list of ints (Python's or NumPy's): the accepted tokens, and then the replacement or the
        extra token. So it has 1 to k + 1 entries. The arguments stay as they were, apart from
        the state of `rng`.
    Example:
        >>> p = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
        >>> q = np.array([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
        >>> [int(token) for token in speculative_step([0, 2], p, q, np.random.default_rng(0))]
        [0, 2, 1]
        >>> [int(token) for token in speculative_step([1, 2], p, q, np.random.default_rng(0))]
        [0]

    Source: as above, algorithm 1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_29: `speculative_step` is still a stub")


def acceptance_rate(p: np.ndarray, q: np.ndarray) -> float:
    """Return the probability that a token drawn from q is accepted.

    Args:
        p: (V,), of the target; entries may be 0.
        q: (V,), of the draft; entries may be 0.
    Returns:
        A float from 0 to 1 (up to rounding). The arguments stay as they were.
    Example:
        >>> p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])
        >>> round(float(acceptance_rate(p, q)), 4)
        0.5

    Source: as above, section 3.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_29: `acceptance_rate` is still a stub")


def expected_tokens(rate: float, k: int) -> float:
    """Return how many tokens one step yields on average.

    The replacement or the extra token is one of them. Each token of the draft is accepted
    independently with the same probability.

    Args:
        rate: That probability: from 0 to 0.999, or exactly 1.
        k: The length of the draft, 1 or more.
    Returns:
        A float.
    Example:
        >>> round(float(expected_tokens(0.5, 2)), 4)
        1.75

    Source: as above, equation 1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_29: `expected_tokens` is still a stub")
