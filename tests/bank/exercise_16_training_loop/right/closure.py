# right: hands the optimiser a closure
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

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(model(X).flatten(), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    return [train_step(model, X, y, optimizer, criterion) for _ in range(epochs)]
