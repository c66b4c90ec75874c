# right: torch.distributions, vmap over rows, and a Python 0.0

import torch
from torch.distributions import Categorical
from torch.nn import functional as F


def sequence_log_probs(logits, tokens, mask):
    counted = mask[:, 1:]
    ids = tokens[:, 1:] * counted
    return (Categorical(logits=logits[:, :-1]).log_prob(ids) * counted).sum(-1)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    rewards_chosen = beta * (policy_chosen - reference_chosen.detach())
    rewards_rejected = beta * (policy_rejected - reference_rejected.detach())
    scores = torch.stack([rewards_chosen, rewards_rejected], dim=1)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.int64))


def group_advantages(rewards):
    def of_row(row):
        centred = row - row.mean()
        return torch.where((row == row[0]).all(), row * 0, centred / row.std(correction=0))

    return torch.vmap(of_row)(rewards)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    count = mask.sum().item()
    if count == 0:
        return torch.zeros((), requires_grad=True)
    change = torch.masked_select(log_probs - old_log_probs.detach(), mask)
    A = torch.masked_select(advantages.detach()[:, None].expand(mask.shape), mask)
    plain = change.exp() * A
    clipped = torch.min(torch.max(change.exp(), torch.tensor(1 - clip)), torch.tensor(1 + clip)) * A
    return -torch.where(plain < clipped, plain, clipped).mean()


def kl_penalty(log_probs, reference_log_probs):
    r = reference_log_probs - log_probs
    return torch.expm1(r) - r
