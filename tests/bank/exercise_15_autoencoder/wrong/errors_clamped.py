# wrong: reconstruction_error: errors above 1 are cut off
import torch
from torch import nn
import torch.nn.functional as F


class Autoencoder(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        hidden = max(16, 2 * latent_dim)
        self.encoder = nn.Sequential(nn.Linear(input_dim, hidden), nn.ReLU(), nn.Linear(hidden, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, input_dim), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


def build_autoencoder(input_dim, latent_dim):
    return Autoencoder(input_dim, latent_dim)


def train_autoencoder(model, X, epochs, lr=1e-2):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    model.train()
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = F.mse_loss(model(X), X)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def reconstruction_error(model, X):
    modes = [(mod, mod.training) for mod in model.modules()]
    model.eval()
    with torch.no_grad():
        error = ((model(X) - X) ** 2).mean(dim=1)
    for mod, mode in modes:
        mod.training = mode
    return error.clamp(max=1.0)


def flag_anomalies(model, X, threshold):
    modes = [(mod, mod.training) for mod in model.modules()]
    model.eval()
    with torch.no_grad():
        error = ((model(X) - X) ** 2).mean(dim=1)
    for mod, mode in modes:
        mod.training = mode
    return error > threshold
