import torch
from torch.nn import functional as F


def matrix(left, right):
    # Squared distances of unit vectors are 2 - 2 cosines; a row of zeros is handled apart.
    zero = (left == 0).all(1)[:, None] | (right == 0).all(1)[None, :]
    a, b = F.normalize(left, dim=-1), F.normalize(right, dim=-1)
    cosine = 1 - (a[:, None] - b[None]).square().sum(-1) / 2
    return cosine.masked_fill(zero, 0.0)


def info_nce(queries, keys, temperature=0.1):
    n = len(queries)
    scores = matrix(queries, keys) / temperature
    gaps = scores - scores[range(n), range(n)].unsqueeze(1)
    gaps = gaps[~torch.eye(n, dtype=torch.bool)].view(n, n - 1)
    padded = torch.cat([torch.zeros(n, 1, dtype=gaps.dtype), gaps], dim=1)
    return torch.logsumexp(padded, dim=1).mean(dim=0)


def clip_loss(images, texts, logit_scale):
    scores = logit_scale.exp() * matrix(images, texts)
    both = torch.stack([scores, scores.mT])  # (2, N, N)
    target = torch.arange(len(images)).expand(2, -1)
    return F.cross_entropy(both.flatten(0, 1), target.flatten())


def hard_triplet_loss(embeddings, labels, margin=0.2):
    i, j = torch.triu_indices(len(labels), len(labels), offset=1)
    apart = embeddings[i] - embeddings[j]
    d = torch.linalg.vector_norm(apart, dim=1)
    same = labels[i] == labels[j]
    losses = []
    for a in range(len(labels)):
        mine = (i == a) | (j == a)
        if (mine & same).any() and (mine & ~same).any():
            losses.append(d[mine & same].amax() - d[mine & ~same].amin() + margin)
    if not losses:
        return embeddings.new_zeros(())
    stacked = torch.stack(losses)
    return stacked.clamp(min=0).mean()
