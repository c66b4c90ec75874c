"""What the imported checks in graders/ ask for."""

import torch
from torch import nn


def scaled(x, factor):
    return x * factor


def split(x):
    return x**2, x.exp()


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(3, width)
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)))


class Descent:
    def __init__(self, parameters, rate):
        self.parameters, self.rate = list(parameters), rate

    def step(self):
        with torch.no_grad():
            for each in self.parameters:
                each -= self.rate * each.grad

    def zero(self):
        for each in self.parameters:
            each.grad = None


def learn(model, x, y):
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    return loss


def fill(tensor):
    with torch.no_grad():
        tensor.fill_(1.0)


def noise(n):
    return torch.randn(n)
