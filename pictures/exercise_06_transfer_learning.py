"""The picture of transfer learning: what an answer computes, beside what it should be."""

from gradekit.pictures import Picture, fields, numbers


def finetune(answer):
    """Losses of 40 epochs on a frozen backbone, and how far its parameters moved."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Tanh())
    before = [parameter.detach().clone() for parameter in backbone.state_dict().values()]
    model = answer.build_finetune_model(backbone, 16, 3)
    optimizer = torch.optim.SGD(answer.trainable_parameters(model), lr=0.5)
    X = torch.randn(60, 4)
    y = (X[:, 0] > 0).long() + (X[:, 1] > 0.3).long()
    losses = [answer.finetune_epoch(model, X, y, optimizer) for _ in range(40)]
    after = backbone.state_dict().values()
    moved = sum(float((a - b).abs().sum()) for a, b in zip(after, before, strict=True))
    return {"losses": losses, "moved": moved}


class TransferLearning(Picture):
    title = "The loss of a new head on a frozen backbone"

    def collect(self, answer):
        losses, moved = fields("the result", answer.probe(finetune), "losses", "moved")
        return numbers("losses", losses, (40,)), float(numbers("moved", moved, ()))

    def draw(self, axes, values):
        losses, moved = values
        axes[0].plot(losses)
        axes[0].set(xlabel=f"epochs; the backbone moved by {moved:.3g}", ylabel="loss", ylim=(0, 2))
