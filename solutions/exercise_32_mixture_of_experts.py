"""A mixture of experts buys parameters without paying for them in arithmetic: the layer holds E
networks, and a small linear router sends each token through k of them, usually one or two. The
weights are a softmax over the k chosen logits. That is the softmax over all of them, renormalised
over the chosen ones, so the order does not matter as long as one renormalises.

Left alone, a router collapses: an expert that is a bit better gets more tokens, trains more, and
gets better still. So one adds a loss: E times the sum, over the experts, of the share of tokens
that an expert got and the mean probability that the router gave it. The share is a count and has
no gradient; the probability has. It is 1 if both are even, and pushes down the probability
of those that are overloaded.

On a machine each expert has a buffer of fixed size, its capacity. What does not fit is dropped: the
token passes through the residual connection alone. First choices go before second choices, so
that nobody loses a first choice to another one's second. Tokens are taken in their order, which
is arbitrary but cheap. Weights are not normalised again: a token of which half was dropped gets
half.

In code I go expert by expert, not token by token: gather the tokens of an expert, call its network
once, and scatter the weighted results back.

Follow-ups: experts live on different devices, so gathering and scattering are two all-to-all
messages, and the slowest expert sets the time. Dropping depends on the other tokens of the batch,
so a sequence may get another answer in other company. Experts that choose tokens are balanced by
construction, but look into the future.
"""

from collections.abc import Callable

import numpy as np


def route(logits: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best experts of each token, and their softmax among themselves."""
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k must be from 1 to the number of experts, got {k}")
    # Stable and of the negative logits: of equals the lower index stays first.
    experts = np.argsort(-logits, axis=1, kind="stable")[:, :k]  # (T, k)
    chosen = np.take_along_axis(logits, experts, axis=1)  # (T, k)
    weights = np.exp(chosen - chosen[:, :1])  # the first is the largest: nothing overflows
    return experts, weights / weights.sum(axis=1, keepdims=True)


def load_balancing_loss(logits: np.ndarray, experts: np.ndarray) -> float:
    """Return E times the sum of shares times mean probabilities."""
    E = logits.shape[1]
    # minlength: an expert without a token has a share as well, and it is 0.
    share = np.bincount(experts.ravel(), minlength=E) / experts.size  # (E,)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = weights / weights.sum(axis=1, keepdims=True)  # (T, E), over all experts
    return float(E * np.sum(share * probability.mean(axis=0)))


def moe_forward(
    x: np.ndarray,
    logits: np.ndarray,
    networks: list[Callable[[np.ndarray], np.ndarray]],
    k: int,
    capacity: int | None = None,
) -> np.ndarray:
    """Gather the tokens of each expert, call it once, and scatter the results."""
    experts, weights = route(logits, k)
    by_choice = experts.T  # (k, T): all first choices before all second ones
    out = np.zeros(x.shape)
    for expert, network in enumerate(networks):
        choice, token = np.nonzero(by_choice == expert)  # row by row, so in the order of taking
        choice, token = choice[:capacity], token[:capacity]  # all of them for None
        if len(token):
            # A token stands here once at most, so += drops nothing.
            out[token] += weights[token, choice][:, None] * network(x[token])
    return out
