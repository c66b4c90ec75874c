"""Exercise 35: learning from preferences (torch).

A language model has read everything and answers like everything it has read. What makes it helpful
is a comparison: people, or a verifier, prefer one answer to another. The interviewer asks for the
five lines behind DPO, PPO and GRPO, and each has a line that goes wrong silently: log-probabilities
that are off by one token, a reference model that is trained along, an advantage that is noise
because all answers were equally good, an average over padding, a KL estimate that turns negative.
Training runs in every case, and the model gets worse. The follow-up: why is a reference model
needed at all, and what do you see when it is too weak?

All floating-point tensors of a call are of one type, float32 or float64. The arguments stay as they
were.
"""

import torch


def sequence_log_probs(
    logits: torch.Tensor, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return the log-probability that a model gives to the answer in each sequence.

    Args:
        logits: What the model says, (B, L, V), finite numbers of any size. Position t predicts
            token t + 1, so what it says at the last position is not needed.
        tokens: Token ids (B, L), int64. The first one is predicted by nobody.
        mask: (B, L), bool: True for each token that counts (those of the answer, not those of the
            prompt or padding). Nobody predicts the first token, whatever its mask.
    Returns:
        (B,), in the logits' dtype: the sum of the log-probabilities of the tokens that count; 0
        for a sequence in which none does. What stands at tokens that are masked out has no
        influence, and may be an id outside the vocabulary such as -100 or V.
    Example:
        >>> logits = torch.log(torch.tensor([[[0.5, 0.5], [0.25, 0.75], [0.1, 0.9]]]))
        >>> tokens = torch.tensor([[0, 1, 0]])
        >>> both = sequence_log_probs(logits, tokens, torch.tensor([[False, True, True]]))
        >>> [round(value, 4) for value in both.exp().tolist()]
        [0.125]
        >>> last = sequence_log_probs(logits, tokens, torch.tensor([[False, False, True]]))
        >>> [round(value, 4) for value in last.exp().tolist()]
        [0.25]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_35: `sequence_log_probs` is still a stub")


def dpo_loss(
    policy_chosen: torch.Tensor,
    policy_rejected: torch.Tensor,
    reference_chosen: torch.Tensor,
    reference_rejected: torch.Tensor,
    beta: float = 0.1,
) -> torch.Tensor:
    """Return the loss of direct preference optimisation.

    Args:
        policy_chosen: Log-probabilities (B,) of the preferred answers under the model in training.
        policy_rejected: Those of the answers that lost, (B,).
        reference_chosen: The same under the frozen reference model, (B,).
        reference_rejected: And these, (B,).
        beta: How much a difference from the reference counts.
    Returns:
        A scalar tensor, in their dtype: the mean over the pairs of
        `-log sigmoid(beta * (policy margin - reference margin))`, where a margin is the
        log-probability of the chosen answer minus that of the rejected one. It is right and finite
        for margins of any size. Gradients reach the policy's two arguments; none reaches the
        reference's, even if they require one.
    Example:
        >>> a, b = torch.tensor([-4.0, -9.0]), torch.tensor([-6.0, -9.0])
        >>> round(float(dpo_loss(a, b, a, b)), 4)
        0.6931
        >>> round(float(dpo_loss(torch.tensor([-1e5]), torch.zeros(1), a[:1], a[:1])), 1)
        10000.0

    Source: Rafailov et al., Direct Preference Optimization, 2023, equation 7.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_35: `dpo_loss` is still a stub")


def group_advantages(rewards: torch.Tensor) -> torch.Tensor:
    """Return how much better each answer is than the other answers to its prompt.

    Args:
        rewards: (prompts, answers), float: a row holds the rewards of all answers to one prompt.
    Returns:
        Shaped like `rewards`, in its dtype: each row less its mean, over its population standard
        deviation (which divides by the number of answers). If you add an epsilon, let it be no
        larger than 1e-8. A row whose rewards are all the same number gives exact zeros, whatever
        number it is and whatever its mean rounds to; so does a group of one answer.
    Example:
        >>> group_advantages(torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.1, 0.1, 0.1, 0.1]])).tolist()
        [[1.0, -1.0, 1.0, -1.0], [0.0, 0.0, 0.0, 0.0]]

    Source: Shao et al., DeepSeekMath, 2024, section 4.1 (GRPO).
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_35: `group_advantages` is still a stub")


def clipped_policy_loss(
    log_probs: torch.Tensor,
    old_log_probs: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    clip: float = 0.2,
) -> torch.Tensor:
    """Return the clipped loss of PPO, averaged over tokens.

    Args:
        log_probs: Log-probability of each token under the model in training, (B, L).
        old_log_probs: The same under the model that wrote the answers, (B, L). Where tokens count,
            the two differ by less than 50; elsewhere they may differ by any amount.
        advantages: One for each answer, (B,): all of its tokens share it.
        mask: (B, L), bool: True for each token that counts.
        clip: How far the ratio may move before the gradient ends.
    Returns:
        A scalar tensor, in the dtype of `log_probs`. With `ratio = exp(log_probs - old_log_probs)`:
        minus the mean, over all tokens of the batch that count, of the lesser of `ratio * A` and
        `clamp(ratio, 1 - clip, 1 + clip) * A`. Every token weighs the same, those of long answers
        too. 0 where no token counts at all (then a constant will do, and so will a tensor with
        zero gradients). Positions that are masked out have no influence on value or gradient.
        Gradients reach `log_probs` and no other argument. At a ratio exactly on the edge of the
        clip either one-sided gradient will do.
    Example:
        >>> new = torch.log(torch.tensor([[0.6, 0.2, 0.5]]))
        >>> old = torch.log(torch.full((1, 3), 0.4))
        >>> mask = torch.tensor([[True, True, False]])
        >>> round(float(clipped_policy_loss(new, old, torch.tensor([2.0]), mask)), 4)
        -1.7
        >>> round(float(clipped_policy_loss(new, old, torch.tensor([-2.0]), mask)), 4)
        2.3

    Source: Schulman et al., Proximal Policy Optimization Algorithms, 2017, equation 7.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_35: `clipped_policy_loss` is still a stub")


def kl_penalty(log_probs: torch.Tensor, reference_log_probs: torch.Tensor) -> torch.Tensor:
    """Estimate, token by token, how far the policy has moved from the reference.

    Args:
        log_probs: Log-probabilities of sampled tokens under the policy, any shape.
        reference_log_probs: The same under the reference, of the same shape.
    Returns:
        Shaped like them, in their dtype: `exp(r) - r - 1` with `r` the reference's log-probability
        minus the policy's. Never negative but for rounding: above -1e-6.
    Example:
        >>> policy, reference = torch.tensor([0.0, -1.0, -2.0]), torch.tensor([-1.0, -1.0, -1.0])
        >>> [round(value, 4) for value in kl_penalty(policy, reference).tolist()]
        [0.3679, 0.0, 0.7183]

    Source: Schulman, Approximating KL Divergence, 2020 (the estimator k3).
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_35: `kl_penalty` is still a stub")
