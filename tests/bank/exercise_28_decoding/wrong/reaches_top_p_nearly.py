# wrong: next_token_distribution: accepts a sum that is less than top_p by a hundred-thousandth
"""Beams as nested tuples (linked lists), nlargest, a stable sort."""
from heapq import nlargest
import math
import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if not temperature >= 0: raise ValueError(temperature)
    if top_k is not None and not top_k >= 1: raise ValueError(top_k)
    if top_p is not None and not (0 < top_p and top_p <= 1): raise ValueError(top_p)
    z = [float(v) for v in logits]
    n = len(z)
    if temperature == 0:
        return np.eye(n)[z.index(max(z))]
    order = sorted(range(n), key=z.__getitem__, reverse=True)   # stable, reverse keeps order of equals
    order = order[:top_k]
    top = z[order[0]]
    w = []
    for i in order:
        gap = z[i] - top
        w.append(0.0 if gap == -math.inf else math.exp(max(gap / temperature, -1e4)))
    total = math.fsum(w)
    w = [v / total for v in w]
    if top_p is not None and top_p < 1:
        acc = 0.0
        for count, v in enumerate(w, 1):
            acc += v
            if acc >= top_p - 1e-5:
                break
        order, w = order[:count], w[:count]
    total = sum(w)
    p = [0.0] * n
    for i, v in zip(order, w):
        p[i] = v / total
    return np.array(p)


def repetition_penalty(logits, previous, penalty):
    said = frozenset(int(t) for t in previous)
    return np.array([(z / penalty if z > 0 else z * penalty) if i in said else z for i, z in enumerate(logits)], dtype=np.float64)


def _unroll(node):
    tokens = []
    while node is not None:
        node, token = node
        tokens.append(token)
    return tokens[::-1]


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live, done = [(0.0, (None, start))], []
    length = 1
    while live and length < max_length:
        length += 1
        pool = ((total + float(lp), (node, token)) for total, node in live
                for token, lp in enumerate(step(_unroll(node))))
        best = nlargest(beam_width, pool, key=lambda pair: pair[0])
        live = [b for b in best if b[1][1] != end]
        done += [(b[0] / length ** length_penalty, b[1]) for b in best if b[1][1] == end]
    done += [(b[0] / length ** length_penalty, b[1]) for b in live]
    score, node = max(done, key=lambda pair: pair[0])
    return _unroll(node), score
