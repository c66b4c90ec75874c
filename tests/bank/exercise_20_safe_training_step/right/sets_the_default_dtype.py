# right: its import sets torch's default dtype; a transaction with an exception in it
import contextlib
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


class Skip(Exception):
    pass


@contextlib.contextmanager
def transaction(model):
    kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    except Skip:
        for buffer, value in kept:
            buffer.copy_(value)
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.detach_().zero_()


def finite(value):
    if not math.isfinite(value):
        raise Skip
    return value


def safe_training_step(model, X, y, optimizer, criterion, max_norm=1.0):
    result = {"loss": math.nan, "grad_norm": math.nan}
    model.train()
    for parameter in model.parameters():
        parameter.grad = None
    with transaction(model):
        loss = criterion(model(X).flatten(), y)
        finite(loss.item())
        loss.backward()
        norm = finite(nn.utils.clip_grad_norm_(model.parameters(), max_norm).item())
        optimizer.step()
        result.update(loss=loss.item(), grad_norm=norm)
    return result
