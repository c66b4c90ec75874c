# right: plain Python loops over entries and points, a module of its own with hand-written updates

import random

import torch
from torch import nn


def collapse_linear(stack):
    kinds = [isinstance(module, nn.Linear) for module in stack.children()]
    if False in kinds:
        raise ValueError("collapse_linear takes linear layers")
    matrix, shift = None, None
    for layer in stack:
        w = layer.weight.tolist()
        b = [0.0] * len(w) if layer.bias is None else layer.bias.tolist()
        if matrix is None:
            matrix, shift = w, b
            continue
        shift = [sum(wij * s for wij, s in zip(row, shift)) + bi for row, bi in zip(w, b)]
        matrix = [[sum(row[j] * matrix[j][k] for j in range(len(row)))
                   for k in range(len(matrix[0]))] for row in w]
    dtype = stack[-1].weight.dtype
    result = nn.Linear(len(matrix[0]), len(matrix), dtype=dtype)
    result.weight.data = torch.tensor(matrix, dtype=dtype)
    result.bias.data = torch.tensor(shift, dtype=dtype)
    result.requires_grad_(False)
    return result


def is_affine(f, in_features, tolerance=1e-4):
    rng = random.Random(in_features)
    verdict = True
    for _ in range(60):
        reach = rng.choice([1.0, 3.0, 6.0, 9.0])
        line = []
        x = [rng.uniform(-reach, reach) for _ in range(in_features)]
        step = [rng.gauss(0, 1) for _ in range(in_features)]
        for k in range(-8, 9):
            line.append([a + k * d for a, d in zip(x, step)])
        values = f(torch.tensor(line)).detach().tolist()
        for column in zip(*values):
            spread = max(column) - min(column)
            rounding = 1e-6 * max(abs(value) for value in column)
            # A projection on the first and last points of the line.
            for k, value in enumerate(column):
                straight = column[0] + (column[-1] - column[0]) * k / 16
                verdict = verdict and abs(value - straight) <= tolerance * spread + rounding
    return verdict


def xor_accuracy(model):
    try:
        dtype = next(model.parameters()).dtype
    except StopIteration:
        dtype = None
    right = 0
    logits = model(torch.tensor([[a, b] for a in (0.0, 1.0) for b in (0.0, 1.0)], dtype=dtype))
    for (a, b), logit in zip([(0, 0), (0, 1), (1, 0), (1, 1)], logits.flatten().tolist()):
        if (logit > 0) == (a != b):
            right += 1
    return right / 4


class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(2, hidden))
        self.b1 = nn.Parameter(torch.randn(hidden))
        self.w2 = nn.Parameter(torch.randn(hidden, 1) / hidden)

    def forward(self, x):
        return torch.sin(x @ self.w1 + self.b1) @ self.w2


def solve_xor(seed):
    torch.manual_seed(seed)
    net = Net(12)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = torch.tensor([[-1.0], [1.0], [1.0], [-1.0]])
    for _ in range(1000):
        loss = ((net(x) - target) ** 2).mean()
        for p, g in zip(net.parameters(), torch.autograd.grad(loss, list(net.parameters()))):
            p.data -= 0.1 * g
        if loss < 0.2:  # each point is nearer to its own label
            break
    return net
