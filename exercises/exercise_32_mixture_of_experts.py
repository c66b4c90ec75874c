"""Exercise 32: a mixture of experts (numpy).

The largest language models are wide and cheap at once: each layer holds dozens of networks, and a
token goes through two of them. A router chooses which. Interviewers like the question because
every line has a second way to write it that runs as well: the softmax before or after the choice,
ties, a loss that balances the load, and what happens when all tokens want the same expert.

Then they ask about the machine. An expert has room for a fixed number of tokens; who is left out,
and what becomes of those tokens? A layer that calls each network once for each token, or computes
all experts and throws most of it away, gives the right numbers and has missed the point.

Letters: T tokens (at least 1), E experts, k experts chosen for each token, D numbers a token. All
arrays of numbers are float64.
"""

from collections.abc import Callable

import numpy as np


def route(logits: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose k experts for each token, and say how much each of them counts.

    Args:
        logits: (T, E), finite numbers of any size: what the router thinks of each expert.
        k: How many to choose.
    Returns:
        (experts, weights), both (T, k). `experts` are integers: the expert of the largest logit
        comes first, and of equal logits the lower index. `weights` are float64: the softmax over
        the chosen logits alone, so each row sums to one. `logits` stays as it was.
    Raises:
        ValueError: k is below 1 or above E.
    Example:
        >>> experts, weights = route(np.log([[0.1, 0.6, 0.3], [0.2, 0.4, 0.4]]), 2)
        >>> experts.tolist()
        [[1, 2], [1, 2]]
        >>> weights.round(4).tolist()
        [[0.6667, 0.3333], [0.5, 0.5]]

    Source: Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated
        Mixture-of-Experts Layer, 2017, section 2.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_32: `route` is still a stub")


def load_balancing_loss(logits: np.ndarray, experts: np.ndarray) -> float:
    """Say how unevenly the tokens are spread: 1 if both shares below are the same for all experts.

    It is `E * sum(f * P)` over the experts: f is the share that an expert has of all `T * k`
    assignments, and P the mean over the tokens of its probability under the softmax over all E
    logits.

    Args:
        logits: (T, E), finite numbers of any size.
        experts: (T, k), integers: the experts of each token. They need not be those of the
            largest logits. The k experts of a token differ from one another.
    Returns:
        A float. The arguments stay as they were.
    Example:
        >>> logits = np.log([[0.8, 0.2], [0.8, 0.2]])
        >>> round(float(load_balancing_loss(logits, np.array([[0], [0]]))), 4)
        1.6
        >>> round(float(load_balancing_loss(logits, np.array([[0], [1]]))), 4)
        1.0

    Source: Fedus, Zoph and Shazeer, Switch Transformers, 2022, section 2.2.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_32: `load_balancing_loss` is still a stub")


def moe_forward(
    x: np.ndarray,
    logits: np.ndarray,
    networks: list[Callable[[np.ndarray], np.ndarray]],
    k: int,
    capacity: int | None = None,
) -> np.ndarray:
    """Send each token through its experts, and add up what they make of it.

    Experts and weights are those of `route(logits, k)`. The result for a token is the sum of what
    its experts make of it, times their weights.

    With a capacity, each expert keeps at most that many of its assignments and drops the others. It
    takes them in the order of choice first, then of token: all tokens that chose it first, in the
    order of tokens, then all that chose it second, and so on. What is dropped adds nothing, and
    the other weights of the token stay as they are: they are not normalised again.

    Args:
        x: (T, D), the tokens.
        logits: (T, E), finite numbers of any size.
        networks: E functions, from (n, D) to (n, D), that work row by row. Each is called at most
            once, with exactly the tokens that it keeps, in any order (also those whose weight is
            so small that it is 0); one that keeps none is not called at all.
        k: From 1 to E.
        capacity: 0 or more, or None for no limit.
    Returns:
        (T, D) float64. `x` and `logits` stay as they were.
    Example:
        >>> x = np.array([[1.0], [2.0], [3.0]])
        >>> logits = np.array([[5.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
        >>> networks = [lambda h: 10 * h, lambda h: -h]
        >>> moe_forward(x, logits, networks, 1).round(4).tolist()
        [[10.0], [20.0], [-3.0]]
        >>> moe_forward(x, logits, networks, 1, capacity=1).round(4).tolist()
        [[10.0], [0.0], [-3.0]]

    Source: Lepikhin et al., GShard, 2021, algorithm 1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_32: `moe_forward` is still a stub")
