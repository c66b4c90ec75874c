# right: Adam by hand with torch.autograd.grad; the encoder is a method; tied weights

import torch
from torch import nn


class Tied(nn.Module):
    """The decoder uses the encoder's weights, transposed."""

    def __init__(self, input_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(latent_dim, input_dim) / input_dim**0.5)
        self.bias_in = nn.Parameter(torch.zeros(latent_dim))
        self.bias_out = nn.Parameter(torch.zeros(input_dim))

    def encoder(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.weight, self.bias_in)

    def decoder(self, code: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(code @ self.weight + self.bias_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


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
    return Tied(input_dim, latent_dim)


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    parameters = list(model.parameters())
    m = [torch.zeros_like(p) for p in parameters]
    v = [torch.zeros_like(p) for p in parameters]
    losses = []
    for t in range(1, epochs + 1):
        loss = ((model(X) - X) ** 2).mean()
        losses.append(loss.item())
        with torch.no_grad():
            for i, g in enumerate(torch.autograd.grad(loss, parameters)):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                step = (m[i] / (1 - 0.9**t)) / ((v[i] / (1 - 0.999**t)).sqrt() + 1e-8)
                parameters[i] -= lr * step
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
    was = [m.training for m in model.modules()]
    model.eval()
    errors = torch.einsum("nd,nd->n", *[(model(X) - X).detach()] * 2) / X.size(1)
    for m, mode in zip(model.modules(), was):
        m.training = mode
    return errors


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    """Rows that are rebuilt worse than `threshold`."""
    return _row_errors(model, X) > threshold
