# right: restores modes by recursion, calls the model with detached copies of its state

import math

import torch
from torch.func import functional_call


def _modes(module):
    return module.training, [_modes(child) for child in module.children()]


def _restore(module, modes):
    module.training, below = modes
    for child, mode in zip(module.children(), below):
        _restore(child, mode)


def _loss(model, X, y, criterion):
    detached = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    prediction = functional_call(model, detached, (X,))
    return criterion(prediction.reshape(len(X)), y).tolist()


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    modes = _modes(model)
    model.train(False)
    losses = _loss(model, X_train, y_train, criterion), _loss(model, X_val, y_val, criterion)
    _restore(model, modes)
    return losses


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    losses = torch.tensor([train_loss, val_loss], dtype=torch.float64)
    if losses.isinf().any() or losses.isnan().any():
        return "DIVERGED"
    if math.fsum([train_loss, -underfit_threshold]) > 0:
        return "UNDERFIT"
    return ["HEALTHY", "OVERFIT"][math.fsum([val_loss, -train_loss]) > gap_threshold]


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    modes = _modes(model)
    model.eval()
    train_loss = _loss(model, X_train, y_train, criterion)
    val_loss = _loss(model, X_val, y_val, criterion)
    _restore(model, modes)
    result = {"status": diagnose_fit(train_loss, val_loss)}
    result.update(train_loss=train_loss, val_loss=val_loss)
    result["gap"] = result["val_loss"] - result["train_loss"]
    return result
