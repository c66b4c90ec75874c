import torch


class Cosine(torch.nn.Module):
    def forward(self, left, right):
        return self.unit(left) @ self.unit(right).transpose(-1, -2)

    @staticmethod
    def unit(rows):
        largest = rows.abs().amax(dim=1, keepdim=True).detach()
        largest = torch.where(largest > 0, largest, torch.ones_like(largest))
        small = rows / largest  # the largest entry is 1, so the root is never near 0
        squares = small.square().sum(dim=1, keepdim=True)
        squares = torch.where(squares > 0, squares, torch.ones_like(squares))
        return small / squares.sqrt()


def cross_entropy(logits):
    def one(row, mark):
        return torch.logsumexp(row, 0) - (row * mark).sum()

    return torch.vmap(one)(logits, torch.eye(len(logits), dtype=logits.dtype)).mean()


def info_nce(queries, keys, temperature=0.1):
    return cross_entropy(Cosine()(queries, keys) / temperature)


def clip_loss(images, texts, logit_scale):
    logits = torch.exp(logit_scale) * Cosine()(images, texts)
    return torch.lerp(cross_entropy(logits), cross_entropy(logits.T), 0.5)


def hard_triplet_loss(embeddings, labels, margin=0.2):
    apart = embeddings.unsqueeze(1) - embeddings.unsqueeze(0)
    squares = (apart * apart).sum(2)
    equal = squares == 0
    d = torch.where(equal, 0.0, torch.where(equal, 1.0, squares).sqrt())
    same = labels.view(-1, 1) == labels.view(1, -1)
    count = same.sum(1)
    valid = (count > 1) & (count < len(labels))
    inf = float("inf")
    far = torch.where(same, d, -inf).max(1)[0]
    near = torch.where(same, inf, d).min(1)[0]
    if not bool(valid.any()):
        return torch.tensor(0.0, dtype=embeddings.dtype)
    return torch.nn.functional.relu(far[valid] - near[valid] + margin).mean()
