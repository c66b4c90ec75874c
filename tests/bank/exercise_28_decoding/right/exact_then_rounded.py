from decimal import Decimal, getcontext

import numpy as np

getcontext().prec = 40


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError
    tokens = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    result = np.zeros(len(logits))
    if temperature == 0:
        result[tokens[0]] = 1.0
        return result
    tokens = [t for t in tokens[:top_k] if logits[t] != -np.inf]
    largest = Decimal(float(logits[tokens[0]]))
    scale = Decimal(float(temperature))
    weights = [((Decimal(float(logits[t])) - largest) / scale).exp() for t in tokens]
    total = sum(weights)
    if top_p is not None:
        running = Decimal(0)
        for count, weight in enumerate(weights, start=1):
            running += weight
            if running / total >= Decimal(float(top_p)) and top_p != 1:
                tokens, weights = tokens[:count], weights[:count]
                break
    total = sum(weights)
    for token, weight in zip(tokens, weights):
        result[token] = float(weight / total)
    return result


def repetition_penalty(logits, previous, penalty):
    result = list(logits)
    done = []
    for token in previous:
        if token in done:
            continue
        done.append(token)
        if result[token] >= 0:
            result[token] = result[token] / penalty
        else:
            result[token] = result[token] * penalty
    return np.asarray(result, dtype=np.float64)


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    # Keeps sequences that are impossible, asks for each sequence's row only once.
    best = ([start], -np.inf if max_length > 1 else 0.0)
    sums, beam = [0.0], [[start]]
    for length in range(2, max_length + 1):
        rows = [np.add(step(tokens), total) for tokens, total in zip(beam, sums)]
        if not rows:
            break
        candidates = [(row[v], k, v) for k, row in enumerate(rows) for v in range(len(row))]
        candidates.sort(reverse=True)
        new_beam, new_sums = [], []
        for total, k, v in candidates[:beam_width]:
            tokens = [*beam[k], v]
            if v == end or length == max_length:
                score = total / length**length_penalty
                if score > best[1]:
                    best = (tokens, score)
            if v != end:
                new_beam.append(tokens)
                new_sums.append(total)
        beam, sums = new_beam, new_sums
    return best
