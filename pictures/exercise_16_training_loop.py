"""The picture of training loop: what an answer computes, beside what it should be."""

from gradekit.pictures import Picture, numbers


def train_classifier(answer):
    """Losses of `train` at three learning rates, from the same start."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    X = torch.randn(80, 2)
    y = (X[:, 0] * X[:, 1] > 0).float()
    curves = []
    for lr in (3e-4, 1e-2, 0.3):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        curves.append(answer.train(model, X, y, 100, lr))
    return curves


class TrainingLoop(Picture):
    title = "The loss at three learning rates"

    def collect(self, answer):
        return numbers("the losses", answer.probe(train_classifier), (3, 100))

    def draw(self, axes, values):
        for lr, losses in zip((3e-4, 1e-2, 0.3), values, strict=True):
            axes[0].plot(losses, label=f"lr = {lr:g}")
        axes[0].set(xlabel="epochs", ylabel="loss", ylim=(0, 1.5))
        axes[0].legend()
