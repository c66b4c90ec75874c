# wrong: next_token_distribution: treats nearly equal logits as equal
import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p")
    z = np.asarray(logits, dtype=float)
    if temperature == 0:
        out = np.zeros(len(z))
        out[np.argmax(z)] = 1.0
        return out
    order = np.argsort(-np.round(z, 3), kind="stable")
    w = np.exp((z - z.max()) / temperature)
    if top_k is not None:
        w[order[top_k:]] = 0.0
    probs = w / w.sum()
    if top_p is not None and top_p < 1:
        sums = np.cumsum(probs[order])
        n = np.searchsorted(sums, top_p - 1e-9) + 1
        probs[order[n:]] = 0.0
        probs /= probs.sum()
    return probs


def repetition_penalty(logits, previous, penalty):
    out = np.array(logits, dtype=float)
    for t in set(int(t) for t in previous):
        out[t] = out[t] / penalty if out[t] > 0 else out[t] * penalty
    return out


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live = [([start], 0.0)]
    done = []
    while live and len(live[0][0]) < max_length:
        candidates = []
        for tokens, total in live:
            logp = step(list(tokens))
            for t in range(len(logp)):
                if logp[t] > -np.inf:
                    candidates.append((tokens + [t], total + float(logp[t])))
        candidates.sort(key=lambda c: -c[1])
        live = []
        for c in candidates[:beam_width]:
            (done if c[0][-1] == end else live).append(c)
    best = max(done + live, key=lambda c: c[1] / len(c[0]) ** length_penalty)
    return best[0], best[1] / len(best[0]) ** length_penalty
