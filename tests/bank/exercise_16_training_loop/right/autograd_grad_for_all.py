# right: torch.autograd.grad with respect to all parameters, AdamW by hand, a step with a closure
import torch
from torch import nn
import torch.nn.functional as F


def train_step(model, X, y, optimizer, criterion):
    model.train()
    noted = []

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(X)[:, 0], y)
        loss.backward()
        noted.append(loss.detach().item())
        return loss

    optimizer.step(closure)
    return noted[0]


def train(model, X, y, epochs, lr=3e-4):
    model.train()
    params = list(model.parameters())
    m = [torch.zeros_like(p) for p in params]
    v = [torch.zeros_like(p) for p in params]
    out = []
    for t in range(1, epochs + 1):
        with torch.enable_grad():
            z = model(X).reshape(-1)
            loss = (F.softplus(z) - y * z).mean()
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, g, a, b in zip(params, grads, m, v):
                p.mul_(1 - lr * 0.01)
                a.mul_(0.9).add_(g, alpha=0.1)
                b.mul_(0.999).addcmul_(g, g, value=0.001)
                p.addcdiv_(a / (1 - 0.9**t), (b / (1 - 0.999**t)).sqrt() + 1e-8, value=-lr)
        out.append(loss.item())
    return out
