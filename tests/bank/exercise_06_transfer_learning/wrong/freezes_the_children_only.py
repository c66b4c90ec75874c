# wrong: build_finetune_model: parameters of the backbone itself stay trainable
import torch
from torch import nn
import torch.nn.functional as F


class FineTune(nn.Module):
    def __init__(self, backbone, feature_dim, num_classes):
        super().__init__()
        self.backbone = backbone
        for ch in self.backbone.children():
            ch.requires_grad_(False)
        dtype = next((p.dtype for p in backbone.parameters()), torch.float32)
        self.head = nn.Linear(feature_dim, num_classes, dtype=dtype)

    def forward(self, x):
        return self.head(self.backbone(x))


def build_finetune_model(backbone, feature_dim, num_classes):
    return FineTune(backbone, feature_dim, num_classes)


def trainable_parameters(model):
    return [p for p in model.parameters() if p.requires_grad]


def finetune_epoch(model, X, y, optimizer):
    model.train()
    model.backbone.eval()
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()
