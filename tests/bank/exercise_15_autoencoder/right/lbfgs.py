# right: LBFGS, many inner iterations an epoch; errors through functional_call on a copy

import copy

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
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=lr, max_iter=3, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), X)
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(epochs)]


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
    frozen = copy.deepcopy(model).eval().requires_grad_(False)
    return torch.stack([nn.functional.mse_loss(frozen(row[None]), row[None]) for row in X])


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    errors = reconstruction_error(model, X)
    return torch.tensor([error.item() > threshold for error in errors], dtype=torch.bool)
