import itertools

import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if not temperature >= 0:
        raise ValueError("temperature must not be negative")
    if top_k is not None and not top_k >= 1:
        raise ValueError("top_k must be positive")
    if top_p is not None and not (top_p > 0 and top_p <= 1):
        raise ValueError("top_p must be in (0, 1]")
    size = len(logits)
    keep = np.ones(size, dtype=bool)
    if temperature == 0:
        top_k, top_p, temperature = 1, None, 1.0
    if top_k is not None and top_k < size:
        border = -np.partition(-logits, top_k - 1)[top_k - 1]
        keep = logits > border
        equal = np.flatnonzero(logits == border)
        keep[equal[: top_k - keep.sum()]] = True
    shifted = np.subtract(logits, logits.max())
    with np.errstate(over="ignore"):
        weights = np.where(keep, np.exp(shifted / temperature), 0.0)
    probs = weights / weights.sum()
    if top_p is not None and top_p < 1:
        order = np.argsort(-logits, kind="mergesort")
        order = order[keep[order]]
        enough = next(
            count
            for count, mass in enumerate(itertools.accumulate(probs[order]), start=1)
            if mass >= top_p
        )
        gone = np.setdiff1d(np.arange(size), order[:enough])
        probs[gone] = 0.0
        probs = probs / probs.sum()
    return probs


def repetition_penalty(logits, previous, penalty):
    if not previous:
        return logits
    said = np.isin(np.arange(len(logits)), previous)
    return np.select([said & (logits > 0), said], [logits / penalty, logits * penalty], logits)


class _Search:
    def __init__(self, step, end):
        self.step, self.end = step, end
        self.finished = []

    def rounds(self, live, width):
        while live:
            candidates = (
                (total + gain, (*tokens, token))
                for total, tokens in live
                for token, gain in enumerate(self.step(list(tokens)))
                if np.isfinite(gain)
            )
            best = sorted(candidates, key=lambda pair: pair[0])[-width:]
            self.finished += [pair for pair in best if pair[1][-1] == self.end]
            live = [pair for pair in best if pair[1][-1] != self.end]
            yield live


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    search = _Search(step, end)
    live = [(0.0, (start,))]
    for live in itertools.islice(search.rounds(live, beam_width), max_length - 1):
        pass
    everything = [*search.finished, *live]
    total, tokens = max(everything, key=lambda pair: pair[0] * len(pair[1]) ** -length_penalty)
    return list(tokens), total * len(tokens) ** -length_penalty
