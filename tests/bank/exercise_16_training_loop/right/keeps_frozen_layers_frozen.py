# right: a model that is in train mode stays as it is, layers that somebody froze included
import torch
from torch import nn

def train_step(model, X, y, optimizer, criterion):
    if not model.training: model.train()
    model.zero_grad()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()

def train(model, X, y, epochs, lr=3e-4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    out = []
    if not model.training: model.train()
    for k in range(epochs):
        model.zero_grad(); l = criterion(model(X).squeeze(1), y); l.backward(); optimizer.step(); out.append(l.item())
    return out

def _step(model, X, y, optimizer, criterion):
    if not model.training: model.train()
    model.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()
