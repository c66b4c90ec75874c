import torch
import torch.nn.functional as F


def info_nce(queries, keys, temperature=0.1):
    logits = F.cosine_similarity(queries[:, None, :], keys[None, :, :], dim=-1) / temperature
    return -torch.log_softmax(logits, dim=1).diagonal().mean()


def clip_loss(images, texts, logit_scale):
    logits = F.cosine_similarity(images.unsqueeze(1), texts.unsqueeze(0), dim=2)
    logits = torch.exp(logit_scale) * logits
    forth = logits.log_softmax(dim=1).diagonal()
    back = logits.log_softmax(dim=0).diagonal()
    return -torch.cat([forth, back]).mean()


def hard_triplet_loss(embeddings, labels, margin=0.2):
    # In float64, where a product of matrices keeps digits enough.
    x = embeddings.double()
    x = x - x.mean(dim=0).detach()
    squares = (x * x).sum(dim=1)
    d2 = squares[:, None] + squares[None, :] - 2 * x @ x.T
    d = torch.where(d2 > 1e-14, d2.clamp(min=1e-14).sqrt(), torch.zeros_like(d2))
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    other = same & ~torch.eye(len(x)).bool()
    valid = other.any(1) & (~same).any(1)
    if valid.sum() == 0:
        return x.new_zeros(()).to(embeddings.dtype)
    far = torch.where(other, d, -torch.ones_like(d)).max(dim=1).values
    near = torch.where(same, torch.full_like(d, 1e300), d).min(dim=1).values
    loss = torch.relu(far - near + margin)
    return (loss[valid].sum() / valid.sum()).to(embeddings.dtype)
