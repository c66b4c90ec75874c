"""Hidden checks of exercise 01: a hidden layer, its gradients, and central differences.

Truth for the loss is the network in plain loops. Truth for the gradients is the complex step: for
an analytic loss, Im loss(w + ih) / h is the derivative with no subtraction, so with h = 1e-30 it
is exact to rounding and knows nothing of backpropagation. Truth for `numerical_gradient` is the
difference quotient in fractions, in which nothing is rounded.
"""

import math
from fractions import Fraction

import numpy as np

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_afresh,
    assert_array,
    assert_close,
    assert_no_traces,
    check,
    expect,
    rng_of,
    same,
)

PARAMETERS = ("W1", "b1", "W2", "b2")
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}


def by_loops(X, y, W1, b1, W2, b2):
    """The loss as it is written, one sample and one unit at a time."""
    (N, D), (H, K) = X.shape, W2.shape
    squares = []
    for n in range(N):
        hidden = [
            math.tanh(math.fsum(X[n, d] * W1[d, h] for d in range(D)) + b1[h]) for h in range(H)
        ]
        for k in range(K):
            y_hat = math.fsum(hidden[h] * W2[h, k] for h in range(H)) + b2[k]
            squares.append((y_hat - y[n, k]) ** 2)
    return math.fsum(squares) / (N * K)


def by_complex_step(X, y, W1, b1, W2, b2):
    """The exact gradient of each parameter, entry by entry."""
    step, parameters = 1e-30, (W1, b1, W2, b2)
    gradients = {}
    for position, name in enumerate(PARAMETERS):
        gradients[name] = np.zeros(parameters[position].shape)
        for index in np.ndindex(gradients[name].shape):
            W1, b1, W2, b2 = shifted = [np.array(p, dtype=complex) for p in parameters]
            shifted[position][index] += 1j * step
            loss = np.mean((np.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2)
            gradients[name][index] = loss.imag / step
    return gradients


def by_fractions(f, x, eps=1e-5):
    """(f(x + eps) - f(x - eps)) / (2 eps) for each entry, of a polynomial or of max(0, x)."""
    exact = np.array([Fraction(entry) for entry in x.ravel().tolist()], dtype=object)
    step, slopes = Fraction(eps), []
    for place in range(x.size):
        up, down = exact.copy(), exact.copy()
        up[place], down[place] = exact[place] + step, exact[place] - step
        difference = f(up.reshape(x.shape)) - f(down.reshape(x.shape))
        slopes.append(float(difference / (2 * step)))
    return np.array(slopes).reshape(x.shape)


def judging(*names, rtol, atol):
    """A judge of the gradients called `names`; further keys may be there."""

    def judge(actual, expected, *args, **keywords):
        for name in names:
            assert_close(gradient_from(actual, name), expected[name], rtol=rtol, atol=atol)

    return judge


def gradient_from(actual, name):
    if not isinstance(actual, dict):
        raise Mismatch("expected a dict of gradients", kind="type")
    if name not in actual:
        raise Mismatch(f'expected a key "{name}"')
    return actual[name]


def judge_shapes(actual, expected, *args, **keywords):
    for name in PARAMETERS:
        try:
            assert_array(gradient_from(actual, name), shape=expected[name].shape)
        except Mismatch as mismatch:
            raise Mismatch(f'["{name}"]: {mismatch}', kind=mismatch.kind) from None


# Where the smallest counterexample is looked for: one sample, one unit, and a few more.


def networks(st):
    def of_sizes(sizes):
        N, D, H, K, factor = sizes

        def array(*shape):
            count = math.prod(shape)
            numbers = st.lists(st.integers(-3, 3), min_size=count, max_size=count)
            return numbers.map(lambda each: np.array(each, dtype=np.float64).reshape(shape))

        return st.tuples(array(N, D), array(N, K), array(D, H),
                         array(H).map(lambda each: factor * each), array(H, K), array(K))

    one, two, factors = st.just(1), st.integers(1, 2), st.sampled_from([0.25, 0.25, 1000.0])
    return st.one_of(st.tuples(one, one, one, one, factors), st.tuples(two, one, one, two, factors),
                     st.tuples(two, two, two, two, factors)).flatmap(of_sizes)


def functions_and_points(st):
    functions = st.sampled_from(["lambda x: np.sum(x)", "lambda x: np.prod(x)",
                                 "lambda x: np.sum(x**3)"]).map(Code)
    def points(values):
        return st.sampled_from([(-1,), (-1, 1)]).map(
            lambda shape: np.array(values, dtype=np.float64).reshape(shape))

    x = st.lists(st.integers(-9, 9).map(lambda n: n / 8), min_size=1, max_size=3).flatmap(points)
    return st.tuples(functions, x, st.sampled_from([0.5, 0.25, 1.0]))


def gradients(*names, rtol=1e-9, atol=1e-12):
    """float64 backpropagation is within 1e-13, float32 at 1e-7; entries may cancel over samples."""
    return Truth("mlp_gradients", by_complex_step, inputs=networks, rtol=rtol, atol=atol,
                 judge=judging(*names, rtol=rtol, atol=atol))


LOSS = Truth(
    "mlp_loss", by_loops, inputs=networks,
    rtol=1e-9,  # any order of summation is within 1e-14; float32 is not
)
ALL_GRADIENTS, BY_NAME = gradients(*PARAMETERS), {name: gradients(name) for name in PARAMETERS}
SHAPES = Truth("mlp_gradients", by_complex_step, inputs=networks, rtol=0.0, judge=judge_shapes)
NEARLY = gradients(*PARAMETERS, rtol=1e-3, atol=1e-3)
NUMERICAL = Truth(
    "numerical_gradient", by_fractions, inputs=functions_and_points,
    rtol=1e-9, atol=1e-11,  # steps that are nearly exact in binary
)


# Problems: fixed ones and drawn ones.


def network(rng, N=4, D=3, H=5, K=2):
    """X, y, W1, b1, W2, b2 with no two sizes alike and no unit saturated."""
    shapes = [(N, D), (N, K), (D, H), (H,), (H, K), (K,)]
    return tuple(rng.normal(0.2, 0.7, shape) for shape in shapes)


def fixed(seed, *sizes):
    return network(np.random.default_rng(seed), *sizes)


def several(first_seed):
    """Four networks: one has a single output, and of one all arrays are square."""
    sizes = (4, 3, 5, 2), (6, 2, 3, 4), (4, 3, 5, 1), (3, 3, 3, 3)
    return [fixed(first_seed + place, *each) for place, each in enumerate(sizes)]


def some_network(rng):
    return network(rng, *rng.permutation([2, 3, 4, 5])[:3], int(rng.integers(1, 4)))


def without_weights(X, y, W1, b1, W2, b2):
    return X, y, W1, b1, np.zeros_like(W2), b2


def some_without_weights(rng):
    return without_weights(*network(rng, 3, 2, 2, int(rng.integers(2, 5))))


def saturated(X, y, W1, _, W2, b2):
    return X, y, W1, np.array([1000.0, -1000.0, 0.25, 800.0, -400.0]), W2, b2


def some_saturated(rng):
    X, y, W1, b1, W2, b2 = network(rng, 3, 2, 3, 2)
    b1[:2] = rng.choice([-1.0, 1.0], 2) * rng.uniform(400.0, 3000.0, 2)
    return X, y, W1, b1, W2, b2


def far_off(X, y, *others):
    """The loss is near 1e10: a difference of two losses drowns W1's gradient in rounding."""
    return X, y + 1e5, *others


def some_far_off(rng):
    return far_off(*network(rng, 3, 2, 3, 2))


CUBIC = Code("lambda x: np.sum(np.arange(1, np.size(x) + 1) * np.ravel(x) ** 3) + np.prod(x)")
HINGE = Code("lambda x: np.sum(np.maximum(x, 0))")
PRODUCT, SUM = Code("lambda x: np.prod(x)"), Code("lambda x: np.sum(x)")


def a_point(rng):
    return rng.integers(-24, 25, size=rng.integers(2, 5)) / 8


def some_cubic(rng):
    return CUBIC, a_point(rng), float(rng.choice([0.125, 0.25, 0.5, 0.75]))


def near_the_kink(rng):
    """A step of 1e-5 crosses the kink of max(0, x), and tells its size by what it sees."""
    near = rng.uniform(2e-6, 8e-6, 2) * rng.permutation([-1.0, 1.0])
    return HINGE, np.append(near, rng.uniform(0.5, 2.0) * rng.choice([-1.0, 1.0]))


def some_product(rng):
    return PRODUCT, rng.uniform(0.5, 4.0, (2, 2)) * rng.choice([-1.0, 1.0], (2, 2)), 0.5


# mlp_loss


@check("mlp_loss", points=0.5, hint="With W2 = 0 the network answers b2 for every sample. How "
                                    "many squared errors are there, and what does a mean divide "
                                    "by?")
def test_averages_over_the_samples_only(submission):
    """The loss is the mean over all N * K entries."""
    cases = [without_weights(*fixed(1, 4, 3, 5, 3))]
    LOSS.assert_holds(submission, cases, draw=some_without_weights, draws=1)


@check("mlp_loss", points=1, hint="Which line adds b1, and which b2? What acts on the hidden "
                                  "layer, and what on the output?")
def test_computes_another_network(submission):
    """The loss is that of tanh(X @ W1 + b1) @ W2 + b2, whatever the sizes."""
    cases = [fixed(10), fixed(11, 7, 2, 3, 4), fixed(14, 3, 3, 3, 3), fixed(12, 4, 3, 5, 1),
             fixed(13, 4, 3, 1, 2), far_off(*fixed(15))]
    named = dict(zip(("X", "y", *PARAMETERS), cases[0], strict=True))
    LOSS.assert_holds(submission, [*cases, ((), named)], draw=some_network, draws=1)


@check("mlp_loss", points=0.5, hint="What is exp(1000)? And inf / inf? Who already wrote a tanh "
                                    "that knows the answer for large inputs?")
def test_overflows_in_a_homemade_tanh(submission):
    """Saturated hidden units, with inputs of +-1000 to the tanh, give a finite loss."""
    LOSS.assert_holds(submission, [saturated(*fixed(3))], draw=some_saturated, draws=1)


@check("mlp_loss", points=0.5, hint="What does your function leave behind: in its arguments, and "
                                    "for its next call? What does a batch of one sample do to "
                                    "shapes?")
def test_loss_leaves_traces(submission):
    """The loss changes no argument, keeps nothing, and takes one sample for a batch."""
    first, second = fixed(4), fixed(6)
    cases = [first, second, fixed(5, 1, 2, 4, 3), (first[0], *second[1:]), first]
    assert_no_traces(submission, LOSS, cases, draw=some_network, **ROUGHLY)


# mlp_gradients


@check("mlp_gradients", points=0.5, hint="A gradient says for each entry of a parameter how the "
                                         "loss reacts to it. So what shape must it have?")
def test_returns_gradients_of_another_shape(submission):
    """The answer is a dict with W1, b1, W2, b2, each a float64 array shaped like its parameter."""
    cases = [fixed(20), fixed(20, 2, 6, 3, 4), fixed(20, 4, 3, 5, 1), fixed(20, 4, 1, 1, 2)]
    SHAPES.assert_holds(submission, cases, draw=some_network, draws=1)


@check("mlp_gradients", points=1, hint="The loss is a mean of N * K squares. What is its "
                                       "derivative with respect to one entry of y_hat, with every "
                                       "factor?")
def test_scales_the_output_error_wrongly(submission):
    """The gradient of W2 is exact."""
    BY_NAME["W2"].assert_holds(submission, several(21), draw=some_network, draws=1)


@check("mlp_gradients", points=0.5, hint="One bias was added to all N rows. What is the backward "
                                         "of a broadcast: a mean, a sum, a pick?")
def test_averages_the_output_bias_gradient(submission):
    """The gradient of b2 is exact."""
    BY_NAME["b2"].assert_holds(submission, several(24)[:2], draw=some_network, draws=1)


@check("mlp_gradients", points=1, hint="On the way from the loss to W1 lie W2 and the tanh. What "
                                       "is the derivative of tanh, written with tanh's own "
                                       "output?")
def test_misses_the_derivative_of_tanh(submission):
    """The gradient of W1 is exact."""
    BY_NAME["W1"].assert_holds(submission, several(26), draw=some_network, draws=1)


@check("mlp_gradients", points=0.5, hint="b1 sits in front of the tanh and reaches every sample. "
                                         "Which array do you sum, and over which axis?")
def test_sums_the_hidden_bias_behind_the_tanh(submission):
    """The gradient of b1 is exact."""
    BY_NAME["b1"].assert_holds(submission, several(29)[:2], draw=some_network, draws=1)


@check("mlp_gradients", points=0.5, hint="Does your gradient come from the chain rule, or from "
                                         "differences of losses? And what is tanh of 1000?")
def test_estimates_the_gradient_by_differences(submission):
    """The gradient is exact where the loss is huge, and finite where units are saturated."""
    ALL_GRADIENTS.assert_holds(submission, [far_off(*fixed(31))], draw=some_far_off, draws=1)
    ALL_GRADIENTS.assert_holds(submission, [saturated(*fixed(31))], draw=some_saturated, draws=1)


@check("mlp_gradients", points=0.5, hint="What does your function leave behind: in its arguments, "
                                         "and for its next call? Does `-=` make a new array?")
def test_gradients_leave_traces(submission):
    """The gradients change no argument, keep nothing, and take one sample for a batch."""
    first, second = fixed(32), fixed(34)
    named = dict(zip(("X", "y", *PARAMETERS), first, strict=True))
    cases = [first, second, fixed(33, 1, 2, 4, 3), first, ((), named)]
    assert_no_traces(submission, NEARLY, cases, draw=some_network, **ROUGHLY)


# numerical_gradient. What `f` is given can only be seen where `f` runs, hence the probe.


def cubic(x):
    """Sum of i * x_i**3 for i = 1, 2, ..., plus the product of all entries."""
    flat = np.ravel(x)
    return float(np.sum(np.arange(1, flat.size + 1) * flat**3) + np.prod(flat))


def smooth(x):
    """Something without symmetry, for any shape."""
    flat = np.ravel(x)
    return float(np.sum(np.sin(flat) * np.arange(1, flat.size + 1)) + flat[0] * flat[-1])


def slopes_of_smooth(x):
    flat = x.ravel()
    slopes = np.cos(flat) * np.arange(1, flat.size + 1)
    slopes[[0, -1]] += flat[[-1, 0]]
    return slopes.reshape(x.shape)


def probe_gradients(answer, f, calls):
    """For each (x, order, *eps): the gradient, x afterwards, and the shapes that `f` was given."""
    shapes, found = [], []

    def watched(array):
        shapes.append(list(np.shape(array)))
        return f(array)

    for x, order, *eps in calls:
        shapes.clear()
        if order == "strided":
            given = np.zeros([2 * size for size in x.shape])[(slice(None, None, 2),) * x.ndim]
            given[...] = x
        else:
            given = x.copy(order=order)
        gradient = answer.numerical_gradient(watched, given, *eps)
        found.append({"gradient": gradient, "x": given, "shapes": [*shapes]})
    return found


@check("numerical_gradient", points=1, hint="f(x + eps) is compared with what? How far apart are "
                                            "the two points, and what is their distance over eps?")
def test_takes_one_sided_differences(submission):
    """Differences are central ones, with the eps that was asked for."""
    x = np.array([0.5, -1.5, 0.0, 1.25])  # a zero is moved like any other entry
    cases = [(CUBIC, x, 0.25), (CUBIC, x, 0.5), ((), {"f": CUBIC, "x": x, "eps": 0.125})]
    NUMERICAL.assert_holds(submission, cases, draw=some_cubic, draws=1)


@check("numerical_gradient", points=0.5, hint="With eps large, truncation is your error; with eps "
                                              "tiny, rounding is. Which eps does the signature "
                                              "name?")
def test_default_step_is_another(submission):
    """Without an `eps` the step is 1e-5, and a smooth gradient is right to six digits."""
    # At 5e-6 a step of 1e-5 crosses the kink of max(0, x) and sees 1.5e-5 / 2e-5 of its slope.
    x = np.array([5e-6, 1.0, -5e-6, -1.0])
    # Near 1, 1e-16 of rounding over 1e-5; the next likely eps is 0.2 off.
    NUMERICAL.assert_holds(submission, [(HINGE, x)], draw=near_the_kink, draws=1,
                           rtol=1e-4, atol=1e-4)
    for x in (np.array([0.3, -1.1, 2.0, 0.7]), rng_of(submission).uniform(-2.0, 2.0, 3)):
        assert_close(submission.numerical_gradient(smooth, x), slopes_of_smooth(x),
                     rtol=1e-6, atol=1e-7,  # truncation and rounding are both near 1e-10
                     given="numerical_gradient of a smooth f")


@check("numerical_gradient", points=0.5, hint="Whatever the number of axes, each entry has an "
                                              "index. How do you visit them all and give f the "
                                              "whole array?")
def test_expects_a_vector(submission):
    """Any shape of `x` will do, and `f` always sees arrays of that shape."""
    drawn = rng_of(submission).integers(-16, 17, (2, 2, 2)) / 8
    entries = np.array([0.5, -1.5, 2.0, 1.25, -0.75, 1.75])
    points = [entries[: math.prod(shape)].reshape(shape) for shape in
              ((2, 3), (3, 1, 2), (1, 1), (5,), ())]
    calls = [*((x, "C", 0.25) for x in (*points, drawn)), (points[0], "F", 0.25),
             (drawn, "strided", 0.25)]
    found = submission.probe(probe_gradients, cubic, calls)
    for (x, order, _), seen in zip(calls, found, strict=True):
        given = f"numerical_gradient(f, x) with x of shape {x.shape} in {order} order"
        for other in seen["shapes"]:
            expect(tuple(other) == x.shape, f"f was given shape {tuple(other)}", given=given)
        gradient = seen["gradient"]
        if x.shape == () and isinstance(gradient, float):
            gradient = np.float64(gradient)  # a float has shape (), too
        assert_close(gradient, NUMERICAL.value((CUBIC, x, 0.25), {}), rtol=1e-9, atol=1e-11,
                     given=given)
    x = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 1.75]])
    later = assert_afresh(submission, "numerical_gradient", (cubic, x, 0.25),
                          (cubic, 0.5 - x, 0.25))
    assert_close(later, NUMERICAL.value((CUBIC, 0.5 - x, 0.25), {}), rtol=1e-9, atol=1e-11,
                 given="numerical_gradient called again at another x")


@check("numerical_gradient", points=0.5, hint="A partial derivative moves one entry and holds all "
                                              "others. Where are they when the next entry's turn "
                                              "comes?")
def test_moves_several_entries_at_once(submission):
    """Each entry is moved alone, from the original `x`."""
    x = np.array([[2.1, -3.3, 0.7], [1.3, 4.9, -2.7]])
    # Linear in each entry: exact for any eps. The sum comes after the product at the same x.
    NUMERICAL.assert_holds(submission, [(PRODUCT, x, 0.5), (SUM, x, 0.5)],
                           draw=some_product, draws=1)


@check("numerical_gradient", points=0.5, hint="In floating point, is x + eps - eps always x? What "
                                              "could you keep, so that nothing needs to be "
                                              "undone?")
def test_leaves_x_a_little_off(submission):
    """`x` comes back bit for bit as it was, and the slopes there come back too."""
    vector = np.array([0.1, 1 / 3, -0.7, 1e-6, 123.456, 2e5])
    drawn = rng_of(submission).normal(0.0, 3.0, 4)
    calls = [(x, "C", *eps) for x in (vector, np.array([[0.2, 7.7], [1e-9, 3.3]]), drawn)
             for eps in ((), (1e-3,))]
    found = submission.probe(probe_gradients, smooth, calls)
    for (x, *_), seen in zip(calls, found, strict=True):
        given = "numerical_gradient(f, x)"
        expect(same(seen["x"], x), f"x changed by up to {np.abs(seen['x'] - x).max():.1e}",
               given=given)
        # Who did nothing left no trace; the rest is above.
        assert_close(seen["gradient"], slopes_of_smooth(x), rtol=0.1, atol=0.1, given=given)
