import heapq
from dataclasses import dataclass, field

import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("negative temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p")
    heap = [(-score, token) for token, score in enumerate(np.asarray(logits).tolist())]
    heapq.heapify(heap)
    limit = 1 if temperature == 0 else len(heap) if top_k is None else min(top_k, len(heap))
    chosen = [heapq.heappop(heap) for _ in range(limit)]
    top = chosen[0][0]
    scale = temperature if temperature > 0 else 1.0
    with np.errstate(all="ignore"):
        weights = np.exp(np.array([(top - negative) for negative, _ in chosen]) / scale)
    weights = weights / np.sum(weights)
    if top_p is not None and top_p != 1:
        mass, count = 0.0, 0
        while mass < top_p and count < len(weights):
            mass += weights[count]
            count += 1
        weights = weights[:count] / np.sum(weights[:count])
    probs = np.zeros(len(logits), dtype=np.float64)
    for (_, token), weight in zip(chosen, weights):
        probs[token] = weight
    return probs


def repetition_penalty(logits, previous, penalty):
    said = np.zeros(len(logits), dtype=bool)
    for token in previous:
        said[token] = True
    changed = np.where(logits > 0, logits / penalty, logits * penalty)
    return np.where(said, changed, logits)


@dataclass(order=True)
class Path:
    total: float
    tokens: list = field(compare=False)

    def rated(self, penalty):
        return self.total / len(self.tokens) ** penalty


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live, best = [Path(0.0, [start])], None
    for length in range(2, max_length + 1):
        extensions = []
        for path in live:
            for token, gain in enumerate(np.asarray(step(list(path.tokens))).tolist()):
                if gain != float("-inf"):
                    extensions.append(Path(path.total + gain, path.tokens + [token]))
        live = []
        for path in heapq.nlargest(beam_width, extensions):
            if path.tokens[-1] == end:
                if best is None or path.rated(length_penalty) > best.rated(length_penalty):
                    best = path
            else:
                live.append(path)
        if not live:
            break
    for path in live:
        if best is None or path.rated(length_penalty) > best.rated(length_penalty):
            best = path
    return best.tokens, float(best.rated(length_penalty))
