import torch
from torch.nn import functional as F


def info_nce(queries, keys, temperature=0.1):
    q = queries / queries.norm(dim=1, keepdim=True).clamp(min=1e-8)
    k = keys / keys.norm(dim=1, keepdim=True).clamp(min=1e-8)
    scores = (q @ k.T) / temperature
    others = scores - scores.diagonal()[:, None]
    return torch.logsumexp(others, dim=-1).sum() / scores.shape[0]


def clip_loss(images, texts, logit_scale):
    a = F.normalize(images, p=2.0, dim=-1, eps=1e-8)
    b = F.normalize(texts, p=2.0, dim=-1, eps=1e-8)
    scores = torch.matmul(a, b.transpose(0, 1)) * torch.e ** logit_scale
    own = scores.diagonal()
    there = torch.logsumexp(scores - own.unsqueeze(1), 1)
    back = torch.logsumexp(scores - own.unsqueeze(0), 0)
    return ((there + back) * 0.5).mean()


def hard_triplet_loss(embeddings, labels, margin=0.2):
    total, anchors = embeddings.new_zeros(()), 0
    for i, label in enumerate(labels):
        rest = torch.cat([embeddings[:i], embeddings[i + 1 :]])
        mine = torch.cat([labels[:i], labels[i + 1 :]]) == label
        if mine.any() and not mine.all():
            d = F.pairwise_distance(embeddings[i].expand_as(rest), rest, eps=0.0)
            far, near = d[mine].sort().values[-1], d[~mine].sort().values[0]
            total = total + F.relu(far - near + margin)
            anchors += 1
    return total / max(anchors, 1)
