# wrong: is_affine: treats a module as affine where all layers are linear, without trying it
import torch
from torch import nn

def collapse_linear(stack):
    layers = list(stack)
    if any(type(l) is not nn.Linear for l in layers):
        raise ValueError("linear only")
    with torch.no_grad():
        dtype = layers[0].weight.dtype
        W = torch.eye(layers[0].in_features, dtype=torch.float64)
        b = torch.zeros(layers[0].in_features, dtype=torch.float64)
        for l in layers:
            w = l.weight.double()
            W = w @ W
            b = w @ b
            if l.bias is not None:
                b = b + l.bias.double()
        out = nn.Linear(W.shape[1], W.shape[0], dtype=dtype)
        out.weight.copy_(W)
        out.bias.copy_(b)
    return out

def is_affine(f, in_features, tolerance=1e-4):
    gen = torch.Generator().manual_seed(0)
    if isinstance(f, nn.Module): return all(isinstance(m, (nn.Linear, nn.Sequential)) for m in f.modules())
    with torch.no_grad():
        for scale in (1.0, 5.0, 30.0):
            x = torch.randn(200, in_features, generator=gen, dtype=torch.float64) * scale
            y = torch.randn(200, in_features, generator=gen, dtype=torch.float64) * scale
            try:
                fx, fy, fm = f(x), f(y), f((x + y) / 2)
            except RuntimeError:
                fx, fy, fm = f(x.float()), f(y.float()), f(((x + y) / 2).float())
            fx, fy, fm = fx.double(), fy.double(), fm.double()
            size = (fx - fx.mean(0)).abs().max()
            if size == 0:
                if not torch.allclose(fm, fx): return False
                continue
            err = (fm - (fx + fy) / 2).abs().max()
            noise = 1e-6 * fx.abs().max() if fx.dtype == torch.float64 else 0
            if err > tolerance * size + noise:
                return False
    return True

def xor_accuracy(model):
    X = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    p = next(iter(model.parameters()), None)
    if p is not None: X = X.to(p.dtype)
    with torch.no_grad():
        z = model(X)[:, 0]
    return ((z > 0).long() == torch.tensor([0, 1, 1, 0])).double().mean().item()

def solve_xor(seed):
    torch.manual_seed(seed)
    X = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    y = torch.tensor([[0.], [1.], [1.], [0.]])
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    opt = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(300):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        opt.step()
    return model
