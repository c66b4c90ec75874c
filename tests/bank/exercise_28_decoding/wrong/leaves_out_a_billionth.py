# wrong: next_token_distribution: with top_p = 1, leaves out tokens below a billionth
from __future__ import annotations
from dataclasses import dataclass, replace
from itertools import accumulate, chain, takewhile
from functools import reduce
import numpy as np
from scipy.special import log_softmax, softmax


@dataclass(frozen=True, order=False)
class Hyp:
    tokens: tuple[int, ...]
    logp: float = 0.0

    def score(self, alpha): return self.logp / len(self.tokens) ** alpha


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    match (temperature, top_k, top_p):
        case (t, _, _) if t < 0: raise ValueError("temperature")
        case (_, int(k), _) if k < 1: raise ValueError("top_k")
        case (_, _, p) if p is not None and (p <= 0 or p > 1): raise ValueError("top_p")
    V = len(logits)
    if temperature == 0:
        return (np.arange(V) == int(np.argmax(logits))).astype(np.float64)
    scaled = np.subtract(logits, np.max(logits))
    with np.errstate(over='ignore', divide='ignore', invalid='ignore'):
        scaled = np.where(scaled == 0, 0.0, scaled / temperature)
    order = np.argsort(-np.asarray(logits), kind='mergesort')
    gone = order[top_k:] if top_k else order[:0]
    scaled[gone] = -np.inf
    probs = softmax(scaled)
    if top_p is not None:
        cum = list(accumulate(probs[order].tolist()))
        n = next((i for i, c in enumerate(cum) if c > top_p or np.isclose(c, top_p, rtol=0, atol=1e-9)), V - 1)
        scaled[order[n + 1:]] = -np.inf
        probs = softmax(scaled)
    return probs


def repetition_penalty(logits, previous, penalty):
    def once(z, t):
        z[t] = z[t] * penalty if z[t] < 0 else z[t] / penalty
        return z
    return reduce(once, set(previous), logits.copy())


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    def search(live, finished):
        if not live or len(live[0].tokens) >= max_length:
            return finished + live
        grown = [Hyp(h.tokens + (t,), h.logp + lp) for h in live for t, lp in enumerate(np.asarray(step([*h.tokens])).tolist()) if lp > -np.inf]
        kept = sorted(grown, key=lambda h: -h.logp)[:beam_width]
        ended = [h for h in kept if h.tokens[-1] == end]
        return search([h for h in kept if h.tokens[-1] != end], finished + ended)
    best = max(search([Hyp((start,))], []), key=lambda h: h.score(length_penalty))
    return list(best.tokens), best.score(length_penalty)
