"""The hidden checks of exercise 35: learning from preferences.

Truth is written out number by number in Python floats: a log-probability is minus the logarithm
of a sum of decimals, which do not overflow; mean and deviation are those of `statistics`, which
counts in fractions; gradients are the derivatives on paper.
"""

import math
import statistics
from decimal import Decimal

import numpy as np
import torch

from gradekit.grading import (
    Truth,
    assert_close,
    assert_equal,
    assert_tensor,
    assert_unchanged,
    check,
    each_unchanged,
    expect,
    rng_of,
    show,
)

DTYPES = (torch.float32, torch.float64)
EPS = {torch.float32: 2.0**-23, torch.float64: 2.0**-52}


def within_rounding(actual, expected, *args, size=None, given=None, **keywords):
    """Fail unless `actual` is `expected` but for rounding.

    A sound formula rounds a few sums of numbers as large as the largest argument, so it is off by
    a few EPS of that. In float64 a constant such as 0.1 or 1 + clip may have gone through
    float32, which costs 6e-8; all the numbers must not: beside log-probabilities of hundreds
    that costs 1e-5.
    """
    if size is None:
        size = max([1.0, *(float(tensor.abs().max()) for tensor in args if is_float(tensor))])
    rtol, atol = 64 * EPS[expected.dtype], 16 * EPS[expected.dtype] * size
    assert_close(actual, expected, rtol=max(rtol, 2e-7), atol=max(atol, 2e-7), given=given)


def is_float(value):
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel() > 0


def tensor(values, like=None):
    """A tensor in the dtype of `like`, else in float32."""
    return torch.tensor(values, dtype=like.dtype if like is not None else torch.float32)


def normal(rng, *shape, dtype=None, size=1.0, mean=0.0):
    """Normal numbers, half of the times in float64."""
    dtype = dtype or DTYPES[rng.integers(2)]
    return torch.tensor(rng.normal(mean, size, shape), dtype=dtype)


def dims(rng, *ranges):
    """An integer from each range, both ends included."""
    return [int(rng.integers(low, high + 1)) for low, high in ranges]


def tensors(st, *shape, of=None):
    """A strategy of tensors of this shape, with small whole entries."""
    of = st.integers(-4, 4).map(float) if of is None else of
    count = math.prod(shape)
    return st.lists(of, min_size=count, max_size=count).map(
        lambda values: torch.tensor(values).reshape(shape)
    )


def probe(answer, name, given, keywords):
    # What reaches each tensor, or None, and which of them require a gradient afterwards.
    given = [t.clone().requires_grad_() if t.is_floating_point() else t for t in given]
    value = getattr(answer, name)(*given, **keywords)
    if isinstance(value, torch.Tensor) and value.requires_grad:
        value.backward()
    return [t.grad for t in given], [t.requires_grad for t in given]


def judge_gradients(submission, name, given, expected, size, **keywords):
    """Fail unless these gradients reach the tensors `given`; None: no gradient, or zeros."""
    gradients, flags = submission.probe(probe, name, given, keywords)
    expect(flags == [each.is_floating_point() for each in given],
           "it switches requires_grad of an argument", given=name)  # fmt: skip
    for number, (each, got, wanted) in enumerate(
        zip(given, gradients, expected, strict=True), start=1
    ):
        where = f"{name}, gradient with respect to argument {number}"
        if wanted is None:
            expect(got is None or not got.any(), f"expected none, got {show(got)}", given=where)
            continue
        expect(got is not None, "expected one, got a loss without a gradient", given=where)
        within_rounding(got, tensor(wanted, each), size=size, given=where)


# ---- sequence_log_probs ------------------------------------------------------------------------


def log_probability(scores, token):
    """Minus the logarithm of the sum of exp(score - the token's score), in decimals."""
    return -float(sum((Decimal(s) - Decimal(scores[token])).exp() for s in scores).ln())


def token_by_token(logits, tokens, mask):
    """A token that counts is scored by the row before it."""
    sums = [
        math.fsum(log_probability(rows[t - 1], ids[t]) for t in range(1, len(ids)) if counts[t])
        for rows, ids, counts in zip(logits.tolist(), tokens.tolist(), mask.tolist(), strict=True)
    ]
    return tensor(sums, logits)


def sequences(st):
    """One sequence of up to three tokens of a vocabulary of two."""

    def of_length(length):
        scores = st.one_of(st.integers(-4, 4).map(float), st.sampled_from([200.0, -1000.0]))
        ids = tensors(st, 1, length, of=st.integers(0, 1))
        outside = st.sampled_from([0, -100, 2])
        return st.tuples(
            tensors(st, 1, length, 2, of=scores), ids, tensors(st, 1, length, of=st.booleans()),
            outside,
        ).map(lambda t: (t[0], torch.where(t[2], t[1], t[1] + t[3]), t[2]))  # fmt: skip

    return st.integers(2, 3).flatmap(of_length)


SEQUENCE = Truth(
    "sequence_log_probs", token_by_token, inputs=sequences, rtol=0.0, judge=within_rounding
)


def sequence(rng, B, L, V, dtype=None, size=1.5):
    """Logits, tokens, and a mask by which every token counts."""
    tokens = torch.tensor(rng.integers(0, V, (B, L)))
    return normal(rng, B, L, V, dtype=dtype, size=size), tokens, torch.ones(B, L).bool()


def fixed_sequence(seed, *sizes):
    return sequence(np.random.default_rng(seed), *sizes)


def any_sequence(rng):
    return sequence(rng, *dims(rng, (1, 3), (2, 5), (2, 5)))


def lifted(case):
    """The same with another number added to all scores of a row, which changes no probability."""
    logits, *rest = case
    return logits + 500.0 * (1 + torch.arange(logits.shape[1], dtype=logits.dtype))[:, None], *rest


@check("sequence_log_probs", points=0.5,
       hint="Which token do the logits at position 0 speak of? And are the log-probabilities of a "
            "sequence added up or averaged?")  # fmt: skip
def test_is_off_by_one_token(submission):
    """All tokens after the first are counted, each scored by the logits one position before it."""
    SEQUENCE.assert_holds(
        submission,
        [
            fixed_sequence(1, 2, 4, 3, torch.float32),
            fixed_sequence(2, 3, 5, 4, torch.float64),
            fixed_sequence(3, 3, 2, 5, torch.float32),
            fixed_sequence(9, 1, 3, 2, torch.float32),
            lifted(fixed_sequence(4, 4, 4, 4, torch.float64)),
            fixed_sequence(14, 1, 300, 2, torch.float64),
        ],
        draw=any_sequence,
    )


def with_gaps(case, gaps, ids):
    """The same with tokens masked out: `ids` stand there, and other scores before them."""
    logits, tokens, mask = case
    strange = torch.tensor(ids).repeat(tokens.numel())[: tokens.numel()].reshape(tokens.shape)
    wild = torch.zeros_like(gaps)
    wild[:, :-1] = gaps[:, 1:]
    logits = torch.where(wild.unsqueeze(-1), 30 * logits, logits)
    return logits, torch.where(gaps, strange, tokens), mask & ~gaps


def any_gaps(rng):
    case = any_sequence(rng)
    gaps = torch.tensor(rng.random(case[1].shape) < 0.4)
    gaps[0, 0], gaps[0, -1] = False, True
    return with_gaps(case, gaps, [-100, case[0].shape[2], 3, -1, 0])


GAPS = torch.tensor([[True, True, False, False, True], [False, False, True, False, True],
                     [True, False, False, True, False]])  # fmt: skip


@check("sequence_log_probs", points=0.5,
       hint="Does the mask speak of the token at its position or of the one predicted there? And "
            "what does `gather` make of the id -100?")  # fmt: skip
def test_lets_masked_out_tokens_count(submission):
    """A token that is masked out has no influence, even if its id is outside the vocabulary."""
    SEQUENCE.assert_holds(
        submission,
        [
            with_gaps(fixed_sequence(5, 3, 5, 4, torch.float32), GAPS, [2, 0, 1, 3, 0]),
            with_gaps(fixed_sequence(6, 3, 5, 3, torch.float64), GAPS, [-100]),
            with_gaps(fixed_sequence(7, 3, 5, 3, torch.float32), GAPS, [3, 99, -1, 10**9, 4]),
        ],
        draw=any_gaps,
    )


def large_scores(rng):
    logits, tokens, mask = sequence(rng, *dims(rng, (1, 3), (2, 4), (2, 4)))
    return (logits * float(10 ** rng.integers(3, 5))).round(), tokens, mask


@check("sequence_log_probs", points=0.5,
       hint="exp(1000) is inf, and exp(-1000) is 0. What is the logarithm of either, and is there "
            "a function that never goes through them?")  # fmt: skip
def test_overflows_on_large_scores(submission):
    """Scores that are thousands apart give log-probabilities that are finite and right."""
    rows = [[0.0, -150.0, 3.0], [1000.0, 999.0, -1000.0], [-2000.0, -3000.0, -2500.0], [0.0] * 3]
    tokens, mask = torch.tensor([[0, 1, 0, 2]]), torch.ones(1, 4).bool()
    SEQUENCE.assert_holds(
        submission,
        [(torch.tensor([rows], dtype=dtype), tokens, mask) for dtype in DTYPES],
        draw=large_scores,
    )


def nothing_counts_in_one(rng):
    logits, tokens, mask = any_sequence(rng)
    mask[int(rng.integers(len(mask)))] = False
    return logits, tokens, mask


@check("sequence_log_probs", points=0.5,
       hint="What is the sum of nothing? And does a token count that nobody predicts?")  # fmt: skip
def test_fails_where_no_token_counts(submission):
    """A sequence in which no token counts gives 0, and the others what they are worth."""
    logits, tokens, mask = fixed_sequence(8, 3, 4, 3, torch.float32)
    first = torch.zeros_like(mask)
    first[:, 0] = True
    some = mask.clone()
    some[1] = False
    SEQUENCE.assert_holds(
        submission,
        [
            (logits, tokens, some),
            (logits, tokens, mask & False),
            (logits.double(), tokens, first),
        ],
        draw=nothing_counts_in_one,
    )


@check("sequence_log_probs", points=0.5,
       hint="Which of your lines write into `logits`, `tokens` or `mask`, and whose tensors are "
            "they?")  # fmt: skip
def test_writes_into_the_sequences(submission):
    """Logits, tokens and mask stay as they were, and may be given by name."""
    logits, tokens, mask = with_gaps(fixed_sequence(10, 3, 5, 3, torch.float32), GAPS, [1, 0])
    for scores in (logits, logits.double()):
        got = assert_unchanged(
            submission, "sequence_log_probs", logits=scores, tokens=tokens, mask=mask
        )
        expect(
            isinstance(got, torch.Tensor) and got.numel() == 3 and bool((got < 0).all()),
            f"expected three log-probabilities, all of them negative, got {show(got)}",
        )


# ---- dpo_loss ----------------------------------------------------------------------------------


def minus_log_sigmoid(x):
    """log(1 + exp(-x)) without overflow."""
    return max(0.0, -x) + math.log1p(math.exp(-abs(x)))


def margins(chosen, rejected, reference_chosen, reference_rejected):
    """How much more than the reference the policy prefers the chosen one, in each pair."""
    lists = (t.tolist() for t in (chosen, rejected, reference_chosen, reference_rejected))
    return [(a - b) - (c - d) for a, b, c, d in zip(*lists, strict=True)]


def pair_by_pair(*logs, beta=0.1):
    *logs, beta = (*logs, beta) if len(logs) == 4 else logs
    losses = [minus_log_sigmoid(beta * margin) for margin in margins(*logs)]
    return tensor(math.fsum(losses) / len(losses), logs[0])


def pairs(st):
    """One pair or two."""
    of = st.one_of(st.integers(-4, 0).map(float), st.sampled_from([-30.0, -5000.0]))
    return st.integers(1, 2).flatmap(lambda n: st.tuples(*[tensors(st, n, of=of)] * 4))


DPO = Truth("dpo_loss", pair_by_pair, inputs=pairs, rtol=0.0, judge=within_rounding)


def four(rng, B, dtype=None, size=6.0):
    """Log-probabilities of B pairs, under the policy and under the reference."""
    dtype = dtype or DTYPES[rng.integers(2)]
    mean = -20.0 if dtype == torch.float32 else -900.0
    return tuple(normal(rng, B, dtype=dtype, size=size, mean=mean) for _ in range(4))


def fixed_four(seed, *args):
    return four(np.random.default_rng(seed), *args)


@check("dpo_loss", points=0.5,
       hint="A margin is chosen minus rejected. Which margin is subtracted from which, and when is "
            "the mean taken: before the log-sigmoid or after it?")  # fmt: skip
def test_takes_other_margins(submission):
    """The loss is the mean of -log sigmoid(0.1 * (policy margin - reference margin))."""
    DPO.assert_holds(
        submission,
        [
            fixed_four(11, 5, torch.float32),
            fixed_four(12, 3, torch.float64),
            fixed_four(13, 1, torch.float32),
            fixed_four(14, 150, torch.float64),
        ],
        draw=lambda rng: four(rng, *dims(rng, (1, 6))),
    )


def extreme(rng):
    size = float(10 ** rng.integers(4, 7))
    return tuple((each * size).round() for each in four(rng, *dims(rng, (1, 4)), None, 1.0))


@check("dpo_loss", points=0.5,
       hint="What is sigmoid(-200) in float32, and what is the logarithm of that?")  # fmt: skip
def test_overflows_at_large_margins(submission):
    """Margins of thousands and more, in either direction, give the right loss."""
    cases = []
    for dtype in DTYPES:
        zero = torch.zeros(3, dtype=dtype)
        far = torch.tensor([-2000.0, -50000.0, -1e30], dtype=dtype)
        cases += [(far, zero, zero, zero), (zero, far, zero, zero), (zero, zero, far, zero)]
    DPO.assert_holds(submission, cases, draw=extreme)


def other_beta(rng):
    return four(rng, *dims(rng, (1, 4))), {"beta": float(rng.uniform(0.02, 2.0))}


@check("dpo_loss", points=0.5,
       hint="Where does beta stand: does it scale both margins, and is it the one that was "
            "given?")  # fmt: skip
def test_ignores_beta(submission):
    """Another beta is used, by position and by name, and the arguments stay as they were."""
    names = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
    named = dict(zip(names, fixed_four(16, 2, torch.float32), strict=True))
    DPO.assert_holds(
        submission,
        [
            (*fixed_four(14, 4, torch.float32), 0.5),
            (*fixed_four(15, 3, torch.float64), 0.01),
            (*fixed_four(15, 3, torch.float64), 1.0),
        ],
        draw=other_beta,
        unchanged=True,
    )
    got = submission.dpo_loss(beta=0.3, **named)
    within_rounding(got, pair_by_pair(*named.values(), beta=0.3), *named.values())


@check("dpo_loss", points=0.5,
       hint="Which of the four arguments should move when you minimise this loss, and which model "
            "is frozen?")  # fmt: skip
def test_trains_the_reference(submission):
    """Both arguments of the policy get their gradient, those of the reference none."""
    cases = [(*fixed_four(17, 4, torch.float32), 0.1), (*fixed_four(18, 3, torch.float64), 0.5)]
    rng = rng_of(submission)
    cases += [(*four(rng, *dims(rng, (1, 4))), 0.25)]
    for *logs, beta in cases:
        slopes = [-beta / (1 + math.exp(beta * m)) / len(logs[0]) for m in margins(*logs)]
        expected = [slopes, [-slope for slope in slopes], None, None]
        judge_gradients(submission, "dpo_loss", logs, expected, size=10.0, beta=beta)


# ---- group_advantages --------------------------------------------------------------------------


def row_by_row(rewards):
    """Distance from the mean in population standard deviations; 0 where all are the same."""
    rows = []
    for row in rewards.tolist():
        mean, spread = statistics.mean(row), statistics.pstdev(row)
        equal = len({*row}) == 1
        rows.append([0.0 if equal else (reward - mean) / spread for reward in row])
    return tensor(rows, rewards)


def close_advantages(actual, expected, rewards, rtol=1e-6):
    """Fail unless the advantages are the expected ones.

    An epsilon of 1e-8, added to the deviation or under its root, changes less than `rtol` where
    deviations are at least 0.25; the epsilons that are seen elsewhere, 1e-6 and more, change
    more than that. float32 rounds the means of a few rewards.
    """
    if rewards.dtype == torch.float32:
        rtol = max(rtol, 2e-5)
    assert_close(actual, expected, rtol=rtol, atol=rtol)


def groups(st):
    of = st.sampled_from([0.0, 1.0, 2.0, 0.1, 1000.1])
    return st.tuples(st.integers(1, 2), st.integers(1, 3)).flatmap(
        lambda shape: st.tuples(tensors(st, *shape, of=of))
    )


ADVANTAGES = Truth(
    "group_advantages", row_by_row, inputs=groups, rtol=1e-6, judge=close_advantages
)


def rewards_of(rng, prompts, answers, dtype=None, spread=1.5):
    """Rewards of which each row has about this spread."""
    rewards = rng.normal(0.0, 1.0, (prompts, answers))
    rewards[:, 0] += 3.0  # no row is nearly constant
    rewards -= rng.normal(0.0, 1.0, (prompts, 1))
    rewards *= spread / rewards.std(axis=1, keepdims=True)
    return (torch.tensor(rewards, dtype=dtype or DTYPES[rng.integers(2)]),)


def fixed_rewards(seed, *args):
    return rewards_of(np.random.default_rng(seed), *args)


@check("group_advantages", points=0.5,
       hint="A group are all answers to one prompt: along which axis do they lie? And is the "
            "deviation that of a sample or of all there is?")  # fmt: skip
def test_normalises_by_another_deviation(submission):
    """Each row is centred and divided by its own population standard deviation."""
    ADVANTAGES.assert_holds(
        submission,
        [
            fixed_rewards(21, 3, 4, torch.float32),
            fixed_rewards(22, 4, 3, torch.float64),
            (torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]]),),
            (torch.tensor([[3.0, 5.0]], dtype=torch.float64),),
            (2000.0 + fixed_rewards(24, 2, 5, torch.float64)[0],),
            (torch.tensor([[100.0] + [0.0] * 399], dtype=torch.float64),),  # 20 deviations
        ],
        draw=lambda rng: rewards_of(rng, *dims(rng, (1, 4), (2, 6))),
    )


def same_numbers(rng):
    """Rows of one number each; its mean may round to another."""
    rows = rng.choice([0.1, 0.7, 1.1, 1000.1, 3e-5, -0.3], size=4) * rng.uniform(0.5, 1.0, 4)
    return (torch.tensor(rows, dtype=DTYPES[rng.integers(2)])[:, None].repeat(
        1, *dims(rng, (3, 11))),)  # fmt: skip


@check("group_advantages", points=0.5,
       hint="In float32 the mean of equal numbers may be their neighbour. What is left of a "
            "difference of one bit if you divide it by itself? And a group of one?")  # fmt: skip
def test_makes_noise_of_equal_rewards(submission):
    """Rewards that are all the same give exact zeros, and so does a group of one."""
    rows = torch.tensor([0.1, 0.7, 1000.1, -0.3, 0.0, 1.0, 1e-4], dtype=torch.float64)[:, None]
    cases = [rows.to(dtype).repeat(1, n) for dtype in DTYPES for n in (1, 3, 7, 10)]
    cases += [same_numbers(rng_of(submission))[0], same_numbers(rng_of(submission))[0]]
    for (rewards,), got in submission.each("group_advantages", [(case,) for case in cases]):
        assert_equal(got, torch.zeros_like(rewards))


def nearly_equal(rng, number, step, dtype):
    """Rewards a tiny step from a number; all, and their means, are exact in either type."""
    steps = rng.permutation([0.0, 0.0, 1.0, 1.0])
    return torch.tensor(number + step * steps[None], dtype=dtype)


@check("group_advantages", points=0.5,
       hint="Rewards between 0 and 0.5 have a deviation of 0.25. What does your epsilon add to "
            "that? And to one of a millionth?")  # fmt: skip
def test_adds_a_large_epsilon(submission):
    """The deviation is not padded: small differences count in full, and are not taken for equal."""
    rng = rng_of(submission)
    cases = [fixed_rewards(23, 2, 4, torch.float64, 0.25), rewards_of(rng, 2, 3, DTYPES[1], 0.25)]
    for (rewards,), got in submission.each("group_advantages", cases):
        close_advantages(got, row_by_row(rewards), rewards, rtol=2e-7)
    # Here an epsilon of 1e-8 under the root counts, so only this much: larger ones get more.
    for number, step, least in ((0.0, 2.0**-21, 0.002), (100.0, 2.0**-10, 0.9)):
        tiny = [(nearly_equal(rng, number, step, dtype),) for dtype in DTYPES]
        for (rewards,), got in submission.each("group_advantages", tiny):
            wanted = row_by_row(rewards)
            assert_tensor(got, shape=(1, 4), dtype=rewards.dtype)
            enough = bool((got / wanted > least).all() and (got / wanted < 1.001).all())
            expect(enough, f"expected {show(wanted)}, got {show(got)}")


@check("group_advantages", points=0.5,
       hint="Does each row look only at itself? And is the tensor of rewards afterwards what it "
            "was?")  # fmt: skip
def test_writes_into_the_rewards(submission):
    """The rewards stay as they were, and may be given by name; rows do not touch each other."""
    mixed = torch.tensor([[5.0, 5.0, 5.0], [1.0, 2.0, 6.0], [-2.0, 0.0, 1.0]])
    for rewards in (mixed, mixed.double(), rewards_of(rng_of(submission), 3, 4)[0]):
        got = assert_unchanged(submission, "group_advantages", rewards=rewards)
        # Loosely: how the deviation is taken is for other checks.
        assert_close(got, row_by_row(rewards), rtol=0.3)


# ---- clipped_policy_loss -----------------------------------------------------------------------


def terms(log_probs, old_log_probs, advantages, mask, clip):
    """For each token that counts: its row and place, ratio, advantage, and the clipped ratio."""
    for b, row in enumerate(mask.tolist()):
        for t, counts in enumerate(row):
            if counts:
                ratio = math.exp(float(log_probs[b, t]) - float(old_log_probs[b, t]))
                yield b, t, ratio, float(advantages[b]), min(max(ratio, 1 - clip), 1 + clip)


def pessimist(log_probs, old_log_probs, advantages, mask, clip=0.2):
    """Minus the mean of the lesser product, token by token."""
    every = terms(log_probs, old_log_probs, advantages, mask, clip)
    lesser = [min(ratio * A, clipped * A) for _, _, ratio, A, clipped in every]
    return tensor(-math.fsum(lesser) / max(len(lesser), 1), log_probs)


def slopes_of(log_probs, old_log_probs, advantages, mask, clip):
    """The derivative of that: ratio * A where the unclipped product is the lesser one."""
    slopes = torch.zeros(mask.shape, dtype=torch.float64)
    for b, t, ratio, A, clipped in terms(log_probs, old_log_probs, advantages, mask, clip):
        if ratio * A <= clipped * A:
            slopes[b, t] = -ratio * A / int(mask.sum())
    return slopes.tolist()


def close_loss(actual, expected, log_probs, old_log_probs, advantages, mask, clip=0.2):
    """Fail unless the loss is right up to rounding; where no token counts, any 0 will do."""
    if not mask.any():
        if isinstance(actual, torch.Tensor) and actual.shape == ():
            actual = actual.item()
        expect(actual == 0, f"expected 0, got {show(actual)}")
        return
    every = terms(log_probs, old_log_probs, advantages, mask, clip)
    largest = max(abs(ratio * A) for _, _, ratio, A, _ in every)
    # A difference of log-probabilities of about 50 is off by 50 roundings, and so is the ratio.
    within_rounding(actual, expected, size=8 * max(largest, 1.0))


def answers(st):
    """One answer of up to two tokens."""
    of = st.sampled_from([-1.0, -0.5, -2.0, -3.0])
    return st.integers(1, 2).flatmap(
        lambda L: st.tuples(
            tensors(st, 1, L, of=of), tensors(st, 1, L, of=of),
            tensors(st, 1, of=st.sampled_from([1.0, -1.0, 2.0])),
            tensors(st, 1, L, of=st.booleans()),
        )
    )  # fmt: skip


CLIPPED = Truth("clipped_policy_loss", pessimist, inputs=answers, rtol=0.0, judge=close_loss)


def steps(rng, B, L, dtype=None, clips=(0.2,)):
    """New and old log-probabilities, both signs of advantages, and a mask without gaps.

    Ratios keep away from the edges of the clips, where derivatives jump.
    """
    dtype = dtype or DTYPES[rng.integers(2)]
    change = rng.normal(0.0, 0.4, (B, L))
    for clip in clips:
        for edge in (1 - clip, 1 + clip):
            change[np.abs(np.exp(change) - edge) < 0.02] = 0.05
    old = normal(rng, B, L, dtype=dtype, mean=-3.0 if dtype == torch.float32 else -400.0)
    new = old + torch.tensor(change, dtype=dtype)
    signs = torch.tensor(rng.permutation([1.0, -1.0] * B)[:B], dtype=dtype)
    return new, old, signs * (0.5 + normal(rng, B, dtype=dtype).abs()), torch.ones(B, L).bool()


def fixed_steps(seed, *args):
    return steps(np.random.default_rng(seed), *args)


@check("clipped_policy_loss", points=0.5,
       hint="Put a ratio of 2 and one of 0.5 next to an advantage of 1 and of -1. Which product is "
            "the lesser one in each of the four cases?")  # fmt: skip
def test_takes_another_objective(submission):
    """Minus the mean of the lesser of ratio * A and clipped ratio * A, for both signs of A."""
    new = torch.tensor([[2.0, 0.5, 1.1, 0.95]]).log()
    old, mask = torch.zeros(1, 4), torch.ones(1, 4).bool()
    far = torch.tensor([[30.0, -40.0, 3.0, -1.0], [-30.0, 45.0, 1.5, -3.0]], dtype=torch.float64)
    CLIPPED.assert_holds(
        submission,
        [
            (new, old, torch.tensor([1.0]), mask),
            (new, old, torch.tensor([-1.0]), mask),
            fixed_steps(31, 3, 4, torch.float32),
            fixed_steps(32, 4, 3, torch.float64),
            (far - 50.0, far * 0 - 50.0, torch.tensor([1.5, -0.5]).double(), mask.repeat(2, 1)),
            (new - 2.0, new - 2.0, torch.tensor([3.0]), mask),
            fixed_steps(44, 3, 1, torch.float64),
        ],
        draw=lambda rng: steps(rng, *dims(rng, (1, 4), (1, 4))),
    )


def padded(case, mask):
    """The same with a mask, and with what overflows in exp wherever it is False."""
    new, old, advantages, _ = case
    wild = torch.full_like(new, 1000.0)
    wild[:, ::2] = -500.0
    return torch.where(mask, new, wild), torch.where(mask, old, -wild), advantages, mask


def any_padding(rng):
    B, L = dims(rng, (2, 4), (2, 5))
    mask = torch.arange(L) < torch.tensor(rng.integers(1, L + 1, (B, 1)))
    mask[0], mask[1] = True, torch.arange(L) == 0
    return padded(steps(rng, B, L), mask)


PADDING = torch.tensor([[True, True, True, True], [False, True, False, False],
                        [True, True, False, False]])  # fmt: skip


@check("clipped_policy_loss", points=0.5,
       hint="An answer of one token and one of four: how many terms has the mean? And what is inf "
            "times a mask of 0?")  # fmt: skip
def test_averages_over_padding_or_answers(submission):
    """The mean runs over all tokens that count; what stands elsewhere has no influence."""
    CLIPPED.assert_holds(
        submission,
        [
            padded(fixed_steps(33, 3, 4, torch.float32), PADDING),
            padded(fixed_steps(34, 3, 4, torch.float64), PADDING),
            padded(fixed_steps(35, 2, 4, torch.float32), PADDING[1:] & torch.eye(4).bool()[[1, 0]]),
            padded(fixed_steps(36, 2, 4, torch.float64), PADDING[:2] & torch.eye(2, 4).bool()[1]),
        ],
        draw=any_padding,
    )


@check("clipped_policy_loss", points=0.5,
       hint="What does torch make of the mean of no numbers at all?")  # fmt: skip
def test_divides_by_no_tokens(submission):
    """Where no token counts the loss is 0, and no gradient is NaN."""
    cases = [fixed_steps(37, 2, 3, torch.float32), fixed_steps(38, 1, 1, torch.float64)]
    cases += [steps(rng_of(submission), 2, 3)]
    for new, old, advantages, mask in cases:
        case = (new, old, advantages, mask & False)
        CLIPPED.assert_holds(submission, [case, padded(case, mask & False)])
        judge_gradients(submission, "clipped_policy_loss", case, [None] * 4, size=1.0)
    # Loosely, for who returns 0 whatever comes: how the loss is made is for other checks.
    counting = (torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([8.0]), torch.ones(1, 2).bool())
    got = submission.clipped_policy_loss(*counting)
    some = isinstance(got, torch.Tensor) and bool((got.abs() > 0.1).any())
    expect(some, f"expected a loss that is not 0, got {show(got)}")


@check("clipped_policy_loss", points=0.5,
       hint="Which of the arguments belong to the model in training? And what is the slope of a "
            "loss with respect to a ratio that has left the clip?")  # fmt: skip
def test_passes_gradients_elsewhere(submission):
    """Gradients reach `log_probs` alone, and none reaches ratios that the clip has stopped."""
    rng = rng_of(submission)
    cases = [
        fixed_steps(39, 3, 4, torch.float32),
        padded(fixed_steps(40, 3, 4, torch.float64), PADDING),
        any_padding(rng),
        steps(rng, 2, 3),
    ]
    for case in cases:
        expected = [slopes_of(*case, 0.2), None, None, None]
        judge_gradients(submission, "clipped_policy_loss", case, expected, size=10.0)


def other_clip(rng):
    clip = float(rng.uniform(0.05, 0.6))
    return steps(rng, *dims(rng, (1, 3), (2, 4))), {"clip": clip}


@check("clipped_policy_loss", points=0.5,
       hint="Is the clip the one that was given, on both sides of 1? And which of the arguments do "
            "you write into?")  # fmt: skip
def test_ignores_the_clip(submission):
    """Another clip is used, by position and by name, and the arguments stay as they were."""
    names = ("log_probs", "old_log_probs", "advantages", "mask")
    named = dict(zip(names, fixed_steps(43, 2, 3, torch.float32), strict=True))
    CLIPPED.assert_holds(
        submission,
        [
            (*fixed_steps(41, 3, 4, torch.float32), 0.5),
            (*fixed_steps(42, 3, 4, torch.float64), 0.05),
        ],
        draw=other_clip,
        unchanged=True,
    )
    # What is returned for padding is for another check.
    hidden = padded(fixed_steps(45, 3, 4, torch.float32), PADDING)
    for _ in each_unchanged(submission, "clipped_policy_loss", [hidden]):
        pass
    got = submission.clipped_policy_loss(clip=0.3, **named)
    close_loss(got, pessimist(*named.values(), clip=0.3), *named.values(), clip=0.3)


# ---- kl_penalty --------------------------------------------------------------------------------


def one_by_one(log_probs, reference_log_probs):
    """exp(r) - 1 - r of each r = reference - policy."""
    pairs = zip(log_probs.flatten().tolist(), reference_log_probs.flatten().tolist(), strict=True)
    values = [math.expm1(q - p) - (q - p) for p, q in pairs]
    return tensor(values, log_probs).reshape(log_probs.shape)


def close_penalty(actual, expected, log_probs, reference_log_probs):
    """Fail unless each is right but for rounding, whatever the others are, and not negative."""
    size = max(1.0, float(log_probs.abs().max()), float(reference_log_probs.abs().max()))
    within_rounding(actual, expected, size=size)
    expect(bool((actual > -1e-6).all()), f"expected no negative value, got {show(actual)}")


def two_models(st):
    of = st.sampled_from([-1.0, -2.0, -0.5, 0.0])
    return st.integers(1, 2).flatmap(lambda n: st.tuples(*[tensors(st, n, of=of)] * 2))


KL = Truth("kl_penalty", one_by_one, inputs=two_models, rtol=0.0, judge=close_penalty)


def two(rng, shape, dtype=None, size=1.5):
    dtype = dtype or DTYPES[rng.integers(2)]
    policy = normal(rng, *shape, dtype=dtype, mean=-3.0 if dtype == torch.float32 else -300.0)
    return policy, policy + normal(rng, *shape, dtype=policy.dtype, size=size)


def any_two(rng):
    return two(rng, rng.integers(1, 4, size=rng.integers(0, 4)))


@check("kl_penalty", points=0.5,
       hint="Which of the two models is in front in r? And has the result an entry for each "
            "token?")  # fmt: skip
def test_estimates_the_other_way_round(submission):
    """Each token gets exp(r) - r - 1 with r = reference - policy; arguments stay as they were."""
    fixed = [((5,), torch.float32), ((2, 3), torch.float64), ((2, 1, 3), torch.float32),
             ((), torch.float64)]  # fmt: skip
    KL.assert_holds(
        submission,
        [two(np.random.default_rng(51 + i), *args) for i, args in enumerate(fixed)],
        draw=any_two,
        unchanged=True,
    )
    policy, reference = two(np.random.default_rng(55), (3,))
    got = submission.kl_penalty(log_probs=policy, reference_log_probs=reference)
    close_penalty(got, one_by_one(policy, reference), policy, reference)


def far_or_near(rng):
    """Eighths, so that differences are exact, small ones and large ones."""
    policy = torch.tensor(-rng.integers(0, 200, 5) / 8.0, dtype=DTYPES[rng.integers(2)])
    return policy, policy + torch.tensor(rng.permutation([-400.5, -30.25, 0.0, 25.125, 60.5]))


@check("kl_penalty", points=0.5,
       hint="Where the policy has nearly given up a token, what is r, and what does the estimate "
            "say of it? And where both agree?")  # fmt: skip
def test_cuts_off_far_tokens(submission):
    """Tokens on which both agree cost 0, and those on which they are far apart their full price."""
    far = torch.tensor([-80.0, 0.0, -1.0, -2.0, -25.0])
    near = torch.tensor([-2.0, -7.5, -2.0**-20, -3.0])
    cases = [(far.to(dtype), far.flip(0).to(dtype)) for dtype in DTYPES]
    cases += [(near.to(dtype), (near + 2.0**-12).to(dtype)) for dtype in DTYPES]
    cases += [(near, near), (torch.tensor([-80.0]), torch.zeros(1))]
    cases.append((near.double(), near.double() + 2.0**-7))  # small, but not 0
    KL.assert_holds(submission, cases, draw=lambda rng: tuple(
        each.to(torch.float64) for each in far_or_near(rng)))  # fmt: skip
