import torch
from torch import nn


def safe_unit(x):
    zero = (x == 0).all(dim=-1, keepdim=True)
    # A length of one where there is none, before the root: no slope is infinite.
    squares = (x * x).sum(-1, keepdim=True)
    return x * torch.rsqrt(torch.where(zero, torch.ones_like(squares), squares))


def info_nce(queries, keys, temperature=0.1):
    loss = nn.CrossEntropyLoss()
    n = queries.size(0)
    return loss(torch.mm(safe_unit(queries), safe_unit(keys).t()).div(temperature), torch.arange(n))


def clip_loss(images, texts, logit_scale):
    images, texts = safe_unit(images), safe_unit(texts)
    target = torch.eye(len(images), dtype=images.dtype)
    per_image = logit_scale.exp() * images @ texts.t()
    per_text = logit_scale.exp() * texts @ images.t()
    loss = nn.CrossEntropyLoss()
    return torch.stack([loss(per_image, target), loss(per_text, target)]).mean()


def hard_triplet_loss(embeddings, labels, margin=0.2):
    with torch.no_grad():
        # Which pairs are hard needs no gradient.
        d = (embeddings[:, None] - embeddings[None]).pow(2).sum(-1)
        same = labels[:, None] == labels[None, :]
        mine = same.clone()
        mine.fill_diagonal_(False)
        anchors = (mine.any(1) & ~same.all(1)).nonzero()[:, 0]
        far = d.masked_fill(~mine, -1.0).argmax(1)[anchors]
        near = d.masked_fill(same, float("inf")).argmin(1)[anchors]
    if len(anchors) == 0:
        return embeddings.new_tensor(0.0)
    a = embeddings[anchors]
    positive = (a - embeddings[far]).norm(dim=1)
    negative = (a - embeddings[near]).norm(dim=1)
    return (positive - negative + margin).clamp_min(0).mean()
