# right: F.cross_entropy with ignored tokens; softplus; var and sqrt; masked mean

import torch
import torch.nn.functional as F


def sequence_log_probs(logits, tokens, mask):
    B, L, V = logits.shape
    if L == 1:
        return logits.new_zeros(B)
    labels = tokens.masked_fill(~mask, -100)[:, 1:]
    losses = F.cross_entropy(
        logits[:, :-1].reshape(-1, V), labels.reshape(-1), ignore_index=-100, reduction="none"
    )
    return -losses.reshape(B, L - 1).sum(1)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    with torch.no_grad():
        reference = reference_chosen - reference_rejected
    return F.softplus(-beta * (policy_chosen - policy_rejected - reference)).mean()


def group_advantages(rewards):
    variance = rewards.var(dim=-1, unbiased=False, keepdim=True)
    out = (rewards - rewards.mean(-1, keepdim=True)) / (variance.sqrt() + 1e-8)
    same = rewards.amax(-1, keepdim=True) == rewards.amin(-1, keepdim=True)
    return out.masked_fill(same, 0.0)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    log_ratio = torch.where(mask, log_probs - old_log_probs.detach(), 0.0)
    ratio = log_ratio.exp()
    A = advantages.detach()[:, None]
    per_token = torch.min(ratio * A, torch.clamp(ratio, 1 - clip, 1 + clip) * A)
    return -(per_token * mask).sum() / mask.sum().clamp(min=1)


def kl_penalty(log_probs, reference_log_probs):
    r = reference_log_probs - log_probs
    return torch.exp(r) - r - 1
