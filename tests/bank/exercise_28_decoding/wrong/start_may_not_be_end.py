# wrong: beam_search: treats the start as finished where it equals the end
import numpy as np


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError('the temperature is below 0')
    if top_k is not None and top_k < 1:
        raise ValueError('top_k is below 1')
    if top_p is not None and (not 0 < top_p <= 1):
        raise ValueError('top_p is not in (0, 1]')
    order = np.argsort(-logits, kind='stable')
    if temperature == 0:
        temperature, top_k = (1.0, 1)
    kept = order[:top_k]
    with np.errstate(over='ignore'):
        weights = np.exp((logits[kept] - logits[kept[0]]) / temperature)
    weights /= weights.sum()
    if top_p is not None:
        enough = (np.cumsum(weights) < top_p).sum() + 1
        kept, weights = (kept[:enough], weights[:enough])
    probabilities = np.zeros(len(logits))
    probabilities[kept] = weights / weights.sum()
    return probabilities


def repetition_penalty(logits, previous, penalty):
    result = logits.copy()
    for token in set(previous):
        result[token] = logits[token] / penalty if logits[token] > 0 else logits[token] * penalty
    return result


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live = [(0.0, [start])] if start != end else []
    finished = [] if start != end else [(0.0, [start])]
    for _ in range(max_length - 1):
        extended = [(total + float(gain), [*tokens, token]) for total, tokens in live for token, gain in enumerate(step(tokens)) if gain > -np.inf]
        best = sorted(extended, reverse=True)[:beam_width]
        finished += [each for each in best if each[1][-1] == end]
        live = [each for each in best if each[1][-1] != end]
    scored = [(total / len(tokens) ** length_penalty, tokens) for total, tokens in finished + live]
    score, tokens = max(scored)
    return (tokens, score)
