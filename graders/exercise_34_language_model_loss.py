"""Hidden checks of exercise 34: the loss of a language model, and steps made from it.

Truth is a loop over tokens in Python floats: the logarithm of a sum of exponentials by
`math.fsum`, less the score of the token. For gradients and steps the derivatives are written
out in float64 NumPy: probabilities less ones, through a table of embeddings, tanh and a matrix.
"""

import contextlib
import math

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    Truth,
    assert_close,
    assert_number,
    assert_python_float,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)

F32, F64 = torch.float32, torch.float64
# What rounding leaves of means of a few terms near 1. A share of counts or a smoothing that was
# kept in float32 is off by 6e-8 in float64, which no contract forbids.
LOSS = {F32: {"rtol": 1e-5, "atol": 2e-6}, F64: {"rtol": 1e-6, "atol": 1e-7}}
# float32 logits near 1000 have steps of 6e-5, which log-sum-exp less a logit does not get below;
# float64 ones near 2**20 have steps of 2e-10, where float32 is off by 0.06.
LARGE = {F32: {"rtol": 1e-5, "atol": 1e-3}, F64: {"rtol": 1e-6, "atol": 1e-6}}
# Gradients, and parameters after a step along them.
SLOPE = {F32: {"rtol": 1e-4, "atol": 2e-6}, F64: {"rtol": 1e-6, "atol": 1e-7}}
OFFSET = 2.0**20  # of float64 logits where float32 on the way is to show


# ---- truths ------------------------------------------------------------------------------------


def nats(row, token):
    """Minus the logarithm of the softmax of `row` at `token`, without overflow."""
    row = [float(score) for score in row]
    top = max(row)
    return (top - row[token]) + math.log(math.fsum(math.exp(score - top) for score in row))


def counted(tokens, mask):
    """The places (row, position) of the tokens that count."""
    rows, length = tokens.shape
    return [
        (b, t)
        for b in range(rows)
        for t in range(1, length)
        if mask is None or bool(mask[b, t])
    ]


def mean_of_tokens(logits, tokens, mask=None):
    """The mean over all counted tokens, one by one; 0 for none."""
    places = counted(tokens, mask)
    losses = [nats(logits[b, t - 1].tolist(), int(tokens[b, t])) for b, t in places]
    return torch.tensor(math.fsum(losses) / max(len(losses), 1), dtype=logits.dtype)


def smoothed(logits, targets, smoothing):
    """Mean cross-entropy with the softened distribution, class by class."""
    rows, classes = logits.shape
    total = 0.0
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        for c in range(classes):
            share = smoothing / classes + (1 - smoothing if c == target else 0.0)
            total += share * nats(row, c) if share else 0.0
    return torch.tensor(total / rows, dtype=logits.dtype)


def token_weighted(losses, counts):
    """Every token's loss written out, in effect; then one exponential."""
    total, pairs = sum(counts), zip(losses, counts, strict=True)
    return math.exp(math.fsum(loss * (count / total) for loss, count in pairs))


def judge(actual, expected, logits, *_, **__):
    """A scalar tensor of the logits' dtype, near the truth as far as that type allows."""
    assert_tensor(actual, shape=(), dtype=expected.dtype)
    large = float(logits.abs().max()) > 100
    assert_close(actual, expected, **(LARGE if large else LOSS)[expected.dtype])


def judge_number(actual, expected, *_, **__):
    # float32 inside is allowed: its mean of up to 50 is off by 1e-5, and so is the exponential.
    assert_close(assert_number(actual), expected, rtol=1e-4)


# Inputs to show a learner: the smallest on which an answer is wrong is looked for among these.


def score_rows(st, shape, scores, dtype):
    size = math.prod(shape)
    numbers = st.lists(scores, min_size=size, max_size=size)
    return numbers.map(lambda values: torch.tensor(values, dtype=dtype).reshape(shape))


def small_batches(scores=(0.0, 1.0, 2.0, -1.0, 0.5), masked=True, hidden=(0, 1)):
    """Batches of one or two rows; `hidden` are ids and `scores` scores that may occur."""

    def inputs(st):
        @st.composite
        def one(draw):
            rows, length = draw(st.integers(1, 2)), draw(st.integers(2, 3))
            dtype = draw(st.sampled_from([F32, F64]))
            logits = draw(score_rows(st, (rows, length, 2), st.sampled_from(scores), dtype))
            tokens = draw(st.lists(st.integers(0, 1), min_size=rows * length,
                                   max_size=rows * length))
            tokens = torch.tensor(tokens).reshape(rows, length)
            if not masked:
                return logits, tokens
            mask = draw(st.lists(st.booleans(), min_size=rows * length, max_size=rows * length))
            mask = torch.tensor(mask).reshape(rows, length)
            other = draw(st.sampled_from(hidden))
            tokens = torch.where(mask | (torch.tensor(other) < 2), tokens, other)
            return logits, tokens, mask

        return one()

    return inputs


def small_rows(scores=(0.0, 1.0, 2.0, -1.0), shares=(0.5, 0.25)):
    """Rows of two or three scores with a target each."""

    def inputs(st):
        @st.composite
        def one(draw):
            rows, classes = draw(st.integers(1, 2)), draw(st.integers(2, 3))
            dtype = draw(st.sampled_from([F32, F64]))
            logits = draw(score_rows(st, (rows, classes), st.sampled_from(scores), dtype))
            targets = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
            return logits, torch.tensor(targets), draw(st.sampled_from(shares))

        return one()

    return inputs


def small_means(losses=(0.0, 1.0, 2.0, 0.5), counts=(1, 2, 3)):
    """Lists of one to three losses and counts."""

    def inputs(st):
        pairs = st.lists(
            st.tuples(st.sampled_from(losses), st.sampled_from(counts)), min_size=1, max_size=3
        )
        means = pairs.map(lambda each: tuple(map(list, zip(*each, strict=True))))
        return means.filter(lambda each: np.average(each[0], weights=each[1]) < 50)  # as promised

    return inputs


def beyond_float32(st):
    """Two logits whose difference float32 does not see."""
    logits = torch.tensor([[[2.0**24 + 1, 2.0**24], [0.0, 0.0]]], dtype=F64)
    return st.just((logits, torch.tensor([[0, 0]])))


NEXT = Truth(
    "next_token_loss", mean_of_tokens, inputs=[small_batches(), beyond_float32], rtol=1e-5,
    judge=judge,
)  # fmt: skip
SMOOTHED = Truth("label_smoothed_loss", smoothed, inputs=small_rows(), rtol=1e-5, judge=judge)
PERPLEXITY = Truth(
    "perplexity", token_weighted, inputs=small_means(), rtol=1e-4, judge=judge_number
)


# ---- cases -------------------------------------------------------------------------------------


def scores(rng, shape, dtype, spread=1.5):
    return torch.tensor(rng.normal(0.0, spread, shape), dtype=dtype)


def ids(rng, shape, vocabulary):
    return torch.tensor(rng.integers(vocabulary, size=shape))


def some_dtype(rng):
    return (F32, F64)[rng.integers(2)]


def sizes(rng):
    """B, L and V, all different."""
    return int(rng.integers(2, 4)), int(rng.integers(4, 6)), int(rng.integers(6, 8))


def draw_plain(rng):
    """Logits and tokens, all of which count."""
    rows, length, vocabulary = sizes(rng)
    return scores(rng, (rows, length, vocabulary), some_dtype(rng)), ids(
        rng, (rows, length), vocabulary
    )


def draw_offset(rng):
    """The same, with an offset that float32 does not stand, where the logits are float64."""
    logits, tokens = draw_plain(rng)
    return (logits + OFFSET if logits.dtype == F64 else logits), tokens


def draw_masked(rng):
    """Logits and tokens with a mask that counts unlike numbers in its rows, one token at least."""
    logits, tokens = draw_plain(rng)
    mask = torch.tensor(rng.random(tokens.shape) < 0.5)
    mask[0, 1:], mask[1, 1:] = True, False
    mask[1, 2] = True
    return logits, tokens, mask


def draw_hidden_ids(rng):
    """The same with ids that no vocabulary has where the mask is False."""
    logits, tokens, mask = draw_masked(rng)
    strange = torch.tensor(rng.choice([-100, -1, -7, 1000, 10**9, logits.shape[2]], tokens.shape))
    return logits, torch.where(mask, tokens, strange), mask


def draw_hidden_logits(rng):
    """The same with huge logits where they predict what does not count, or nothing."""
    logits, tokens, mask = draw_masked(rng)
    huge = torch.tensor(rng.choice([-1e30, 1e30, 1e4], logits.shape), dtype=logits.dtype)
    used = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], dim=1)
    return torch.where(used[:, :, None], logits, huge), tokens, mask


def draw_large(rng):
    """Logits in the thousands, all different, with and without a mask."""
    logits, tokens, mask = draw_masked(rng)
    large = (1000 * logits + float(rng.choice([-3000.0, 3000.0]))).float()
    return (large, tokens, mask) if rng.random() < 0.5 else (large, tokens)


def long():
    """More tokens than a look at the first thousand sees, of which most count."""
    rng = np.random.default_rng(14)
    tokens = ids(rng, (2, 600), 3)
    return scores(rng, (2, 600, 3), F64), tokens, torch.tensor(rng.random(tokens.shape) < 0.95)


def fixed(draw, number, dtype=None):
    """The case that `draw` makes of a seed of ours; the logits in `dtype`."""
    logits, *others = draw(np.random.default_rng(number))
    return (logits if dtype is None else logits.to(dtype), *others)


# ---- next_token_loss ---------------------------------------------------------------------------


def probe_slopes(answer, cases):
    """Of each loss: its value and the gradient that its backward leaves at the logits."""
    seen = []
    for logits, *others in cases:
        logits = logits.clone().requires_grad_()
        loss = answer.next_token_loss(logits, *others)
        loss.backward()
        slope = torch.zeros_like(logits) if logits.grad is None else logits.grad
        seen.append((loss.detach(), slope))
    return seen


def slope_of(logits, tokens, mask=None):
    """(softmax - one-hot) / count where a token counts, and zero elsewhere."""
    places = counted(tokens, mask)
    slope = np.zeros(logits.shape)
    for b, t in places:
        row = logits[b, t - 1].double().numpy()
        weights = np.exp(row - row.max())
        slope[b, t - 1] = weights / weights.sum() / len(places)
        slope[b, t - 1, int(tokens[b, t])] -= 1 / len(places)
    return torch.tensor(slope, dtype=logits.dtype)


def described(case):
    logits, tokens, *mask = case
    marked = f", mask {show(mask[0])}" if mask else ""
    return f"next_token_loss of logits {tuple(logits.shape)}, tokens {show(tokens)}{marked}"


def assert_slopes(submission, cases, values=True):
    """Value and gradient of each case are right."""
    for case, (loss, slope) in zip(cases, submission.probe(probe_slopes, cases), strict=True):
        given = described(case)
        dtype = case[0].dtype
        if values:
            assert_tensor(loss, shape=(), dtype=dtype, given=given)
            assert_close(loss, mean_of_tokens(*case), given=f"{given}, value", **LOSS[dtype])
        assert_close(slope, slope_of(*case), given=f"{given}, gradient", **SLOPE[dtype])


@check("next_token_loss", points=0.5, inputs=small_batches(masked=False),
       hint="What has the model seen at position t, and which token is it asked for "
            "there?")  # fmt: skip
def test_predicts_the_token_itself(submission):
    """The logits at position t are judged by token t + 1."""
    plain = fixed(draw_plain, 1, F32), fixed(draw_plain, 2, F64)
    wide = plain[1][0] + OFFSET, plain[1][1]
    short = torch.tensor([[[1.0, 0.0, -1.0], [3.0, 0.0, 0.0]]]), torch.tensor([[2, 1]])
    logits, tokens = fixed(draw_plain, 3, F32)
    NEXT.assert_holds(
        submission,
        [*plain, short, (logits, tokens, None),
         ((), {"logits": logits, "tokens": tokens, "mask": torch.ones_like(tokens).bool()}), wide],
        draw=draw_offset,
    )  # fmt: skip


@check("next_token_loss", points=0.5,
       hint="Three tokens count in one row and one in another. How much does each of the four "
            "weigh? And is mask[b, t] about the token at t or about the logits at t?")  # fmt: skip
def test_averages_over_other_tokens(submission):
    """The mean runs over exactly the tokens for which the mask is True, all alike."""
    logits, tokens, mask = fixed(draw_masked, 6, F32)
    one = torch.zeros_like(mask)
    one[1, 3] = True
    NEXT.assert_holds(
        submission,
        [fixed(draw_masked, 4, F32), fixed(draw_masked, 5, F64), (logits, tokens, one), long()],
        draw=draw_masked,
    )


@check("next_token_loss", points=0.5, inputs=small_batches(hidden=(0, -100, 1000)),
       hint="Padding often has the id -100, or one past the vocabulary. Who looks up its "
            "logit?")  # fmt: skip
def test_looks_up_ids_that_do_not_count(submission):
    """Ids of tokens that do not count may lie outside the vocabulary, whichever they are."""
    logits, tokens, mask = fixed(draw_masked, 7, F32)
    cases = [
        (logits, torch.where(mask, tokens, strange), mask)
        for strange in (-100, -1, logits.shape[2], 10**9)
    ]
    first = tokens.clone()
    first[:, 0] = -100  # a first token is predicted by nothing
    NEXT.assert_holds(submission, [*cases, (logits, first), fixed(draw_hidden_ids, 8, F64)],
                      draw=draw_hidden_ids)  # fmt: skip


@check("next_token_loss", points=0.5, inputs=small_batches(scores=(0.0, 1.0, 1e30, -1e30)),
       hint="Change the logits at the last position, or those that predict a token that does not "
            "count. Does the loss move? Which gradient do they get?")  # fmt: skip
def test_lets_hidden_logits_in(submission):
    """Logits that predict nothing counted change neither value nor gradient."""
    cases = [fixed(draw_hidden_logits, 9, F32), fixed(draw_hidden_logits, 10, F64)]
    logits, tokens, mask = cases[0]
    turned = mask.clone()
    turned[:, 0] = ~turned[:, 0]
    assert_slopes(submission, [*cases, (logits, tokens, turned)])
    rng = rng_of(submission)
    assert_slopes(submission, [draw_hidden_logits(rng), draw_hidden_logits(rng)])


@check("next_token_loss", points=0.5,
       hint="No token counts. What is the mean of nothing in floating point, and what would the "
            "optimiser make of it?")  # fmt: skip
def test_divides_by_nothing(submission):
    """Where no token counts the loss is 0, and backward() works without any gradient."""
    for rng in (np.random.default_rng(11), rng_of(submission)):
        logits, tokens, mask = draw_masked(rng)
        none, first = torch.zeros_like(mask), torch.zeros_like(mask)
        first[:, 0] = True
        single = ids(rng, (2, 1), logits.shape[2])
        assert_slopes(submission, [
            (logits.float(), tokens, none),
            (logits.double(), tokens, first),
            (logits[:2, :1].float(), single),
            (logits[:2, :1].double(), single, torch.ones_like(single).bool()),
            (logits.float(), torch.full_like(tokens, -100), none),
        ])  # fmt: skip


@check("next_token_loss", points=0.5,
       inputs=small_batches(scores=(0.0, 1000.0, 1010.0, -1000.0), masked=False),
       hint="exp(1000) is inf. Is there a function that gives log-probabilities without passing "
            "through probabilities?")  # fmt: skip
def test_overflows_on_sure_logits(submission):
    """Logits of any size give the right loss."""
    rows = [[[0.0, 1000.0, 0.0], [2000.0, 0.0, -3000.0], [5.0, 5.0, 5.0]],
            [[-5000.0, 300.0, 299.0], [0.0, 90.0, 200.0], [0.0, 0.0, 0.0]]]  # fmt: skip
    tokens = torch.tensor([[0, 1, 2], [2, 2, 0]])
    NEXT.assert_holds(submission, [(torch.tensor(rows), tokens)], draw=draw_large)


def probe_calls(answer, cases):
    """Each call's value, None where it raised, and what is left of its arguments."""
    left, default = [], torch.get_default_dtype()  # as the answer's import left it
    torch.set_default_dtype(F32)
    for seed, case in enumerate(cases):
        torch.default_generator.manual_seed(seed)
        value = None
        with contextlib.suppress(Exception):
            value = answer.next_token_loss(*case)
        flags = [each.requires_grad for each in case]
        left.append((value, list(case), flags, torch.get_rng_state()))
    untouched = torch.is_grad_enabled() and torch.get_default_dtype() == F32
    torch.set_default_dtype(default)
    return left, untouched


@check("next_token_loss", points=0.5,
       hint="Are the caller's tokens and mask afterwards what they were?")  # fmt: skip
def test_writes_into_tokens(submission):
    """Logits, tokens and mask stay as they were, and torch's random state too."""
    hidden, plain = fixed(draw_hidden_ids, 12, F32), fixed(draw_masked, 13, F64)
    plain = 0.01 * plain[0], *plain[1:]
    cases = [plain, plain[:2], hidden]
    left, untouched = submission.probe(probe_calls, cases)
    for case, (value, after, flags, _) in zip(cases, left, strict=True):
        given = described(case)
        expect(same(after, list(case)), "it changed its argument in place", given=given)
        expect(not any(flags), "it switched requires_grad on for an argument", given=given)
        if case is not hidden:
            # Whatever is counted, hardly any logit differs from 0: log V, or it did nothing.
            uniform = torch.tensor(math.log(case[0].shape[2]), dtype=F64)
            assert_close(value, uniform, rtol=0.2, given=given)
    expect(not same(left[0][-1], left[1][-1]), "it reseeds torch's global random state",
           given="next_token_loss")  # fmt: skip
    expect(untouched, "it leaves torch's grad mode or default dtype changed",
           given="next_token_loss")  # fmt: skip


# ---- label_smoothed_loss -----------------------------------------------------------------------


def draw_smoothed(rng):
    """Logits, targets and a smoothing well inside (0, 1)."""
    rows, classes = int(rng.integers(2, 5)), int(rng.integers(5, 8))
    logits = scores(rng, (rows, classes), some_dtype(rng))
    wide = logits + OFFSET if logits.dtype == F64 else logits
    return wide, ids(rng, rows, classes), round(float(rng.uniform(0.1, 0.7)), 2)


def draw_ends(rng):
    """All or nothing of it, and large logits."""
    rows, classes = int(rng.integers(2, 5)), int(rng.integers(5, 8))
    logits = scores(rng, (rows, classes), some_dtype(rng), spread=600.0)
    return logits, ids(rng, rows, classes), float(rng.integers(2))


@check("label_smoothed_loss", points=0.5,
       hint="Write down the target distribution for 4 classes and a smoothing of 0.4. What does "
            "the target itself get?")  # fmt: skip
def test_smooths_over_the_others_only(submission):
    """Each class gets smoothing / V, and the target 1 - smoothing on top of that."""
    cases = [fixed(draw_smoothed, 21, F32), fixed(draw_smoothed, 22, F64)]
    logits, targets, share = fixed(draw_smoothed, 23, F64)
    by_name = (), {"logits": logits, "targets": targets, "smoothing": share}
    rng = np.random.default_rng(25)
    many = scores(rng, (300, 3), F64), ids(rng, 300, 3), 0.25
    SMOOTHED.assert_holds(submission, [*cases, by_name, many], draw=draw_smoothed)


@check("label_smoothed_loss", points=0.5,
       inputs=small_rows(scores=(0.0, 1.0, 1000.0, -1000.0), shares=(0.0, 1.0, 0.5)),
       hint="What is left of the formula at a smoothing of 0, and at 1? And does every logarithm "
            "have something to take?")  # fmt: skip
def test_fails_at_the_ends(submission):
    """A smoothing of 0 or 1, a single row and logits of any size are fine; nothing changes."""
    rng = np.random.default_rng(24)
    logits, targets = scores(rng, (3, 5), F32), ids(rng, 3, 5)
    large = torch.tensor([[1000.0, -1000.0, 0.0], [0.0, 400.0, -200.0]])
    cases = [
        (logits, targets, 0.0), (logits.double(), targets, 1.0), (logits[:1], targets[:1], 0.25),
        (large, torch.tensor([1, 1]), 0.0), (large.double(), torch.tensor([0, 2]), 0.5),
        (large, torch.tensor([0, 1]), 1.0),
    ]  # fmt: skip
    SMOOTHED.assert_holds(submission, cases, draw=draw_ends, unchanged=True)


# ---- perplexity --------------------------------------------------------------------------------


def draw_means(rng):
    """Losses and counts of a few batches."""
    count = int(rng.integers(2, 6))
    losses = [round(float(loss), 3) for loss in rng.uniform(0.2, 5.0, count)]
    return losses, [int(n) for n in rng.integers(1, 200, count)]


def draw_outlier(rng):
    """One small batch with a loss that no exponential stands, among large ones."""
    losses, counts = draw_means(rng)
    losses[0], counts[0] = round(float(rng.uniform(800, 2000)), 1), 1
    return losses, [counts[0], *(1000 + n for n in counts[1:])]


@check("perplexity", points=0.5,
       hint="One batch has a single token, another has nine. How much does each loss weigh, and is "
            "the exponential taken before or after?")  # fmt: skip
def test_weighs_batches_alike(submission):
    """The exponential is that of the mean over tokens, whatever the batches."""
    cases = [([1.0, 3.0], [9, 1]), ([0.5, 0.25, 4.0], [3, 100, 7]), ([2.5], [4]), ([0.0], [3])]
    by_name = (), {"losses": [1.0, 2.0], "counts": [1, 5]}
    many = [2.0] * 1100 + [1.0] * 100, [3] * 1200
    PERPLEXITY.assert_holds(submission, [*cases, by_name, many], draw=draw_means)


@check("perplexity", points=0.5, inputs=small_means((0.0, 1.0, 1000.0), (1, 2, 1000)),
       hint="math.exp(1000) overflows, though the mean over all tokens may be small. When do you "
            "take the exponential?")  # fmt: skip
def test_exponentiates_each_batch(submission):
    """A single batch's loss may be huge as long as the mean over tokens is not."""
    cases = [
        ([1000.0, 1.0], [1, 999]),
        ([2.0, 800.0, 0.5], [4000, 3, 1000]),
        ([45.0, 47.0], [2, 1]),
    ]
    PERPLEXITY.assert_holds(submission, cases, draw=draw_outlier, unchanged=True)


# ---- accumulated_step: what probes build on the other side ---------------------------------------


class Net(nn.Module):
    """Scores of the next token from this token alone: a table, tanh, and a linear layer."""

    def __init__(self, parts, rate=0.0):
        super().__init__()
        table, weight, bias = parts
        self.table = nn.Parameter(table)
        self.between = nn.Sequential(nn.Tanh(), nn.Dropout(rate))
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.events = []

    def forward(self, tokens):
        modes = [module.training for module in self.modules()]
        self.events.append(["mode", modes, tokens.numel()])
        out = self.between(self.table[tokens]) @ self.weight.T + self.bias
        if out.requires_grad:
            self.events.append("forward")
            out.register_hook(self.note)
        return out

    def note(self, slope):
        self.events.append("backward")


def build(seed, dtype):
    """A table (V, d), a weight (V, d) and a bias (V,), by a seed."""
    rng = np.random.default_rng(seed)
    shapes = (6, 3), (6, 3), (6,)
    return [torch.tensor(rng.normal(size=shape), dtype=getattr(torch, dtype)) for shape in shapes]


def probe_steps(answer, seed, dtype, calls, options):
    """A step for each list of batches: what it returned, the parameters and events after it."""
    model = Net(build(seed, dtype), options.get("rate", 0.0))
    parameters = [*model.parameters()]
    groups = [{"params": parameters[:1]}, {"params": parameters[1:]}]
    rates = {"lr": 0.5, "momentum": options.get("momentum", 0.0)}
    optimizer = torch.optim.SGD(groups, **rates)
    optimizer.register_step_pre_hook(lambda *_: model.events.append("step"))
    for module in model.modules():
        module.training = options.get("mode", "train") == "train"
    if options.get("mode") == "mixed":
        model.train()
        model.between.eval()
    before = [module.training for module in model.modules()]
    seen = []
    for batches in calls:
        for parameter in parameters if "stale" in options else []:
            parameter.grad = torch.full_like(parameter, options["stale"])
        loss = answer.accumulated_step(model, batches, optimizer)
        values = [parameter.detach().clone() for parameter in parameters]
        seen.append((loss, values, [*model.events]))
        model.events.clear()
    after = [module.training for module in model.modules()]
    return seen, [before, after]


# ---- accumulated_step: the same by hand ----------------------------------------------------------


def mean_and_slopes(parts, batches, dropped=False):
    """The mean loss over all counted tokens of all batches, and its gradient of each part."""
    table, weight, bias = parts
    slopes = [np.zeros_like(part) for part in parts]
    total, losses = sum(len(counted(*batch)) for batch in batches), []
    for tokens, mask in batches:
        for b, t in counted(tokens, mask):
            seen, wanted = int(tokens[b, t - 1]), int(tokens[b, t])
            hidden = np.tanh(table[seen]) * (0.0 if dropped else 1.0)
            row = weight @ hidden + bias
            losses.append(nats(row, wanted))
            weights = np.exp(row - row.max())
            slope = weights / weights.sum() / total
            slope[wanted] -= 1 / total
            slopes[1] += np.outer(slope, hidden)
            slopes[2] += slope
            slopes[0][seen] += 0.0 if dropped else (slope @ weight) * (1 - hidden**2)
    return math.fsum(losses) / total, slopes


def steps(seed, dtype, calls, momentum=0.0, dropped=False):
    """Mean loss and parameters after each step of gradient descent with momentum."""
    parts = [part.double().numpy() for part in build(seed, dtype)]
    speeds = [np.zeros_like(part) for part in parts]
    done = []
    for batches in calls:
        mean, slopes = mean_and_slopes(parts, batches, dropped)
        speeds = [momentum * v + s for v, s in zip(speeds, slopes, strict=True)]
        parts = [p - 0.5 * v for p, v in zip(parts, speeds, strict=True)]
        done.append((mean, parts))
    return done


def batch(rng, rows, length, counts=None, first=False):
    """Tokens and a mask in which `counts` tokens count (None: all), and first ones if `first`."""
    tokens = ids(rng, (rows, length), 6)
    mask = torch.zeros(rows, length, dtype=torch.bool)
    places = rng.permutation(rows * (length - 1))[:counts]
    for place in places:
        mask[place // (length - 1), 1 + place % (length - 1)] = True
    mask[:, 0] = first
    return tokens, mask


def unequal(rng):
    """Two batches of unlike sizes in which unlike numbers of tokens count."""
    return [batch(rng, 2, 5, 7), batch(rng, 1, 3, 1)]


def assert_steps(submission, problems, *, loss=True, parameters=True):
    """Each step returned the mean it was made from and left the right parameters.

    Problems are (seed, dtype, calls, words for a message, options). They travel together, as the
    model's class takes as long to arrive as a step takes.
    """
    cases = [(seed, dtype, calls, options) for seed, dtype, calls, _, options in problems]
    came = [*submission.each_probe(probe_steps, cases)]
    for (seed, dtype, calls, given, options), (_, (seen, _)) in zip(problems, came, strict=True):
        right = steps(seed, dtype, calls, options.get("momentum", 0.0),
                      options.get("rate") == 1.0 and options.get("mode", "train") == "train")
        tolerance = SLOPE[getattr(torch, dtype)]
        for (mean, parts), (returned, values, _) in zip(right, seen, strict=True):
            if loss:
                returned = assert_python_float(returned, given=f"{given}, the loss returned")
                assert_close(returned, mean, given=f"{given}, the loss returned", **tolerance)
            if not parameters:
                continue
            for name, value, part in zip(("table", "weight", "bias"), values, parts, strict=True):
                wanted = torch.tensor(part, dtype=getattr(torch, dtype))
                assert_close(value, wanted, given=f"{given}, the {name} afterwards", **tolerance)
    return [outcome for _, outcome in came]


def unequal_problem(seed, dtype):
    calls = [unequal(np.random.default_rng(seed))]
    return seed, dtype, calls, "two batches in which 7 tokens and 1 token count", {}


@check("accumulated_step", points=1,
       hint="Seven tokens count in one batch and one in another. By what do you divide each "
            "batch's summed loss, so that each of the eight weighs the same?")  # fmt: skip
def test_averages_the_batches_means(submission):
    """The step follows the gradient of the mean over all tokens, however they are cut."""
    (seed,) = seeds_of(submission, 1)
    rng = np.random.default_rng(33)
    many = [[batch(rng, 1, 3, 1 + i % 2) for i in range(12)]]
    problems = [unequal_problem(31, "float32"), unequal_problem(seed, "float64"),
                (33, "float64", many, "twelve batches", {})]  # fmt: skip
    assert_steps(submission, problems, loss=False)


@check("accumulated_step", points=0.5,
       hint="backward() adds to what .grad holds. What does it hold when the call begins, and when "
            "the next call begins?")  # fmt: skip
def test_adds_to_old_gradients(submission):
    """Neither gradients left over nor an earlier call have any effect on a step."""
    (seed,) = seeds_of(submission, 1)
    rng, drawn = np.random.default_rng(33), np.random.default_rng(seed)
    given, options = "old gradients are all 7", {"stale": 7.0}
    problems = [
        (33, "float64", [[batch(rng, 2, 3)], [batch(rng, 2, 3)]], "two calls in a row",
         {"momentum": 0.5}),
        (33, "float64", [[batch(rng, 2, 3)]], given, options),
        (seed, "float64", [[batch(drawn, 2, 3)]], given, options),
    ]  # fmt: skip
    assert_steps(submission, problems, loss=False)


@check("accumulated_step", points=0.5,
       hint="How many batches' graphs are alive when the last forward pass ends, and how often "
            "does the optimiser step?")  # fmt: skip
def test_keeps_every_graph(submission):
    """Each batch's backward comes before the next forward, and one step comes after all."""
    batches = unequal(np.random.default_rng(34))
    seen, _ = submission.probe(probe_steps, 34, "float32", [batches], {})
    events = [event for event in seen[0][2] if isinstance(event, str)]
    given = "two batches, what happened in turn"
    expect(events.count("step") == 1 and events[-1:] == ["step"],
           f"expected one step of the optimiser at the end, got {show(events)}",
           given=given)  # fmt: skip
    most = max(tokens.numel() for tokens, _ in batches)
    sizes_seen = [event[2] for event in seen[0][2] if not isinstance(event, str)]
    expect(max(sizes_seen, default=0) <= most,
           f"the model got {max(sizes_seen, default=0)} tokens at once, and no batch has more than "
           f"{most}", given=given)  # fmt: skip
    alive = 0
    for event in events:
        if event == "forward":
            expect(alive == 0, "a forward pass began while the graph of an earlier batch was still "
                   f"kept: {', '.join(events)}", given=given)  # fmt: skip
        alive += {"forward": 1, "backward": -1, "step": 0}[event]
    expect("forward" in events, f"no forward pass made a graph: {show(events)}", given=given)


@check("accumulated_step", points=0.5,
       hint="Which mean was the gradient made from, and at which moment is it read?")  # fmt: skip
def test_reports_another_mean(submission):
    """What comes back is a float: the mean over all counted tokens, from before the step."""
    (seed,) = seeds_of(submission, 1)
    problems = [unequal_problem(35, "float32"), unequal_problem(seed, "float64")]
    assert_steps(submission, problems, parameters=False)


@check("accumulated_step", points=0.5,
       hint="The mask is True at first tokens, too. Is there a prediction for them?")  # fmt: skip
def test_counts_first_tokens(submission):
    """First tokens are predicted by nothing and do not count, whatever the mask says."""
    problems = []
    for seed in (37, *seeds_of(submission, 1)):
        rng = np.random.default_rng(seed)
        batches = [batch(rng, 3, 3, first=True), batch(rng, 1, 4, 2, first=True)]
        problems.append((seed, "float64", [batches], "masks that are True at first tokens", {}))
    assert_steps(submission, problems)


@check("accumulated_step", points=0.5,
       hint="In one batch nothing counts. What is its mean, and what does a NaN do to the "
            "sum?")  # fmt: skip
def test_stumbles_over_an_empty_batch(submission):
    """A batch in which no token counts adds nothing, and a single counted token is enough."""
    problems = []
    for seed in (38, *seeds_of(submission, 1)):
        rng = np.random.default_rng(seed)
        none, single = batch(rng, 2, 3, 0), batch(rng, 2, 1, first=True)
        batches = [none, batch(rng, 2, 3, 3), single]
        given = "batches in which 0, 3 and 0 tokens count, one of them of length 1"
        problems.append((seed, "float64", [batches], given, {}))
    alone = [[batch(np.random.default_rng(41), 1, 3, 1)]]
    problems.insert(1, (41, "float32", alone, "one batch in which one token counts", {}))
    assert_steps(submission, problems)


@check("accumulated_step", points=0.5,
       hint="Somebody has put a part of the model into evaluation mode on purpose. Does it run in "
            "that mode, and is it in it afterwards?")  # fmt: skip
def test_changes_the_mode(submission):
    """Every module runs in the mode in which it came, and is in it afterwards."""
    (seed,) = seeds_of(submission, 1)
    problems = [
        (number, "float64", [[batch(np.random.default_rng(number), 2, 3)]],
         f"a model in {mode} mode with dropout", {"mode": mode, "rate": 1.0})
        for number, mode in ((39, "train"), (39, "eval"), (seed, "mixed"))
    ]  # fmt: skip
    outcomes = assert_steps(submission, problems, parameters=False)
    for (*_, given, _), (seen, (before, after)) in zip(problems, outcomes, strict=True):
        expect(before == after, "modules are in another mode afterwards", given=given)
        during = [event[1] for event in seen[0][2] if not isinstance(event, str)]
        expect(all(modes == before for modes in during),
               "modules ran in another mode than they came in", given=given)  # fmt: skip


def probe_left(answer, seed, batches):
    """What two steps returned, the batches after them, and torch's random state after each."""
    losses, states, default = [], [], torch.get_default_dtype()  # as the answer's import left it
    torch.set_default_dtype(F32)
    for number in (3, 4):
        model = Net([0.01 * part for part in build(seed, "float32")])
        torch.default_generator.manual_seed(number)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses.append(answer.accumulated_step(model, batches, optimizer))
        states.append(torch.get_rng_state())
    untouched = torch.is_grad_enabled() and torch.get_default_dtype() == F32
    torch.set_default_dtype(default)
    return losses, batches, states, untouched


@check("accumulated_step", points=0.5,
       hint="Can the caller use the batches again for the next epoch?")  # fmt: skip
def test_uses_the_batches_up(submission):
    """The list of batches, their tensors and torch's random state stay as they were."""
    batches = unequal(np.random.default_rng(40))
    batches[0][1][0, 0] = True
    losses, left, states, untouched = submission.probe(probe_left, 40, batches)
    expect(same([list(pair) for pair in left], [list(pair) for pair in batches]),
           "it changed its batches")  # fmt: skip
    expect(not same(*states), "it reseeds torch's global random state")
    expect(untouched, "it leaves torch's grad mode or default dtype changed")
    for loss in losses:  # whatever is counted, the logits are near 0: log V, or it did nothing
        assert_close(assert_number(loss), math.log(6), rtol=0.2, given="the loss returned")
