# right: the clip's gradient by a mask that is a constant

import torch


def sequence_log_probs(logits, tokens, mask):
    out = logits.new_zeros(len(logits))
    rows, places = mask[:, 1:].nonzero(as_tuple=True)
    scores = logits[rows, places]
    ids = tokens[rows, places + 1]
    logs = scores[torch.arange(len(ids)), ids] - scores.logsumexp(-1)
    return out.index_add(0, rows, logs)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    z = policy_chosen - policy_rejected - (reference_chosen - reference_rejected).data
    z = beta * z
    return (torch.relu(-z) + torch.log1p(torch.exp(-z.abs()))).mean()


def group_advantages(rewards):
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    centred = centred * (rewards != rewards[:, :1]).any(dim=1, keepdim=True)
    spread = centred.square().mean(dim=1, keepdim=True).sqrt()
    return centred / spread.clamp(min=1e-12)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    difference = (log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0)
    ratio = difference.exp()
    A = advantages.detach().unsqueeze(-1).expand_as(ratio)
    with torch.no_grad():
        high, low = 1 + clip, 1 - clip
        stopped = ((A > 0) & (ratio >= high)) | ((A < 0) & (ratio <= low))
    product = torch.where(stopped, ratio.detach().clamp(low, high), ratio) * A
    total = (product * mask.to(product.dtype)).sum()
    return -total / max(int(mask.sum()), 1)


def kl_penalty(log_probs, reference_log_probs):
    return torch.exp(reference_log_probs) / torch.exp(log_probs) - 1 - (
        reference_log_probs - log_probs
    )
