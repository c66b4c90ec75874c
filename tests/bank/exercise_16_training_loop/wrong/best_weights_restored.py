# wrong: train: goes back to the best weights at the end
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
        optimizer.zero_grad()
        loss = criterion(model(X).squeeze(1), y)
        if not losses or loss.item() < min(losses):
            _best = {k: v.clone() for k, v in model.state_dict().items()}
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if losses and min(losses) < losses[-1]:
        model.load_state_dict(_best)
    return losses
