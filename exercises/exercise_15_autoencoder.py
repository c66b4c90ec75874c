"""Exercise 15: an autoencoder that finds what is unusual (torch).

A factory has ten thousand records of healthy machines, and three of broken ones. No
classifier learns from three, so the interviewer asks for a network that learns only what
"normal" looks like: squeeze each record through a few numbers, rebuild it, and be
suspicious of whatever comes back wrong. The training is the easy part. The follow-up is
about the score: why does the same record get another error each time it is measured, and
why has training gone worse ever since somebody measured it?
"""

import torch
from torch import nn


def build_autoencoder(input_dim: int, latent_dim: int) -> nn.Module:
    """Build an untrained autoencoder for data in [0, 1].

    Args:
        input_dim: Features D of a row.
        latent_dim: Numbers that a row has to pass through.
    Returns:
        A float32 model with the attributes `.encoder` and `.decoder`. `model.encoder(x)` has the
        shape (N, latent_dim); `model(x)` is the reconstruction, shaped like `x` (N, D), and
        lies in [0, 1] whatever the parameters are.
    Example:
        >>> model = build_autoencoder(input_dim=6, latent_dim=2).eval()
        >>> x = torch.rand(4, 6)
        >>> tuple(model.encoder(x).shape), tuple(model(x).shape)
        ((4, 2), (4, 6))
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_15: `build_autoencoder` is still a stub")


def train_autoencoder(
    model: nn.Module, X: torch.Tensor, epochs: int, lr: float = 1e-2
) -> list[float]:
    """Train `model` in place to rebuild `X`, all rows in one batch.

    Args:
        model: Any autoencoder, in the dtype of `X`.
        X: Data in [0, 1], (N, D), float32 or float64. It stays as it was.
        epochs: Number of passes.
        lr: Learning rate. The optimiser is yours to choose.
    Returns:
        One loss an epoch: the mean squared reconstruction error over all entries, from before
        or from after that epoch's update. On data that the bottleneck can hold the last loss is
        under half the first after 300 epochs at the default rate.
    Example:
        >>> _ = torch.manual_seed(0)
        >>> model = nn.Sequential(nn.Linear(3, 1), nn.Linear(1, 3), nn.Sigmoid())
        >>> losses = train_autoencoder(model, torch.tensor([[0.9, 0.1, 0.9]]), epochs=3)
        >>> len(losses), bool(losses[0] > 0)
        (3, True)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_15: `train_autoencoder` is still a stub")


def reconstruction_error(model: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Measure how badly each row is rebuilt.

    Args:
        model: An autoencoder in any mode; it is measured in evaluation mode.
        X: Rows (N, D), one or more, float32 or float64, as is the model.
    Returns:
        The mean squared error of each row, (N,), in the dtype of `X` and without gradient.
        Model and `X` are left as they were, the mode of every submodule included.
    Example:
        >>> half = nn.Threshold(2.0, 0.5)  # everything below 2 becomes 0.5
        >>> reconstruction_error(half, torch.tensor([[0.5, 0.5], [1.0, 0.5]])).tolist()
        [0.0, 0.125]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_15: `reconstruction_error` is still a stub")


def flag_anomalies(model: nn.Module, X: torch.Tensor, threshold: float) -> torch.Tensor:
    """Say which rows the model finds unusual.

    Args:
        model: An autoencoder in any mode, which is left as it was.
        X: Rows (N, D), one or more.
        threshold: The largest reconstruction error (mean squared, per row) that is still normal.
    Returns:
        A bool tensor (N,): True where a row's error exceeds `threshold`.
    Example:
        >>> half = nn.Threshold(2.0, 0.5)
        >>> flag_anomalies(half, torch.tensor([[0.5, 0.5], [1.0, 0.5]]), 0.1).tolist()
        [False, True]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_15: `flag_anomalies` is still a stub")
