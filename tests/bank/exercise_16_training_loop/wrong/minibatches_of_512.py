# wrong: train: cuts the data into minibatches of 512
import torch
from torch import nn


def train_step(model, X, y, optimizer, criterion):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, X, y, epochs, lr=3e-4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    for epoch in range(epochs):
        model.train()
        tot = 0.0
        for xb, yb in zip(X.split(512), y.split(512)):
            optimizer.zero_grad()
            loss = criterion(model(xb).squeeze(1), yb)
            loss.backward()
            optimizer.step()
            tot += loss.item() * len(yb)
        losses.append(tot / len(y))
    return losses
