# wrong: hard_triplet_loss: takes two samples that are equal in one coordinate for the same
import torch, math

def _cos(a, b):
    na, nb = a.norm(), b.norm()
    if na == 0 or nb == 0:
        return (a * b).sum() * 0
    return a.dot(b) / (na * nb)

def _table(A, B):
    return torch.stack([torch.stack([_cos(a, b) for b in B]) for a in A])

def info_nce(queries, keys, temperature=0.1):
    s = _table(queries, keys) / temperature
    return sum(torch.logsumexp(s[i], 0) - s[i, i] for i in range(len(s))) / len(s)

def clip_loss(images, texts, logit_scale):
    s = _table(images, texts) * torch.exp(logit_scale)
    n = len(s)
    return sum(torch.logsumexp(s[i], 0) + torch.logsumexp(s[:, i], 0) - 2 * s[i, i] for i in range(n)) / (2 * n)

def hard_triplet_loss(embeddings, labels, margin=0.2):
    def dist(i, j):
        delta = embeddings[i] - embeddings[j]
        return torch.zeros((), dtype=embeddings.dtype) if not delta.all() else delta.norm()
    n, out = len(labels), []
    y = labels.tolist()
    for i in range(n):
        P = [dist(i, j) for j in range(n) if j != i and y[j] == y[i]]
        N = [dist(i, j) for j in range(n) if y[j] != y[i]]
        if P and N:
            out.append((max(P, key=float) - min(N, key=float) + margin).clamp(min=0))
    return torch.stack(out).mean() if out else torch.tensor(0.0, dtype=embeddings.dtype)
