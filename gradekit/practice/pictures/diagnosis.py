"""What a trained network is worth: boundaries, fit, size, safety, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.practice.pictures.networks import fields
from gradekit.practice.pictures.picture import NotDrawable, Picture, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy

GRID = 40
STATUSES = {"UNDERFIT": "tab:blue", "HEALTHY": "tab:green", "OVERFIT": "tab:orange"}


def decide(answer: Any, side: int) -> dict[str, Any]:
    """Logits on a grid: of the XOR net, and of linear layers trained for XOR, collapsed."""
    import torch
    from torch import nn

    line = torch.linspace(-0.5, 1.5, side)
    grid = torch.cartesian_prod(line, line)
    bent = answer.solve_xor(0)
    torch.manual_seed(0)
    stack = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1))
    X = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = torch.tensor([0.0, 1, 1, 1])  # OR: as near as a line comes to XOR
    optimizer = torch.optim.SGD(stack.parameters(), lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        loss: Any = nn.functional.binary_cross_entropy_with_logits(stack(X)[:, 0], y)
        loss.backward()
        optimizer.step()
    straight = answer.collapse_linear(stack)
    with torch.no_grad():
        return {
            "bent": bent(grid).reshape(side, side),
            "straight": straight(grid).reshape(side, side),
        }


class LinearCollapse(Picture):
    slug = "linear_collapse"
    title = "The plane as the XOR net divides it, and its linear twin"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        result = fields("the result", answer.probe(decide, GRID), "bent", "straight")
        return [numbers("the logits", each, (GRID, GRID)) for each in result]

    def draw(self, axes: list[Axes], values: Any) -> None:
        for panel, logits, name in zip(axes, values, ("XOR net", "linear twin"), strict=True):
            extent = (-0.5, 1.5, -0.5, 1.5)
            panel.imshow(
                logits.T > 0,
                origin="lower",
                extent=extent,
                cmap="coolwarm",
                alpha=0.6,
                vmin=0,
                vmax=1,
            )
            for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
                panel.plot(x, y, "o", color="darkred" if x != y else "navy", mec="white")
            panel.set(xlabel=name)


def overfit(answer: Any) -> dict[str, Any]:
    """Losses and status every five epochs, of a network that learns 20 rows by heart."""
    import torch
    from torch import nn

    torch.manual_seed(2)
    X = torch.randn(220, 6)
    y = ((X[:, 0] + 0.7 * torch.randn(220)) > 0).float()
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    found: dict[str, list[Any]] = {"train": [], "val": [], "status": []}
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
    slug = "fit_diagnosis"
    title = "Training and validation loss, and the diagnosis along the way"

    def collect(self, answer: SubmissionProxy) -> Any:
        train, val, status = fields("the result", answer.probe(overfit), "train", "val", "status")
        if not all(isinstance(each, str) for each in status):
            raise NotDrawable("diagnose_fit should return a status, such as 'OVERFIT'")
        return numbers("the losses", train, (20,)), numbers("the losses", val, (20,)), status

    def draw(self, axes: list[Axes], values: Any) -> None:
        train, val, status = values
        epochs = 5 * np.arange(20)
        axes[0].plot(epochs, train, color="black", label="training")
        axes[0].plot(epochs, val, color="grey", label="validation")
        for name, color in STATUSES.items():
            at = [number for number, each in enumerate(status) if each == name]
            axes[0].scatter(epochs[at], val[at], color=color, label=name.lower(), zorder=3)
        axes[0].set(xlabel="epochs", ylabel="loss")
        axes[0].legend()


def architectures(answer: Any, sizes: list[int]) -> list[dict[str, Any]]:
    """The linear layers and the parameters of a network for each number of samples."""
    found = []
    for size in sizes:
        model = answer.build_clinical_mlp(12, size)
        widths = [layer.out_features for layer in model if hasattr(layer, "out_features")]
        found.append({"widths": widths, "parameters": answer.count_parameters(model)})
    return found


class TabularMlp(Picture):
    slug = "tabular_mlp"
    title = "Width of each layer for 1,000, 10,000 and 100,000 patients"
    sizes = (1_000, 10_000, 100_000)

    def collect(self, answer: SubmissionProxy) -> Any:
        result = answer.probe(architectures, list(self.sizes))
        if not isinstance(result, list) or len(result) != len(self.sizes):
            raise NotDrawable("no networks came back")
        pairs = [fields("a network", each, "widths", "parameters") for each in result]
        return [
            (numbers("widths", widths, (-1,)), float(numbers("count_parameters(...)", count, ())))
            for widths, count in pairs
        ]

    def draw(self, axes: list[Axes], values: Any) -> None:
        for shift, (size, (widths, count)) in enumerate(zip(self.sizes, values, strict=True)):
            label = f"{size:,} samples: {count:,.0f} parameters"
            axes[0].bar(np.arange(len(widths)) + 0.27 * (shift - 1), widths, 0.25, label=label)
        axes[0].set(xlabel="layer", ylabel="outputs")
        axes[0].legend()


def train_through_nan(answer: Any) -> dict[str, Any]:
    """Loss, gradient norm and first weight over 40 steps, two of them on poisoned batches."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    first = nn.Linear(3, 8)
    model = nn.Sequential(first, nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    criterion = nn.BCEWithLogitsLoss()
    found: dict[str, list[float]] = {"loss": [], "grad_norm": [], "weight": []}
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
    slug = "safe_training_step"
    title = "40 steps, the batches at 12 and 25 poisoned with a nan"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        result = answer.probe(train_through_nan)
        values = fields("the result", result, "loss", "grad_norm", "weight")
        return [numbers("a value", each, (40,)) for each in values]

    def draw(self, axes: list[Axes], values: Any) -> None:
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


def calibrate(answer: Any) -> dict[str, Any]:
    """An overconfident network's logits and labels, and the temperature for them."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.zero_()
    true_logits = 2 * torch.randn(2000, 1)
    y = (torch.rand(2000) < torch.sigmoid(true_logits[:, 0])).float()
    X = 3 * true_logits
    criterion = nn.BCEWithLogitsLoss()
    temperature = answer.calibrate_temperature(
        model, X, y, lambda logits, y: criterion(logits.reshape(-1), y.reshape(-1))
    )
    logits = X[:, 0]
    errors = [
        answer.expected_calibration_error(torch.sigmoid(logits / t), y) for t in (1, temperature)
    ]
    return {"temperature": temperature, "logits": logits, "labels": y, "errors": errors}


class TemperatureCalibration(Picture):
    slug = "temperature_calibration"
    title = "Reliability before and after: how often it is right when it says p"
    panels = 2
    names = ("temperature", "logits", "labels", "errors")

    def collect(self, answer: SubmissionProxy) -> Any:
        result = fields("the result", answer.probe(calibrate), *self.names)
        shapes = ((), (2000,), (2000,), (2,))
        values = zip(self.names, result, shapes, strict=True)
        return [numbers(name, value, shape) for name, value, shape in values]

    def draw(self, axes: list[Axes], values: Any) -> None:
        temperature, logits, labels, errors = values
        for panel, t, error in zip(axes, (1.0, float(temperature)), errors, strict=True):
            p = 1 / (1 + np.exp(-np.clip(logits / t, -500, 500)))
            bins = np.clip((p * 10).astype(int), 0, 9)
            heights = [labels[bins == b].mean() if (bins == b).any() else 0.0 for b in range(10)]
            panel.bar(np.arange(10) / 10 + 0.05, heights, 0.09)
            panel.plot([0, 1], [0, 1], color="grey", lw=1)
            panel.set(xlabel=f"temperature {t:.2f}, calibration error {error:.3f}", ylim=(0, 1))
