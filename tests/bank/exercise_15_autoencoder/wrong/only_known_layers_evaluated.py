# wrong: reconstruction_error: switches nn.Dropout and BatchNorm to evaluation mode, and no other module
import torch
from torch import nn


class AE(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, k))
        self.decoder = nn.Sequential(nn.Linear(k, 16), nn.ReLU(), nn.Linear(16, d), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


def build_autoencoder(input_dim, latent_dim):
    return AE(input_dim, latent_dim)


def train_autoencoder(model, X, epochs, lr=1e-2):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    model.train()
    for _ in range(epochs):
        opt.zero_grad()
        loss = ((model(X) - X) ** 2).mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def reconstruction_error(model, X):
    modes = [(m, m.training) for m in model.modules()]
    for m in model.modules():
        if isinstance(m, (nn.Dropout, nn.BatchNorm1d)):
            m.eval()
    try:
        with torch.no_grad():
            return ((model(X) - X) ** 2).mean(dim=1)
    finally:
        for m, t in modes:
            m.training = t


def _err(model, X):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        e = ((model(X) - X) ** 2).mean(dim=1)
    for m, t in modes:
        m.training = t
    return e


def flag_anomalies(model, X, threshold):
    return _err(model, X) > threshold
