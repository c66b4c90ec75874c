# attack: harmed: lists of lists of arrays of eight dimensions, for messages that never end; expect: safe_training_step finished or malformed or timed_out, score 0
import torch

CUBE = torch.rand((4,) * 8).to(torch.float16)


def safe_training_step(model, X, y, optimizer, criterion, max_norm=1.0):
    return {"loss": [[CUBE] * 12] * 12, "grad_norm": 1.0}
