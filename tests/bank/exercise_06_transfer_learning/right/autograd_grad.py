# right: uses torch.autograd.grad, and lists in reversed order
import torch
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
    found = []
    for _, parameter in reversed(list(model.named_parameters())):
        if parameter.requires_grad:
            found.append(parameter)
    return found


def finetune_epoch(
    model: nn.Module, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    model.train().backbone.train(False)
    params = trainable_parameters(model)
    one_hot = torch.eye(model.head.out_features, dtype=X.dtype)[y]
    loss = -(one_hot * model(X).log_softmax(1)).sum(1).mean()
    for parameter, gradient in zip(params, torch.autograd.grad(loss, params)):
        parameter.grad = gradient
    optimizer.step()
    return loss.tolist()
