"""The picture of temperature calibration: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, fields, numbers


def calibrate(answer):
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
    title = "Reliability before and after: how often it is right when it says p"
    panels = 2
    names = ("temperature", "logits", "labels", "errors")

    def collect(self, answer):
        result = fields("the result", answer.probe(calibrate), *self.names)
        shapes = ((), (2000,), (2000,), (2,))
        values = zip(self.names, result, shapes, strict=True)
        return [numbers(name, value, shape) for name, value, shape in values]

    def draw(self, axes, values):
        temperature, logits, labels, errors = values
        for panel, t, error in zip(axes, (1.0, float(temperature)), errors, strict=True):
            p = 1 / (1 + np.exp(-np.clip(logits / t, -500, 500)))
            bins = np.clip((p * 10).astype(int), 0, 9)
            heights = [labels[bins == b].mean() if (bins == b).any() else 0.0 for b in range(10)]
            panel.bar(np.arange(10) / 10 + 0.05, heights, 0.09)
            panel.plot([0, 1], [0, 1], color="grey", lw=1)
            panel.set(xlabel=f"temperature {t:.2f}, calibration error {error:.3f}", ylim=(0, 1))
