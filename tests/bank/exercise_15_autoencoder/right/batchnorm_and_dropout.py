# right: a deep model with BatchNorm and dropout; a clamp for the range; Rprop

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


def build_autoencoder(input_dim: int, latent_dim: int, width: int = 32) -> nn.Module:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Linear(input_dim, width),
                nn.BatchNorm1d(width),
                nn.LeakyReLU(),
                nn.Dropout(0.05),
                nn.Linear(width, latent_dim),
            )
            self.decoder = nn.Sequential(
                nn.Linear(latent_dim, width), nn.GELU(), nn.Linear(width, input_dim)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.decoder(self.encoder(x)) + 0.5).clamp(0, 1)

    return Deep()


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    optimizer = torch.optim.Rprop(model.parameters(), lr=lr)
    losses = [0.0] * epochs
    for epoch in range(epochs):
        optimizer.zero_grad(set_to_none=False)
        loss = ((X - model(X)) ** 2).sum() / X.numel()
        loss.backward()
        losses[epoch] = loss.detach().item()
        optimizer.step()
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
    was = {name: module.training for name, module in model.named_modules()}
    try:
        with torch.inference_mode():
            rebuilt = model.eval()(X)
    finally:
        for name, module in model.named_modules():
            module.training = was[name]
    return torch.linalg.vector_norm(rebuilt - X, dim=1).pow(2).div(X.shape[1]).clone()


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    """Rows that are rebuilt worse than `threshold`."""
    return _row_errors(model, X) > threshold
