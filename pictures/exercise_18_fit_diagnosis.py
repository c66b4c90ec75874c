"""The picture of fit diagnosis: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import NotDrawable, Picture, fields, numbers

STATUSES = {"UNDERFIT": "tab:blue", "HEALTHY": "tab:green", "OVERFIT": "tab:orange"}


def overfit(answer):
    """Losses and status every five epochs, of a network that learns 20 rows by heart."""
    import torch
    from torch import nn

    torch.manual_seed(2)
    X = torch.randn(220, 6)
    y = ((X[:, 0] + 0.7 * torch.randn(220)) > 0).float()
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    found = {"train": [], "val": [], "status": []}
    for epoch in range(100):
        if epoch % 5 == 0:
            rows = X[:20], y[:20], X[20:], y[20:]
            train, val = answer.train_val_losses(
                model, *rows, lambda logits, y: criterion(logits.reshape(-1), y.reshape(-1))
            )
            found["train"].append(train)
            found["val"].append(val)
            found["status"].append(answer.diagnose_fit(train, val))
        optimizer.zero_grad()
        criterion(model(X[:20])[:, 0], y[:20]).backward()
        optimizer.step()
    return found


class FitDiagnosis(Picture):
    title = "Training and validation loss, and the diagnosis along the way"

    def collect(self, answer):
        train, val, status = fields("the result", answer.probe(overfit), "train", "val", "status")
        if not all(isinstance(each, str) for each in status):
            raise NotDrawable("diagnose_fit should return a status, such as 'OVERFIT'")
        return numbers("the losses", train, (20,)), numbers("the losses", val, (20,)), status

    def draw(self, axes, values):
        train, val, status = values
        epochs = 5 * np.arange(20)
        axes[0].plot(epochs, train, color="black", label="training")
        axes[0].plot(epochs, val, color="grey", label="validation")
        for name, color in STATUSES.items():
            at = [number for number, each in enumerate(status) if each == name]
            axes[0].scatter(epochs[at], val[at], color=color, label=name.lower(), zorder=3)
        axes[0].set(xlabel="epochs", ylabel="loss")
        axes[0].legend()
