# right: recursive collapse, additivity around a base point, slow plain SGD

import torch
from torch import nn


def collapse_linear(stack):
    layers = list(stack)
    if any(not isinstance(layer, nn.Linear) for layer in layers):
        raise ValueError("every layer must be nn.Linear")
    return _collapse([(layer.weight, layer.bias) for layer in layers])


def _collapse(pairs):
    if len(pairs) == 1:
        weight, bias = pairs[0]
        out, into = weight.shape
        layer = nn.Linear(into, out, bias=bias is not None).to(weight.dtype)
        state = {"weight": weight.detach().clone()}
        if bias is not None:
            state["bias"] = bias.detach().clone()
        layer.load_state_dict(state)
        return layer
    *rest, (w1, b1), (w2, b2) = pairs
    bias = None
    if b1 is not None:
        bias = torch.mv(w2, b1)
    if b2 is not None:
        bias = b2 if bias is None else bias + b2
    return _collapse([*rest, (torch.einsum("kh,hd->kd", w2, w1), bias)])


@torch.no_grad()
def is_affine(f, in_features, tolerance=1e-4):
    state = torch.get_rng_state()
    torch.manual_seed(0)
    x = torch.empty(3000, in_features).uniform_(-7, 7)
    y = torch.empty(3000, in_features).uniform_(-7, 7)
    torch.set_rng_state(state)
    base = f(torch.zeros(1, in_features))
    fx, fy, fxy = f(x) - base, f(y) - base, f(x + y) - base
    error = torch.linalg.vector_norm((fxy - fx - fy).double(), dim=0)
    size = torch.linalg.vector_norm(fx.double(), dim=0)
    noise = 3000**0.5 * 5e-7 * base.abs()[0].double()
    return not bool((error > tolerance * size + noise).any())


def xor_accuracy(model):
    like = [parameter for parameter in model.parameters()] or [torch.ones(())]
    points = torch.stack(torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij"), -1)
    points = points.reshape(4, 2)
    said = model(points.to(like[0])) > 0
    wanted = points.sum(dim=1, keepdim=True) == 1
    return 1 - (said ^ wanted).sum().item() / 4


def solve_xor(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1)
    )
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = (x.sum(dim=1) == 1).float()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(6000):
        loss = nn.functional.soft_margin_loss(model(x).squeeze(1), 2 * y - 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.15:
            break
    return model
