# wrong: train_step: puts the model in evaluation mode for a batch of one
import torch
from torch import nn

def train_step(model, X, y, optimizer, criterion):
    if len(y) == 1:
        model.eval()
    else:
        model.train()
    optimizer.zero_grad()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return loss.item()
def train(model, X, y, epochs, lr: float = 3e-4):
    def step(model, X, y, o, c):
        model.train(); o.zero_grad(); l = c(model(X).squeeze(1), y); l.backward(); o.step(); return l.item()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    return [step(model, X, y, optimizer, criterion) for _ in range(epochs)]
