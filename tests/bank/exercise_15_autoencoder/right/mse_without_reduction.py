# right: mse_loss without reduction; amsgrad; a ModuleDict-free Sequential of Sequentials

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
    widths = [input_dim, 24, 12, latent_dim]
    down, up = [], []
    for a, b in zip(widths, widths[1:]):
        down += [nn.Linear(a, b), nn.SiLU()]
        up = [nn.Linear(b, a), nn.SiLU(), *up]
    model = nn.Sequential()
    model.encoder = nn.Sequential(*down[:-1])
    model.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())
    return model


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, amsgrad=True)
    losses = []
    for epoch in range(epochs):
        loss = nn.functional.mse_loss(model(X), X.clone())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


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
    modes = [module.training for module in model.modules()]
    model.eval()
    with torch.no_grad():
        errors = nn.functional.mse_loss(model(X), X, reduction="none").mean(-1)
    for module, mode in zip(model.modules(), modes):
        module.training = mode
    return errors


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    """Rows that are rebuilt worse than `threshold`."""
    return _row_errors(model, X) > threshold
