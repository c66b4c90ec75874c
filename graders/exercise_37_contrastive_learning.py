"""The hidden checks of exercise 37: InfoNCE, the loss of CLIP, and hard triplets.

Truth of the softmax losses is written in NumPy for complex numbers: gradients are complex steps,
the imaginary part of the loss at x + 1e-30 i, in which no digits cancel. Truth of triplets is a
loop over anchors in Python floats, with the derivative of a distance as on paper.

Most inputs make both directions of a softmax the same: keys are queries in which the signs of some
columns are turned, so that similarities are symmetric. Which direction is taken is then the matter
of one check alone. Default values, lengths of rows, and types of results each have their own too.
"""

import math
from functools import cache

import numpy as np
import torch

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_tensor,
    check,
    each_unchanged,
    expect,
    seeds_of,
    show,
)

F32, F64 = torch.float32, torch.float64
EPS = {F32: 2.0**-23, F64: 2.0**-52}
STEP = 1e-30
TURNED = np.array([1.0, -1.0, 1.0, -1.0, -1.0, 1.0])  # signs of the columns of keys


# ---- truth of the softmax losses ---------------------------------------------------------------


def unit(rows):
    """Rows of length one, rows of zeros apart; complex numbers and leading axes go through."""
    length = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    return np.divide(rows, length, out=np.zeros_like(rows), where=length != 0)


def own_row(logits):
    """Mean over the rows of log-sum-exp less the entry on the diagonal."""
    top = logits.real.max(axis=-1, keepdims=True)
    sums = np.log(np.exp(logits - top).sum(axis=-1)) + top[..., 0]
    return (sums - np.diagonal(logits, axis1=-2, axis2=-1)).mean(axis=-1)


def cosines(left, right):
    return unit(left) @ unit(right).swapaxes(-1, -2)


def one_direction(queries, keys, temperature):
    return own_row(cosines(queries, keys) / temperature)


def both_directions(images, texts, logit_scale):
    logits = cosines(images, texts) * np.exp(logit_scale)[..., None, None]
    return (own_row(logits) + own_row(logits.swapaxes(-1, -2))) / 2


def array(tensor):
    return tensor.detach().double().numpy() + 0j


def nce(queries, keys, temperature=0.1):
    return float(one_direction(array(queries), array(keys), temperature).real)


def clip(images, texts, logit_scale):
    return float(both_directions(array(images), array(texts), array(logit_scale)).real)


def slope(function, arrays, place):
    """The gradient of a scalar function with respect to one of its arrays."""
    moved = arrays[place]
    steps = 1j * STEP * np.eye(moved.size).reshape(moved.size, *moved.shape)
    given = [each if i != place else moved + steps for i, each in enumerate(arrays)]
    return function(*given).imag.reshape(moved.shape) / STEP


# ---- judging -----------------------------------------------------------------------------------


def scalar(actual):
    """The number that came back, whatever type holds it: types have a check of their own."""
    if isinstance(actual, torch.Tensor) and actual.numel() == 1:
        return float(actual)
    if isinstance(actual, float | int) and not isinstance(actual, bool):
        return float(actual)
    raise Mismatch(f"expected a scalar tensor, got {show(actual)}")


def assert_value(actual, expected, dtype, large=1.0, atol=0.0):
    """Right up to rounding, where numbers are as large as `large` on the way.

    In float64 a constant such as 0.1 may have gone through float32.
    """
    rounding = 60 * EPS[dtype] * large
    least = max(rounding, 3e-7, atol)
    assert_close(scalar(actual), expected, rtol=max(rounding, 3e-7), atol=least)


def judge_nce(actual, expected, queries, keys, temperature=0.1):
    tiny = 3e-3 if shortest(queries, keys) < 0.01 else 0.0  # an eps of 1e-8 is allowed
    assert_value(actual, expected, queries.dtype, 1.0 / temperature, tiny)


def judge_digits(actual, expected, queries, keys, temperature=0.1):
    """As `judge_nce`, for temperatures that are powers of two: no constant has lost digits."""
    if queries.dtype == F32:
        judge_nce(actual, expected, queries, keys, temperature)
    else:
        assert_close(scalar(actual), expected, rtol=1e-10, atol=1e-10)


def judge_clip(actual, expected, images, texts, logit_scale):
    tiny = 3e-3 if shortest(images, texts) < 0.01 else 0.0
    assert_value(actual, expected, images.dtype, math.exp(float(logit_scale)), tiny)


def shortest(*tensors):
    """The length of the shortest row that is not zero."""
    lengths = torch.cat([each.double().norm(dim=1) for each in tensors])
    return float(lengths[lengths > 0].min()) if bool((lengths > 0).any()) else 1.0


def probe(answer, name, cases, keywords):
    # For each case the value of a function, and what reaches each tensor of numbers.
    seen = []
    for case in cases:
        case = [t.clone().requires_grad_() if t.is_floating_point() else t for t in case]
        value = getattr(answer, name)(*case, **keywords)
        if isinstance(value, torch.Tensor) and value.requires_grad:
            value.backward()
        seen.append((value, [t.grad for t in case]))
    return seen


def values_and_gradients(submission, name, cases, **keywords):
    """For each case the value, and the gradient at each argument or None."""
    return submission.probe(probe, name, cases, keywords)


def assert_finite(submission, name, cases, **keywords):
    """Gradients are finite; where there is none at all, that is for another check."""
    for _, gradients in values_and_gradients(submission, name, cases, **keywords):
        for number, got in enumerate(gradients, start=1):
            finite = got is None or bool(torch.isfinite(got).all())
            expect(finite, f"expected finite numbers, got {show(got)}",
                   given=f"{name}, gradient with respect to argument {number}")  # fmt: skip


def assert_gradients(submission, name, problems, **keywords):
    """These gradients reach the tensors of each problem's case; None: what takes no gradient."""
    seen = values_and_gradients(submission, name, [case for case, _ in problems], **keywords)
    for (case, expected), (_, gradients) in zip(problems, seen, strict=True):
        parts = zip(case, gradients, expected, strict=True)
        for number, (each, got, wanted) in enumerate(parts, start=1):
            if wanted is None:
                continue
            where = f"{name}, gradient with respect to argument {number}"
            expect(got is not None, "expected one, got a loss without a gradient", given=where)
            assert_tensor(got, shape=tuple(wanted.shape), given=where)
            loose = 1e-4 if each.dtype == F32 else 2e-6
            assert_close(got.double().numpy(), wanted, rtol=loose, atol=loose, given=where)


def assert_type(value, dtype, least, most):
    """A scalar tensor of that type, about as large as it should be."""
    assert_tensor(value, shape=(), dtype=dtype)
    right = least <= float(value) <= most
    expect(right, f"expected a loss from {least:.4g} to {most:.4g}, got {show(value)}")


# ---- cases of the softmax losses ---------------------------------------------------------------


def some_dtype(rng):
    return (F32, F64)[int(rng.integers(2))]


def sizes(rng):
    """N and D, all different."""
    N, D = rng.permutation([3, 4, 5, 6])[:2]
    return int(N), int(D)


def unit_rows(rng, N, D):
    return unit(rng.normal(size=(N, D)))


def tensor(values, dtype):
    return torch.tensor(np.asarray(values), dtype=dtype)


def draw_pairs(rng, dtype=None, shape=None):
    """Rows of length one, of which the two directions differ."""
    dtype, (N, D) = dtype or some_dtype(rng), shape or sizes(rng)
    return tensor(unit_rows(rng, N, D), dtype), tensor(unit_rows(rng, N, D), dtype)


def mirrored(rng, dtype=None, lengths=False, shape=None):
    """Rows whose similarities are symmetric: both directions have the same loss."""
    dtype, (N, D) = dtype or some_dtype(rng), shape or sizes(rng)
    rows = unit_rows(rng, N, D)
    factors = [10.0 ** rng.uniform(-1.0, 1.5, (N, 1)) if lengths else 1.0 for _ in range(2)]
    return tensor(rows * factors[0], dtype), tensor(rows * TURNED[:D] * factors[1], dtype)


def draw_tiny_lengths(rng):
    """Mirrored rows, some of which are hardly longer than what an eps may be."""
    queries, keys = mirrored(rng, lengths=True)  # new tensors, which may be written to
    queries[0] *= 2e-4 / queries[0].norm()
    keys[1] *= 3e-4 / keys[1].norm()
    return queries, keys


def with_zero_rows(case, *places):
    """Rows of zeros at the same places in both, so that similarities stay symmetric."""
    return tuple(
        each.index_fill(0, torch.tensor(places), 0.0) if i < 2 else each
        for i, each in enumerate(case)
    )


@cache
def fixed(draw, seed, *args, **keywords):
    """What `draw` makes of a seed: the same for all answers, so it is made once."""
    return draw(np.random.default_rng(seed), *args, **keywords)


def small_pairs(D, rest):
    """One or two rows of D small numbers each, and what the function takes besides."""

    def inputs(st):
        entries = st.sampled_from([1.0, 0.0, 2.0, -1.0, 3.0] if D > 1 else [1.0, -1.0, 3.0])

        def of(N):
            rows = st.lists(entries, min_size=D * N, max_size=D * N).map(
                lambda values: torch.tensor(values).reshape(N, D)
            )
            return st.tuples(rows, rows, rest(st)).map(
                lambda case: case if case[2] is not None else case[:2])

        return st.integers(1, 2).flatmap(of)

    return inputs


def one_before_two(rest):
    """Rows of one number first."""
    return [small_pairs(1, rest), small_pairs(2, rest)]


def temperatures(*values):
    """These, and None for a call that gives none."""
    return lambda st: st.sampled_from(values)


def scales(st):
    return st.sampled_from([0.0, 1.0, -1.0, 2.0, 5.0, 6.0]).map(torch.tensor)


INFO = Truth("info_nce", nce, rtol=0.0, judge=judge_nce,
             inputs=one_before_two(temperatures(0.5, 1.0, None, 0.1, 0.004)))  # fmt: skip
DIGITS = Truth("info_nce", nce, rtol=0.0, judge=judge_digits,
               inputs=one_before_two(temperatures(2.0**-8, 2.0**-10)))  # fmt: skip
CLIP = Truth("clip_loss", clip, rtol=0.0, judge=judge_clip, inputs=one_before_two(scales))


# ---- info_nce ----------------------------------------------------------------------------------


def draw_at_a_tenth(rng):
    return *draw_pairs(rng), 0.1


def draw_temperature(rng):
    return *mirrored(rng), float(rng.uniform(0.07, 2.0))


def draw_lengths(rng):
    return *mirrored(rng, lengths=True), 0.1


def draw_tiny_at_a_tenth(rng):
    return *draw_tiny_lengths(rng), 0.1


def draw_zero_rows(rng):
    return *with_zero_rows(mirrored(rng), int(rng.integers(3))), 0.1


def draw_low_temperature(rng):
    return *mirrored(rng), 2.0 ** -float(rng.integers(9, 11))


@cache
def nce_problem(seed, dtype=None):
    """Queries and keys, and the gradients at a temperature of one half."""
    queries, keys = fixed(draw_pairs, seed, dtype)
    case = queries * 1.5, keys * 0.75
    arrays = [array(each) for each in case]
    return case, [slope(lambda q, k: one_direction(q, k, 0.5), arrays, i) for i in range(2)]


@check("info_nce", points=0.5,
       hint="Which axis are the keys, and is a query asked for its key or a key for its query? "
            "Does the loss of three queries get three times as large?")  # fmt: skip
def test_asks_for_something_else(submission):
    """For each query it is the cross-entropy of its own key among all keys, averaged."""
    cases = [(*fixed(draw_pairs, 1, F32), 0.1), (*fixed(draw_pairs, 2, F64), 0.1),
             (*fixed(draw_pairs, 3, F32, (2, 3)), 0.1), (*fixed(draw_pairs, 4, F64, (1, 3)), 0.1),
             # More rows than somebody may expect.
             (*fixed(draw_pairs, 9, F64, (110, 3)), 0.1)]  # fmt: skip
    INFO.assert_holds(submission, cases, draw=draw_at_a_tenth, draws=3)


@check("info_nce", points=0.5,
       hint="Is the similarity divided by the temperature or multiplied with it? And which one "
            "is taken if none is given?")  # fmt: skip
def test_takes_another_temperature(submission):
    """Similarities are divided by the temperature, which is 0.1 by default."""
    queries, keys = fixed(mirrored, 5, F32)
    cases = [(queries, keys), (queries, keys, 1.0), (*fixed(mirrored, 6, F64), 0.5),
             (*fixed(mirrored, 7, F32), 2.0), (*fixed(mirrored, 8, F64), 0.05),
             ((queries, keys), {"temperature": 0.25}),
             ((), {"keys": keys, "queries": queries, "temperature": 0.75})]  # fmt: skip
    INFO.assert_holds(submission, cases, draw=draw_temperature)


@check("info_nce", points=0.5,
       hint="What is the cosine of the angle between two rows, if one of them is ten times as "
            "long? Does your norm run over the columns of each row? And how large is your "
            "eps beside a norm of 1e-4?")  # fmt: skip
def test_minds_the_lengths_of_rows(submission):
    """Only the directions of rows count, of long ones and of those with a norm of 1e-4."""
    cases = [(*fixed(mirrored, 9, F32, lengths=True), 0.1),
             (*fixed(mirrored, 10, F64, lengths=True), 0.1),
             (*fixed(draw_tiny_lengths, 11), 0.1), (*fixed(draw_tiny_lengths, 12), 0.1)]
    INFO.assert_holds(submission, cases, draw=draw_lengths)
    INFO.assert_holds(submission, [], draw=draw_tiny_at_a_tenth)


@check("info_nce", points=0.5,
       hint="What is 0 / 0? And where the value is saved by an eps: what is the slope of a square "
            "root at 0?")  # fmt: skip
def test_divides_by_a_norm_of_zero(submission):
    """A row of zeros has the similarity 0 to everything; loss and gradients are finite."""
    zeros = torch.zeros(2, 3)
    cases = [(*with_zero_rows(fixed(mirrored, 13, F32), 1), 0.1),
             (*with_zero_rows(fixed(mirrored, 14, F64), 0, 2), 0.1),
             (zeros, zeros, 0.1)]  # fmt: skip
    INFO.assert_holds(submission, cases, draw=draw_zero_rows)
    queries, keys = fixed(draw_pairs, 15, F32)
    keys = keys.index_fill(0, torch.tensor([1]), 0.0)
    (seed,) = seeds_of(submission, 1)
    every = [*cases, (queries, keys), (keys, queries), fixed(draw_zero_rows, seed)]
    assert_finite(submission, "info_nce", [case[:2] for case in every], temperature=0.1)


@check("info_nce", points=0.5,
       hint="Does a gradient reach the keys as well? Which of your lines cuts it off, and does "
            "each row's own length count in it?")  # fmt: skip
def test_passes_other_gradients(submission):
    """Gradients of the loss reach the queries and the keys."""
    (seed,) = seeds_of(submission, 1)
    problems = [nce_problem(16, F32), nce_problem(17, F64), nce_problem(seed)]
    assert_gradients(submission, "info_nce", problems, temperature=0.5)


@check("info_nce", points=0.5,
       hint="exp(1 / 0.005) is 7e86. Who computes it, and who computes the logarithm of the "
            "quotient? And in which type?")  # fmt: skip
def test_overflows_at_low_temperatures(submission):
    """Low temperatures give a finite loss, with all the digits of its type."""
    cases = [(*fixed(mirrored, 18, F32), 2.0**-8), (*fixed(mirrored, 19, F32), 2.0**-9),
             (*fixed(mirrored, 20, F64), 2.0**-10), (*fixed(mirrored, 21, F64), 2.0**-12)]
    DIGITS.assert_holds(submission, cases, draw=draw_low_temperature)


@check("info_nce", points=0.5,
       hint="Which type has the result for float64? Is it a tensor? And do your lines with `/=` "
            "reach the arguments?")  # fmt: skip
def test_gives_another_type_or_normalises_in_place(submission):
    """The result is a scalar tensor of the arguments' type, and they stay as they were."""
    (seed,) = seeds_of(submission, 1)
    pairs = [fixed(mirrored, 23, F32), fixed(mirrored, 24, F64, lengths=True),
             fixed(mirrored, seed, lengths=True)]  # fmt: skip
    cases = [(*pair, 0.1) for pair in pairs]
    single = (*fixed(draw_pairs, 25, F64, (1, 3)), 0.1)
    for _, value in each_unchanged(submission, "info_nce", [single]):
        assert_type(value, F64, -1e-5, 1e-5)
    for case, value in each_unchanged(submission, "info_nce", cases):
        wanted = INFO.value(case, {})
        assert_type(value, case[0].dtype, wanted / 3, wanted * 3)


# ---- clip_loss ---------------------------------------------------------------------------------


def scale(value, dtype):
    return torch.tensor(value, dtype=dtype)


def scaled(case, value):
    return (*case, scale(value, case[0].dtype))


def draw_scaled(rng):
    return scaled(draw_pairs(rng), 2.0)


def draw_scale(rng):
    return scaled(mirrored(rng, F64), float(rng.uniform(-2.0, 5.5)))


def draw_scaled_zeros(rng):
    return scaled(with_zero_rows(mirrored(rng, lengths=True), int(rng.integers(3))), 2.0)


def draw_large_scale(rng):
    return scaled(mirrored(rng, lengths=True), float(rng.uniform(5.0, 7.0)))


@cache
def clip_problem(seed, dtype=None):
    """Images, texts and a logit_scale, and the gradients."""
    images, texts = fixed(draw_pairs, seed, dtype)
    case = images * 0.5, texts * 1.25, scale(0.5 + seed % 5 / 8, images.dtype)
    arrays = [array(each) for each in case]
    return case, [slope(both_directions, arrays, place) for place in range(3)]


@check("clip_loss", points=0.5,
       hint="Rows ask one question and columns another. Do you ask both, and is the result their "
            "sum or their mean?")  # fmt: skip
def test_takes_one_direction(submission):
    """It is the mean of the losses of images among texts and of texts among images."""
    cases = [scaled(fixed(draw_pairs, 31, F32), 2.0), scaled(fixed(draw_pairs, 32, F64), 2.0),
             scaled(fixed(draw_pairs, 33, F32, (2, 3)), 2.0),
             scaled(fixed(draw_pairs, 34, F64, (1, 3)), 2.0),
             scaled(fixed(draw_pairs, 9, F64, (110, 3)), 2.0)]  # fmt: skip
    CLIP.assert_holds(submission, cases, draw=draw_scaled, draws=3)


@check("clip_loss", points=0.5,
       hint="What multiplies the similarities for a logit_scale of 0, of -1, and of 5? Is there "
            "a bound?")  # fmt: skip
def test_scales_otherwise(submission):
    """Similarities are multiplied by exp(logit_scale), which is not clamped."""
    images, texts = fixed(mirrored, 35, F32)
    cases = [scaled((images, texts), value) for value in (0.0, -1.0, 1.0, 3.0)]
    cases += [scaled(fixed(mirrored, 36, F64), value) for value in (4.8, 5.5, -6.0)]
    cases += [((), {"images": images, "texts": texts, "logit_scale": scale(0.5, F32)})]
    CLIP.assert_holds(submission, cases, draw=draw_scale, draws=3)


@check("clip_loss", points=0.5,
       hint="Are both images and texts of length one before they meet? And what has a row of "
            "zeros divided by?")  # fmt: skip
def test_minds_lengths_or_zeros(submission):
    """Only directions count, and a row of zeros has the similarity 0 and finite gradients."""
    cases = [scaled(fixed(mirrored, 37, F32, lengths=True), 2.0),
             scaled(fixed(mirrored, 38, F64, lengths=True), 2.0),
             scaled(fixed(draw_tiny_lengths, 39), 2.0),
             scaled(with_zero_rows(fixed(mirrored, 40, F32), 1), 2.0),
             scaled(with_zero_rows(fixed(mirrored, 41, F64, lengths=True), 0, 2), 2.0)]  # fmt: skip
    CLIP.assert_holds(submission, cases, draw=draw_scaled_zeros)
    (seed,) = seeds_of(submission, 1)
    assert_finite(submission, "clip_loss", [*cases[-2:], fixed(draw_scaled_zeros, seed)])


@check("clip_loss", points=0.5,
       hint="logit_scale is learned as well. Does your code take a number out of it, or does it "
            "stay a tensor up to the loss?")  # fmt: skip
def test_passes_other_gradients_in_clip(submission):
    """Gradients of the loss reach the images, the texts and `logit_scale`."""
    (seed,) = seeds_of(submission, 1)
    problems = [clip_problem(42, F32), clip_problem(43, F64), clip_problem(seed)]
    assert_gradients(submission, "clip_loss", problems)


@check("clip_loss", points=0.5,
       hint="exp(exp(6)) does not fit into any type. And of which type is your result, for "
            "float64?")  # fmt: skip
def test_overflows_at_large_scales(submission):
    """Large scales give a finite loss, a scalar tensor of the arguments' type; these stay."""
    cases = [scaled(fixed(mirrored, 44, F32), 6.0), scaled(fixed(mirrored, 45, F64), 7.0),
             scaled(fixed(mirrored, 46, F32, lengths=True), 5.0)]  # fmt: skip
    CLIP.assert_holds(submission, cases, draw=draw_large_scale)
    single = scaled(fixed(draw_pairs, 25, F64, (1, 3)), 2.0)
    for case, value in each_unchanged(submission, "clip_loss", [single, *cases]):
        assert_type(value, case[0].dtype, -1e-5, math.inf)


# ---- hard_triplet_loss: truth ------------------------------------------------------------------


def anchors_of(embeddings, labels):
    """For each anchor: its place, those of its hardest pair, and both distances."""
    rows, labels = embeddings.tolist(), labels.tolist()
    for a, row in enumerate(rows):
        others = [(math.dist(row, other), i) for i, other in enumerate(rows) if i != a]
        positives = [(d, i) for d, i in others if labels[i] == labels[a]]
        negatives = [(d, i) for d, i in others if labels[i] != labels[a]]
        if positives and negatives:
            (far, p), (near, n) = max(positives), min(negatives)
            yield a, p, n, far, near, sorted(positives)[:-1], sorted(negatives)[1:]


def anchor_by_anchor(embeddings, labels, margin=0.2):
    losses = [
        max(0.0, far - near + margin)
        for _, _, _, far, near, *_ in anchors_of(embeddings, labels)
    ]
    return math.fsum(losses) / max(len(losses), 1)


def slope_of_triplets(embeddings, labels, margin):
    """The difference of two unit vectors for each anchor with a loss, over their number."""
    rows = embeddings.double().numpy()
    gradient, anchors = np.zeros(rows.shape), list(anchors_of(embeddings, labels))
    for a, p, n, far, near, *_ in anchors:
        if far - near + margin > 0:
            for other, sign, distance in ((p, 1.0, far), (n, -1.0, near)):
                direction = sign * (rows[a] - rows[other]) / distance / len(anchors)
                gradient[a] += direction
                gradient[other] -= direction
    return gradient


def judge_triplets(actual, expected, embeddings, labels, margin=0.2):
    # Distances by a product of matrices lose digits where embeddings coincide.
    atol = 1e-5 if embeddings.dtype == F32 else 3e-6
    large = float(embeddings.abs().max())
    if min((near for *_, near, _, _ in anchors_of(embeddings, labels)), default=1.0) < 0.01:
        atol = 2e-4 if embeddings.dtype == F32 else 5e-6
    assert_value(actual, expected, embeddings.dtype, max(large, 1.0), atol)


def is_decided(embeddings, labels, margin=0.2, gap=0.02):
    """Whether no two samples are equally hard, and no loss is near its hinge."""
    for _, _, _, far, near, positives, negatives in anchors_of(embeddings, labels):
        others = [far - d for d, _ in positives] + [d - near for d, _ in negatives]
        if min([abs(far - near + margin), *others]) < gap:
            return False
    return True


def activity(embeddings, labels, margin=0.2):
    """For each anchor, whether it has a loss."""
    return [far - near + margin > 0 for _, _, _, far, near, *_ in anchors_of(embeddings, labels)]


# ---- hard_triplet_loss: cases ------------------------------------------------------------------


def label_names(rng, *counts):
    """Labels that occur as often as `counts` say, in any order, named by any integers."""
    names = rng.permutation([-7, 0, 3, 4, 100, 2**40])[: len(counts)]
    return torch.tensor(rng.permutation(np.repeat(names, counts)))


def until(rng, make, *conditions):
    """The first case of `make` that meets all conditions."""
    while True:
        case = make(rng)
        if all(condition(*case) for condition in conditions):
            return case


def all_active(*case):
    # With any margin from 0 on.
    return all(activity(*case[:2], margin=-0.05))


def some_active(*case):
    active = activity(*case)
    return any(active) and not all(active)


def cloud(rng, counts, dtype=None, spread=0.0, D=3):
    """Normal numbers; with `spread` the labels have centres of their own."""
    labels = label_names(rng, *counts)
    rows = rng.normal(size=(len(labels), D))
    for i, name in enumerate(labels.unique().tolist()):
        rows[(labels == name).numpy()] += spread * (i - 1) * np.array([1.0, 0.5, -0.5])[:D]
    return tensor(rows, dtype or some_dtype(rng)), labels


def draw_hard(rng, dtype=None):
    """Every sample is an anchor and has a loss."""
    counts = [(3, 3), (2, 3), (2, 2, 2)][int(rng.integers(3))]
    return until(rng, lambda rng: cloud(rng, counts, dtype), all_active)


def draw_mixed(rng, dtype=None):
    """Every sample is an anchor, and some have no loss."""
    counts = [(3, 3), (2, 3), (2, 2, 2)][int(rng.integers(3))]
    return until(rng, lambda rng: cloud(rng, counts, dtype, spread=1.5), some_active, is_decided)


def draw_lonely(rng, dtype=None):
    """One or two samples have no positive; all others have a loss."""
    counts = [(3, 1, 2), (2, 1, 1), (1, 4), (2, 1)][int(rng.integers(4))]
    return until(rng, lambda rng: cloud(rng, counts, dtype), all_active)


def draw_coinciding(rng, dtype=None):
    """Two samples of one label coincide, and two of different labels."""
    embeddings, labels = draw_hard(rng, dtype)
    embeddings = embeddings.clone()
    first = int(rng.integers(len(labels)))
    same, other = labels == labels[first], labels != labels[first]
    same[first] = False
    embeddings[same.nonzero()[0, 0]] = embeddings[first]
    embeddings[other.nonzero()[0, 0]] = embeddings[first]
    return embeddings, labels, 0.2


def near_one_another(rng, N=30):
    """Many rows in float64 that are some 1e-4 apart."""
    labels = torch.tensor(rng.permutation(N) % 3)
    return tensor(1.0 + 1e-4 * rng.normal(size=(N, 4)), F64), labels, 0.2


def draw_hard_at_a_fifth(rng):
    return *draw_hard(rng), 0.2


def draw_margin(rng):
    return *draw_hard(rng), float(rng.uniform(0.3, 2.0))


def draw_mixed_at_a_fifth(rng):
    return *draw_mixed(rng), 0.2


def draw_lonely_at_a_fifth(rng):
    return *draw_lonely(rng), 0.2


def draw_decided_lonely(rng):
    return until(rng, draw_lonely, is_decided)


@cache
def triplet_problem(draw, seed, dtype=None):
    """Embeddings and labels, and the gradient at a margin of 0.2."""
    case = fixed(draw, seed) if dtype is None else fixed(draw, seed, dtype)
    return case, [slope_of_triplets(*case, 0.2), None]


def small_triplets(st):
    entries = st.sampled_from([0.0, 1.0, 3.0, 4.0, -2.0])

    def of(N):
        rows = st.lists(entries, min_size=N, max_size=N).map(
            lambda values: torch.tensor(values)[:, None]
        )
        labels = st.lists(st.integers(0, 1), min_size=N, max_size=N).map(torch.tensor)
        margins = st.one_of(st.just(()), st.sampled_from([0.2, 1.0, 0.0]).map(lambda m: (m,)))
        return st.tuples(rows, labels, margins).map(lambda case: (*case[:2], *case[2]))

    return st.integers(1, 4).flatmap(of)


TRIPLETS = Truth("hard_triplet_loss", anchor_by_anchor, rtol=0.0, judge=judge_triplets,
                 inputs=small_triplets)  # fmt: skip


# ---- hard_triplet_loss: checks -----------------------------------------------------------------


@check("hard_triplet_loss", points=0.5,
       hint="Which positive is hard, the near one or the far one? Which negative? Are your "
            "distances squared, or between rows of another length?")  # fmt: skip
def test_takes_other_pairs_or_distances(submission):
    """Each anchor's farthest positive and nearest negative count, by their Euclidean distance."""
    far_out, grid = fixed(draw_hard, 51, F64), fixed(draw_hard, 54, F32)
    cases = [(*fixed(draw_hard, 52, F32), 0.2), (*fixed(draw_hard, 53, F64), 0.2),
             ((2 * grid[0]).round(), grid[1], 0.2),  # rows that are equal in some coordinates
             (far_out[0] + 1000.0, far_out[1], 0.2),
             # Farther apart than a number that somebody fills in, and more than 32.
             (far_out[0] * 2.0**21, far_out[1], 0.2), (*fixed(cloud, 71, (20, 20), F64), 0.2),
             (fixed(draw_hard, 55, F64)[0] * 20.0, fixed(draw_hard, 55, F64)[1], 0.2)]  # fmt: skip
    TRIPLETS.assert_holds(submission, cases, draw=draw_hard_at_a_fifth, draws=3)


@check("hard_triplet_loss", points=0.5,
       hint="What does the margin do to the loss of an anchor whose negative is nearer than its "
            "positive? And what is it if nobody says?")  # fmt: skip
def test_takes_another_margin(submission):
    """The margin is added, and is 0.2 by default."""
    embeddings, labels = fixed(draw_hard, 56, F32)
    cases = [(embeddings, labels), (embeddings, labels, 1.0), (*fixed(draw_hard, 57, F64), 0.0),
             ((embeddings, labels), {"margin": 0.5}),
             ((), {"labels": labels, "embeddings": embeddings, "margin": 2.0})]  # fmt: skip
    TRIPLETS.assert_holds(submission, cases, draw=draw_margin)


@check("hard_triplet_loss", points=0.5,
       hint="An anchor whose negative is far away has a loss of 0. Does it count in the mean, and "
            "is its loss not below 0?")  # fmt: skip
def test_averages_over_others_or_goes_below_zero(submission):
    """No anchor's loss is below 0, and those with a loss of 0 count in the mean."""
    cases = [(*fixed(draw_mixed, 58, F32), 0.2), (*fixed(draw_mixed, 59, F64), 0.2),
             (torch.tensor([[0.0], [1.0], [9.0], [10.0], [12.0]]), torch.tensor([5, 5, 2, 2, 2]),
              0.2)]  # fmt: skip
    TRIPLETS.assert_holds(submission, cases, draw=draw_mixed_at_a_fifth, draws=3)


@check("hard_triplet_loss", points=0.5,
       hint="The only sample of its label has no positive but itself. Which distance does your "
            "code take for it, and over how many anchors does the mean run?")  # fmt: skip
def test_takes_lonely_samples_for_anchors(submission):
    """Samples without a positive are no anchors, but they are negatives of others."""
    cases = [(*fixed(draw_lonely, 60, F32), 0.2), (*fixed(draw_lonely, 61, F64), 0.2),
             (*fixed(draw_lonely, 62, F32), 0.2), (*fixed(draw_lonely, 63, F64), 0.2)]
    embeddings, labels = fixed(draw_lonely, 60, F32)
    neighbours = 2**24 + labels.unique(return_inverse=True)[1]  # float32 cannot tell them apart
    signs = torch.tensor([-1, 1, 0])[labels.unique(return_inverse=True)[1]]
    cases += [(embeddings, neighbours, 0.2), (embeddings, signs, 0.2)]
    TRIPLETS.assert_holds(submission, cases, draw=draw_lonely_at_a_fifth, draws=3)


def without_anchors(rng):
    dtype, N = some_dtype(rng), int(rng.integers(2, 5))
    labels = torch.arange(N) - 1 if rng.random() < 0.5 else torch.full((N,), 3)
    return tensor(rng.normal(size=(N, 3)), dtype), labels


@check("hard_triplet_loss", points=0.5,
       hint="What does torch make of the mean of no numbers? And of a sum in which inf is "
            "multiplied by 0?")  # fmt: skip
def test_divides_by_no_anchors(submission):
    """Where there is no anchor the loss is 0, and no gradient is NaN."""
    first, second = seeds_of(submission, 2)
    cases = [(torch.tensor([[1.0, 2.0], [3.0, 5.0]]), torch.tensor(labels)) for labels in (
        [1, 1], [0, 1])]  # fmt: skip
    cases += [(torch.ones(1, 3).double(), torch.tensor([0])), fixed(without_anchors, first)]
    # The last one loosely, for who returns 0 whatever comes.
    every = [*cases, fixed(draw_hard, second)]
    *seen, (last, _) = values_and_gradients(submission, "hard_triplet_loss", every)
    for value, gradients in seen:
        expect(scalar(value) == 0, f"expected 0, got {show(value)}")
        none = gradients[0] is None or not bool(gradients[0].any())
        expect(none, f"expected no gradient, got {show(gradients[0])}")
    expect(abs(scalar(last)) > 0.05, f"expected a loss that is not 0, got {show(last)}")


@check("hard_triplet_loss", points=0.5,
       hint="The distance of a sample to itself is 0, and the slope of a root there infinite. "
            "Does a mask of 0 help? And who moves: anchor, positive and negative?")  # fmt: skip
def test_passes_other_gradients_to_embeddings(submission):
    """Gradients reach anchors, positives and negatives of all losses above 0, and no others."""
    first, second = seeds_of(submission, 2)
    problems = [triplet_problem(draw_mixed, 64, F32), triplet_problem(draw_mixed, 65, F64),
                triplet_problem(draw_mixed, first), triplet_problem(draw_decided_lonely, second)]
    assert_gradients(submission, "hard_triplet_loss", problems, margin=0.2)


@check("hard_triplet_loss", points=0.5,
       hint="A duplicate in the batch has a distance of 0. What is the derivative of the square "
            "root there, and how far off is the distance if you add an eps under it?")  # fmt: skip
def test_breaks_where_embeddings_coincide(submission):
    """Where embeddings coincide the loss is right, and gradients are finite."""
    (seed,) = seeds_of(submission, 1)
    point, labels = torch.tensor([[0.5, -1.0]]), torch.tensor([0, 1, 0, 1])
    twins = torch.tensor([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0], [4.0, 6.0]])
    cases = [(*fixed(draw_coinciding, 66, F32),), (*fixed(draw_coinciding, 67, F64),),
             (point.repeat(4, 1), labels, 0.2), (point.double().repeat(4, 1), labels, 0.2),
             (twins, labels, 0.2), (twins.double(), labels.flip(0), 0.2),
             (twins, torch.tensor([0, 0, 1, 1]), 0.2), fixed(near_one_another, 68)]
    TRIPLETS.assert_holds(submission, cases, draw=draw_coinciding)
    every = [case[:2] for case in (*cases[:-1], fixed(draw_coinciding, seed))]
    assert_finite(submission, "hard_triplet_loss", every, margin=0.2)


@check("hard_triplet_loss", points=0.5,
       hint="Of which type is your result for float64? And do you write masks or infinities into "
            "somebody else's tensor?")  # fmt: skip
def test_gives_another_type_or_writes_into_embeddings(submission):
    """The result is a scalar tensor of the embeddings' type; these and the labels stay."""
    (seed,) = seeds_of(submission, 1)
    pairs = [fixed(draw_hard, 69, F32), fixed(draw_hard, 70, F64), fixed(draw_hard, seed)]
    cases = [(*pair, 0.2) for pair in pairs]
    for case, value in each_unchanged(submission, "hard_triplet_loss", cases):
        wanted = TRIPLETS.value(case, {})
        assert_type(value, case[0].dtype, wanted / 3, wanted * 3)
