"""Checks that follow gradients through the answer's process."""

import torch
from torch import nn

from gradekit.grading import check


def judges(points):
    return check("scaled", points=points, hint="Does the gradient get there?")


@judges(1)
def test_gradient_ends(submission):
    """A gradient goes through what the answer computed, and on to what came before."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = submission.scaled(x * 3, 2)
    assert y.tolist() == [6, 12]
    (y**2).sum().backward()
    assert x.grad.tolist() == [72, 144]
    z = submission.scaled(submission.scaled(x, 2), 5)
    (found,) = torch.autograd.grad(z.sum(), x)
    assert found.tolist() == [10, 10]


@judges(1)
def test_second_output_is_cut_off(submission):
    """Several outputs have gradients of their own; a function of autograd has its own backward."""
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    square, exponential = submission.split(x)
    (square + exponential).sum().backward()
    assert torch.allclose(x.grad, 2 * x.detach() + x.detach().exp())
    w = torch.tensor([1.0], requires_grad=True)
    submission.Double.apply(w).sum().backward()
    assert w.grad.item() == 2
    exact = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(submission.scaled, (exact, 3.0))
    assert torch.autograd.gradcheck(submission.split, exact)  # whose graph keeps its input


@judges(1)
def test_model_does_not_train(submission):
    """Parameters are those of an optimiser here, and the model learns."""
    torch.manual_seed(0)
    model = submission.Model(4)
    assert isinstance(model, nn.Module)
    assert sum(each.numel() for each in model.parameters()) == 21
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(8, 3), torch.ones(8, 1)
    losses = []
    for _ in range(5):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        assert model.first.weight.grad is not None
        optimiser.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    with torch.no_grad():
        model.last.bias.fill_(7.0)
        out = model(x)
    assert not out.requires_grad
    assert model.last.bias.item() == 7


@judges(1)
def test_own_optimiser_stands_still(submission):
    """An optimiser of the answer's sees gradients from here, and its steps are seen here."""
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    model = submission.Model(2)
    descent = submission.Descent(model.parameters(), 0.5)
    before = [each.detach().clone() for each in model.parameters()]
    model(torch.ones(1, 3)).sum().backward()
    descent.step()
    after = [*model.parameters()]
    for old, new in zip(before, after, strict=True):
        assert torch.allclose(new, old - 0.5 * new.grad)
    descent.zero()
    assert all(each.grad is None for each in model.parameters())
    model.double()
    assert model.last.bias.dtype == before[-1].double().dtype
    assert submission.scaled(weight, 2).sum().item() == 6


@judges(1)
def test_backward_inside_is_lost(submission):
    """Gradients of a backward in the answer's process arrive."""
    model = submission.Model(2)
    x = torch.ones(2, 3, requires_grad=True)
    submission.learn(model, x, torch.zeros(2, 1))
    assert x.grad is not None
    assert model.last.bias.grad is not None


@judges(1)
def test_leaves_are_copies(submission):
    """Leaves of the check are the answer's as well: same objects, data, gradients and all."""
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    descent = submission.Descent([weight], 0.5)
    assert descent.parameters[0] is weight
    (weight**2).sum().backward()
    descent.step()
    assert weight.tolist() == [0, 0]
    weight.grad = torch.tensor([2.0, -2.0])
    kept = weight.grad
    descent.step()
    assert weight.tolist() == [-1, 1]
    assert submission.clip([weight], 1.0) is weight
    assert kept is weight.grad
    assert torch.allclose(kept, torch.tensor([1.0, -1.0]) * 0.5**0.5)
    descent.zero()
    assert weight.grad is None
    submission.freeze([weight])
    assert not weight.requires_grad


@judges(1)
def test_trains_a_copy(submission):
    """A module and its optimiser arrive with one set of parameters, which are those of here."""
    torch.manual_seed(0)
    model, like = nn.Linear(3, 1), nn.Linear(3, 1)
    like.load_state_dict(model.state_dict())
    optimiser, other = (torch.optim.SGD(each.parameters(), lr=0.1) for each in (model, like))
    x, y = torch.randn(8, 3), torch.ones(8, 1)
    told = submission.train(model, optimiser, nn.MSELoss(), [(x[:4], y[:4]), (x[4:], y[4:])])
    other.zero_grad()
    loss = nn.functional.mse_loss(like(x), y)
    loss.backward()
    other.step()
    assert abs(told - loss.item()) < 1e-6
    assert torch.allclose(model.weight, like.weight)
    assert torch.allclose(model.weight.grad, like.weight.grad)
    assert submission.same([model], model)
    optimisers = [torch.optim.Adam(each.parameters(), lr=0.1) for each in (model, like)]
    for _ in range(3):  # with what Adam remembers from one step to the next
        submission.train(model, optimisers[0], nn.MSELoss(), [(x, y)])
        optimisers[1].zero_grad()
        nn.functional.mse_loss(like(x), y).backward()
        optimisers[1].step()
    assert torch.allclose(model.weight, like.weight)
    norm = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout())
    submission.warm_up(norm, x)
    assert torch.allclose(norm[0].running_mean, 0.1 * x.mean(0))
    assert norm[0].num_batches_tracked == 1
    assert [each.training for each in norm.modules()] == [False, False, False]


class Counting(nn.Module):
    """A module of the test's own."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x


@judges(0.5)
def test_parts_are_copies(submission):
    """What an answer puts into a module of the test's is there, and what the test changes too."""
    first = nn.Linear(2, 2)
    model = nn.Sequential(first, Counting())
    x = torch.ones(1, 2)
    plain = first(x)
    assert submission.doubled(model) is model
    assert isinstance(model[0], submission.Twice)
    assert model[0].part is first
    assert torch.allclose(model(x), 2 * (plain + 1))
    assert model.name == "doubled"
    assert [name for name, _ in model.named_parameters()] == ["0.part.weight", "0.part.bias"]
    made = submission.activation()
    assert isinstance(made, nn.Tanh) and not isinstance(made, nn.ReLU)
    assert torch.equal(submission.saved(first)["weight"], first.weight)
    shapes = []

    class Seen(nn.Linear):
        def forward(self, x):
            shapes.append(x.shape)
            return x @ self.weight.T

    seen = Seen(2, 1)
    submission.passed_through(seen, x).sum().backward()
    assert shapes == [(1, 2)] and seen.weight.grad.tolist() == [[1, 1]]
    twice = submission.Twice(model[1])
    twice(x)
    assert model[1].calls == 2
    model[1] = nn.ReLU()
    assert submission.Twice(model)(-100 * x).min() >= 0
    norm = nn.Sequential(submission.Twice(nn.Sequential(first)), nn.Dropout()).eval()
    assert [each.training for each in norm.train().modules()] == [True] * 5
    optimiser = torch.optim.SGD(first.parameters(), lr=0.1, momentum=0.9)
    submission.train(first, optimiser, nn.MSELoss(), [(x, x)])
    optimiser.param_groups[0]["lr"] = 0.0
    before = first.weight.clone()
    submission.train(first, optimiser, nn.MSELoss(), [(x, x)])
    assert torch.equal(first.weight, before)
    values, places = found = submission.largest(torch.tensor([1.0, 3.0, 2.0]))
    assert found.values is values and found.indices.tolist() == places.tolist() == [1, 2]


@judges(1)
def test_second_gradient_is_cut_off(submission):
    """Gradients have gradients; a callback in between sees what has changed."""
    x = torch.tensor([2.0], requires_grad=True)
    (first,) = torch.autograd.grad(submission.cube(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert (first.item(), second.item()) == (12, 12)
    weight = nn.Parameter(torch.ones(2))
    seen = []
    submission.steps(weight, lambda: seen.append(weight.sum().item()), 3)
    assert seen == [4, 6, 8]
    inner = weight * 2
    submission.descend(inner)
    assert weight.grad.tolist() == [2, 2]


@judges(0.5)
def test_changes_a_copy(submission):
    """A tensor that is changed in place is changed here."""
    x = torch.zeros(3)
    submission.fill(x)
    assert x.tolist() == [1, 1, 1]


@judges(1)
def test_other_noise(submission):
    """torch's seed is the answer's as well."""
    torch.manual_seed(5)
    drawn = submission.noise(4)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.randn(4))
