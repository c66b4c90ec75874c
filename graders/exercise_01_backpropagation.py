"""Hidden checks of exercise 01: a hidden layer, its gradients, and central differences.

Truth for the loss is the network in plain loops. Truth for the gradients is the complex step: for
an analytic loss, Im loss(w + ih) / h is the derivative with no subtraction, so with h = 1e-30 it
is exact to rounding and knows nothing of backpropagation. Truth for `numerical_gradient` is
algebra: the central difference of x**3 is 3 x**2 + eps**2, and that of a product of other
entries is exact.
"""

import math

import numpy as np

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_number,
    assert_unchanged,
    check,
    expect,
    same,
)

PARAMETERS = ("W1", "b1", "W2", "b2")


def network(seed, N=4, D=3, H=5, K=2, spread=0.7):
    """X, y, W1, b1, W2, b2 with no two sizes alike and no unit saturated."""
    rng = np.random.default_rng(seed)
    shapes = [(N, D), (N, K), (D, H), (H,), (H, K), (K,)]
    return [rng.normal(0.2, spread, shape) for shape in shapes]


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


def by_complex_step(X, y, *parameters):
    """The exact gradient of each parameter, entry by entry."""
    step = 1e-30
    gradients = {}
    for position, name in enumerate(PARAMETERS):
        gradients[name] = np.zeros(parameters[position].shape)
        for index in np.ndindex(gradients[name].shape):
            W1, b1, W2, b2 = shifted = [np.array(p, dtype=complex) for p in parameters]
            shifted[position][index] += 1j * step
            loss = np.mean((np.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2)
            gradients[name][index] = loss.imag / step
    return gradients


def judge_gradient(submission, names, arguments, given):
    """Compare the gradients called `names`, of the right kind first."""
    found = submission.mlp_gradients(*arguments)
    expect(isinstance(found, dict), "expected a dict of gradients", given=given)
    wanted = by_complex_step(*arguments)
    for name in names:
        expect(name in found, f'expected a key "{name}"', given=given)
        assert_close(
            found[name], wanted[name],
            rtol=1e-9,  # float64 backpropagation is within 1e-13; float32 is off by 1e-7
            atol=1e-12,  # entries may cancel over the samples
            given=f'{given}["{name}"]',
        )


# mlp_loss


@check("mlp_loss", points=0.5, hint="With W2 = 0 the network answers b2 for every sample. How "
                                    "many squared errors are there, and what does a mean divide "
                                    "by?")
def test_averages_over_the_samples_only(submission):
    """The loss is the mean over all N * K entries."""
    X, y, W1, b1, W2, b2 = network(seed=1, K=3)
    answer = submission.mlp_loss(X, y, W1, b1, np.zeros_like(W2), b2)
    squares = [(b2[k] - y[n, k]) ** 2 for n in range(4) for k in range(3)]
    assert_close(answer, math.fsum(squares) / 12,
                 rtol=1e-9,  # a sum of 12 squares, right to 1e-15
                 given="mlp_loss with W2 = 0, N = 4, K = 3")


@check("mlp_loss", points=1, hint="Which line adds b1, and which b2? What acts on the hidden "
                                  "layer, and what on the output?")
def test_computes_another_network(submission):
    """The loss is that of tanh(X @ W1 + b1) @ W2 + b2, whatever the sizes."""
    for seed, sizes in enumerate([{}, {"N": 7, "D": 2, "H": 3, "K": 4}, {"K": 1}, {"H": 1}]):
        arguments = network(seed=10 + seed, **sizes)
        assert_close(submission.mlp_loss(*arguments), by_loops(*arguments),
                     rtol=1e-9,  # any order of summation is within 1e-14; float32 is not
                     given=f"mlp_loss with X {arguments[0].shape} and W2 {arguments[4].shape}")
    names = ("X", "y", *PARAMETERS)
    answer = submission.mlp_loss(**dict(zip(names, arguments, strict=True)))
    assert_close(answer, by_loops(*arguments), rtol=1e-9,  # as above
                 given="mlp_loss called with keywords")


@check("mlp_loss", points=0.5, hint="What is exp(1000)? And inf / inf? Who already wrote a tanh "
                                    "that knows the answer for large inputs?")
def test_overflows_in_a_homemade_tanh(submission):
    """Saturated hidden units, with inputs of +-1000 to the tanh, give a finite loss."""
    X, y, W1, _, W2, b2 = network(seed=3)
    arguments = (X, y, W1, np.array([1000.0, -1000.0, 0.25, 800.0, -400.0]), W2, b2)
    assert_close(submission.mlp_loss(*arguments), by_loops(*arguments),
                 rtol=1e-9,  # a saturated tanh is 1 to the last bit
                 given="mlp_loss with b1 = [1000, -1000, 0.25, 800, -400]")


@check("mlp_loss", points=0.5, hint="What does your function leave behind: in its arguments, and "
                                    "for its next call? What does a batch of one sample do to "
                                    "shapes?")
def test_loss_leaves_traces(submission):
    """The loss changes no argument, keeps nothing, and takes one sample for a batch."""
    several, one = network(seed=4), network(seed=5, N=1, D=2, H=4, K=3)
    first = assert_number(assert_unchanged(submission, "mlp_loss", *several))
    assert_close(submission.mlp_loss(*one), by_loops(*one),
                 rtol=1e-9,  # as above
                 given="mlp_loss on a batch of one sample")
    other = [several[0], *network(seed=6)[1:]]
    assert_close(submission.mlp_loss(*other), by_loops(*other),
                 rtol=1e-9,  # as above
                 given="mlp_loss called again with the same X and all else new")
    assert_close(submission.mlp_loss(*several), first,
                 rtol=1e-12,  # the same call twice
                 given="mlp_loss called again with its first arguments")
    assert_close(assert_afresh(submission, "mlp_loss", several, network(seed=6)),
                 by_loops(*network(seed=6)),
                 rtol=1e-9,  # as above
                 given="mlp_loss called again with other numbers")


# mlp_gradients


@check("mlp_gradients", points=0.5, hint="A gradient says for each entry of a parameter how the "
                                         "loss reacts to it. So what shape must it have?")
def test_returns_gradients_of_another_shape(submission):
    """The answer is a dict with W1, b1, W2, b2, each a float64 array shaped like its parameter."""
    for sizes in ({}, {"N": 2, "D": 6, "H": 3, "K": 4}, {"K": 1}):
        arguments = network(seed=20, **sizes)
        found = submission.mlp_gradients(*arguments)
        expect(isinstance(found, dict), "expected a dict of gradients")
        for name, parameter in zip(PARAMETERS, arguments[2:], strict=True):
            expect(name in found, f'expected a key "{name}"')
            assert_array(found[name], shape=parameter.shape, given=f'mlp_gradients(...)["{name}"]')


@check("mlp_gradients", points=1, hint="The loss is a mean of N * K squares. What is its "
                                       "derivative with respect to one entry of y_hat, with every "
                                       "factor?")
def test_scales_the_output_error_wrongly(submission):
    """The gradient of W2 is exact."""
    judge_gradient(submission, ["W2"], network(seed=21), "mlp_gradients(...)")
    judge_gradient(submission, ["W2"], network(seed=22, N=6, D=2, H=3, K=4), "mlp_gradients(...)")
    judge_gradient(submission, ["W2"], network(seed=23, K=1), "mlp_gradients(...) with K = 1")


@check("mlp_gradients", points=0.5, hint="One bias was added to all N rows. What is the backward "
                                         "of a broadcast: a mean, a sum, a pick?")
def test_averages_the_output_bias_gradient(submission):
    """The gradient of b2 is exact."""
    judge_gradient(submission, ["b2"], network(seed=24), "mlp_gradients(...)")
    judge_gradient(submission, ["b2"], network(seed=25, N=6, D=2, H=3, K=4), "mlp_gradients(...)")


@check("mlp_gradients", points=1, hint="On the way from the loss to W1 lie W2 and the tanh. What "
                                       "is the derivative of tanh, written with tanh's own "
                                       "output?")
def test_misses_the_derivative_of_tanh(submission):
    """The gradient of W1 is exact."""
    judge_gradient(submission, ["W1"], network(seed=26), "mlp_gradients(...)")
    judge_gradient(submission, ["W1"], network(seed=27, N=6, D=2, H=3, K=4), "mlp_gradients(...)")
    judge_gradient(submission, ["W1"], network(seed=28, K=1), "mlp_gradients(...) with K = 1")


@check("mlp_gradients", points=0.5, hint="b1 sits in front of the tanh and reaches every sample. "
                                         "Which array do you sum, and over which axis?")
def test_sums_the_hidden_bias_behind_the_tanh(submission):
    """The gradient of b1 is exact."""
    judge_gradient(submission, ["b1"], network(seed=29), "mlp_gradients(...)")
    judge_gradient(submission, ["b1"], network(seed=30, N=6, D=2, H=3, K=4), "mlp_gradients(...)")


@check("mlp_gradients", points=0.5, hint="Does your gradient come from the chain rule, or from "
                                         "differences of losses? And what is tanh of 1000?")
def test_estimates_the_gradient_by_differences(submission):
    """The gradient is exact where the loss is huge, and finite where units are saturated."""
    X, y, W1, b1, W2, b2 = network(seed=31)
    # The loss is near 1e10: a difference of two losses drowns W1's gradient in rounding.
    judge_gradient(submission, PARAMETERS, (X, y + 1e5, W1, b1, W2, b2), "with targets near 1e5")
    b1 = np.array([1000.0, -1000.0, 0.25, 800.0, -400.0])
    judge_gradient(submission, PARAMETERS, (X, y, W1, b1, W2, b2), "with b1 of +-1000")


@check("mlp_gradients", points=0.5, hint="What does your function leave behind: in its arguments, "
                                         "and for its next call? Does `-=` make a new array?")
def test_gradients_leave_traces(submission):
    """The gradients change no argument, keep nothing, and take one sample for a batch."""
    several, one = network(seed=32), network(seed=33, N=1, D=2, H=4, K=3)
    assert_unchanged(submission, "mlp_gradients", *several)
    judge_gradient(submission, PARAMETERS, several, "mlp_gradients(...) called again")
    judge_gradient(submission, PARAMETERS, one, "mlp_gradients(...) on one sample")
    keywords = dict(zip(("X", "y", *PARAMETERS), several, strict=True))
    by_keyword = submission.mlp_gradients(**keywords)
    expect(isinstance(by_keyword, dict) and "W1" in by_keyword, 'expected a dict with a key "W1"')
    assert_close(by_keyword["W1"], by_complex_step(*several)["W1"],
                 rtol=1e-9, atol=1e-12,  # as in judge_gradient
                 given='mlp_gradients called with keywords, "W1"')
    afresh = assert_afresh(submission, "mlp_gradients", several, network(seed=34))
    assert_close(afresh["W1"], by_complex_step(*network(seed=34))["W1"],
                 rtol=1e-9, atol=1e-12,  # as in judge_gradient
                 given='mlp_gradients called again with other numbers, "W1"')


# numerical_gradient. What `f` is given can only be seen where `f` runs, hence the probe.


def cubic(x):
    """Sum of i * x_i**3 for i = 1, 2, ..., plus the product of all entries."""
    flat = np.ravel(x)
    return float(np.sum(np.arange(1, flat.size + 1) * flat**3) + np.prod(flat))


def hinge(x):
    """Sum of max(0, x): its difference quotients across the kink give eps away."""
    return float(np.sum(np.maximum(x, 0.0)))


def smooth(x):
    """Something without symmetry, for any shape."""
    flat = np.ravel(x)
    return float(np.sum(np.sin(flat) * np.arange(1, flat.size + 1)) + flat[0] * flat[-1])


def probe_gradient(answer, f, x, *eps):
    """The gradient, what `x` is afterwards, and the shapes that `f` was given."""
    shapes = []

    def watched(array):
        shapes.append(list(np.shape(array)))
        return f(array)

    gradient = answer.numerical_gradient(watched, x, *eps)
    return {"gradient": gradient, "x": x, "shapes": shapes}


def central_difference_of_cubic(x, eps):
    """By algebra: 3 i x_i**2 + i eps**2, plus the product of the other entries."""
    flat = x.ravel().tolist()
    others = [math.prod(flat[:i] + flat[i + 1 :]) for i in range(len(flat))]
    slopes = [(i + 1) * (3 * v * v + eps * eps) + others[i] for i, v in enumerate(flat)]
    return np.array(slopes).reshape(x.shape)


@check("numerical_gradient", points=1, hint="f(x + eps) is compared with what? How far apart are "
                                            "the two points, and what is their distance over eps?")
def test_takes_one_sided_differences(submission):
    """Differences are central ones, with the eps that was asked for."""
    x = np.array([0.5, -1.5, 0.0, 1.25])  # a zero is moved like any other entry
    for eps in (0.25, 0.5):
        assert_close(submission.numerical_gradient(cubic, x, eps),
                     central_difference_of_cubic(x, eps),
                     rtol=1e-9,  # these numbers are nearly exact in binary
                     given=f"numerical_gradient(f, x, {eps})")
    assert_close(submission.numerical_gradient(f=cubic, x=x, eps=0.125),
                 central_difference_of_cubic(x, 0.125),
                 rtol=1e-9,  # as above
                 given="numerical_gradient(f=f, x=x, eps=0.125)")


@check("numerical_gradient", points=0.5, hint="With eps large, truncation is your error; with eps "
                                              "tiny, rounding is. Which eps does the signature "
                                              "name?")
def test_default_step_is_another(submission):
    """Without an `eps` the step is 1e-5, and a smooth gradient is right to six digits."""
    # At 5e-6 a step of 1e-5 crosses the kink of max(0, x) and sees 1.5e-5 / 2e-5 of its slope.
    x = np.array([5e-6, 1.0, -5e-6, -1.0])
    assert_close(submission.numerical_gradient(hinge, x), np.array([0.75, 1.0, 0.25, 0.0]),
                 rtol=1e-4, atol=1e-4,  # near 1, 1e-16 of rounding over 1e-5; next eps is 0.2 off
                 given="numerical_gradient of the sum of max(0, x) at [5e-6, 1, -5e-6, -1]")
    x = np.array([0.3, -1.1, 2.0, 0.7])
    slopes = np.cos(x) * np.array([1.0, 2.0, 3.0, 4.0]) + np.array([0.7, 0.0, 0.0, 0.3])
    assert_close(submission.numerical_gradient(smooth, x), slopes,
                 rtol=1e-6, atol=1e-7,  # truncation and rounding are both near 1e-10
                 given="numerical_gradient of a smooth f")


@check("numerical_gradient", points=0.5, hint="Whatever the number of axes, each entry has an "
                                              "index. How do you visit them all and give f the "
                                              "whole array?")
def test_expects_a_vector(submission):
    """Any shape of `x` will do, and `f` always sees arrays of that shape."""
    for shape in [(2, 3), (3, 1, 2), (1, 1), (5,), ()]:
        size = math.prod(shape)
        x = np.array([0.5, -1.5, 2.0, 1.25, -0.75, 1.75][:size]).reshape(shape)
        seen = submission.probe(probe_gradient, cubic, x, 0.25)
        given = f"numerical_gradient(f, x) with x of shape {shape}"
        for other in seen["shapes"]:
            expect(tuple(other) == shape, f"f was given shape {tuple(other)}", given=given)
        gradient = seen["gradient"]
        if shape == () and isinstance(gradient, float):
            gradient = np.float64(gradient)  # a float has shape (), too
        assert_close(gradient, central_difference_of_cubic(x, 0.25),
                     rtol=1e-9,  # nearly exact in binary
                     given=given)
    x = np.array([[0.5, -1.5, 2.0], [1.25, -0.75, 1.75]])
    assert_close(assert_afresh(submission, "numerical_gradient", (cubic, x, 0.25),
                               (cubic, 0.5 - x, 0.25)),
                 central_difference_of_cubic(0.5 - x, 0.25),
                 rtol=1e-9,  # nearly exact in binary
                 given="numerical_gradient called again at another x")


@check("numerical_gradient", points=0.5, hint="A partial derivative moves one entry and holds all "
                                              "others. Where are they when the next entry's turn "
                                              "comes?")
def test_moves_several_entries_at_once(submission):
    """Each entry is moved alone, from the original `x`."""
    x = np.array([[2.1, -3.3, 0.7], [1.3, 4.9, -2.7]])
    assert_close(submission.numerical_gradient(np.prod, x, 0.5),
                 np.array([math.prod(x.ravel()) / v for v in x.ravel()]).reshape(2, 3),
                 rtol=1e-9,  # a product is linear in each entry: exact for any eps
                 given="numerical_gradient(np.prod, x, 0.5)")
    assert_close(submission.numerical_gradient(np.sum, x, 0.5), np.ones((2, 3)),
                 rtol=1e-9,  # as above
                 given="numerical_gradient(np.sum, x, 0.5), after np.prod at the same x")


@check("numerical_gradient", points=0.5, hint="In floating point, is x + eps - eps always x? What "
                                              "could you keep, so that nothing needs to be "
                                              "undone?")
def test_leaves_x_a_little_off(submission):
    """`x` comes back bit for bit as it was, and the slopes there come back too."""
    vector = np.array([0.1, 1 / 3, -0.7, 1e-6, 123.456, 2e5])
    for x in (vector, np.array([[0.2, 7.7], [1e-9, 3.3]])):
        for eps in ((), (1e-3,)):
            seen = submission.probe(probe_gradient, smooth, x, *eps)
            expect(same(seen["x"], x), f"x changed by up to {np.abs(seen['x'] - x).max():.1e}",
                   given="numerical_gradient(f, x)")
            flat = x.ravel()
            slopes = np.cos(flat) * np.arange(1, flat.size + 1)
            slopes[[0, -1]] += flat[[-1, 0]]
            assert_close(seen["gradient"], slopes.reshape(x.shape),
                         rtol=0.1, atol=0.1,  # who did nothing left no trace; the rest is above
                         given="numerical_gradient(f, x)")
