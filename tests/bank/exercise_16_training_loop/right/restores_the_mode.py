# right: puts every submodule back into the mode it came in
import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.train()
        optimizer.zero_grad()
        model.zero_grad()
        loss = criterion(model(X).view(-1), y)
        loss.backward()
        optimizer.step()
    finally:
        for module, mode in modes:
            module.training = mode
    return loss.item()


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    return [train_step(model, X, y, optimizer, criterion) for _ in range(epochs)]
