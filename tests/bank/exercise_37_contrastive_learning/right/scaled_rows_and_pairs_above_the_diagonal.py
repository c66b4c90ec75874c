# right: rows scaled before their norm, pairs above the diagonal put into a matrix, sort and topk
import torch
import torch.nn.functional as F


def info_nce(queries, keys, temperature=0.1):
    def unit(x):
        big = x.abs().amax(1, keepdim=True)
        y = x / torch.where(big > 0, big, torch.ones_like(big))
        s = (y * y).sum(1, keepdim=True)
        return y * torch.rsqrt(torch.where(s > 0, s, torch.ones_like(s)))
    z = unit(queries) @ unit(keys).T / temperature
    lse = torch.logsumexp(z, dim=1)
    return torch.mean(lse - torch.diagonal(z))


def clip_loss(images, texts, logit_scale):
    a = F.normalize(images); b = F.normalize(texts)
    l = torch.exp(logit_scale) * a.matmul(b.t())
    lab = torch.arange(l.shape[0])
    return 0.5 * F.cross_entropy(l, lab) + 0.5 * F.cross_entropy(l.t(), lab)


def hard_triplet_loss(embeddings, labels, margin=0.2):
    n = len(embeddings)
    i, j = torch.triu_indices(n, n, 1)
    d = F.pairwise_distance(embeddings[i], embeddings[j], eps=0.0) if len(i) else embeddings.new_zeros(0)
    D = torch.zeros(n, n, dtype=embeddings.dtype)
    D = D.index_put((i, j), d).index_put((j, i), d)
    same = labels.view(-1, 1) == labels.view(1, -1)
    cnt = same.sum(1)
    a = torch.where((cnt > 1) & (cnt < n))[0]
    if a.numel() == 0: return torch.tensor(0.0, dtype=embeddings.dtype)
    pos = torch.sort(D[a] - 1e30 * (~same[a]).to(D.dtype), dim=1).values[:, -1]
    neg = torch.topk(torch.where(same[a], torch.inf, D[a]), 1, dim=1, largest=False).values[:, 0]
    return torch.maximum(pos - neg + margin, torch.zeros((), dtype=D.dtype)).mean()
