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

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_no_traces,
    check,
    expect,
)

LOOSE = 1e-6  # a misplaced eps moves results by 1e-7 at deviations of 100
TIGHT = 1e-9  # any float64 formula is within 1e-12, float32 at 1e-7


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


FORWARD = "out", "running_mean", "running_var"
BACKWARD = "grad_x", "grad_gamma", "grad_beta"


def judging(names, judged, rtol, atol):
    """A judge of some of the parts of a tuple."""

    def judge(actual, expected, *args, **keywords):
        if not isinstance(actual, tuple | list) or len(actual) != len(names):
            raise Mismatch(f"expected a tuple ({', '.join(names)})")
        for name, found, wanted in zip(names, actual, expected, strict=True):
            if name in judged:
                assert_close(found, wanted, rtol=rtol, atol=atol)

    return judge


# Problems


def spread(rng, N, D, scale):
    """(N, D) whose columns have means and deviations of about `scale`, never near 0."""
    places = rng.permuted(np.tile(np.arange(N) - (N - 1) / 2, (D, 1)), axis=1).T
    return scale * (places + rng.uniform(-0.3, 0.3, (N, D)) + rng.uniform(-2.0, 2.0, D))


def signed(rng, low, high, shape):
    """Numbers of either sign, none of them near 0."""
    return rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)


def sizes(rng, least=2):
    """N and D for a drawn case."""
    return int(rng.integers(least, 6)), int(rng.integers(1, 4))


def problem(rng, N, D, scale=100.0):
    """x, gamma, beta, running_mean, running_var, none of which could stand for another."""
    return (spread(rng, N, D, scale), signed(rng, 0.5, 2.0, D), signed(rng, 0.5, 3.0, D),
            scale * signed(rng, 0.2, 1.5, D), scale**2 * rng.uniform(0.3, 4.0, D))


def backward_problem(rng, N, D, scale=100.0):
    """grad_out, x, gamma: gradients with respect to x are of the order of 1."""
    return scale * signed(rng, 0.2, 2.0, (N, D)), spread(rng, N, D, scale), signed(rng, 0.5, 2.0, D)


def layer(rng, D_in, D, scale=100.0):
    """weight, bias, gamma, beta, running_mean, running_var."""
    _, *state = problem(rng, 2, D, scale)
    return (signed(rng, 0.2, 2.0, (D_in, D)), scale * signed(rng, 0.2, 2.0, D), *state)


def fixed(make, seed, *shapes):
    """Problems of these shapes, the same in every run."""
    rng = np.random.default_rng(seed)
    return [make(rng, *shape) for shape in shapes]


def draw_training(rng):
    return *problem(rng, *sizes(rng)), True


def draw_long_training(rng):
    """No batch is too long."""
    return *problem(rng, int(rng.integers(1030, 1100)), 1), True


def draw_wide_training(rng):
    return *problem(rng, 3, int(rng.integers(70, 80))), True


def draw_momentum(rng):
    return *problem(rng, *sizes(rng)), True, float(rng.uniform(0.1, 0.9))


def draw_use(rng):
    return *problem(rng, *sizes(rng, least=1)), False


def draw_narrow(rng):
    """Columns whose deviation is about that of the default eps, and one that is constant."""
    x, *state = problem(rng, int(rng.integers(2, 6)), 3, scale=0.005)
    x[:, 1] = rng.integers(-4, 5) / 2
    state[-1][2] = 0.0
    return x, *state, bool(rng.integers(2))


def draw_narrow_training(rng):
    *state, _ = draw_narrow(rng)
    return *state, True


def draw_eps(rng):
    state = problem(rng, *sizes(rng), 1.0)
    return *state, bool(rng.integers(2)), 0.1, float(rng.uniform(0.1, 2.0))


def draw_backward(rng):
    return backward_problem(rng, *sizes(rng))


def draw_narrow_backward(rng):
    grad_out, x, gamma = backward_problem(rng, int(rng.integers(2, 6)), 3, scale=0.005)
    x[:, 1] = rng.integers(-4, 5) / 2
    return grad_out, x, gamma


def draw_backward_eps(rng):
    return *backward_problem(rng, *sizes(rng), 1.0), float(rng.uniform(0.1, 2.0))


def draw_layer(rng):
    return layer(rng, *sizes(rng, least=1))


def draw_narrow_layer(rng):
    """Running variances about as large as the default eps, or 0."""
    *others, var = layer(rng, *sizes(rng, least=1), 0.005)
    return *others, var * (rng.random(len(var)) < 0.7)


def draw_layer_eps(rng):
    return *layer(rng, *sizes(rng, least=1), 1.0), float(rng.uniform(0.1, 2.0))


def column(entries):
    return np.array(entries, dtype=float)[:, None]


def small(st, training, least=1):
    """Arguments of the forward pass with one column of few digits."""
    one = st.integers(-3, 3).map(lambda entry: np.array([float(entry)]))
    x = st.lists(st.integers(-3, 3), min_size=least, max_size=3).map(column)
    var = st.integers(0, 4).map(lambda entry: np.array([float(entry)]))
    return st.tuples(x, one, one, one, var, st.just(training))


def small_either(st):
    return st.one_of(small(st, True, least=2), small(st, False))


def small_backward(st):
    one = st.integers(-3, 3).map(lambda entry: np.array([float(entry)]))

    def of_length(N):
        entries = st.lists(st.integers(-3, 3), min_size=N, max_size=N).map(column)
        return st.tuples(entries, entries, one)

    return st.integers(2, 3).flatmap(of_length)


def steep_backward(st):
    return st.just((column([1e6, -2e6, 3e6]), column([1, 2, 4]), np.array([1.0])))


def small_layer(st):
    one = st.integers(-3, 3).map(lambda entry: np.array([float(entry)]))
    weight = st.lists(st.integers(-3, 3), min_size=1, max_size=2).map(column)
    var = st.integers(0, 4).map(lambda entry: np.array([float(entry)]))
    return st.tuples(weight, one, one, one, one, var)


def forward(judged, inputs, rtol=LOOSE, atol=None):
    """The truth of the forward pass, judged by some of its parts."""
    return Truth("batch_norm_forward", forward_by_columns, inputs=inputs, rtol=rtol,
                 judge=judging(FORWARD, judged, rtol, rtol if atol is None else atol))


def backward(judged, rtol=LOOSE):
    """The truth of the gradients, judged by some of them."""
    return Truth("batch_norm_backward", gradients_by_complex_steps,
                 inputs=[small_backward, steep_backward], rtol=rtol,
                 judge=judging(BACKWARD, judged, rtol, rtol))


OUT = forward(["out"], lambda st: small(st, True, least=2))
RUNNING_MEAN = forward(["running_mean"], lambda st: small(st, True, least=2))
# Near in absolute terms as well: the variances of narrow columns are as small as eps.
RUNNING_VAR = forward(["running_var"], lambda st: small(st, True, least=2), atol=1e-9)
IN_USE = forward(FORWARD, lambda st: small(st, False))
OUT_EPS = forward(["out"], small_either, TIGHT)
GRAD_X = backward(["grad_x"])
GRAD_PARAMETERS = backward(["grad_gamma", "grad_beta"])
GRAD_EPS = backward(BACKWARD, TIGHT)
FOLDED = Truth("fold_batch_norm", folded_by_unit_vectors, inputs=small_layer,
               rtol=1e-6, atol=1e-6)


# batch_norm_forward


@check("batch_norm_forward", points=1,
       hint="Take the column 1, 5 by hand: its mean, its variance divided by N. What should both "
            "entries become, before gamma and beta? And along which axis lie the samples?")
def test_normalises_with_other_statistics_in_training(submission):
    """In training, out is normalised with the batch's own mean and population variance."""
    problems = fixed(problem, 22, (4, 3), (3, 3), (2, 1), (5, 2))
    x, gamma, *others = problems[0]
    problems.append((x, 1e6 * gamma, *others))
    OUT.assert_holds(submission, [(*each, True) for each in problems], draw=draw_training)
    OUT.assert_holds(submission, [], draw=draw_long_training, draws=1)
    OUT.assert_holds(submission, [], draw=draw_wide_training, draws=1)


@check("batch_norm_forward", points=1,
       hint="With a momentum of 0.1, how much of the old value is left after one step? And does "
            "the running mean move towards the batch, or away?")
def test_moves_the_running_mean_wrongly(submission):
    """In training, the new running mean is (1 - momentum) * old + momentum * batch."""
    first, second, third, large = fixed(problem, 23, (4, 3), (3, 1), (2, 2), (3, 2, 1e6))
    RUNNING_MEAN.assert_holds(submission, [
        (*first, True), (*second, True, 0.25), (*third, True, 0.0), (*third, True, 1.0),
        ((*first, True), {"momentum": 0.75}), (*large, True, 0.5),
    ], draw=draw_momentum)
    RUNNING_MEAN.assert_holds(submission, [(*second, True)], draw=draw_training)


@check("batch_norm_forward", points=0.5,
       hint="Two variances of one batch differ by the factor N / (N - 1). Which of them describes "
            "this batch, and which estimates that of all data?")
def test_keeps_the_population_variance(submission):
    """The running variance takes the batch's unbiased variance, divided by N - 1."""
    first, second, third = fixed(problem, 24, (2, 3), (3, 1), (5, 2))
    cases = [(*first, True), (*second, True), (*third, True, 0.5)]
    RUNNING_VAR.assert_holds(submission, cases, draw=draw_training)
    narrow = fixed(draw_narrow_training, 24, ())
    RUNNING_VAR.assert_holds(submission, narrow, draw=draw_narrow_training, draws=1)


@check("batch_norm_forward", points=1,
       hint="In use a single sample may come, and its output must not depend on its neighbours. "
            "Whose statistics are left? And do they move?")
def test_looks_at_the_batch_in_use(submission):
    """Not in training, the running values normalise, and come back equal to what they were."""
    problems = fixed(problem, 25, (4, 3), (1, 3), (1, 1), (3, 3), (2, 2), (2, 2, 1e6))
    cases = [(*each, False) for each in problems]
    IN_USE.assert_holds(submission, [*cases, (*problems[0], False, 0.5)], draw=draw_use)


@check("batch_norm_forward", points=0.5,
       hint="What is the variance of one number, and what is N - 1? Would you rather hear of it, "
            "or train on beta?")
def test_trains_on_a_batch_of_one(submission):
    """A batch of one raises a ValueError in training, whatever its width; one of two does not."""
    (two,) = fixed(problem, 26, (2, 3))
    three = submission.batch_norm_forward(*two, True)
    expect(isinstance(three, tuple | list) and len(three) == 3, "expected three arrays")
    assert_array(three[0], shape=(2, 3))
    for arguments in fixed(problem, 26, (1, 3), (1, 1)):
        with pytest.raises(ValueError):
            submission.batch_norm_forward(*arguments, True)
        with pytest.raises(ValueError):
            submission.batch_norm_forward(*arguments, training=True, momentum=0.0)


@check("batch_norm_forward", points=1,
       hint="Is eps added to the variance or to its root? Which of the two does a constant column "
            "need, and is anything in your code not float64?")
def test_puts_eps_in_another_place(submission):
    """`eps` is added to the variance, in training and in use, and 1e-5 by default."""
    narrow = [(*each[:-1], training) for training in (True, False)
              for each in fixed(draw_narrow, 27, (), ())]
    OUT_EPS.assert_holds(submission, narrow, draw=draw_narrow)
    first, second = fixed(problem, 28, (3, 2, 1.0), (4, 3, 1.0))
    cases = [(*first, True, 0.3, 0.75), (*second, False, 0.3, 0.5),
             (narrow[0], {"eps": 1e-8}), (narrow[2], {"eps": 0.5})]
    OUT_EPS.assert_holds(submission, cases, draw=draw_eps)


@check("batch_norm_forward", points=0.5,
       hint="`running_mean *= 0.9` writes into whose array? And in use: is what you return a copy, "
            "or the very array that you were given?")
def test_writes_into_its_arguments(submission):
    """Arguments stay as they were, results are new arrays, and every call starts afresh."""
    for training in (True, False):
        cases = [(*each, training) for each in fixed(problem, 29, (4, 3), (4, 3), (2, 1))]
        draw = draw_training if training else draw_use
        assert_no_traces(submission, OUT, cases, draw=draw, new=True)


# batch_norm_backward


@check("batch_norm_backward", points=1,
       hint="x enters the output three times: directly, through the mean, and through the "
            "variance. Which of the three ways does your gradient leave out?")
def test_takes_the_statistics_for_constants(submission):
    """grad_x goes through the batch's mean and variance as well."""
    cases = fixed(backward_problem, 31, (4, 3), (3, 3), (2, 1), (6, 2))
    grad_out, x, gamma = cases[0]
    cases += [(grad_out, x, gamma * [1.0, 0.0, 1.0]), (1e6 * grad_out, x, gamma)]
    GRAD_X.assert_holds(submission, cases, draw=draw_backward)


@check("batch_norm_backward", points=0.5,
       hint="Which number does gamma multiply in the forward pass: x, or what x has become? And "
            "is a gradient of a sum over samples a sum or a mean?")
def test_gives_other_gradients_of_gamma_and_beta(submission):
    """grad_gamma is summed over the samples against the normalised x, grad_beta alone."""
    cases = fixed(backward_problem, 32, (4, 3), (3, 3), (2, 1), (6, 2), (4, 2, 1e6))
    GRAD_PARAMETERS.assert_holds(submission, cases, draw=draw_backward)


@check("batch_norm_backward", points=0.5,
       hint="The forward pass divides by the root of variance plus eps. What does yours divide "
            "by, if all entries of a column are equal?")
def test_forgets_eps_backwards(submission):
    """`eps` counts in the gradients as it does forwards, 1e-5 by default."""
    narrow = fixed(draw_narrow_backward, 33, (), ())
    GRAD_EPS.assert_holds(submission, narrow, draw=draw_narrow_backward)
    first, second = fixed(backward_problem, 34, (4, 2, 1.0), (3, 2, 1.0))
    cases = [(*first, 0.5), (second, {"eps": 0.25}), (narrow[0], {"eps": 1e-8})]
    GRAD_EPS.assert_holds(submission, cases, draw=draw_backward_eps)


@check("batch_norm_backward", points=0.5,
       hint="Does a line with `-=` or `*=` reach grad_out or x? Does anything come back that was "
            "handed in, or outlive the call?")
def test_backward_writes_into_its_arguments(submission):
    """Arguments of the backward pass stay as they were, results are new, calls start afresh."""
    cases = fixed(backward_problem, 36, (4, 3), (4, 3), (2, 1))
    assert_no_traces(submission, GRAD_X, cases, draw=draw_backward, new=True)


# fold_batch_norm


@check("fold_batch_norm", points=1,
       hint="Put one input through both steps on paper, and collect what multiplies it. Which of "
            "bias, running mean and beta are scaled as well?")
def test_folds_something_else(submission):
    """One layer gives what the layer and the normalisation in use give after each other."""
    cases = fixed(layer, 38, (4, 3), (3, 3), (1, 2), (2, 1))
    weight, bias, gamma, *rest = cases[0]
    cases += [(weight, bias, gamma * [1.0, 0.0, 1.0], *rest),
              (1e6 * weight, 1e6 * bias, gamma, *rest)]
    FOLDED.assert_holds(submission, cases, draw=draw_layer)


@check("fold_batch_norm", points=0.5,
       hint="A running variance can be as small as eps, or 0. Is eps under your root, and is it "
            "the one that was asked for?")
def test_forgets_eps_when_folding(submission):
    """`eps` is added to the running variance, 1e-5 by default."""
    tight = {"rtol": TIGHT, "atol": TIGHT}
    narrow = fixed(draw_narrow_layer, 39, (), ())
    FOLDED.assert_holds(submission, narrow, draw=draw_narrow_layer, **tight)
    first, second = fixed(layer, 40, (2, 3, 1.0), (2, 2, 1.0))
    cases = [(*first, 0.5), (second, {"eps": 0.25})]
    FOLDED.assert_holds(submission, cases, draw=draw_layer_eps, **tight)


@check("fold_batch_norm", points=0.5,
       hint="The unfolded layer may still be needed. What does `weight *= scale` do to it?")
def test_folding_writes_into_its_arguments(submission):
    """The layer and the normalisation stay as they were, results are new, calls start afresh."""
    cases = fixed(layer, 42, (4, 3), (4, 3), (2, 1))
    assert_no_traces(submission, FOLDED, cases, draw=draw_layer, new=True)
