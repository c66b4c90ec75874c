"""Depth without a bend is one layer in disguise.

Two linear layers compute W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2): a matrix and a
vector, so one layer; by induction twelve layers are one, too. What depth does change is the
training (a product of matrices has other gradients) and the rank: a bottleneck of width r
caps the product at rank r, which is what LoRA uses on purpose. What it cannot change is the
set of functions. The biases go with it: each one is carried through all later matrices.

XOR is the smallest proof that this matters. If an affine score were positive at (0, 1) and
(1, 0), and not at (0, 0) and (1, 1), then adding up either pair gives the same number,
w1 + w2 + 2b, which would have to be positive and not positive at once. One hidden layer with
any bend is enough, since it may fold the plane so that (0, 1) and (1, 0) meet.

To test a black box for bends I add inputs. A linear map has f(a + b) = f(a) + f(b); an affine
one misses that by its offset, always the same, and any other map by more at one place than at
another. So the spread of f(a + b) - f(a) - f(b) over random a and b measures the bend, and the
offset cancels. Two traps remain. Compare with how much the output varies, not with its size, or
a big constant hides every bend. And sample at several radii: standard normal inputs hardly ever
pass 3, and inputs of size 1000 step over a bump near zero.

Why do some seeds get stuck? With two hidden ReLUs a unit that is dead or points the wrong
way leaves no way out, as its gradient is exactly zero. Two units can express XOR, but gradient
descent wants spares: with eight tanh units, Adam and BCEWithLogitsLoss all ten seeds get there.
For four points I need no descent at all. The hidden layer may stay as it was drawn, since eight
random bends make the points linearly independent; then only the last layer is trained, which is
a linear problem with an exact solution, and no seed can get stuck in it. What I return are
logits; a sigmoid on top with the threshold at 0 would call everything class 1.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

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


def is_affine(
    f: Callable[[Tensor], Tensor], in_features: int, tolerance: float = 1e-4
) -> bool:
    """Whether f(a + b) - f(a) - f(b) is the same for all random a and b."""
    rng = torch.Generator()  # our own, always in the same state: the global one is left alone
    dtype = dtype_of(f)
    a, b, size = torch.randn(3, 1000, in_features, generator=rng).to(dtype)  # (N, D) each
    # Radii from a twentieth of a unit to some twenty, one for each row: small ones see a bump at
    # the origin, large ones a kink that standard normal inputs would never cross.
    radius = size[:, :1].exp()  # (N, 1)

    with torch.no_grad():
        f_a, f_b, f_sum = (f(radius * x).double() for x in (a, b, a + b))  # (N, K) each
    # One number for each output, (K,), as outputs may differ in scale. Standard deviations,
    # not sizes: an offset of 1e5 is no bend, and would make any bend look small.
    bend, spread = (f_sum - f_a - f_b).std(0), f_a.std(0)
    # But it costs the last digits of f itself, and that is not a bend either.
    rounding = torch.finfo(dtype).eps * f_sum.abs().amax(0)
    return bool((bend <= tolerance * spread + rounding).all())


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
