# wrong: train: updates on minibatches instead of the full batch
import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    model.train()
    for _ in range(epochs):
        total = 0.0
        for rows, labels in zip(X.split(4), y.split(4)):
            optimizer.zero_grad()
            loss = criterion(model(rows).squeeze(1), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
