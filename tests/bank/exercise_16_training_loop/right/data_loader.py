# right: trains from a DataLoader whose batch is the whole set, and returns np.float64
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(-1), y)
    loss.backward()
    optimizer.step()
    return np.float64(loss.item())


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    loader = DataLoader(TensorDataset(X, y), batch_size=len(X), shuffle=False)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=lr, weight_decay=0.01
    )
    losses = []
    for _ in range(epochs):
        for rows, labels in loader:
            losses.append(
                train_step(model, rows, labels, optimizer, nn.BCEWithLogitsLoss(reduction="mean"))
            )
    return losses
