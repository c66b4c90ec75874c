# right: gives the labels an axis instead of taking the logits'
import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    model.train(mode=True)
    model.zero_grad(set_to_none=False)
    loss = criterion(model(X), y[:, None])
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    losses: list[float] = []
    while len(losses) < epochs:
        losses.append(train_step(model, X, y, optimizer, nn.BCEWithLogitsLoss()))
    return losses
