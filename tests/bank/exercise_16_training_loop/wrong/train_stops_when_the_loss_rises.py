# wrong: train: it stops when the loss rises
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
        optimizer.zero_grad()
        loss = criterion(model(X).squeeze(1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if len(losses) > 2 and losses[-1] > losses[-2]:
            break
    return losses
