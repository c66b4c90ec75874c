# wrong: dpo_loss: switches requires_grad off for the reference

import torch
from torch.nn import functional as F


def sequence_log_probs(logits, tokens, mask):
    counted = mask[:, 1:]
    targets = tokens[:, 1:].masked_fill(~counted, 0)
    log_probs = F.log_softmax(logits[:, :-1], dim=-1)
    picked = log_probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~counted, 0.0).sum(dim=1)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    reference_chosen.requires_grad_(False)
    reference_rejected.requires_grad_(False)
    policy_margin = policy_chosen - policy_rejected
    reference_margin = (reference_chosen - reference_rejected).detach()
    return -F.logsigmoid(beta * (policy_margin - reference_margin)).mean()


def group_advantages(rewards):
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    spread = rewards.std(dim=1, correction=0, keepdim=True)
    equal = (rewards == rewards[:, :1]).all(dim=1, keepdim=True)
    return torch.where(equal, torch.zeros_like(rewards), centred / spread)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    if not mask.any():
        return log_probs.new_zeros(())
    ratio = (log_probs[mask] - old_log_probs[mask].detach()).exp()
    advantage = advantages.detach().unsqueeze(1).expand_as(mask)[mask]
    objective = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return -objective.mean()


def kl_penalty(log_probs, reference_log_probs):
    r = reference_log_probs - log_probs
    return torch.expm1(r) - r
