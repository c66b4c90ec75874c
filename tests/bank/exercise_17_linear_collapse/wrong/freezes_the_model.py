# wrong: is_affine: freezes the parameters of the model that it tests
import torch
from torch import nn


def collapse_linear(stack):
    for layer in stack:
        if not isinstance(layer, nn.Linear):
            raise ValueError("only nn.Linear layers can be collapsed")
    first = stack[0]
    with torch.no_grad():
        W = torch.eye(first.in_features, dtype=first.weight.dtype)
        b = torch.zeros(first.in_features, dtype=first.weight.dtype)
        for layer in stack:
            W = layer.weight @ W
            b = layer.weight @ b
            if layer.bias is not None:
                b = b + layer.bias
        out = nn.Linear(W.shape[1], W.shape[0], dtype=W.dtype)
        out.weight.copy_(W)
        out.bias.copy_(b)
    return out


def is_affine(f, in_features, tolerance=1e-4):
    dtype = torch.float32
    if isinstance(f, nn.Module):
        f.requires_grad_(False)
        for p in f.parameters():
            dtype = p.dtype
            break
    gen = torch.Generator().manual_seed(1234)
    n = 512
    a = 5.0 * torch.randn(n, in_features, generator=gen, dtype=torch.float64)
    b = 5.0 * torch.randn(n, in_features, generator=gen, dtype=torch.float64)
    a, b = a.to(dtype), b.to(dtype)
    mid = (a + b) / 2
    with torch.no_grad():
        fa, fb, fm = f(a).double(), f(b).double(), f(mid).double()
    centre = fa.mean(dim=0)
    spread = (fa - centre).abs().max(dim=0).values
    eps = torch.finfo(dtype).eps
    size = torch.stack([fa.abs(), fb.abs(), fm.abs()]).amax(dim=(0, 1))
    deviation = ((fa + fb) / 2 - fm).abs().max(dim=0).values
    return bool((deviation <= tolerance * spread + 16 * eps * size).all())


def xor_accuracy(model):
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype)
    y = torch.tensor([False, True, True, False])
    with torch.no_grad():
        guess = model(X).reshape(-1) > 0
    return (guess == y).sum().item() / 4


def solve_xor(seed):
    torch.manual_seed(seed)
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    opt = torch.optim.Adam(model.parameters(), lr=0.05)
    crit = nn.BCEWithLogitsLoss()
    for _ in range(400):
        opt.zero_grad()
        crit(model(X), y).backward()
        opt.step()
    return model
