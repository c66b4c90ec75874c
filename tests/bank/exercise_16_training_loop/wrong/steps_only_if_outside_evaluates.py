# wrong: train_step: leaves layers in evaluation mode where the outer module is in train mode
import torch
from torch import nn

def train_step(model, X, y, optimizer, criterion):
    if not model.training: model.train()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()

def train(model, X, y, epochs, lr=3e-4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    return [_step(model, X, y, optimizer, criterion) for _ in range(epochs)]

def _step(model, X, y, optimizer, criterion):
    model.train()
    model.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()
