# right: numpy for what is not trained

import numpy as np
import torch
from scipy.special import log_softmax
from torch.nn import functional as F


def sequence_log_probs(logits, tokens, mask):
    logs = log_softmax(logits.detach().numpy().astype(np.float64), axis=-1)
    sums = []
    for row, ids, counts in zip(logs, tokens.tolist(), mask.tolist()):
        sums.append(sum(row[t][ids[t + 1]] for t in range(len(ids) - 1) if counts[t + 1]))
    return torch.tensor(np.array(sums, dtype=np.float64), dtype=logits.dtype)


def dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1):
    policy = policy_chosen - policy_rejected
    reference = torch.sub(reference_chosen, reference_rejected).clone().detach()
    return torch.mean(-F.logsigmoid((policy - reference) * beta))


def group_advantages(rewards):
    r = rewards.detach().numpy()
    out = np.zeros_like(r)
    for i, row in enumerate(r):
        if np.ptp(row) > 0:
            out[i] = (row - row.mean()) / row.std()
    return torch.from_numpy(out)


def clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip=0.2):
    if not mask.any():
        return log_probs.new_zeros(())
    ratio = (log_probs[mask] - old_log_probs[mask].detach()).exp()
    advantage = advantages.detach().unsqueeze(1).expand_as(mask)[mask]
    objective = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return -objective.mean()


def kl_penalty(log_probs, reference_log_probs):
    r = np.asarray(reference_log_probs - log_probs)
    return torch.as_tensor(np.exp(r) - r - 1, dtype=log_probs.dtype)
