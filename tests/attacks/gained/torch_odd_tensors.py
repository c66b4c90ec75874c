# attack: gained: returns meta, sparse, quantized and nested tensors; expect: safe_training_step malformed, score 0
import torch
def safe_training_step(*args, **keywords):
    return [torch.zeros(3, device="meta"), torch.eye(3).to_sparse(),
            torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)]
