# wrong: group_advantages: treats rewards that differ by less than a millionth as equal
import torch
from torch.nn import functional as F


def sequence_log_probs(
    logits: torch.Tensor, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Sum of the log-probabilities of the tokens that count."""
    counted = mask[:, 1:]  # (B, L - 1): the mask belongs to the token that is predicted
    # gather stops at an id outside the vocabulary even if its value is never used.
    targets = tokens[:, 1:].masked_fill(~counted, 0)
    log_probs = F.log_softmax(logits[:, :-1], dim=-1)  # (B, L - 1, V)
    picked = log_probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)  # (B, L - 1)
    return picked.masked_fill(~counted, 0.0).sum(dim=1)  # (B,)


def dpo_loss(
    policy_chosen: torch.Tensor,
    policy_rejected: torch.Tensor,
    reference_chosen: torch.Tensor,
    reference_rejected: torch.Tensor,
    beta: float = 0.1,
) -> torch.Tensor:
    """Minus log sigmoid of how much more the policy prefers the chosen answer."""
    policy_margin = policy_chosen - policy_rejected  # (B,)
    # The reference is a constant. If it shared parameters with the policy, it would learn to
    # prefer the rejected answer: that lowers this loss as well.
    reference_margin = (reference_chosen - reference_rejected).detach()
    # logsigmoid, because sigmoid(-200) is 0 in float32 and its logarithm -inf.
    return -F.logsigmoid(beta * (policy_margin - reference_margin)).mean()


def group_advantages(rewards: torch.Tensor) -> torch.Tensor:
    """Each reward in standard deviations of its group."""
    centred = rewards - rewards.mean(dim=1, keepdim=True)  # (prompts, answers)
    # correction=0: the group is all there is, and a group of one has the deviation 0, not nan.
    spread = rewards.std(dim=1, correction=0, keepdim=True)  # (prompts, 1)
    # Compared, not judged by the spread: the mean of equal numbers may round to another one, and
    # then the spread is not 0.
    equal = spread < 1e-6
    return torch.where(equal, torch.zeros_like(rewards), centred / spread)


def clipped_policy_loss(
    log_probs: torch.Tensor,
    old_log_probs: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    clip: float = 0.2,
) -> torch.Tensor:
    """Minus the mean over tokens of the pessimistic one of two objectives."""
    if not mask.any():
        return log_probs.new_zeros(())  # the mean of nothing would be nan
    # Selected before exp: at padding exp may overflow, and inf times a mask of 0 is nan.
    ratio = (log_probs[mask] - old_log_probs[mask].detach()).exp()  # (tokens that count,)
    # One advantage for all tokens of an answer.
    advantage = advantages.detach().unsqueeze(1).expand_as(mask)[mask]
    # The lesser: a ratio beyond the clip earns nothing more, one that went wrong pays in full.
    objective = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return -objective.mean()


def kl_penalty(log_probs: torch.Tensor, reference_log_probs: torch.Tensor) -> torch.Tensor:
    """The estimator k3: exp(r) - r - 1, which is 0 at r = 0 and positive elsewhere."""
    r = reference_log_probs - log_probs
    return torch.expm1(r) - r  # expm1: exp(r) - 1 loses all digits of a small r
