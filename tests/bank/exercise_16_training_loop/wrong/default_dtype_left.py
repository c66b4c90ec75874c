# wrong: train_step: sets torch's default dtype to float64 and leaves it so
import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    """One update; the loss that it was made from."""
    # Here and not once before the loop: whoever evaluated last has left eval mode behind.
    torch.set_default_dtype(torch.float64)
    model.train()
    # backward() adds to .grad, so what is there already must go.
    optimizer.zero_grad()
    # squeeze(1), not squeeze(): a batch of one must stay a batch.
    loss = criterion(model(X).squeeze(1), y)                # (N, 1) -> (N,), then ()
    loss.backward()
    optimizer.step()
    # item(), as a tensor would carry the graph of this batch along.
    return loss.item()


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(X).squeeze(1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
