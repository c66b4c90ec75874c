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


def clip(parameters, limit):
    norm = sum((each.grad**2).sum() for each in parameters) ** 0.5
    for each in parameters:
        each.grad.mul_(limit / norm)
    return parameters[0]


def freeze(parameters):
    for each in parameters:
        each.requires_grad_(False)


def train(model, optimiser, loss_of, batches):
    optimiser.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_of(model(x), y) / len(batches)
        loss.backward()
        total += loss.item()
    optimiser.step()
    return total


def same(models, model):
    return models[0] is model


def cube(x):
    return x**3


def steps(weight, tell, count):
    for _ in range(count):
        with torch.no_grad():
            weight += 1
        tell()


def descend(x):
    x.sum().backward()


def warm_up(module, x):
    module(x)
    module.eval()


def largest(x):
    return x.topk(2)


class Twice(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return 2 * self.part(x)


def doubled(model):
    model[0] = Twice(model[0])
    model.name = "doubled"
    model[0].part.register_forward_hook(lambda module, given, result: result + 1)
    return model


def passed_through(model, x):
    return model(x)


def saved(model):
    torch.save(model.state_dict(), "model.pt")
    return torch.load("model.pt")


def activation():
    return nn.Tanh()
