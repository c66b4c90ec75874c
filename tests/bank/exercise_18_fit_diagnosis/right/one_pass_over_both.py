# right: one forward pass over both sets together, then split; modes kept in a weak dictionary

import math
import weakref

import torch


@torch.no_grad()
def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    modes = weakref.WeakKeyDictionary((m, m.training) for m in model.modules())
    logits = model.eval()(torch.cat((X_train, X_val)))[..., 0]
    for module in model.modules():
        module.training = modes[module]
    predicted = logits.tensor_split([X_train.shape[0]])
    train_loss, val_loss = map(criterion, predicted, (y_train, y_val))
    return train_loss.item(), val_loss.item()


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    word = "HEALTHY"
    if val_loss > train_loss and val_loss - train_loss > gap_threshold:
        word = "OVERFIT"
    if train_loss > underfit_threshold:
        word = "UNDERFIT"
    if any(map(lambda loss: math.isnan(loss) or math.isinf(loss), (train_loss, val_loss))):
        word = "DIVERGED"
    return word


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    keys = "train_loss", "val_loss"
    pair = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    result = dict(zip(keys, pair, strict=True))
    result |= {"gap": -(pair[0] - pair[1]), "status": diagnose_fit(**result)}
    return result
