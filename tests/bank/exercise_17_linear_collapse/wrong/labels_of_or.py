# wrong: xor_accuracy: treats (1, 1) as class 1, as in OR

from collections.abc import Callable

import torch
from torch import Tensor, nn

XOR_POINTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
XOR_LABELS = [0.0, 1.0, 1.0, 0.0]


def dtype_of(f: object) -> torch.dtype:
    parameters = f.parameters() if isinstance(f, nn.Module) else ()
    return next((parameter.dtype for parameter in parameters), torch.float32)


def collapse_linear(stack: nn.Sequential) -> nn.Linear:
    if not all(isinstance(layer, nn.Linear) for layer in stack):
        raise ValueError("only nn.Linear layers can be collapsed")

    with torch.no_grad():
        weight = stack[0].weight.clone()
        bias = torch.zeros_like(weight[:, 0])
        if stack[0].bias is not None:
            bias += stack[0].bias
        for layer in stack[1:]:
            weight = layer.weight @ weight
            bias = layer.weight @ bias
            if layer.bias is not None:
                bias = bias + layer.bias

        out_features, in_features = weight.shape
        collapsed = nn.Linear(in_features, out_features, dtype=weight.dtype)
        collapsed.weight.copy_(weight)
        collapsed.bias.copy_(bias)
    return collapsed


def is_affine(
    f: Callable[[Tensor], Tensor], in_features: int, tolerance: float = 1e-4
) -> bool:
    rng = torch.Generator().manual_seed(0)
    n, dtype = 1024, dtype_of(f)
    radius = 10.0 ** torch.empty(n, 1, dtype=dtype).uniform_(-1.0, 1.0, generator=rng)
    left, right = (
        radius * torch.randn(n, in_features, generator=rng, dtype=dtype) for _ in range(2)
    )
    share = torch.rand(n, 1, generator=rng, dtype=dtype)
    between = left + share * (right - left)

    with torch.no_grad():
        f_left, f_right, f_between = (f(x).double() for x in (left, right, between))
    deviation = (f_between - f_left - share * (f_right - f_left)).abs().amax(dim=0)
    spread = (f_left - f_left.mean(dim=0)).abs().amax(dim=0)
    rounding = 4 * torch.finfo(dtype).eps * f_left.abs().amax(dim=0)
    return bool((deviation <= tolerance * spread + rounding).all())


def xor_accuracy(model: nn.Module) -> float:
    points = torch.tensor(XOR_POINTS, dtype=dtype_of(model))
    with torch.no_grad():
        logits = model(points).squeeze(1)
    right = (logits > 0) == (points.sum(dim=1) > 0)
    return right.double().mean().item()


def solve_xor(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    points, labels = torch.tensor(XOR_POINTS), torch.tensor(XOR_LABELS).unsqueeze(1)
    with torch.no_grad():
        features = model[:2](points)
        model[2].weight.copy_(torch.linalg.lstsq(features, labels).solution.T)
        model[2].bias.fill_(-0.5)
    return model
