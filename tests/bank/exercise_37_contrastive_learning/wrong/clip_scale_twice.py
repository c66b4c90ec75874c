# wrong: clip_loss: multiplies by the scale on both sides
import torch
from torch.nn import functional as F


def info_nce(queries, keys, temperature=0.1):
    similarity = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    own = torch.arange(len(queries))
    return F.cross_entropy(similarity / temperature, own)


def clip_loss(images, texts, logit_scale):
    cosine = F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T
    logits = cosine * (2 * logit_scale).exp()
    right = torch.arange(len(images))
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def hard_triplet_loss(embeddings, labels, margin=0.2):
    distances = torch.cdist(embeddings, embeddings)
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool)
    positive, negative = same & ~itself, ~same
    anchor = positive.any(dim=1) & negative.any(dim=1)
    if not anchor.any():
        return embeddings.sum() * 0.0
    farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)[anchor]
    nearest = distances.masked_fill(~negative, torch.inf).amin(dim=1)[anchor]
    return F.relu(farthest - nearest + margin).mean()
