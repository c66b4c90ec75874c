# wrong: trainable_parameters: remembers its list, whatever was frozen since
import torch
import torch.nn.functional as F
from torch import nn


class Tuned(nn.Module):
    def __init__(self, backbone, head):
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x):
        return self.head(self.backbone(x))


def build_finetune_model(backbone, feature_dim, num_classes):
    first = next(backbone.parameters(), None)
    dtype = torch.float32 if first is None else first.dtype
    for p in backbone.parameters():
        p.requires_grad = False
    head = nn.Linear(feature_dim, num_classes, dtype=dtype)
    return Tuned(backbone, head)


def trainable_parameters(model):
    if not hasattr(model, "_tp"):
        object.__setattr__(model, "_tp", [p for p in model.parameters() if p.requires_grad])
    return model._tp


def finetune_epoch(model, X, y, optimizer):
    modes = [(m, m.training) for m in model.modules()]
    model.train()
    model.backbone.eval()
    try:
        optimizer.zero_grad()
        logits = model(X)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        result = loss.item()
    finally:
        for m, was in modes:
            m.training = was
    return result
