import torch


def directions(rows):
    rows = rows.double()
    length = rows.square().sum(dim=1, keepdim=True).clamp(min=1e-20).sqrt()
    return rows / length


def info_nce(queries, keys, temperature=0.1):
    logits = torch.einsum("nd,md->nm", directions(queries), directions(keys)) / temperature
    top = logits.max(dim=1, keepdim=True).values.detach()
    total = (logits - top).exp().sum(dim=1).log() + top[:, 0]
    return (total - torch.diagonal(logits)).mean().to(queries.dtype)


def clip_loss(images, texts, logit_scale):
    logits = torch.einsum("nd,md->nm", directions(images), directions(texts))
    logits = logits * logit_scale.double().exp()
    loss = logits.logsumexp(0) + logits.logsumexp(1) - 2 * logits.diagonal()
    return (loss.mean() / 2).to(images.dtype)


def hard_triplet_loss(embeddings, labels, margin=0.2):
    x = embeddings.double()
    apart = x[:, None, :] - x[None, :, :]
    d = torch.sqrt(apart.square().sum(-1).clamp(min=1e-18))
    same = labels[:, None].eq(labels)
    same_other = same.clone().fill_diagonal_(False)
    rows = [i for i in range(len(x)) if same_other[i].any() and not same[i].all()]
    if not rows:
        return 0.0 * embeddings.mean()
    losses = [(d[i][same_other[i]].max() - d[i][~same[i]].min() + margin).clamp(min=0) for i in rows]
    return (sum(losses) / len(rows)).to(embeddings.dtype)
