import numpy as np
import torch


def tensor(array):
    return torch.tensor(np.ascontiguousarray(array))


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2 ** (bits - 1) - 1
    w = tensor(w)
    if axis is None:
        top = w.abs().max()
    else:
        others = [i for i in range(w.ndim) if i != axis % w.ndim]
        top = w.abs().amax(dim=others, keepdim=True) if others else w.abs()
    scale = torch.where(top > 0, top / bound, torch.ones_like(top))
    q = torch.clamp(torch.round(w / scale), -bound, bound).to(torch.int8)
    return q.numpy(), (scale.item() if axis is None else scale.numpy())


def dequantize(q, scale, zero_point=0):
    return (q + 0.0 - int(zero_point)).astype("float64") * np.asarray(scale, dtype=np.float64)


def quantize_affine(x, bits=8):
    x = tensor(x)
    low, high = torch.clamp(x.min(), max=0), torch.clamp(x.max(), min=0)
    if not (high - low) > 0:
        return np.zeros(tuple(x.shape), np.uint8), 1.0, 0
    scale = (high - low) / (2**bits - 1)
    zero = torch.round(-low / scale)
    q = (torch.round(x / scale) + zero).clamp(0, 2**bits - 1).to(torch.uint8)
    return q.numpy(), scale.item(), int(zero)


def int8_matmul(x_q, x_scale, w_q, w_scale):
    exact = tensor(x_q).long() @ tensor(w_q).long()
    return exact.numpy().astype(np.float64) * np.asarray(x_scale) * np.asarray(w_scale)
