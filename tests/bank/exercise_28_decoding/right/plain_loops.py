import math

import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p")
    values = [float(x) for x in logits]
    out = np.zeros(len(values))
    best = max(values)
    if temperature == 0:
        out[values.index(best)] = 1.0
        return out
    tokens = sorted(range(len(values)), key=lambda i: (-values[i], i))
    if top_k is not None:
        tokens = tokens[:top_k]
    weight = {}
    for i in tokens:
        weight[i] = math.exp((values[i] - best) / temperature)
    total = math.fsum(weight.values())
    kept, mass = [], 0.0
    for i in tokens:
        kept.append(i)
        mass += weight[i] / total
        if top_p is not None and top_p < 1 and mass >= top_p:
            break
    norm = math.fsum(weight[i] for i in kept)
    for i in kept:
        out[i] = weight[i] / norm
    return out


def repetition_penalty(logits, previous, penalty):
    out = []
    for token, logit in enumerate(logits):
        if token in previous:
            logit = logit * penalty if logit < 0 else logit / penalty
        out.append(float(logit))
    return np.array(out)


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    beam = [([start], 0.0)]
    done = []
    length = 1
    while beam and length < max_length:
        candidates = []
        for tokens, score in beam:
            row = step(tokens)
            for token in range(len(row)):
                candidates.append((tokens + [token], score + row[token]))
        candidates.sort(key=lambda pair: pair[1], reverse=True)
        beam = []
        for tokens, score in candidates[:beam_width]:
            if tokens[-1] == end:
                done.append((tokens, score))
            else:
                beam.append((tokens, score))
        length += 1
    done.extend(beam)
    best = max(done, key=lambda pair: pair[1] / len(pair[0]) ** length_penalty)
    return best[0], best[1] / len(best[0]) ** length_penalty
