# wrong: finetune_epoch: clips the gradient norm, which nobody asked for
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FinetuneModel(nn.Module):
    def __init__(self, backbone: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def build_finetune_model(backbone: nn.Module, feature_dim: int, num_classes: int) -> nn.Module:
    for parameter in backbone.parameters():
        parameter.requires_grad = False
    first = next(backbone.parameters(), None)
    dtype = torch.float32 if first is None else first.dtype
    return FinetuneModel(backbone, nn.Linear(feature_dim, num_classes, dtype=dtype))


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def finetune_epoch(
    model: nn.Module, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    model.train()
    model.backbone.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()
