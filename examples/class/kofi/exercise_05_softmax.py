import numpy as np
import torch


def softmax(x, axis=-1):
    return torch.softmax(torch.tensor(np.array(x, dtype=np.float64)), dim=axis).numpy()


def log_softmax(x, axis=-1):
    return torch.log_softmax(torch.tensor(np.array(x, dtype=np.float64)), dim=axis).numpy()
