"""Hidden checks of exercise 22: batch normalisation, its gradients, and the folded layer.

Truth of the forward pass is one column at a time in exact sums (`math.fsum`). Truth of the
gradients are complex steps of that definition: sum(grad_out * out) at x + 1e-30 i, whose
imaginary part is the derivative without a difference in which digits could cancel. Truth of the
folded layer asks what the two steps do to the origin and to each unit vector.

Away from the checks on eps, columns have deviations of about 100, so that nothing that one may do
to an eps of 1e-5 shows beyond the tolerances there.
"""

import math

import numpy as np
import pytest
from hypothesis import strategies as st

from gradekit.grading import Code, Mismatch, Truth, assert_afresh, assert_close, check, expect

LOOSE = {"rtol": 1e-6, "atol": 1e-6}  # a misplaced eps moves results by 1e-7 at deviations of 100
TIGHT = {"rtol": 1e-9, "atol": 1e-9}  # any float64 formula is within 1e-12, float32 at 1e-7


def mean_and_squares(column):
    """The mean of a column, and its summed squared distance from that."""
    mean = math.fsum(column) / len(column)
    return mean, math.fsum((entry - mean) ** 2 for entry in column)


def forward_by_columns(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    """One column at a time, as the paper writes it."""
    N, D = x.shape
    if training and N < 2:
        raise ValueError
    out, new_mean, new_var = np.empty((N, D)), running_mean * 1.0, running_var * 1.0
    for j in range(D):
        mean, var = float(running_mean[j]), float(running_var[j])
        if training:
            mean, squares = mean_and_squares(x[:, j].tolist())
            var = squares / N
            new_mean[j] = (1 - momentum) * new_mean[j] + momentum * mean
            new_var[j] = (1 - momentum) * new_var[j] + momentum * squares / (N - 1)
        for i in range(N):
            out[i, j] = gamma[j] * (x[i, j] - mean) / math.sqrt(var + eps) + beta[j]
    return out, new_mean, new_var


def weighed_output(grad_out, x, gamma, beta, eps):
    """sum(grad_out * out) of one column in training; complex numbers go through."""
    apart = x - sum(x) / len(x)
    return sum(grad_out * (gamma * apart / np.sqrt(sum(apart * apart) / len(x) + eps) + beta))


def gradients_by_complex_steps(grad_out, x, gamma, eps=1e-5):
    """The derivative for every entry, by moving it along the imaginary axis."""
    N, D = x.shape
    grad_x, grad_gamma, grad_beta = np.empty((N, D)), np.empty(D), np.empty(D)
    step = 1e-30j
    for j in range(D):
        column, weights = x[:, j] + 0j, grad_out[:, j]
        for i in range(N):
            moved = column.copy()
            moved[i] += step
            grad_x[i, j] = weighed_output(weights, moved, gamma[j], 0.0, eps).imag / 1e-30
        grad_gamma[j] = weighed_output(weights, column, gamma[j] + step, 0.0, eps).imag / 1e-30
        grad_beta[j] = weighed_output(weights, column, gamma[j], step, eps).imag / 1e-30
    return grad_x, grad_gamma, grad_beta


def folded_by_unit_vectors(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    """What the layer and the normalisation do to the origin, and to one input at a time."""
    inputs = np.vstack([np.zeros(len(weight)), np.eye(len(weight))])
    state = gamma, beta, running_mean, running_var
    out, _, _ = forward_by_columns(inputs @ weight + bias, *state, training=False, eps=eps)
    return out[1:] - out[0], out[0]


def parts(answer, names):
    """The answer as a tuple of as many parts as there are names."""
    if not isinstance(answer, tuple | list) or len(answer) != len(names):
        raise Mismatch(f"expected a tuple ({', '.join(names)})")
    return dict(zip(names, answer, strict=True))


def judging(names, judged, **tolerance):
    """A judge of some of the parts of a tuple."""

    def judge(actual, expected, *args, **keywords):
        found, wanted = parts(actual, names), parts(expected, names)
        for name in judged:
            assert_close(found[name], wanted[name], **tolerance)

    return judge


FORWARD = "out", "running_mean", "running_var"
BACKWARD = "grad_x", "grad_gamma", "grad_beta"


# Problems


def spread(rng, N, D, scale=100.0):
    """(N, D) whose columns have means and deviations of about `scale`, never near 0."""
    places = rng.permuted(np.tile(np.arange(N) - (N - 1) / 2, (D, 1)), axis=1).T
    return scale * (places + rng.uniform(-0.3, 0.3, (N, D)) + rng.uniform(-2.0, 2.0, D))


def signed(rng, low, high, shape):
    """Numbers of either sign, none of them near 0."""
    return rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)


def problem(rng, N, D, scale=100.0):
    """x, gamma, beta, running_mean, running_var, none of which could stand for another."""
    x = spread(rng, N, D, scale)
    return (x, signed(rng, 0.5, 2.0, D), signed(rng, 0.5, 3.0, D),
            scale * signed(rng, 0.2, 1.5, D), scale**2 * rng.uniform(0.3, 4.0, D))  # fmt: skip


def backward_problem(rng, N, D, scale=100.0):
    """grad_out, x, gamma: gradients with respect to x are of the order of 1."""
    return scale * signed(rng, 0.2, 2.0, (N, D)), spread(rng, N, D, scale), signed(rng, 0.5, 2.0, D)


def layer(rng, D_in, D, scale=100.0):
    """weight, bias, gamma, beta, running_mean, running_var."""
    _, *state = problem(rng, 2, D, scale)
    return (signed(rng, 0.2, 2.0, (D_in, D)), scale * signed(rng, 0.2, 2.0, D), *state)


def sizes(rng, least=2):
    """N and D for a drawn case."""
    return int(rng.integers(least, 6)), int(rng.integers(1, 4))


def made(make, *shapes, seed=22):
    """Fixed problems of these shapes."""
    rng = np.random.default_rng(seed)
    return [make(rng, *shape) for shape in shapes]


def small(*, training=None, least=1):
    """Arguments of the forward pass, of one column and few digits first."""
    whole = st.integers(-3, 3).map(float)
    column = st.lists(whole, min_size=least, max_size=3)
    return st.tuples(
        column.map(lambda entries: np.array(entries)[:, None]),
        *(whole.map(lambda entry: np.array([entry])) for _ in range(3)),
        st.integers(0, 4).map(lambda entry: np.array([float(entry)])),
        st.booleans() if training is None else st.just(training),
    )


def small_backward():
    whole = st.integers(-3, 3).map(float)
    return st.integers(2, 3).flatmap(
        lambda N: st.tuples(
            *(st.lists(whole, min_size=N, max_size=N).map(lambda entries: np.array(entries)[:, None])
              for _ in range(2)),
            whole.map(lambda entry: np.array([entry])),
        )  # fmt: skip
    )


def small_layer():
    whole = st.integers(-3, 3).map(float)
    vectors = (whole.map(lambda entry: np.array([entry])) for _ in range(4))
    return st.tuples(
        st.lists(whole, min_size=1, max_size=2).map(lambda entries: np.array(entries)[:, None]),
        *vectors,
        st.integers(0, 4).map(lambda entry: np.array([float(entry)])),
    )


def forward(*judged, inputs=None, **tolerance):
    """The truth of the forward pass, judged by some of its parts."""
    return Truth("batch_norm_forward", forward_by_columns,
                 inputs=small() if inputs is None else inputs,
                 judge=judging(FORWARD, judged, **(tolerance or LOOSE)))  # fmt: skip


def backward(*judged, **tolerance):
    """The truth of the gradients, judged by some of them."""
    return Truth("batch_norm_backward", gradients_by_complex_steps, inputs=small_backward(),
                 judge=judging(BACKWARD, judged, **(tolerance or LOOSE)))  # fmt: skip


TRAINING = small(training=True, least=2)
OUT = forward("out", inputs=TRAINING)
RUNNING_MEAN = forward("running_mean", inputs=TRAINING)
RUNNING_VAR = forward("running_var", inputs=TRAINING)
IN_USE = forward(*FORWARD, inputs=small(training=False))
EPS = forward("out", **TIGHT)
BEFORE = forward(*FORWARD, rtol=1e-3, atol=1e-3)  # where only the arguments are judged closely
GRAD_X = backward("grad_x")
GRAD_PARAMETERS = backward("grad_gamma", "grad_beta")
GRAD_EPS = backward("grad_x", "grad_gamma", **TIGHT)
GRAD_BEFORE = backward(*BACKWARD, rtol=1e-3, atol=1e-3)
FOLDED = Truth("fold_batch_norm", folded_by_unit_vectors, inputs=small_layer(), **LOOSE)
FOLDED_EPS = Truth("fold_batch_norm", folded_by_unit_vectors, inputs=small_layer(), **TIGHT)


# batch_norm_forward


@check("batch_norm_forward", points=1,
       hint="Take the column 1, 5 by hand: its mean, its variance divided by N. What should both "
            "entries become, before gamma and beta? And along which axis lie the samples?")  # fmt: skip
def test_normalises_with_other_statistics_in_training(submission):
    """In training, out is normalised with the batch's own mean and population variance."""
    cases = [(*each, True) for each in made(problem, (4, 3), (3, 3), (2, 1), (5, 2))]
    OUT.assert_holds(submission, cases, draw=lambda rng: (*problem(rng, *sizes(rng)), True))


@check("batch_norm_forward", points=1,
       hint="With a momentum of 0.1, how much of the old value is left after one step? And does "
            "the running mean move towards the batch, or away?")  # fmt: skip
def test_moves_the_running_mean_wrongly(submission):
    """In training, the new running mean is (1 - momentum) * old + momentum * batch."""
    first, second, third = made(problem, (4, 3), (3, 1), (2, 2), seed=23)
    cases = [(*first, True), (*second, True, 0.25), (*third, True, 0.0), (*third, True, 1.0)]
    RUNNING_MEAN.assert_holds(
        submission, cases,
        draw=lambda rng: (*problem(rng, *sizes(rng)), True, float(rng.uniform(0.1, 0.9))),
    )  # fmt: skip
    RUNNING_MEAN.assert_holds(
        submission, [(*first, True)], momentum=0.75,
        draw=lambda rng: (*problem(rng, *sizes(rng)), True),
    )  # fmt: skip


@check("batch_norm_forward", points=0.5,
       hint="Two variances of one batch differ by the factor N / (N - 1). Which of them describes "
            "this batch, and which estimates that of all data?")  # fmt: skip
def test_keeps_the_population_variance(submission):
    """The running variance takes the batch's unbiased variance, divided by N - 1."""
    first, second, third = made(problem, (2, 3), (3, 1), (5, 2), seed=24)
    cases = [(*first, True), (*second, True), (*third, True, 0.5)]
    RUNNING_VAR.assert_holds(
        submission, cases, draw=lambda rng: (*problem(rng, *sizes(rng)), True)
    )


@check("batch_norm_forward", points=1,
       hint="In use a single sample may come, and its output must not depend on its neighbours. "
            "Whose statistics are left? And do they move?")  # fmt: skip
def test_looks_at_the_batch_in_use(submission):
    """Not in training, the running values normalise, and come back equal to what they were."""
    shapes = (4, 3), (1, 3), (1, 1), (3, 3), (2, 2)
    cases = [(*each, False) for each in made(problem, *shapes, seed=25)]
    IN_USE.assert_holds(submission, cases,
                        draw=lambda rng: (*problem(rng, *sizes(rng, least=1)), False))  # fmt: skip
    IN_USE.assert_holds(submission, cases[:2], momentum=0.5,
                        draw=lambda rng: (*problem(rng, *sizes(rng, least=1)), False))  # fmt: skip


@check("batch_norm_forward", points=0.5,
       hint="What is the variance of one number, and what is N - 1? Would you rather hear of it, "
            "or train on beta?")  # fmt: skip
def test_trains_on_a_batch_of_one(submission):
    """A batch of one raises a ValueError in training, whatever its width."""
    for arguments in made(problem, (1, 3), (1, 1), seed=26):
        with pytest.raises(ValueError):
            submission.batch_norm_forward(*arguments, True)
        with pytest.raises(ValueError):
            submission.batch_norm_forward(*arguments, training=True, momentum=0.0)


def narrow(rng):
    """Columns whose deviation is about that of the default eps, and one that is constant."""
    x, *state = problem(rng, int(rng.integers(2, 6)), 3, scale=0.005)
    x[:, 1] = rng.integers(-4, 5) / 2
    state[-1][2] = 0.0
    return (x, *state, bool(rng.integers(2)))


@check("batch_norm_forward", points=1,
       hint="Is eps added to the variance or to its root? Which of the two does a constant column "
            "need, and is anything in your code not float64?")  # fmt: skip
def test_puts_eps_in_another_place(submission):
    """`eps` is added to the variance, in training and in use, and 1e-5 by default."""
    rng = np.random.default_rng(27)
    cases = [narrow(rng) for _ in range(4)]
    cases = [(*each[:-1], training) for each, training in zip(cases, [True, False] * 2, strict=True)]
    EPS.assert_holds(submission, cases, draw=narrow)
    wide = [(*each, training, 0.3, eps)
            for each, training, eps in zip(made(problem, (3, 2, 1.0), (4, 3, 1.0), seed=28),
                                           (True, False), (0.75, 0.5), strict=True)]  # fmt: skip
    EPS.assert_holds(submission, wide, draw=lambda rng: (
        *problem(rng, *sizes(rng), 1.0), bool(rng.integers(2)), 0.1, float(rng.uniform(0.1, 2.0))
    ))  # fmt: skip
    EPS.assert_holds(submission, cases[:2], draw=narrow, eps=1e-8)


def probe_memory(answer, name, arguments, training):
    """Whether a returned array lies where an argument does; only the worker can see that."""
    returned = getattr(answer, name)(*arguments, *([training] * (training is not None)))
    arrays = [each for each in arguments if isinstance(each, np.ndarray)]
    return [bool(np.shares_memory(np.asarray(new), old)) for new in returned for old in arrays]


def assert_new(submission, name, arguments, training=None):
    """What `name` returns shares no memory with what it was given."""
    shared = submission.probe(probe_memory, name, arguments, training)
    expect(not any(shared), "an array that came back shares its memory with one that was given",
           given=f"{name}(...)")  # fmt: skip


def laid_out(array):
    """The same numbers in another memory layout, read-only."""
    text = f"np.array({array[..., ::-1].T.tolist()}).T[..., ::-1]"
    return Code(f"np.lib.stride_tricks.as_strided({text}, writeable=False)")


@check("batch_norm_forward", points=0.5,
       hint="`running_mean *= 0.9` writes into whose array? And in use: is what you return a copy, "
            "or the very array that you were given?")  # fmt: skip
def test_writes_into_its_arguments(submission):
    """Arguments stay as they were, results are new arrays, and every call starts afresh."""
    cases = [(*each, training) for each in made(problem, (4, 3), (2, 2), seed=29)
             for training in (True, False)]  # fmt: skip
    BEFORE.assert_holds(submission, cases, unchanged=True,
                        draw=lambda rng: (*problem(rng, *sizes(rng)), True))  # fmt: skip
    for case in cases[:2]:
        assert_new(submission, "batch_norm_forward", case[:-1], case[-1])
    BEFORE.assert_holds(
        submission, [(*map(laid_out, each[:-1]), each[-1]) for each in cases[:2]],
        draw=lambda rng: (*map(laid_out, problem(rng, *sizes(rng))), False),
    )  # fmt: skip
    for training in (True, False):
        first, second = made(problem, (4, 3), (4, 3), seed=30)
        wanted = forward_by_columns(*second, training)
        answer = assert_afresh(submission, "batch_norm_forward",
                               (*first, training), (*second, training))  # fmt: skip
        judging(FORWARD, FORWARD, rtol=1e-3, atol=1e-3)(answer, wanted)


# batch_norm_backward


@check("batch_norm_backward", points=1,
       hint="x enters the output three times: directly, through the mean, and through the "
            "variance. Which of the three ways does your gradient leave out?")  # fmt: skip
def test_takes_the_statistics_for_constants(submission):
    """grad_x goes through the batch's mean and variance as well."""
    cases = made(backward_problem, (4, 3), (3, 3), (2, 1), (6, 2), seed=31)
    GRAD_X.assert_holds(submission, cases, draw=lambda rng: backward_problem(rng, *sizes(rng)))


@check("batch_norm_backward", points=0.5,
       hint="Which number does gamma multiply in the forward pass: x, or what x has become? And "
            "is a gradient of a sum over samples a sum or a mean?")  # fmt: skip
def test_gives_other_gradients_of_gamma_and_beta(submission):
    """grad_gamma is summed over the samples against the normalised x, grad_beta alone."""
    cases = made(backward_problem, (4, 3), (3, 3), (2, 1), (6, 2), seed=32)
    GRAD_PARAMETERS.assert_holds(
        submission, cases, draw=lambda rng: backward_problem(rng, *sizes(rng))
    )


def narrow_backward(rng):
    """As for the forward pass: columns as narrow as the default eps, one of them constant."""
    grad_out, x, gamma = backward_problem(rng, int(rng.integers(2, 6)), 3, scale=0.005)
    x[:, 1] = rng.integers(-4, 5) / 2
    return grad_out, x, gamma


@check("batch_norm_backward", points=0.5,
       hint="The forward pass divides by the root of variance plus eps. What does yours divide "
            "by, if all entries of a column are equal?")  # fmt: skip
def test_forgets_eps_backwards(submission):
    """`eps` counts in the gradients as it does forwards, 1e-5 by default."""
    GRAD_EPS.assert_holds(submission, [narrow_backward(np.random.default_rng(33))],
                          draw=narrow_backward)  # fmt: skip
    GRAD_EPS.assert_holds(
        submission, [(*made(backward_problem, (4, 2, 1.0), seed=34)[0], 0.5)],
        draw=lambda rng: (*backward_problem(rng, *sizes(rng), 1.0), float(rng.uniform(0.1, 2.0))),
    )  # fmt: skip
    GRAD_EPS.assert_holds(submission, made(backward_problem, (3, 2, 1.0), seed=35), eps=0.25,
                          draw=lambda rng: backward_problem(rng, *sizes(rng), 1.0))  # fmt: skip


@check("batch_norm_backward", points=0.5,
       hint="Does a line with `-=` or `*=` reach grad_out or x? Does anything come back that was "
            "handed in, or outlive the call?")  # fmt: skip
def test_backward_writes_into_its_arguments(submission):
    """Arguments of the backward pass stay as they were, results are new, calls start afresh."""
    cases = made(backward_problem, (4, 3), (2, 2), seed=36)
    GRAD_BEFORE.assert_holds(submission, cases, unchanged=True,
                             draw=lambda rng: backward_problem(rng, *sizes(rng)))  # fmt: skip
    assert_new(submission, "batch_norm_backward", cases[0])
    GRAD_BEFORE.assert_holds(
        submission, [tuple(map(laid_out, cases[0]))],
        draw=lambda rng: tuple(map(laid_out, backward_problem(rng, *sizes(rng)))),
    )  # fmt: skip
    first, second = made(backward_problem, (4, 3), (4, 3), seed=37)
    answer = assert_afresh(submission, "batch_norm_backward", first, second)
    judging(BACKWARD, BACKWARD, rtol=1e-3, atol=1e-3)(answer, gradients_by_complex_steps(*second))


# fold_batch_norm


@check("fold_batch_norm", points=1,
       hint="Put one input through both steps on paper, and collect what multiplies it. Which of "
            "bias, running mean and beta are scaled as well?")  # fmt: skip
def test_folds_something_else(submission):
    """One layer gives what the layer and the normalisation in use give after each other."""
    cases = made(layer, (4, 3), (3, 3), (1, 2), (2, 1), seed=38)
    FOLDED.assert_holds(submission, cases, draw=lambda rng: layer(rng, *sizes(rng, least=1)))


def narrow_layer(rng):
    weight, bias, gamma, beta, mean, var = layer(rng, *sizes(rng, least=1), 0.005)
    return weight, bias, gamma, beta, mean, var * (rng.random(len(var)) < 0.7)


@check("fold_batch_norm", points=0.5,
       hint="A running variance can be as small as eps, or 0. Is eps under your root, and is it "
            "the one that was asked for?")  # fmt: skip
def test_forgets_eps_when_folding(submission):
    """`eps` is added to the running variance, 1e-5 by default."""
    rng = np.random.default_rng(39)
    FOLDED_EPS.assert_holds(submission, [narrow_layer(rng), narrow_layer(rng)], draw=narrow_layer)
    FOLDED_EPS.assert_holds(
        submission, [(*made(layer, (2, 3, 1.0), seed=40)[0], 0.5)],
        draw=lambda rng: (*layer(rng, *sizes(rng, least=1), 1.0), float(rng.uniform(0.1, 2.0))),
    )  # fmt: skip
    FOLDED_EPS.assert_holds(submission, made(layer, (2, 2, 1.0), seed=41), eps=0.25,
                            draw=lambda rng: layer(rng, *sizes(rng, least=1), 1.0))  # fmt: skip


@check("fold_batch_norm", points=0.5,
       hint="The unfolded layer may still be needed. What does `weight *= scale` do to it?")  # fmt: skip
def test_folding_writes_into_its_arguments(submission):
    """The layer and the normalisation stay as they were, results are new, calls start afresh."""
    cases = made(layer, (4, 3), (2, 2), seed=42)
    before = Truth("fold_batch_norm", folded_by_unit_vectors, inputs=small_layer(),
                   rtol=1e-3, atol=1e-3)  # fmt: skip
    before.assert_holds(submission, cases, unchanged=True,
                        draw=lambda rng: layer(rng, *sizes(rng, least=1)))  # fmt: skip
    assert_new(submission, "fold_batch_norm", cases[0])
    before.assert_holds(submission, [tuple(map(laid_out, cases[0]))],
                        draw=lambda rng: tuple(map(laid_out, layer(rng, *sizes(rng)))))  # fmt: skip
    first, second = made(layer, (4, 3), (4, 3), seed=43)
    weight, bias = assert_afresh(submission, "fold_batch_norm", first, second)
    for actual, wanted in zip((weight, bias), folded_by_unit_vectors(*second), strict=True):
        assert_close(actual, wanted, rtol=1e-3, atol=1e-3)
