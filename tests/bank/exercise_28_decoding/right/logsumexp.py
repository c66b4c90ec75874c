import numpy as np
from scipy.special import logsumexp


def _check(temperature, top_k, top_p):
    problems = [
        temperature < 0,
        top_k is not None and top_k < 1,
        top_p is not None and not 0 < top_p <= 1,
    ]
    if any(problems):
        raise ValueError("arguments out of range")


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    _check(temperature, top_k, top_p)
    order = np.array(sorted(range(len(logits)), key=lambda i: -logits[i]))
    if temperature == 0:
        return np.where(np.arange(len(logits)) == order[0], 1.0, 0.0)
    order = order[: min(top_k or len(order), len(order))]
    scaled = (logits[order] - np.max(logits)) / temperature
    logs = scaled - logsumexp(scaled)
    if top_p is not None and top_p < 1:
        count = int(np.searchsorted(np.cumsum(np.exp(logs)), top_p, side="left")) + 1
        order, logs = order[:count], logs[:count]
        logs = logs - logsumexp(logs)
    out = np.zeros(logits.shape)
    np.put(out, order, np.exp(logs))
    return out


def repetition_penalty(logits, previous, penalty):
    factor = np.ones(len(logits))
    for token in dict.fromkeys(previous):
        factor[token] = penalty
    # Dividing by the penalty is multiplying by its inverse.
    return logits * np.power(factor, np.where(logits > 0, -1.0, 1.0))


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    def search(live, finished, room):
        if not live or room == 0:
            return live + finished
        pool = []
        for tokens, total in live:
            gains = np.array(step(list(tokens)), dtype=float)
            pool += [(tokens + [token], total + gain) for token, gain in enumerate(gains)]
        pool = sorted(pool, key=lambda pair: -pair[1])[:beam_width]
        ended = [pair for pair in pool if pair[0][-1] == end]
        going = [pair for pair in pool if pair[0][-1] != end]
        return search(going, finished + ended, room - 1)

    pool = search([([start], 0.0)], [], max_length - 1)
    rated = [(total / np.power(float(len(tokens)), length_penalty), tokens) for tokens, total in pool]
    score, tokens = max(rated, key=lambda pair: pair[0])
    return [np.int64(token) for token in tokens], np.float64(score)
