# wrong: train_autoencoder: keeps a hundred losses, however many epochs there are

import torch
from torch import nn


class Bend(nn.Module):
    """A linear layer, a tanh, a linear layer: `(N, into)` -> `(N, out)`."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        # Wide enough to bend; what limits the autoencoder is its latent layer.
        self.hidden = nn.Linear(into, into + out)
        # No ReLU behind it: in an encoder that would halve the latent space.
        self.out = nn.Linear(into + out, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.hidden(x)))


class Autoencoder(nn.Module):
    """D -> hidden -> latent -> hidden -> D, the output in [0, 1]."""

    def __init__(self, input_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.encoder = Bend(input_dim, latent_dim)
        # The sigmoid: the data's range is the output's range.
        self.decoder = nn.Sequential(Bend(latent_dim, input_dim), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))  # (N, D) -> (N, latent) -> (N, D)


def build_autoencoder(input_dim: int, latent_dim: int) -> nn.Module:
    """An encoder and its mirror image."""
    return Autoencoder(input_dim, latent_dim)


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    """Full-batch Adam on mean squared error; each loss is from before its update."""
    # Plain SGD would crawl: the gradient of a mean over N * D entries is tiny, and the
    # sigmoid makes it smaller still. Adam's steps do not depend on its size.
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = ((model(X) - X) ** 2).mean()  # the input is its own target
        loss.backward()
        optimizer.step()
        losses.append(loss.item())  # a number: the tensor would keep its graph alive
    return losses[:100]


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
    """The anomaly score: high where the bottleneck could not hold the row."""
    return _row_errors(model, X)


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    """Rows that are rebuilt worse than `threshold`."""
    return _row_errors(model, X) > threshold
