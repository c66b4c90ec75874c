# right: rolled logits, an autograd function of its own, rows by vmap
import torch
import torch.nn.functional as F


def sequence_log_probs(logits, tokens, mask):
    keep = mask.clone(); keep[:, 0] = False
    shifted = torch.roll(logits, 1, 1)
    safe = tokens.where(keep, torch.zeros_like(tokens))
    lp = torch.log_softmax(shifted, 2)
    picked = torch.take_along_dim(lp, safe.unsqueeze(2), 2).squeeze(2)
    return (picked.masked_fill(~keep, 0.0)).sum(-1)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    f = torch.func.vmap(lambda a, b, c, d: -F.logsigmoid(beta * ((a - b) - (c - d))))
    return f(policy_chosen, policy_rejected, reference_chosen.detach(), reference_rejected.detach()).mean()


def group_advantages(rewards):
    def one(row):
        d = row - row.mean()
        s = d.square().mean().sqrt()
        flat = (row == row[0]).all()
        return torch.where(flat, torch.zeros_like(row), d / torch.where(flat, torch.ones_like(s), s))
    return torch.func.vmap(one)(rewards)


class PPO(torch.autograd.Function):
    @staticmethod
    def forward(ctx, new, old, A, mask, clip):
        r = (new - old).masked_fill(~mask, 0).exp()
        a = A[:, None].expand_as(r)
        lo = torch.minimum(r * a, r.clamp(1 - clip, 1 + clip) * a)
        active = (r * a <= r.clamp(1 - clip, 1 + clip) * a) & mask
        n = max(int(mask.sum()), 1)
        ctx.save_for_backward(torch.where(active, -r * a / n, torch.zeros_like(r)))
        return -lo[mask].sum() / n
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None, None, None, None


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    return PPO.apply(log_probs, old_log_probs, advantages, mask, clip)


def kl_penalty(log_probs, reference_log_probs):
    ratio = torch.exp(reference_log_probs - log_probs)
    return ratio - 1 - (reference_log_probs - log_probs)
