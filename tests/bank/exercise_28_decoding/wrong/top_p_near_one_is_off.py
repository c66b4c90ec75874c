# wrong: next_token_distribution: treats a top_p from 0.999 as 1
import math
import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p")
    logits = np.asarray(logits, dtype=np.float64)
    V = len(logits)
    out = np.zeros(V)
    if temperature == 0:
        out[np.argmax(logits)] = 1.0
        return out
    order = np.argsort(-logits, kind="stable")
    if top_k is not None:
        order = order[:top_k]
    kept = logits[order]
    w = np.exp((kept - kept[0]) / temperature)
    w = w / w.sum()
    if top_p is not None and top_p < 0.999:
        c = np.cumsum(w)
        n = int(np.searchsorted(c, top_p - 1e-9)) + 1
        order, w = order[:n], w[:n]
        w = w / w.sum()
    out[order] = w
    return out


def repetition_penalty(logits, previous, penalty):
    out = np.array(logits, dtype=np.float64)
    for t in set(previous):
        if out[t] > 0:
            out[t] /= penalty
        else:
            out[t] *= penalty
    return out


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live = [([start], 0.0)]
    finished = []
    while live and len(live[0][0]) < max_length:
        cand = []
        for tokens, total in live:
            lp = step(list(tokens))
            for v in range(len(lp)):
                cand.append((total + float(lp[v]), tokens + [v]))
        cand.sort(key=lambda c: -c[0])
        live = []
        for total, tokens in cand[:beam_width]:
            if tokens[-1] == end:
                finished.append((tokens, total))
            else:
                live.append((tokens, total))
    everything = finished + live
    best = max(everything, key=lambda s: s[1] / len(s[0]) ** length_penalty)
    return best[0], best[1] / len(best[0]) ** length_penalty
