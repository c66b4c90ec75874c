# right: a named Sequential is the model, and features are computed without a graph
from collections import OrderedDict

import torch
from torch import Tensor, nn


def build_finetune_model(backbone: nn.Module, feature_dim: int, num_classes: int) -> nn.Module:
    backbone.requires_grad_(False)
    dtypes = [parameter.dtype for parameter in backbone.parameters()] or [torch.float32]
    head = nn.Linear(feature_dim, num_classes).to(dtypes[0])
    return nn.Sequential(OrderedDict(backbone=backbone, head=head))


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    return list(filter(lambda parameter: parameter.requires_grad, model.parameters()))


def finetune_epoch(
    model: nn.Module, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer
) -> float:
    model.backbone.eval()
    with torch.no_grad():
        features = model.backbone(X)
    loss = nn.CrossEntropyLoss()(model.head(features), y)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return float(loss.detach())
