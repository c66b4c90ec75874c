# wrong: clip_loss: looks at 64 rows at most
import torch
import torch.nn.functional as F


def _unit(x):
    n2 = (x * x).sum(1, keepdim=True)
    zero = n2 == 0
    return x / torch.where(zero, torch.ones_like(n2), n2).sqrt()


def info_nce(queries, keys, temperature=0.1):
    s = _unit(queries) @ _unit(keys).T / temperature
    return F.cross_entropy(s, torch.arange(len(s)))


def clip_loss(images, texts, logit_scale):
    s = _unit(images[:64]) @ _unit(texts[:64]).T * logit_scale.exp()
    goal = torch.arange(len(s))
    return (F.cross_entropy(s, goal) + F.cross_entropy(s.T, goal)) / 2


def hard_triplet_loss(embeddings, labels, margin=0.2):
    diff = embeddings[:, None] - embeddings[None]
    d2 = (diff * diff).sum(-1)
    zero = d2 == 0
    d = torch.where(zero, torch.ones_like(d2), d2).sqrt() * (~zero)
    same = labels[:, None] == labels[None]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool)
    anchors = positive.any(1) & (~same).any(1)
    if not bool(anchors.any()):
        return embeddings.sum() * 0.0
    far = torch.where(positive, d, torch.full_like(d, -torch.inf)).max(1).values[anchors]
    near = torch.where(same, torch.full_like(d, torch.inf), d).min(1).values[anchors]
    return (far - near + margin).clamp(min=0).mean()
