# wrong: is_affine: looks along lines through the origin only

import torch
from torch import nn

XOR_POINTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
XOR_LABELS = [False, True, True, False]


def dtype_of(f: object) -> torch.dtype:
    """The type of a model's parameters, float32 for anything else."""
    parameters = f.parameters() if isinstance(f, nn.Module) else ()
    return next((parameter.dtype for parameter in parameters), torch.float32)


def collapse_linear(stack: nn.Sequential) -> nn.Linear:
    """The single layer that computes what `stack` computes."""
    if not all(isinstance(layer, nn.Linear) for layer in stack):
        raise ValueError("only nn.Linear layers can be collapsed")

    with torch.no_grad():
        # torch stores weights as (out, in), so the later matrix multiplies from the left.
        weight = stack[0].weight.clone()                    # (K, D)
        bias = weight.new_zeros(stack[0].out_features)      # (K,)
        if stack[0].bias is not None:
            bias += stack[0].bias
        for layer in stack[1:]:
            weight = layer.weight @ weight
            # The biases so far pass through this layer as any input does.
            bias = layer.weight @ bias
            if layer.bias is not None:
                bias = bias + layer.bias

        out_features, in_features = weight.shape
        collapsed = nn.Linear(in_features, out_features, dtype=weight.dtype)
        collapsed.weight.copy_(weight)
        collapsed.bias.copy_(bias)
    return collapsed


def is_affine(f, in_features, tolerance=1e-4):
    rng = torch.Generator()
    x, size = torch.randn(2, 1000, in_features, generator=rng).to(dtype_of(f))
    x = size[:, :1].exp() * x
    share = 2 * torch.randn(1000, 1, generator=rng).to(x.dtype)
    with torch.no_grad():
        f_x, f_0, f_between = (f(point).double() for point in (x, 0 * x, share * x))
    bend = (f_between - share.double() * f_x - (1 - share.double()) * f_0).abs().amax(0)
    return bool((bend <= tolerance * f_x.std(0) + 2e-6 * f_x.abs().amax(0)).all())


def xor_accuracy(model: nn.Module) -> float:
    """The share of XOR points whose logit is on the right side of 0."""
    points = torch.tensor(XOR_POINTS, dtype=dtype_of(model))
    with torch.no_grad():
        logits = model(points).squeeze(1)                   # (4, 1) -> (4,)
    # Left at (4, 1), the comparison with (4,) labels would broadcast to (4, 4).
    right = (logits > 0) == torch.tensor(XOR_LABELS)        # (4,)
    return right.double().mean().item()


def solve_xor(seed: int) -> nn.Module:
    """Eight random tanh units, and the output layer that fits them to the labels."""
    torch.manual_seed(seed)  # before the layers are built: their weights are what is random
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    labels = torch.tensor(XOR_LABELS).float().unsqueeze(1)  # (4, 1)
    with torch.no_grad():
        features = model[:2](torch.tensor(XOR_POINTS))      # (4, 8), of rank 4: any labels fit
        weight = torch.linalg.lstsq(features, labels).solution  # (8, 1)
        model[2].weight.copy_(weight.T)
        # The weights alone give 0 and 1; the threshold, logit 0, belongs half way between.
        model[2].bias.fill_(-0.5)
    return model
