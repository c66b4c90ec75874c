# right: compares Jacobians at many points, learns a product feature

import copy

import torch
from torch import nn


def collapse_linear(stack):
    if not len(stack) or {type(layer) for layer in stack} != {nn.Linear}:
        raise ValueError("expected nn.Linear layers")
    if len(stack) == 1:
        return copy.deepcopy(stack[0])
    weight = torch.linalg.multi_dot([layer.weight.detach() for layer in reversed(stack)])
    has_bias = any(layer.bias is not None for layer in stack)
    merged = nn.Linear(*reversed(weight.shape), bias=has_bias, dtype=weight.dtype)
    merged.weight.data.copy_(weight)
    if has_bias:
        with torch.no_grad():
            merged.bias.copy_(stack(weight.new_zeros(1, weight.shape[1])).flatten())
    return merged


def is_affine(f, in_features, tolerance=1e-4):
    """The Jacobian of an affine map is the same at all points."""
    scale = torch.tensor([0.3, 1.0, 3.0, 6.0]).repeat_interleave(400)[:, None]
    x = (scale * torch.randn(1600, in_features)).requires_grad_()
    y = f(x)
    if not y.requires_grad:
        return bool((y == y[0]).all())
    for k in range(y.shape[1]):
        slope = torch.autograd.grad(y[:, k].sum(), x, retain_graph=True, allow_unused=True)[0]
        if slope is None:
            continue
        wobble = (slope - slope[0]).abs().max()
        if wobble > tolerance * slope.abs().max():
            return False
    return True


def xor_accuracy(model):
    was_training = [module.training for module in model.modules()]
    model.eval()
    first = next(model.parameters(), torch.zeros(1))
    grid = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=first.dtype)
    with torch.no_grad():
        classes = model(grid).gt(0).squeeze(-1)
    for module, mode in zip(model.modules(), was_training):
        module.training = mode
    return float((classes == torch.tensor([False, True, True, False])).float().mean())


class Product(nn.Module):
    """Logistic regression on x0, x1 and x0 * x1."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, x):
        return self.linear(torch.cat([x, x.prod(dim=1, keepdim=True)], dim=1))


def solve_xor(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Product()
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.1)
    for _ in range(400):
        optimizer.zero_grad()
        logits = model(x).squeeze(1)
        loss = nn.BCEWithLogitsLoss()(logits, torch.tensor([0.0, 1.0, 1.0, 0.0]))
        loss.backward()
        optimizer.step()
        if loss < 0.1:
            break
    return model
