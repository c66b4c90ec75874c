# wrong: solve_xor: the first model is remembered and handed out again
import torch
from torch import nn

POINTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
LABELS = [0.0, 1.0, 1.0, 0.0]


def collapse_linear(stack):
    layers = list(stack)
    for layer in layers:
        if type(layer) is not nn.Linear:
            raise ValueError("only Linear layers can be collapsed")
    with torch.no_grad():
        weight = layers[0].weight.double()
        bias = torch.zeros(layers[0].out_features, dtype=torch.float64)
        if layers[0].bias is not None:
            bias = layers[0].bias.double()
        for layer in layers[1:]:
            w = layer.weight.double()
            weight = w @ weight
            bias = w @ bias
            if layer.bias is not None:
                bias = bias + layer.bias.double()
        out = nn.Linear(weight.shape[1], weight.shape[0], dtype=layers[0].weight.dtype)
        out.weight.copy_(weight)
        out.bias.copy_(bias)
    return out


def is_affine(f, in_features, tolerance=1e-4):
    dtype = torch.float32
    if isinstance(f, nn.Module):
        for p in f.parameters():
            dtype = p.dtype
            break
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for scale in (0.3, 1.0, 3.0, 10.0):
            x = (scale * torch.randn(256, in_features, generator=generator)).to(dtype)
            y = f(x).double()
            design = torch.cat([x.double(), torch.ones(256, 1, dtype=torch.float64)], 1)
            fit = design @ torch.linalg.lstsq(design, y).solution
            spread = (y - y.mean(0)).abs().max()
            noise = 1e-5 * y.abs().max() if dtype == torch.float32 else 1e-12 * y.abs().max()
            if (y - fit).abs().max() > tolerance * spread + noise * 1e-1:
                return False
    return True


def xor_accuracy(model):
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor(POINTS, dtype=dtype)).flatten()
    return ((logits > 0).float() == torch.tensor(LABELS)).double().mean().item()


_models = []


def solve_xor(seed):
    if _models:
        return _models[0]
    torch.manual_seed(seed)
    X, y = torch.tensor(POINTS), torch.tensor(LABELS).unsqueeze(1)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(500):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(X), y).backward()
        optimizer.step()
    _models.append(model)
    return model
