import numpy as np
import torch


def residual_distribution(p, q):
    p, q = torch.tensor(np.array(p)), torch.tensor(np.array(q))
    left = torch.relu(p - q)
    return (left / left.sum() if left.any() else p).numpy()


def speculative_step(draft, p, q, rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    p, q = torch.tensor(np.array(p)), torch.tensor(np.array(q))
    said = []
    for i, token in enumerate(np.asarray(draft).tolist()):
        if torch.rand((), generator=generator, dtype=torch.float64) < p[i, token] / q[i, token]:
            said.append(token)
            continue
        left = torch.clamp(p[i] - q[i], min=0)
        return [*said, torch.multinomial(left, 1, generator=generator).item()]
    return [*said, torch.multinomial(p[-1], 1, generator=generator).item()]


def acceptance_rate(p, q):
    return torch.minimum(torch.tensor(np.array(p)), torch.tensor(np.array(q))).sum().item()


def expected_tokens(rate, k):
    return np.polyval(np.ones(k + 1), rate)
