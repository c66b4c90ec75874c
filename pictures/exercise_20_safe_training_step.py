"""The picture of safe training step: what an answer computes, beside what it should be."""

from gradekit.pictures import Picture, fields, numbers


def train_through_nan(answer):
    """Loss, gradient norm and first weight over 40 steps, two of them on poisoned batches."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    first = nn.Linear(3, 8)
    model = nn.Sequential(first, nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    criterion = nn.BCEWithLogitsLoss()
    found = {"loss": [], "grad_norm": [], "weight": []}
    for step in range(40):
        X = torch.randn(16, 3)
        y = (X[:, 0] > 0).float()
        if step in (12, 25):
            X[0, 0] = float("nan")
        result = answer.safe_training_step(model, X, y, optimizer, criterion)
        found["loss"].append(result["loss"])
        found["grad_norm"].append(result["grad_norm"])
        found["weight"].append(float(first.weight[0, 0]))
    return found


class SafeTrainingStep(Picture):
    title = "40 steps, the batches at 12 and 25 poisoned with a nan"
    panels = 2

    def collect(self, answer):
        result = answer.probe(train_through_nan)
        values = fields("the result", result, "loss", "grad_norm", "weight")
        return [numbers("a value", each, (40,)) for each in values]

    def draw(self, axes, values):
        loss, norm, weight = values
        axes[0].plot(loss, ".-", label="loss")
        axes[0].plot(norm, ".-", label="gradient norm")
        axes[0].legend()
        axes[1].plot(weight, ".-")
        axes[1].set(xlabel="steps", ylabel="one weight")
        for panel in axes:
            panel.set(xlim=(-1, 40))
            for step in (12, 25):
                panel.axvline(step, color="red", lw=0.5)
