# wrong: next_token_distribution: treats a temperature below a millionth as a millionth
from collections.abc import Callable

import numpy as np


def next_token_distribution(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> np.ndarray:
    """Return the probabilities after temperature, top-k and top-p, in this order."""
    if temperature < 0:
        raise ValueError("the temperature is below 0")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k is below 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p is not in (0, 1]")
    # Stable: of equal logits the lower index stays first. Dividing changes no order.
    order = np.argsort(-logits, kind="stable")  # (V,), the largest first
    probabilities = np.zeros(len(logits))
    if temperature == 0:
        probabilities[order[0]] = 1.0  # nothing can be divided by 0: the limit is taken at once
        return probabilities
    temperature = max(temperature, 1e-6)
    kept = order[:top_k]  # (k,); all of them for None
    with np.errstate(over="ignore"):
        # The maximum goes first: 1 / 1e-320 is inf, and inf - inf is nan, but 0 / 1e-320 is 0.
        weights = np.exp((logits[kept] - logits[kept[0]]) / temperature)
    weights /= weights.sum()
    if top_p is not None:
        # As many sums as are too small, and the one that reaches top_p. The slice takes care
        # of a last sum that rounding left below 1.
        enough = (np.cumsum(weights) < top_p).sum() + 1
        kept, weights = kept[:enough], weights[:enough]
    probabilities[kept] = weights / weights.sum()
    return probabilities


def repetition_penalty(logits: np.ndarray, previous: list[int], penalty: float) -> np.ndarray:
    """Return the logits with those of earlier tokens moved down, each once."""
    result = logits.copy()
    for token in set(previous):  # a token that was said twice is not punished twice
        # Dividing a negative logit would move it up.
        result[token] = logits[token] / penalty if logits[token] > 0 else logits[token] * penalty
    return result


def beam_search(
    step: Callable[[list[int]], np.ndarray],
    start: int,
    end: int,
    beam_width: int,
    max_length: int,
    length_penalty: float = 0.0,
) -> tuple[list[int], float]:
    """Return the best sequence, and its score, that a beam of that width finds."""
    live = [(0.0, [start])]
    finished = []
    for _ in range(max_length - 1):
        extended = [
            (total + float(gain), [*tokens, token])
            for total, tokens in live
            for token, gain in enumerate(step(tokens))
            if gain > -np.inf  # an impossible token would only fill up the beam
        ]
        best = sorted(extended, reverse=True)[:beam_width]
        # Finished ones took a place in this round, and take none in the next.
        finished += [each for each in best if each[1][-1] == end]
        live = [each for each in best if each[1][-1] != end]
    # A live one competes with the finished ones as it is.
    scored = [(total / len(tokens) ** length_penalty, tokens) for total, tokens in finished + live]
    score, tokens = max(scored)
    return tokens, score
