"""Hidden checks of exercise 02.

The loss is quadratic, so its central difference is its derivative exactly, whatever the step: the
gradient is stated with `fractions.Fraction` and a step of 1, without differentiating anything. The
paths are walked in plain loops over single numbers, sample by sample.
"""

from fractions import Fraction

import numpy as np

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    assert_unchanged,
    check,
    expect,
    same,
)

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


def generator(seed, kind="fresh"):
    """A new generator: fresh, one that has drawn before, or of another algorithm."""
    if kind == "MT19937":
        return np.random.Generator(np.random.MT19937(seed))
    rng = np.random.default_rng(seed)
    if kind == "used":
        rng.random(5)
    return rng


def assert_path(path, expected, given):
    """Fail unless `path` starts at zero and visits the expected points."""
    assert_array(path, shape=expected.shape, given=given)
    assert_equal(path[0], np.zeros(expected.shape[1]), given=f"{given}, the start")
    assert_close(
        path,
        expected,
        rtol=1e-9,  # a few dozen float64 steps that contract: 1e-14 at worst
        atol=1e-11,  # weights pass near zero
        given=given,
    )


def judge_stochastic(submission, X, y, lr, epochs, seed, kind="fresh"):
    """Compare one call of stochastic_gradient_descent with the walk by hand."""
    expected = walk(X, y, lr, cut(generator(seed, kind), len(y), 1, epochs))
    path = submission.stochastic_gradient_descent(X, y, lr, epochs, generator(seed, kind))
    given = f"stochastic_gradient_descent(X {X.shape}, y, lr={lr}, epochs={epochs}, rng)"
    assert_path(path, expected, given)


def judge_minibatch(submission, X, y, lr, epochs, batch_size, seed, kind="fresh"):
    """Compare one call of minibatch_gradient_descent with the walk by hand."""
    expected = walk(X, y, lr, cut(generator(seed, kind), len(y), batch_size, epochs))
    path = submission.minibatch_gradient_descent(
        X, y, lr, epochs, batch_size, generator(seed, kind)
    )
    given = (
        f"minibatch_gradient_descent(X {X.shape}, y, lr={lr}, epochs={epochs}, "
        f"batch_size={batch_size}, rng)"
    )
    assert_path(path, expected, given)


def probe_traces(answer, name, named, seed):
    """The path, the arrays after the call, and NumPy's global state before and after it."""
    np.random.seed(11)
    before = np.random.get_state()
    rng = {} if seed is None else {"rng": np.random.default_rng(seed)}
    path = getattr(answer, name)(**named, **rng)
    after = np.random.get_state()
    return {
        "path": path,
        "arrays": (named["X"], named["y"]),
        "before": (before[1], int(before[2])),
        "after": (after[1], int(after[2])),
    }


def assert_no_traces(seen, X, y, given):
    """Fail if the call changed its arrays or NumPy's global random state."""
    expect(same(seen["arrays"], (X, y)), "it changed an argument in place", given=given)
    expect(
        same(seen["before"], seen["after"]),
        "NumPy's global random state is another one after the call",
        given=given,
    )


@check(
    "mse_gradient",
    points=1.5,
    hint="Take one sample and one weight: what is the derivative of (x * w - y)**2? What does the "
    "mean over N samples add to it?",
)
def test_is_not_the_gradient_of_the_mean_square(submission):
    """It is the derivative of the mean squared error, for any number of samples."""
    w = np.array([0.9, -1.3, 0.4])
    for weights, X, y in [
        (w, X7, Y7),
        (-2.0 * w, X7[:4], Y7[:4]),
        (w[:2], X6, Y6),
        (w, X2, Y2),
        (np.zeros(3), X7, Y7),
        (w, X7, 1e3 * Y7),  # a steep place: nothing says that a gradient is clipped
    ]:
        assert_close(
            submission.mse_gradient(weights, X, y),
            exact_gradient(weights, X, y),
            rtol=1e-9,  # sums of a few products; X.T @ X @ w - X.T @ y loses a digit more
            atol=1e-12,
            given=f"mse_gradient({weights.tolist()}, X {X.shape}, y)",
        )


@check(
    "mse_gradient",
    points=0.5,
    hint="Does `y -= ...` or `w -= ...` write into the caller's arrays? Is the result (D,) for a "
    "single sample and for a single feature as well?",
)
def test_mse_gradient_leaves_traces(submission):
    """The arguments stay as they were; one sample or one feature still gives (D,)."""
    w = np.array([0.25, 2.5, -1.5])
    for weights, X, y in [(w, X7, Y7), (w, X1, Y1), (w[:1], COLUMN, COLUMN_Y), (w, X7, -Y7)]:
        assert_close(
            assert_unchanged(submission, "mse_gradient", weights, X, y),
            exact_gradient(weights, X, y),
            rtol=1e-9,  # as above
            atol=1e-12,
            given=f"mse_gradient({weights.tolist()}, X {X.shape}, y)",
        )
    assert_close(
        submission.mse_gradient(y=Y2, X=X2, w=w),
        exact_gradient(w, X2, Y2),
        rtol=1e-9,  # as above
        atol=1e-12,
        given="mse_gradient(y=..., X=..., w=...)",
    )
    seen = assert_afresh(submission, "mse_gradient", (w, X7, Y7), (1.0 - w, OTHER_X, OTHER_Y))
    assert_close(
        seen,
        exact_gradient(1.0 - w, OTHER_X, OTHER_Y),
        rtol=1e-9,  # as above
        atol=1e-12,
        given="mse_gradient called again with other numbers",
    )


@check(
    "batch_gradient_descent",
    points=1,
    hint="Which gradient, which sign, which learning rate? Follow the first two updates on paper: "
    "the second starts where the first ended.",
)
def test_walks_another_path(submission):
    """Every update goes lr times against the gradient over all samples."""
    for X, y, lr, epochs in [
        (X7, Y7, 0.1, 1),
        (X7, Y7, 0.1, 9),
        (X6, Y6, 0.25, 5),
        (X2, Y2, 0.3, 4),
        (COLUMN, COLUMN_Y, 0.05, 6),
        (COLUMN, COLUMN_Y, 0.375, 60),  # arrives at the minimum on the way, and walks on
        (X6, Y6, 1.5, 8),  # too large a learning rate: far beyond 1e4, and nothing stops it
    ]:
        assert_path(
            submission.batch_gradient_descent(X, y, lr, epochs),
            walk(X, y, lr, [range(len(y))] * epochs),
            given=f"batch_gradient_descent(X {X.shape}, y, lr={lr}, epochs={epochs})",
        )


@check(
    "batch_gradient_descent",
    points=0.5,
    hint="How many points does a walk of n steps visit, the start included? Is each of them an "
    "array of its own, or the same array n times?",
)
def test_forgets_points_of_the_path(submission):
    """All epochs + 1 points are there, each its own, the zeros first; after no epoch just those."""
    for epochs in (0, 1, 3):
        given = f"batch_gradient_descent(X (7, 3), y, lr=0.125, epochs={epochs})"
        path = submission.batch_gradient_descent(X7, Y7, 0.125, epochs)
        assert_array(path, shape=(epochs + 1, 3), given=given)
        assert_equal(path[0], np.zeros(3), given=f"{given}, the start")
        repeated = [i for i in range(epochs) if np.array_equal(path[i], path[i + 1])]
        expect(
            not repeated,
            f"rows {repeated[0]} and {repeated[0] + 1} are the same point" if repeated else "",
            given=given,
        )


@check(
    "batch_gradient_descent",
    points=0.5,
    hint="Where do the weights of the second call start? And which of your lines writes into an "
    "array that came from outside?",
)
def test_batch_gradient_descent_leaves_traces(submission):
    """The arguments stay as they were, and every call starts at zero again."""
    for X, y, lr, epochs in [(X7, Y7, 0.125, 3), (X7, Y7, 0.125, 3), (X7, -Y7, 0.125, 3)]:
        path = assert_unchanged(submission, "batch_gradient_descent", X, y, lr, epochs)
        given = f"batch_gradient_descent(X {X.shape}, y, lr={lr}, epochs={epochs}), again"
        assert_path(path, walk(X, y, lr, [range(len(y))] * epochs), given)
    path = assert_afresh(
        submission, "batch_gradient_descent", (X7, Y7, 0.125, 3), (OTHER_X, OTHER_Y, 0.125, 3)
    )
    expected = walk(OTHER_X, OTHER_Y, 0.125, [range(7)] * 3)
    assert_path(path, expected, "batch_gradient_descent called again with other samples")
    named = {"epochs": 2, "lr": 0.2, "y": Y1, "X": X1}
    seen = submission.probe(probe_traces, "batch_gradient_descent", named, None)
    assert_no_traces(seen, X1, Y1, "batch_gradient_descent on one sample")
    expected = walk(X1, Y1, 0.2, [[0], [0]])
    assert_path(seen["path"], expected, "batch_gradient_descent on one sample")


@check(
    "stochastic_gradient_descent",
    points=1,
    hint="Which sample comes first? What is the gradient of its loss alone, and from which "
    "weights does the second update start?",
)
def test_steps_wrongly_within_an_epoch(submission):
    """One epoch takes one step a sample, in the order of rng.permutation(N)."""
    judge_stochastic(submission, X7, Y7, 0.1, 1, seed=3)
    judge_stochastic(submission, X6, Y6, 0.05, 1, seed=8)
    judge_stochastic(submission, COLUMN, COLUMN_Y, 0.2, 1, seed=2)
    judge_stochastic(submission, X1, Y1, 0.15, 1, seed=1)


@check(
    "stochastic_gradient_descent",
    points=1,
    hint="When is the order drawn, once in all or once an epoch? And where does the next epoch "
    "start?",
)
def test_keeps_one_order_for_all_epochs(submission):
    """Every epoch draws its own order and goes on where the last one ended."""
    judge_stochastic(submission, X7, Y7, 0.1, 4, seed=5)
    judge_stochastic(submission, X2, Y2, 0.05, 6, seed=4)
    # Arrives at the minimum on the way; every sample is visited all the same.
    judge_stochastic(submission, COLUMN, EXACT_Y, 0.375, 25, seed=7)


@check(
    "stochastic_gradient_descent",
    points=0.5,
    hint="Do you draw from the generator that was passed in, as it comes, or from one that you "
    "made or seeded yourself?",
)
def test_draws_sgd_orders_elsewhere(submission):
    """The orders come from `rng` in whatever state it is, and from nothing else."""
    for seed in (0, 42, 2024):
        judge_stochastic(submission, X7, Y7, 0.08, 2, seed=seed)
    judge_stochastic(submission, X7, Y7, 0.08, 2, seed=6, kind="used")
    judge_stochastic(submission, X7, Y7, 0.08, 2, seed=6, kind="MT19937")
    seen = submission.probe(
        probe_traces,
        "stochastic_gradient_descent",
        {"X": X7, "y": Y7, "lr": 0.08, "epochs": 2},
        9,
    )
    given = "stochastic_gradient_descent(X (7, 3), y, lr=0.08, epochs=2, rng)"
    expect(
        same(seen["before"], seen["after"]),
        "NumPy's global random state is another one after the call",
        given=given,
    )


@check(
    "stochastic_gradient_descent",
    points=0.5,
    hint="Shuffling X and y in place is seen outside. What does no epoch at all return, and does a "
    "second call start at zero?",
)
def test_stochastic_gradient_descent_leaves_traces(submission):
    """The arrays stay as they were, every call starts at zero, and no epoch is just the start."""
    for epochs in (2, 2, 0):
        named = {"X": X7, "y": Y7, "lr": 0.1, "epochs": epochs}
        seen = submission.probe(probe_traces, "stochastic_gradient_descent", named, 7)
        given = f"stochastic_gradient_descent(X (7, 3), y, lr=0.1, epochs={epochs}, rng)"
        assert_no_traces(seen, X7, Y7, given)
        assert_path(seen["path"], walk(X7, Y7, 0.1, cut(generator(7), 7, 1, epochs)), given)
    first, second = (X7, Y7, 0.1, 2), (OTHER_X, OTHER_Y, 0.1, 2)
    path = assert_afresh(submission, "stochastic_gradient_descent", first, second, seed=8)
    expected = walk(OTHER_X, OTHER_Y, 0.1, cut(generator(8), 7, 1, 2))
    assert_path(path, expected, "stochastic_gradient_descent called again with other samples")


@check(
    "minibatch_gradient_descent",
    points=1,
    hint="Which rows are in the first batch, do X and y agree on them, and is the step made from "
    "their mean or from their sum?",
)
def test_steps_wrongly_within_a_batch(submission):
    """Each batch is the next piece of rng.permutation(N), each step its mean gradient."""
    judge_minibatch(submission, X6, Y6, 0.1, 1, 2, seed=3)
    judge_minibatch(submission, X6, Y6, 0.1, 1, 3, seed=8)
    judge_minibatch(submission, X7[1:5], Y7[1:5], 0.2, 1, 2, seed=2)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Seven samples in batches of three: how many batches, how large is the last, and by "
    "which number is its mean divided?",
)
def test_spoils_the_last_batch(submission):
    """The last batch is as small as it comes, and steps along its own mean."""
    for batch_size in (2, 3, 4, 5, 6):
        judge_minibatch(submission, X7, Y7, 0.15, 1, batch_size, seed=batch_size)
    judge_minibatch(submission, X7, Y7, 0.15, 3, 3, seed=10)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="What if a batch holds one sample, or all of them, or is allowed to hold more than there "
    "are?",
)
def test_fails_at_extreme_batch_sizes(submission):
    """Batches of one, of N, and of more than N work."""
    judge_minibatch(submission, X7, Y7, 0.05, 2, 1, seed=1)
    judge_minibatch(submission, X7, Y7, 0.2, 3, 7, seed=2)
    judge_minibatch(submission, X7, Y7, 0.2, 3, 10, seed=3)
    judge_minibatch(submission, X1, Y1, 0.15, 3, 4, seed=4)
    judge_minibatch(submission, COLUMN, COLUMN_Y, 0.15, 2, 2, seed=5)


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Where is the order drawn, and from which generator: the one that was passed in, as it "
    "comes?",
)
def test_draws_minibatch_orders_elsewhere(submission):
    """Every epoch draws a new order from `rng`, in whatever state it is."""
    judge_minibatch(submission, X6, Y6, 0.1, 4, 2, seed=0)
    judge_minibatch(submission, X6, Y6, 0.1, 3, 3, seed=42)
    judge_minibatch(submission, COLUMN, EXACT_Y, 0.375, 40, 2, seed=7)  # stays at the minimum
    judge_minibatch(submission, X6, Y6, 0.1, 2, 3, seed=6, kind="used")
    judge_minibatch(submission, X6, Y6, 0.1, 2, 3, seed=6, kind="MT19937")


@check(
    "minibatch_gradient_descent",
    points=0.5,
    hint="Shuffling X and y in place is seen outside. What does no epoch at all return, and does a "
    "second call start at zero?",
)
def test_minibatch_gradient_descent_leaves_traces(submission):
    """The arrays stay as they were, every call starts at zero, and no epoch is just the start."""
    for epochs in (2, 2, 0):
        named = {"X": X6, "y": Y6, "lr": 0.1, "epochs": epochs, "batch_size": 2}
        seen = submission.probe(probe_traces, "minibatch_gradient_descent", named, 7)
        given = (
            f"minibatch_gradient_descent(X (6, 2), y, lr=0.1, epochs={epochs}, batch_size=2, rng)"
        )
        assert_no_traces(seen, X6, Y6, given)
        assert_path(seen["path"], walk(X6, Y6, 0.1, cut(generator(7), 6, 2, epochs)), given)
    first, second = (X7, Y7, 0.1, 2, 3), (OTHER_X, OTHER_Y, 0.1, 2, 3)
    path = assert_afresh(submission, "minibatch_gradient_descent", first, second, seed=8)
    expected = walk(OTHER_X, OTHER_Y, 0.1, cut(generator(8), 7, 3, 2))
    assert_path(path, expected, "minibatch_gradient_descent called again with other samples")
