# right: AdamW with a cosine schedule; a shuffled full batch; errors row by row in Python

import torch
from torch import nn


class Autoencoder(nn.Module):
    """D -> hidden -> latent -> hidden -> D, the output in [0, 1]."""

    def __init__(self, input_dim: int, latent_dim: int) -> None:
        super().__init__()
        hidden = max(16, input_dim // 2)
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, hidden),
            nn.Tanh(),
            nn.Linear(hidden, latent_dim),  # no ReLU here: it would halve the latent space
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            nn.Tanh(),
            nn.Linear(hidden, input_dim),
            nn.Sigmoid(),  # the data's range is the output's range
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))  # (N, D) -> (N, latent) -> (N, D)


def build_autoencoder(input_dim: int, latent_dim: int) -> nn.Module:
    """An encoder and its mirror image."""
    return Autoencoder(input_dim, latent_dim)


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(epochs, 1))
    model.train()
    history: list[float] = []
    while len(history) < epochs:
        batch = X[torch.randperm(len(X))]
        optimizer.zero_grad(set_to_none=True)
        loss = nn.MSELoss()(model(batch), batch)
        loss.backward()
        optimizer.step()
        schedule.step()
        history += [loss.item()]
    return history


def _row_errors(model: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each row (N,), measured without leaving a trace."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()  # else dropout makes the score random, and BatchNorm learns from it
    with torch.no_grad():
        errors = ((model(X) - X) ** 2).mean(dim=1)
    # Module by module: model.train(was) would wake up a layer that somebody froze.
    for module, mode in modes:
        module.training = mode
    return errors


def reconstruction_error(model: nn.Module, X: torch.Tensor) -> torch.Tensor:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        rebuilt = model(X)
        values = [
            sum((a - b) ** 2 for a, b in zip(row, copy)) / len(row)
            for row, copy in zip(X.tolist(), rebuilt.tolist())
        ]
    for module, mode in modes.items():
        module.training = mode
    return torch.tensor(values, dtype=X.dtype)


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    flags = torch.zeros(len(X), dtype=torch.bool)
    flags[_row_errors(model, X) > threshold] = True
    return flags
