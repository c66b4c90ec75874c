import numpy as np
from scipy.special import softmax


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0 or (top_k is not None and top_k <= 0):
        raise ValueError
    if top_p is not None and not (0 < top_p <= 1):
        raise ValueError
    x = np.array(logits, dtype=float)
    if temperature == 0:
        probs = np.zeros_like(x)
        probs[np.argmax(x)] = 1
        return probs
    x = (x - x.max()) / temperature
    rank = np.empty(len(x), dtype=int)
    rank[np.lexsort((np.arange(len(x)), -np.asarray(logits)))] = np.arange(len(x))
    if top_k is not None:
        x = np.where(rank < top_k, x, -np.inf)
    probs = softmax(x)
    if top_p is not None:
        order = np.argsort(rank)
        before = np.cumsum(probs[order]) - probs[order]
        drop = np.zeros(len(x), dtype=bool)
        drop[order] = before >= top_p
        probs = softmax(np.where(drop, -np.inf, x))
    return probs


def repetition_penalty(logits, previous, penalty):
    ids = np.unique(np.asarray(previous, dtype=int))
    out = np.array(logits)
    picked = out[ids]
    out[ids] = np.where(picked > 0, picked / penalty, picked * penalty)
    return out


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    tokens, sums = [[start]], np.zeros(1)
    hypotheses = []
    for _ in range(1, max_length):
        if not tokens:
            break
        table = sums[:, None] + np.stack([step(t) for t in tokens])
        flat = table.ravel()
        top = np.argsort(flat)[::-1][:beam_width]
        rows, columns = np.unravel_index(top, table.shape)
        extended = [tokens[r] + [int(c)] for r, c in zip(rows, columns)]
        gained = flat[top]
        open_ = columns != end
        hypotheses += [(s, t) for s, t, o in zip(gained, extended, open_) if not o]
        tokens = [t for t, o in zip(extended, open_) if o]
        sums = gained[open_]
    hypotheses += list(zip(sums, tokens))
    scores = [s / len(t) ** length_penalty for s, t in hypotheses]
    best = int(np.argmax(scores))
    return hypotheses[best][1], scores[best]
