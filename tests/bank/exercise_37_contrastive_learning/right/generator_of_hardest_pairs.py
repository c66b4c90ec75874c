# right: every cosine by itself, a class that finds the hardest pairs without gradients
import torch
import torch.nn.functional as F


def _cos(a, b):
    na, nb = a.pow(2).sum().sqrt() if a.any() else None, b.pow(2).sum().sqrt() if b.any() else None
    if na is None or nb is None: return (a * 0).sum() + (b * 0).sum()
    return (a @ b) / (na * nb)


def info_nce(queries, keys, temperature=0.1):
    losses = []
    for i, q in enumerate(queries):
        row = torch.stack([_cos(q, k) for k in keys]) / temperature
        losses.append(torch.logsumexp(row, 0) - row[i])
    return sum(losses) / len(losses)


def clip_loss(images, texts, logit_scale):
    s = torch.stack([torch.stack([_cos(a, b) for b in texts]) for a in images]) * logit_scale.exp()
    return -(s.log_softmax(0).diagonal().mean() + s.log_softmax(1).diagonal().mean()) * 0.5


class Miner:
    def __init__(self, e, y): self.e, self.y = e, y
    def __iter__(self):
        for i in range(len(self.e)):
            p = (self.y == self.y[i]); p[i] = False
            n = self.y != self.y[i]
            if p.any() and n.any():
                yield self.far(i, p), -self.far(i, n, -1)
    def far(self, i, m, sign=1):
        with torch.no_grad():
            d = (self.e[m] - self.e[i]).norm(dim=1) * sign
            j = m.nonzero()[d.argmax(), 0]
        v = self.e[j] - self.e[i]
        return sign * (v.norm() if v.any() else v.sum())


def hard_triplet_loss(embeddings, labels, margin=0.2):
    terms = [torch.clamp_min(p - n + margin, 0) for p, n in Miner(embeddings, labels)]
    if not terms: return embeddings.new_zeros(())
    return torch.stack(terms).mean()
