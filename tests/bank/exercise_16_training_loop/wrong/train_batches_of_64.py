# wrong: train: batches of 64 rows
import torch
from torch import nn
import torch.nn.functional as F


def train_step(model, X, y, optimizer, criterion):
    model.train()
    optimizer.zero_grad()
    logits = model(X).squeeze(1)
    loss = criterion(logits, y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, X, y, epochs, lr=3e-4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for xb, yb in zip(X.split(64), y.split(64)):
            optimizer.zero_grad()
            loss = criterion(model(xb).squeeze(1), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        losses.append(total / len(X))
    return losses
