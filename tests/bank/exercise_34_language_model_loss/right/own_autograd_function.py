# right: an autograd function of its own, lerp and einsum, a generator of logits
import math
import torch
import torch.nn.functional as F
from torch import nn

class CE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, ids):
        lp = z.log_softmax(-1)
        ctx.save_for_backward(lp, ids)
        return -lp[torch.arange(len(ids)), ids].mean()
    @staticmethod
    def backward(ctx, g):
        lp, ids = ctx.saved_tensors
        p = lp.exp()
        p[torch.arange(len(ids)), ids] -= 1
        return g * p / len(ids), None

def next_token_loss(logits, tokens, mask=None):
    if mask is None: mask = tokens == tokens
    keep = mask[..., 1:]
    z, ids = logits[..., :-1, :][keep], tokens[..., 1:][keep]
    if len(ids) == 0: return logits.sum() * 0.0
    return CE.apply(z, ids)

def label_smoothed_loss(logits, targets, smoothing):
    q = torch.nn.functional.one_hot(targets, logits.size(1)).to(logits)
    q = q.lerp(torch.full_like(q, 1 / logits.size(1)), smoothing)
    return torch.einsum("nv,nv->", q, logits.log_softmax(-1)).neg() / logits.size(0)

def perplexity(losses, counts):
    return float(torch.tensor(math.fsum(l * c for l, c in zip(losses, counts)) / sum(counts), dtype=torch.float64).exp())

def accumulated_step(model, batches, optimizer):
    total = sum(int(m[:, 1:].sum()) for _, m in batches)
    optimizer.zero_grad(set_to_none=True)
    out = []
    gen = ((model(t), t, m) for t, m in batches)
    for logits, t, m in gen:
        lp = logits[:, :-1].log_softmax(-1)
        ids = t[:, 1:].where(m[:, 1:], torch.zeros_like(t[:, 1:]))
        nll = -lp.gather(-1, ids[..., None])[..., 0]
        part = nll.masked_select(m[:, 1:]).sum() / total
        part.backward()
        out.append(part.item())
    optimizer.step()
    return sum(out)
