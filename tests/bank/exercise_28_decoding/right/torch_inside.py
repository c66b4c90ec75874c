import numpy as np
import torch


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError(temperature)
    if top_k is not None and top_k < 1:
        raise ValueError(top_k)
    if top_p is not None and (top_p <= 0.0 or top_p > 1.0):
        raise ValueError(top_p)
    scores = torch.tensor(np.array(logits), dtype=torch.float64)
    ordered, index = torch.sort(scores, descending=True, stable=True)
    if temperature == 0:
        ordered, temperature = torch.where(torch.arange(len(ordered)) > 0, -torch.inf, ordered), 1.0
    ordered = (ordered - ordered[0]) / temperature
    if top_k is not None:
        ordered[top_k:] = -torch.inf
    probs = torch.softmax(ordered, dim=0)
    if top_p is not None:
        reached = torch.cumsum(probs, dim=0) >= top_p
        reached[1:] = reached[:-1].clone()
        reached[0] = False
        probs = torch.softmax(ordered.masked_fill(reached, -torch.inf), dim=0)
    return torch.zeros_like(probs).scatter(0, index, probs).numpy()


def repetition_penalty(logits, previous, penalty):
    scores = torch.tensor(np.array(logits))
    index = torch.tensor(previous, dtype=torch.int64)
    picked = torch.gather(scores, 0, index)
    picked = torch.where(picked < 0, picked * penalty, picked / penalty)
    return scores.scatter(0, index, picked).numpy()


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    live = {(start,): 0.0}
    pool = {}
    for _ in range(max_length - 1):
        grown = {}
        for tokens, total in live.items():
            for token, gain in enumerate(step(list(tokens))):
                grown[(*tokens, token)] = total + float(gain)
        names = list(grown)
        values = torch.tensor([grown[n] for n in names], dtype=torch.float64)
        if not names:
            break
        top = torch.topk(values, min(beam_width, len(names))).indices.tolist()
        live = {}
        for place in top:
            (pool if names[place][-1] == end else live)[names[place]] = grown[names[place]]
    pool.update(live)
    rated = {tokens: total / len(tokens) ** length_penalty for tokens, total in pool.items()}
    tokens = max(rated, key=rated.get)
    return list(tokens), rated[tokens]
