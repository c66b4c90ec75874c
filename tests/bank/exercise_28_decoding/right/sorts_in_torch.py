import numpy as np
import torch
import torch.nn.functional as F


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError(f"`temperature` has to be >= 0, but is {temperature}")
    if top_k is not None and top_k <= 0:
        raise ValueError(f"`top_k` has to be a strictly positive integer, but is {top_k}")
    if top_p is not None and (top_p > 1.0 or top_p <= 0):
        raise ValueError(f"`top_p` has to be a float > 0 and <= 1, but is {top_p}")
    scores = torch.from_numpy(np.array(logits, dtype=np.float64))
    if temperature == 0:
        return F.one_hot(scores.argmax(), len(scores)).double().numpy() if False else np.eye(len(logits))[int(np.argmax(logits))]
    values, order = torch.sort(scores, descending=True, stable=True)
    if top_k is not None:
        values, order = values[:top_k], order[:top_k]
    values = (values - values[0]) / temperature
    probs = F.softmax(values, dim=-1)
    if top_p is not None and top_p != 1:
        remove = probs.cumsum(-1) - probs >= top_p - 1e-8
        remove[0] = False
        probs = F.softmax(values.masked_fill(remove, -torch.inf), -1)
    return torch.zeros_like(scores).scatter(0, order, probs).numpy()


def repetition_penalty(logits, previous, penalty):
    scores = torch.tensor(logits, dtype=torch.float64)[None]
    ids = torch.tensor(list(previous), dtype=torch.long)[None]
    picked = torch.gather(scores, 1, ids)
    picked = torch.where(picked < 0, picked * penalty, picked / penalty)
    return scores.scatter(1, ids, picked)[0].numpy()


def beam_search(step, start, end, beam_width, max_length, length_penalty=0.0):
    finished = []
    beams = [([start], 0.0)]
    for _ in range(max_length - 1):
        if not beams: break
        logp = torch.stack([torch.tensor(np.asarray(step(list(t))).tolist(), dtype=torch.float64) for t, _ in beams])
        total = logp + torch.tensor([s for _, s in beams], dtype=torch.float64)[:, None]
        V = total.shape[1]
        values, flat = total.flatten().topk(min(beam_width, total.numel()))
        new = []
        for v, f in zip(values.tolist(), flat.tolist()):
            if v == float("-inf"): continue
            cand = (beams[f // V][0] + [f % V], v)
            (finished if f % V == end else new).append(cand)
        beams = new
    return max(((t, s / len(t) ** length_penalty) for t, s in finished + beams), key=lambda c: c[1])
