# right: Python loops over sequences and tokens, and lists that are stacked

import torch


def sequence_log_probs(logits, tokens, mask):
    sums = []
    for b in range(len(tokens)):
        total = logits.new_zeros(())
        for t in range(1, tokens.shape[1]):
            if mask[b, t]:
                row = logits[b, t - 1]
                total = total + row[tokens[b, t]] - torch.logsumexp(row, 0)
        sums.append(total)
    return torch.stack(sums)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    losses = []
    for i in range(len(policy_chosen)):
        margin = policy_chosen[i] - policy_rejected[i]
        margin = margin - (reference_chosen[i].item() - reference_rejected[i].item())
        losses.append(torch.nn.functional.softplus(-beta * margin))
    return sum(losses) / len(losses)


def group_advantages(rewards):
    rows = []
    for row in rewards:
        if bool((row == row[0]).all()):
            rows.append(torch.zeros_like(row))
        else:
            rows.append((row - row.mean()) / ((row - row.mean()) ** 2).mean().sqrt())
    return torch.stack(rows)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    terms = []
    for b, t in mask.nonzero().tolist():
        A = advantages[b].item()
        ratio = torch.exp(log_probs[b, t] - old_log_probs[b, t].item())
        if (A >= 0 and ratio > 1 + clip) or (A < 0 and ratio < 1 - clip):
            ratio = log_probs.new_tensor(1 + clip if A >= 0 else 1 - clip)
        terms.append(ratio * A)
    return -sum(terms) / len(terms) if terms else torch.tensor(0.0)


def kl_penalty(log_probs, reference_log_probs):
    ratio = torch.exp(reference_log_probs - log_probs)
    return ratio - 1 + log_probs - reference_log_probs
