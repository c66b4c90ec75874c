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

To test a black box for bends I use the definition: an affine map sends a point between two
inputs to the same point between the two outputs, and its offset cancels in that, where tests
of f(x + y) = f(x) + f(y) stumble over it. Two traps remain. Compare with how much the output
varies, not with its size, or a big constant hides every bend. And sample at several radii:
standard normal inputs hardly ever pass 3, and inputs of size 1000 step over a bump near zero.

Why do some seeds get stuck? With two hidden ReLUs a unit that is dead or points the wrong
way leaves no way out, as its gradient is exactly zero. XOR is solvable with two units, but
training wants spares. I take eight tanh units, Adam, and logits with BCEWithLogitsLoss; a
sigmoid on top with the threshold at 0 would call everything class 1.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

XOR_POINTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
XOR_LABELS = [0.0, 1.0, 1.0, 0.0]


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
    """Whether points between two inputs land at the same place between the two outputs."""
    rng = torch.Generator().manual_seed(0)  # our own, so the global state is left alone
    n, dtype = 1024, dtype_of(f)
    # Radii from a fraction of a unit to some ten: small ones see a bump at the origin,
    # large ones a kink that standard normal inputs would never cross.
    radius = 10.0 ** torch.empty(n, 1, dtype=dtype).uniform_(-1.0, 1.0, generator=rng)
    left, right = (
        radius * torch.randn(n, in_features, generator=rng, dtype=dtype) for _ in range(2)
    )
    share = torch.rand(n, 1, generator=rng, dtype=dtype)    # (N, 1)
    between = left + share * (right - left)                 # (N, D)

    with torch.no_grad():
        f_left, f_right, f_between = (f(x).double() for x in (left, right, between))
    # Differences only: a constant offset has cancelled before anything is compared.
    deviation = (f_between - f_left - share * (f_right - f_left)).abs().amax(dim=0)  # (K,)
    # Spread, not size: an offset of 1e5 would make any bend look small.
    spread = (f_left - f_left.mean(dim=0)).abs().amax(dim=0)                         # (K,)
    # An offset of 1e5 also costs the last digits of f itself; that is not a bend.
    rounding = 4 * torch.finfo(dtype).eps * f_left.abs().amax(dim=0)                 # (K,)
    return bool((deviation <= tolerance * spread + rounding).all())


def xor_accuracy(model: nn.Module) -> float:
    """The share of XOR points whose logit is on the right side of 0."""
    points = torch.tensor(XOR_POINTS, dtype=dtype_of(model))
    with torch.no_grad():
        logits = model(points).squeeze(1)                   # (4, 1) -> (4,)
    # Left at (4, 1), the comparison with (4,) labels would broadcast to (4, 4).
    right = (logits > 0) == (torch.tensor(XOR_LABELS) > 0)  # (4,)
    return right.double().mean().item()


def solve_xor(seed: int) -> nn.Module:
    """Eight tanh units, trained by Adam on all four points."""
    torch.manual_seed(seed)  # before the layers are built: their weights are what is random
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    points, labels = torch.tensor(XOR_POINTS), torch.tensor(XOR_LABELS).unsqueeze(1)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        criterion(model(points), labels).backward()
        optimizer.step()
    return model
