# right: the head is a subclass of nn.Linear that starts from small weights
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Head(nn.Linear):
    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.bias)


class Model(nn.Module):
    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.add_module("backbone", backbone)
        self.add_module("head", head)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.head(self.backbone(*inputs).flatten(1))


def build_finetune_model(backbone: nn.Module, feature_dim: int, num_classes: int) -> nn.Module:
    model = Model(backbone.eval().requires_grad_(False), Head(feature_dim, num_classes))
    for parameter in backbone.parameters():
        model.head.to(parameter.dtype)
        break
    return model


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
    optimizer.step()
    return loss.item()
