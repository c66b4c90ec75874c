"""Learning rates of a run, and how far noisy steps and their averages are from the goal."""

import numpy as np

from gradekit.pictures import Picture, fields, numbers

STEPS = 240
CURVES = {
    "no warm-up": (0, 200, 0.0),
    "40 steps of warm-up": (40, 200, 0.0),
    "and a minimum of 0.1": (40, 200, 0.1),
}


def descend(answer, steps):
    """Distances to the goal of noisy descent, of its moving average, and of checkpoint means."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model, average = nn.Linear(20, 1), nn.Linear(20, 1)
    average.load_state_dict(model.state_dict())
    goal = torch.randn(20)
    optimizer = torch.optim.SGD(answer.parameter_groups(model, 0.0), lr=0.1)
    distances, states = [], []
    for _ in range(steps):
        optimizer.zero_grad()
        # Half the squared distance, whose gradient comes with noise.
        noise = 2 * torch.randn(20)
        row = model.weight[0]
        (((row - goal) ** 2).sum() / 2 + (row * noise).sum()).backward()
        optimizer.step()
        answer.ema_update(average, model, 0.95)
        states.append({name: value.clone() for name, value in model.state_dict().items()})
        mean = answer.average_checkpoints(states[-40:])
        rows = (model.weight[0], average.weight[0], mean["weight"][0])
        distances.append([float((row.detach() - goal).norm()) for row in rows])
    return {"distances": torch.tensor(distances)}


class TrainingSchedule(Picture):
    title = "The learning rate, and what averages of the weights make of noise"
    panels = 2

    def collect(self, answer):
        what = "warmup_cosine(...)"
        curves = [
            [float(numbers(what, answer.warmup_cosine(step, 1.0, *curve), ())) for step in
             range(STEPS)]
            for curve in CURVES.values()
        ]  # fmt: skip
        (distances,) = fields("the result", answer.probe(descend, STEPS), "distances")
        return np.array(curves), numbers("the distances", distances, (STEPS, 3))

    def draw(self, axes, values):
        curves, distances = values
        for name, curve in zip(CURVES, curves, strict=True):
            axes[0].plot(curve, label=name)
        axes[0].set(xlabel="step, of 200", ylabel="learning rate, peak 1")
        axes[0].legend()
        names = ("the weights", "moving average, decay 0.95", "mean of the last 40 checkpoints")
        for name, curve in zip(names, distances.T, strict=True):
            axes[1].plot(np.arange(1, STEPS + 1), curve, label=name)
        axes[1].set(xlabel="step, at a constant rate", ylabel="distance to the goal")
        axes[1].set_ylim(0)
        axes[1].legend()
