# right: one-hot vectors, and log-sum-exp with the maximum by hand

import torch


def sequence_log_probs(logits, tokens, mask):
    logits, tokens, mask = logits[:, :-1], tokens[:, 1:], mask[:, 1:]
    top = logits.max(dim=-1, keepdim=True).values
    logs = logits - top - (logits - top).exp().sum(-1, keepdim=True).log()
    hot = (tokens[..., None] == torch.arange(logits.shape[-1])) & mask[..., None]
    return torch.einsum("blv,blv->b", logs, hot.to(logits.dtype))


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    chosen = beta * (policy_chosen - reference_chosen.detach())
    rejected = beta * (policy_rejected - reference_rejected.detach())
    return (torch.logaddexp(chosen, rejected) - chosen).mean()


def group_advantages(rewards):
    mean = rewards.mean(1, keepdim=True)
    norm = torch.linalg.vector_norm(rewards - mean, dim=1, keepdim=True)
    equal = (rewards.diff(dim=1) == 0).all(1)
    result = (rewards - mean) * rewards.shape[1] ** 0.5 / norm
    result[equal] = 0.0
    return result


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    rows, places = torch.where(mask)
    if rows.numel() == 0:
        return (log_probs * 0).sum()
    ratio = torch.exp(log_probs[rows, places] - old_log_probs.detach()[rows, places])
    A = advantages.detach()[rows]
    bound = torch.where(A > 0, 1 + clip, 1 - clip).to(ratio.dtype)
    stopped = torch.where(A > 0, ratio > bound, ratio < bound)
    return -(torch.where(stopped, bound, ratio) * A).sum() / rows.numel()


def kl_penalty(log_probs, reference_log_probs):
    r = reference_log_probs.sub(log_probs)
    return torch.clamp(r.exp() - r - 1, min=0)
