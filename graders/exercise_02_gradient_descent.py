"""Hidden checks of exercise 02.

The loss is quadratic, so its central difference is its derivative exactly, whatever the step: the
gradient is stated with `fractions.Fraction` and a step of 1, without differentiating anything. The
paths are walked in plain loops over single numbers, sample by sample.
"""

from fractions import Fraction

import numpy as np

from gradekit.grading import (
    Code,
    Truth,
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    assert_no_traces,
    check,
    expect,
    rng_of,
    same,
)

# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}

# (7, 3): seven is prime, so no batch size but 1 and 7 divides it. The columns differ in scale and
# sign, and no row is a multiple of another.
X7 = np.array(
    [
        [1.0, -0.3, 0.55],
        [0.2, 1.4, -0.8],
        [-1.1, 0.6, 0.35],
        [0.7, 0.9, 1.3],
        [-0.4, -1.2, 0.15],
        [1.6, 0.1, -0.95],
        [-0.5, 0.45, -1.7],
    ]
)
Y7 = np.array([2.1, -0.7, 0.4, 3.3, -1.9, 0.8, 1.25])
X2, Y2 = X7[2:4], Y7[2:4]  # fewer samples than features
X6, Y6 = X7[:6, :2] * 1.5, Y7[:6] + 0.5
X1, Y1 = X7[3:4], Y7[3:4]
COLUMN, COLUMN_Y = X7[:5, 1:2], Y7[:5]  # a single feature
OTHER_X, OTHER_Y = 0.75 - X7, 0.5 - Y7[::-1]
LONG_X = np.cos(np.arange(600.0)).reshape(300, 2)  # more samples than anything above
LONG_Y = np.sin(np.arange(300.0)) + LONG_X[:, 0]
EXACT_Y = COLUMN[:, 0] * 0.75  # which a weight of 0.75 fits without a rest


def exact_gradient(w, X, y):
    """(loss(w + e) - loss(w - e)) / 2 for every unit vector e, in exact arithmetic."""

    def loss(weights):
        total = Fraction(0)
        for row, target in zip(X.tolist(), y.tolist(), strict=True):
            guess = sum(Fraction(x) * v for x, v in zip(row, weights, strict=True))
            total += (guess - Fraction(target)) ** 2
        return total / len(y)

    weights = [Fraction(v) for v in w.tolist()]
    gradient = []
    for j in range(len(weights)):
        up = [v + (i == j) for i, v in enumerate(weights)]
        down = [v - (i == j) for i, v in enumerate(weights)]
        gradient.append(float((loss(up) - loss(down)) / 2))
    return np.array(gradient)


def walk(X, y, lr, batches):
    """Every point visited when one step is taken for each list of row numbers in `batches`."""
    rows, targets = X.tolist(), y.tolist()
    w = [0.0] * X.shape[1]
    path = [w]
    for batch in batches:
        step = [0.0] * len(w)
        for i in batch:
            error = sum(x * v for x, v in zip(rows[i], w, strict=True)) - targets[i]
            step = [s + 2.0 * error * x / len(batch) for s, x in zip(step, rows[i], strict=True)]
        w = [v - lr * s for v, s in zip(w, step, strict=True)]
        path.append(w)
    return np.array(path)


def cut(rng, count, batch_size, epochs):
    """The batches of all epochs: each epoch's permutation, in pieces of `batch_size`."""
    batches = []
    for _ in range(epochs):
        waiting = rng.permutation(count).tolist()
        while waiting:
            batches.append(waiting[:batch_size])
            waiting = waiting[batch_size:]
    return batches


def batch_walk(X, y, lr, epochs):
    return walk(X, y, lr, [range(len(y))] * epochs)


def single_walk(X, y, lr, epochs, rng):
    return walk(X, y, lr, cut(rng, len(y), 1, epochs))


def batches_walk(X, y, lr, epochs, batch_size, rng):
    return walk(X, y, lr, cut(rng, len(y), batch_size, epochs))


def fresh(seed):
    return Code(f"np.random.default_rng({seed})")


def used(seed):
    """A generator that has drawn before."""
    return Code(f"(lambda rng: (rng.random(5), rng)[1])(np.random.default_rng({seed}))")


def another(seed):
    """A generator of another algorithm."""
    return Code(f"np.random.Generator(np.random.MT19937({seed}))")


def judge_path(path, expected, *args, **keywords):
    """It starts at zero and visits the expected points."""
    assert_array(path, shape=expected.shape)
    assert_equal(path[0], np.zeros(expected.shape[1]))
    # A few dozen float64 steps that contract err by 1e-14 at worst; weights pass near zero.
    assert_close(path, expected, rtol=1e-9, atol=1e-11)


def judge_points(path, expected, *args, **keywords):
    """As many points as expected, from zero, each another; where they lie is for other checks."""
    assert_array(path, shape=expected.shape)
    assert_equal(path[0], np.zeros(expected.shape[1]))
    repeated = [i for i in range(len(path) - 1) if np.array_equal(path[i], path[i + 1])]
    if repeated:
        expect(False, f"rows {repeated[0]} and {repeated[0] + 1} are the same point")


# Where the smallest counterexample is looked for: up to three samples of one or two features.


def samples(st, most=3, widest=2):
    def of_size(size):
        N, D = size
        numbers = st.integers(-2, 2).map(float)
        rows = st.lists(st.lists(numbers, min_size=D, max_size=D), min_size=N, max_size=N)
        targets = st.lists(numbers, min_size=N, max_size=N)
        return st.tuples(rows.map(np.array), targets.map(np.array))

    return st.tuples(st.integers(1, most), st.integers(1, widest)).flatmap(of_size)


def weights_and_samples(st):
    def with_weights(case):
        D = case[0].shape[1]
        weights = st.lists(st.integers(-2, 2).map(float), min_size=D, max_size=D).map(np.array)
        return weights.map(lambda w: (w, *case))

    return samples(st).flatmap(with_weights)


def descents(*more, most=3, widest=2):
    """Samples, a learning rate, some epochs, and what `more` strategies give."""
    def inputs(st):
        rest = st.tuples(st.just(0.125), st.integers(0, 2), *(each(st) for each in more))
        return st.tuples(samples(st, most, widest), rest).map(lambda case: (*case[0], *case[1]))
    return inputs


def generators(st):
    return st.integers(0, 5).map(fresh)


def in_order(*more):
    """One feature of up to two samples before anything larger."""
    return descents(*more, most=2, widest=1), descents(*more)


def batch_sizes(st):
    return st.integers(1, 4)


GRADIENT = Truth(
    "mse_gradient", exact_gradient, inputs=weights_and_samples,
    rtol=1e-9, atol=1e-12,  # sums of a few products; X.T @ X @ w - X.T @ y loses a digit more
)
WALKS, DRAWN = in_order(), in_order(generators)
BATCH = Truth("batch_gradient_descent", batch_walk, inputs=WALKS, rtol=1e-9, judge=judge_path)
BATCH_POINTS = Truth("batch_gradient_descent", batch_walk, inputs=WALKS, rtol=1e-9,
                     judge=judge_points)
BATCH_NEARLY = Truth("batch_gradient_descent", batch_walk, inputs=WALKS, rtol=1e-9)
SINGLE = Truth("stochastic_gradient_descent", single_walk, inputs=DRAWN, rtol=1e-9,
               judge=judge_path)
BATCHES = Truth("minibatch_gradient_descent", batches_walk, rtol=1e-9, judge=judge_path,
                inputs=in_order(batch_sizes, generators))


def problem(rng, N=None, D=None):
    """Samples of some sizes, and their targets."""
    N, D = N or int(rng.integers(3, 7)), D or int(rng.integers(1, 4))
    return rng.uniform(-1.5, 1.5, (N, D)), rng.normal(0.5, 1.5, N)


def a_seed(rng):
    return fresh(int(rng.integers(2**31)))


def some_gradient(rng):
    X, y = problem(rng)
    return rng.normal(size=X.shape[1]), X, y


def some_descent(rng):
    return *problem(rng), rng.uniform(0.05, 0.2), int(rng.integers(2, 7))


def one_epoch(rng):
    return *problem(rng), rng.uniform(0.03, 0.12), 1, a_seed(rng)


def some_epochs(rng):
    return *problem(rng), rng.uniform(0.03, 0.12), int(rng.integers(2, 5)), a_seed(rng)


def elsewhere(rng):
    X, y, lr, epochs, _ = some_epochs(rng)
    seed = int(rng.integers(2**31))
    return X, y, lr, epochs, used(seed) if rng.integers(2) else another(seed)


def even_batches(rng):
    size, count = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    return *problem(rng, size * count), rng.uniform(0.05, 0.2), 1, size, a_seed(rng)


def uneven_batches(rng):
    X, y = problem(rng, 7)
    size, epochs = int(rng.integers(2, 7)), int(rng.integers(1, 3))
    return X, y, rng.uniform(0.05, 0.2), epochs, size, a_seed(rng)


def extreme_batches(rng):
    X, y = problem(rng)
    size = int(rng.choice([1, len(y), len(y) + rng.integers(1, 5)]))
    return X, y, rng.uniform(0.03, 0.12), 2, size, a_seed(rng)


def batches_elsewhere(rng):
    X, y, lr, epochs, generator = elsewhere(rng)
    return X, y, lr, epochs + 1, 2, generator


def probe_traces(answer, name, runs):
    """Of each run: the path, the arrays after the call, and NumPy's global state around it."""
    found = []
    for X, y, order, others, seed in runs:
        np.random.seed(11)
        before = np.random.get_state()
        if order == "strided":
            given = np.zeros((2 * len(X), 2 * X.shape[1]))[::2, ::2]
            given[...] = X
        else:
            given = X.copy(order=order)
        target = y.copy()
        given.flags.writeable = target.flags.writeable = order == "C"
        rng = np.random.default_rng(seed)
        path = getattr(answer, name)(X=given, y=target, rng=rng, **others)
        after = np.random.get_state()
        found.append({
            "path": path,
            "arrays": (given, target),
            "before": (before[1], int(before[2])),
            "after": (after[1], int(after[2])),
        })  # fmt: skip
    return found


def judge_runs(submission, truth, X, y, **more):
    """No run changes its arrays or NumPy's global state, or depends on how X lies or on others."""
    drawn, rng = problem(rng_of(submission), 5, 2), rng_of(submission)
    runs = [
        (*data, order, {"lr": 0.1, "epochs": epochs, **more}, int(rng.integers(2**31)))
        for data, order, epochs in (
            ((X, y), "C", 2), ((X, y), "C", 2), ((X, y), "C", 0), ((X, y), "F", 2),
            (drawn, "strided", 2),
        )
    ]  # fmt: skip
    found = submission.probe(probe_traces, truth.function, runs)
    for (X, y, order, others, seed), seen in zip(runs, found, strict=True):
        given = f"{truth.function} of X {X.shape} in {order} order, epochs={others['epochs']}"
        expect(same(seen["arrays"], (X, y)), "it changed an argument in place", given=given)
        expect(
            same(seen["before"], seen["after"]),
            "NumPy's global random state is another one after the call",
            given=given,
        )
        keywords = {"X": X, "y": y, **others, "rng": fresh(seed)}
        assert_close(seen["path"], truth.value((), keywords), atol=1e-3, **ROUGHLY, given=given)


@check(
    "mse_gradient",
    points=1.5,
    hint="Take one sample and one weight: what is the derivative of (x * w - y)**2? What does the "
    "mean over N samples add to it?",
)
def test_is_not_the_gradient_of_the_mean_square(submission):
    """It is the derivative of the mean squared error, for any number of samples."""
    w = np.array([0.9, -1.3, 0.4])
    GRADIENT.assert_holds(submission, [
        (w, X7, Y7), (-2.0 * w, X7[:4], Y7[:4]), (w[:2], X6, Y6), (w, X2, Y2),
        (np.zeros(3), X7, Y7),
        (w[:2], LONG_X[:130], LONG_Y[:130]),
        (w, X7, 1e6 * Y7),  # a steep place: nothing says that a gradient is clipped
    ], draw=some_gradient, draws=1)


@check(
    "mse_gradient",
    points=0.5,
    hint="Does `y -= ...` or `w -= ...` write into the caller's arrays? Is the result (D,) for a "
    "single sample and for a single feature as well?",
)
def test_mse_gradient_leaves_traces(submission):
    """The arguments stay as they were; one sample or one feature still gives (D,)."""
    w = np.array([0.25, 2.5, -1.5])
    cases = [(w, X7, Y7), (1.0 - w, OTHER_X, OTHER_Y), (w, X1, Y1), (w[:1], COLUMN, COLUMN_Y),
             (w, X7, -Y7), ((), {"y": Y2, "X": X2, "w": w}), (w, X7, Y7)]
    assert_no_traces(submission, GRADIENT, cases, draw=some_gradient, **ROUGHLY)


@check(
    "batch_gradient_descent",
    points=1,
    hint="Which gradient, which sign, which learning rate? Follow the first two updates on paper: "
    "the second starts where the first ended.",
)
def test_walks_another_path(submission):
    """Every update goes lr times against the gradient over all samples."""
    BATCH.assert_holds(submission, [
        (X7, Y7, 0.1, 1), (X7, Y7, 0.1, 9), (X6, Y6, 0.25, 5), (X2, Y2, 0.3, 4),
        (COLUMN, COLUMN_Y, 0.05, 6), (LONG_X, LONG_Y, 0.25, 2),
        (COLUMN, COLUMN_Y, 0.375, 60),  # arrives at the minimum on the way, and walks on
        (X6, Y6, 1.5, 8),  # too large a learning rate: far beyond 1e4, and nothing stops it
    ], draw=some_descent, draws=1)


@check(
    "batch_gradient_descent",
    points=0.5,
    hint="How many points does a walk of n steps visit, the start included? Is each of them an "
    "array of its own, or the same array n times?",
)
def test_forgets_points_of_the_path(submission):
    """All epochs + 1 points are there, each its own, the zeros first; after no epoch just those."""
    cases = [(X7, Y7, 0.125, epochs) for epochs in (0, 1, 3)]
    BATCH_POINTS.assert_holds(submission, cases, draw=some_descent, draws=1)


@check(
    "batch_gradient_descent",
    points=0.5,
    hint="Where do the weights of the second call start? And which of your lines writes into an "
    "array that came from outside?",
)
def test_batch_gradient_descent_leaves_traces(submission):
    """The arguments stay as they were, and every call starts at zero again."""
    named = {"epochs": 2, "lr": 0.2, "y": Y1, "X": X1}
    cases = [(X7, Y7, 0.125, 3), (OTHER_X, OTHER_Y, 0.125, 3), (X7, Y7, 0.125, 3),
             (X7, -Y7, 0.125, 3), ((), named)]
    assert_no_traces(submission, BATCH_NEARLY, cases, draw=some_descent, **ROUGHLY)


@check(
    "stochastic_gradient_descent",
    points=1,
    hint="Which sample comes first? What is the gradient of its loss alone, and from which "
    "weights does the second update start?",
)
def test_steps_wrongly_within_an_epoch(submission):
    """One epoch takes one step a sample, in the order of rng.permutation(N)."""
    SINGLE.assert_holds(submission, [
        (X7, Y7, 0.1, 1, fresh(3)), (X6, Y6, 0.05, 1, fresh(8)),
        (COLUMN, COLUMN_Y, 0.2, 1, fresh(2)), (X1, Y1, 0.15, 1, fresh(1)),
        (LONG_X, LONG_Y, 0.1, 1, fresh(6)),
        (1e-3 * X6, 5e6 * Y6, 20.0, 1, fresh(9)),  # far out, on gradients of some thousands
    ], draw=one_epoch, draws=1)


@check(
    "stochastic_gradient_descent",
    points=1,
    hint="When is the order drawn, once in all or once an epoch? And where does the next epoch "
    "start?",
)
def test_keeps_one_order_for_all_epochs(submission):
    """Every epoch draws its own order and goes on where the last one ended."""
    SINGLE.assert_holds(submission, [
        (X7, Y7, 0.1, 4, fresh(5)), (X2, Y2, 0.05, 6, fresh(4)),
        # Arrives at the minimum on the way; every sample is visited all the same.
        (COLUMN, EXACT_Y, 0.375, 25, fresh(7)),
    ], draw=some_epochs, draws=1)


@check(
    "stochastic_gradient_descent",
    points=0.5,
    hint="Do you draw from the generator that was passed in, as it comes, or from one that you "
    "made or seeded yourself?",
)
def test_draws_sgd_orders_elsewhere(submission):
    """The orders come from `rng` in whatever state it is, and from nothing else."""
    generators = *map(fresh, (0, 42, 2024)), used(6), another(6)
    SINGLE.assert_holds(submission, [(X7, Y7, 0.08, 2, each) for each in generators],
                        draw=elsewhere, draws=1)


@check(
    "stochastic_gradient_descent",
    points=0.5,
    hint="Shuffling X and y in place is seen outside. What does no epoch at all return, and does a "
    "second call start at zero?",
)
def test_stochastic_gradient_descent_leaves_traces(submission):
    """The arrays stay as they were, every call starts at zero, and no epoch is just the start."""
    judge_runs(submission, SINGLE, X7, Y7)
    first, second = (X7, Y7, 0.1, 2), (OTHER_X, OTHER_Y, 0.1, 2)
    path = assert_afresh(submission, "stochastic_gradient_descent", first, second, seed=8)
    assert_close(path, SINGLE.value((*second, fresh(8)), {}), atol=1e-3, **ROUGHLY,
                 given="stochastic_gradient_descent called again with other samples")


@check(
    "minibatch_gradient_descent",
    points=1,
    hint="Which rows are in the first batch, do X and y agree on them, and is the step made from "
    "their mean or from their sum?",
)
def test_steps_wrongly_within_a_batch(submission):
    """Each batch is the next piece of rng.permutation(N), each step its mean gradient."""
    BATCHES.assert_holds(submission, [
        (X6, Y6, 0.1, 1, 2, fresh(3)), (X6, Y6, 0.1, 1, 3, fresh(8)),
        (X7[1:5], Y7[1:5], 0.2, 1, 2, fresh(2)),
        (1e-3 * X6, 5e6 * Y6, 20.0, 1, 2, fresh(9)),  # far out, on gradients of some thousands
    ], draw=even_batches, draws=1)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Seven samples in batches of three: how many batches, how large is the last, and by "
    "which number is its mean divided?",
)
def test_spoils_the_last_batch(submission):
    """The last batch is as small as it comes, and steps along its own mean."""
    cases = [(X7, Y7, 0.15, 1, size, fresh(size)) for size in (2, 3, 4, 5, 6)]
    cases.append((X7, Y7, 0.15, 3, 3, fresh(10)))
    BATCHES.assert_holds(submission, cases, draw=uneven_batches, draws=1)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="What if a batch holds one sample, or all of them, or is allowed to hold more than there "
    "are?",
)
def test_fails_at_extreme_batch_sizes(submission):
    """Batches of one, of N, and of more than N work."""
    BATCHES.assert_holds(submission, [
        (X7, Y7, 0.05, 2, 1, fresh(1)), (X7, Y7, 0.2, 3, 7, fresh(2)),
        (X7, Y7, 0.2, 3, 10, fresh(3)), (X1, Y1, 0.15, 3, 4, fresh(4)),
        (COLUMN, COLUMN_Y, 0.15, 2, 2, fresh(5)), (LONG_X, LONG_Y, 0.25, 1, 280, fresh(6)),
    ], draw=extreme_batches, draws=1)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Where is the order drawn, and from which generator: the one that was passed in, as it "
    "comes?",
)
def test_draws_minibatch_orders_elsewhere(submission):
    """Every epoch draws a new order from `rng`, in whatever state it is."""
    BATCHES.assert_holds(submission, [
        (X6, Y6, 0.1, 4, 2, fresh(0)), (X6, Y6, 0.1, 3, 3, fresh(42)),
        (COLUMN, EXACT_Y, 0.375, 20, 2, fresh(7)),  # stays at the minimum
        (X6, Y6, 0.1, 2, 3, used(6)), (X6, Y6, 0.1, 2, 3, another(6)),
    ], draw=batches_elsewhere, draws=1)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Shuffling X and y in place is seen outside. What does no epoch at all return, and does a "
    "second call start at zero?",
)
def test_minibatch_gradient_descent_leaves_traces(submission):
    """The arrays stay as they were, every call starts at zero, and no epoch is just the start."""
    judge_runs(submission, BATCHES, X6, Y6, batch_size=2)
    first, second = (X7, Y7, 0.1, 2, 3), (OTHER_X, OTHER_Y, 0.1, 2, 3)
    path = assert_afresh(submission, "minibatch_gradient_descent", first, second, seed=8)
    assert_close(path, BATCHES.value((*second, fresh(8)), {}), atol=1e-3, **ROUGHLY,
                 given="minibatch_gradient_descent called again with other samples")
