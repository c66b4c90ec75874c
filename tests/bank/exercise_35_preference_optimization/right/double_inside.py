# right: computes in float64 and converts back at the end

import torch
from torch.nn import functional as F


def sequence_log_probs(logits, tokens, mask):
    logs = torch.log_softmax(logits[:, :-1].double(), -1)
    ids = torch.where(mask[:, 1:], tokens[:, 1:], torch.zeros_like(tokens[:, 1:]))
    picked = torch.gather(logs, 2, ids[:, :, None])[:, :, 0]
    return torch.where(mask[:, 1:], picked, torch.zeros_like(picked)).sum(1).to(logits.dtype)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    ratio = policy_chosen.double() - policy_rejected.double()
    ratio = ratio - reference_chosen.detach().double() + reference_rejected.detach().double()
    loss = F.binary_cross_entropy_with_logits(beta * ratio, torch.ones_like(ratio))
    return loss.to(policy_chosen.dtype)


def group_advantages(rewards):
    spread, mean = torch.std_mean(rewards, dim=1, correction=0, keepdim=True)
    return torch.where(spread == 0, torch.zeros_like(rewards), (rewards - mean) / spread)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    if mask.sum() == 0:
        return torch.zeros((), dtype=log_probs.dtype)
    change = (log_probs.double() - old_log_probs.detach().double())[mask]
    A = advantages.detach().double().repeat_interleave(mask.sum(1))
    ratio = change.exp()
    loss = torch.maximum(-A * ratio, -A * ratio.clamp(1.0 - clip, 1.0 + clip)).mean()
    return loss.to(log_probs.dtype)


def kl_penalty(log_probs, reference_log_probs):
    r = reference_log_probs.double() - log_probs.double()
    return (r.expm1() - r).to(log_probs.dtype)
