# right: the errors come from a norm, RMSprop with torch.autograd.grad
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
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.RMSprop(params, lr=lr / 2)
    losses = []
    for _ in range(epochs):
        model.train()
        loss = nn.MSELoss()(model(X), X.detach())
        for p, g in zip(params, torch.autograd.grad(loss, params)):
            p.grad = g
        opt.step()
        losses.append(loss.item())
    opt.zero_grad()
    return losses


def reconstruction_error(model, X):
    modes = [m.training for m in model.modules()]
    model.train(False)
    out = model(X).detach()
    for mod, flag in zip(model.modules(), modes):
        mod.training = flag
    return torch.linalg.vector_norm(out - X, dim=1) ** 2 / X.shape[1]


def flag_anomalies(model, X, threshold):
    return ~(reconstruction_error(model, X) <= threshold)
