"""The hidden checks of exercise 13.

Truth is each function's definition in decimals of 28 digits, one entry at a time, written with
e to the power of -|x|, which no decimal here overflows; derivatives come from the values so found.
"""

import math
from decimal import Decimal

import numpy as np

from gradekit.grading import Truth, assert_close, assert_no_traces, check, expect

# Unsymmetric, from flat to saturated; steps of 1.5 would show a clip anywhere up to 27, and the
# smallest a corner that is not at 0.
SMALL = [-(2.0**-30), 2.0**-29, -(2.0**-12), 2.0**-11]
GRID = np.concatenate(
    [[-3.25, -1.0, -0.125, 0.0, 0.5, 1.75, 2.0], SMALL, np.arange(-45.0, 47.0, 1.5)]
)
CUBE = np.random.default_rng(13).integers(-24, 25, size=(2, 3, 4)) / 8
HUGE = np.array([1000.0, -1000.0, 750.0, -760.0, 1e300, -1e300, 12345.0, -98765.0])
SHAPES = [
    CUBE, CUBE[0], CUBE[:, 1:2, 1], CUBE[1, :1, :1], CUBE[0, 2], CUBE[:, :1].reshape(2, 1, 2, 2)
]  # fmt: skip
LAYERS = np.array([[0.5, -1.25, 2.0, -0.25], [1.5, 0.75, -0.5, 1.0], [-2.0, 0.25, 1.25, 0.125]])
DEEP = np.random.default_rng(31).integers(-12, 13, size=(12, 5)) / 8
# More layers, and more units, than anything above; slopes that are far from saturated.
TALL = np.random.default_rng(32).integers(-8, 9, size=(80, 2)) / 8
WIDE = np.random.default_rng(33).integers(-8, 9, size=(1, 70)) / 8
SATURATED = np.array([[1000.0, -1000.0, 0.5, 800.0], [0.25, 1.0, -750.0, 900.0]])
AT_ZERO = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 3.0]])


def true_sigmoid(x):
    """1 / (1 + e^-x), from e^-|x|."""
    decay = (-abs(Decimal(x))).exp()
    return (1 if x >= 0 else decay) / (1 + decay)


def true_tanh(x):
    """(e^x - e^-x) / (e^x + e^-x), from e^-2|x|."""
    decay = (-2 * abs(Decimal(x))).exp()
    return (1 - decay) / (1 + decay) * (1 if x >= 0 else -1)


def true_sigmoid_grad(x):
    """Return s * (1 - s), with 1 - s = sigmoid(-x)."""
    return true_sigmoid(x) * true_sigmoid(-x)


def true_tanh_grad(x):
    """1 / cosh(x)**2 = 4 sigmoid'(2x)."""
    return 4 * true_sigmoid_grad(2 * x)


def true_relu(x):
    return x if x > 0 else 0


def true_relu_grad(x):
    return 1 if x > 0 else 0


def each(function, x):
    """`function` of every entry of `x`, one at a time."""
    return np.array([float(function(value)) for value in x.ravel().tolist()]).reshape(x.shape)


def leaky_by_entries(x, negative_slope=0.01):
    return each(lambda value: value if value > 0 else negative_slope * value, x)


def product_over_layers(name, pre_activations):
    """The product of the derivatives in each column."""
    derivatives = {"sigmoid": true_sigmoid_grad, "tanh": true_tanh_grad, "relu": true_relu_grad}
    if name not in derivatives:
        raise ValueError
    slopes = each(derivatives[name], pre_activations)
    return np.array([math.prod(column) for column in slopes.T.tolist()])


# Where the smallest counterexample is looked for: a few entries, and the names of activations.


def entries(st):
    plain, huge = st.integers(-8, 8).map(lambda n: n / 2), st.sampled_from([750.0, -750.0, 1e300])
    exact = st.sampled_from([0.12345, -1.23456])  # whoever rounds to four digits shows here
    return st.lists(st.one_of(plain, huge, exact), min_size=1, max_size=3).map(np.array)


def one_array(st):
    return st.tuples(st.one_of(entries(st), entries(st).map(lambda x: x[:, None])))


def with_slopes(st):
    slopes = st.sampled_from([0.0, 0.5, 1.0, 2.0])
    return st.one_of(st.tuples(entries(st)), st.tuples(entries(st), slopes))


def stacks(st):
    numbers = st.one_of(st.integers(-4, 4).map(lambda n: n / 2), st.just(-1000.0))
    stack = st.integers(1, 2).flatmap(lambda units: st.lists(
        st.lists(numbers, min_size=units, max_size=units), min_size=1, max_size=3))
    names = st.sampled_from(["relu", "tanh", "sigmoid", "linear"])
    return st.tuples(names, stack.map(np.array))


def truth_of(name, function):
    """Of an activation or a derivative: right to 1e-12 absolute, as the catalogue says."""
    return Truth(name, lambda x: each(function, x), inputs=one_array, rtol=0.0, atol=1e-12)


SIGMOID = truth_of("sigmoid", true_sigmoid)
TANH = truth_of("tanh", true_tanh)
RELU = truth_of("relu", true_relu)
SIGMOID_GRAD = truth_of("sigmoid_grad", true_sigmoid_grad)
TANH_GRAD = truth_of("tanh_grad", true_tanh_grad)
RELU_GRAD = truth_of("relu_grad", true_relu_grad)
LEAKY_RELU = Truth(
    "leaky_relu", leaky_by_entries, inputs=with_slopes,
    rtol=1e-12, atol=1e-12,  # the catalogue's, and relative for 1e300
)
THROUGH_LAYERS = Truth(
    "gradient_through_layers", product_over_layers, inputs=stacks,
    rtol=1e-9,  # slopes of 1e-1 at 1e-12 each
    atol=1e-12,  # a saturated slope is right to 1e-12; `assert_holds` says where none is
)
# Where a check is about something else than digits: who rounds has lost his points elsewhere.
ROUGHLY = {"rtol": 1e-3}


def ordinary(rng):
    return (rng.uniform(-6.0, 6.0, size=5),)


def huge(rng):
    return (rng.permutation([-1e300, -3000.0, 3000.0, 1e300]) * rng.uniform(0.5, 1.5),)


def of_either_sign(rng):
    return (rng.permutation([-4.0, -2e6, -1e-3, 1e-3, 3.0, 5e6]) * rng.uniform(0.5, 1.5),)


def of_some_shape(rng):
    return (rng.uniform(-3.0, 3.0, size=rng.integers(1, 4, size=rng.integers(1, 4))),)


def with_a_slope(rng):
    return (*of_either_sign(rng), float(rng.choice([0.05, 0.5, 2.0, 5.0])) * rng.uniform(0.6, 1.4))


def with_a_slope_below_one(rng):
    return (*of_some_shape(rng), rng.uniform(0.1, 0.9))


def with_zeros(rng):
    return (rng.permutation([0.0, -0.0, 1e-300, -1e-300, *rng.normal(size=2)]),)


def not_at_zero(rng):
    return (rng.uniform(0.25, 3.0, size=(2, 3)) * rng.choice([-1.0, 1.0], size=(2, 3)),)


def a_stack(rng, layers=3, units=4):
    name = str(rng.choice(["sigmoid", "tanh"]))
    return name, rng.uniform(0.25, 2.0, size=(layers, units)) * rng.choice([-1.0, 1.0], size=units)


def a_square_stack(rng):
    return a_stack(rng, 3, 3)


def a_saturated_stack(rng):
    name, layers = a_stack(rng, 2, 3)
    layers[rng.integers(2), rng.integers(3)] = rng.uniform(800.0, 1e6)
    return name, layers


def alone(*arrays):
    """Cases of one argument each, by position: `tanh = np.tanh` has no keyword `x`."""
    return [(array,) for array in arrays]


def assert_tidy(submission, truth, *args, draw=of_some_shape):
    """Any shape, shape () too, comes back; arguments stay; nothing sticks or depends on layout."""
    # Not -CUBE: two of the derivatives are the same there, and one array for all answers stays so.
    cases = [(x, *args) for x in (CUBE, 0.625 - CUBE, *SHAPES[1:])]
    assert_no_traces(submission, truth, cases, draw=draw, **ROUGHLY)
    numbers = [(np.array(number), *args) for number in (-0.75, 1.25)]
    answers = submission.each_case(truth.function, [(case, {}) for case in numbers], True)
    for (case, _), answer in answers:
        truth.compare_arguments(answer, case, {})
        # Also a NumPy scalar or a float will do for shape ().
        assert_close(answer.value, float(truth.value(case, {})), atol=1e-3, **ROUGHLY)


@check("sigmoid", points=0.5, hint="What is 1 / (1 + e^-x) at 2, and at -2? Do you clip the input,"
                                   " and how much does that cost at 25?")
def test_departs_from_the_logistic_curve(submission):
    """The sigmoid of each entry is 1 / (1 + e^-x), to twelve digits, where it is flat too."""
    SIGMOID.assert_holds(submission, [(GRID,)], draw=ordinary, draws=1)


@check("sigmoid", points=0.5, hint="exp(1000) is inf. Does your formula then divide inf by inf, "
                                   "and which sign of the exponent is safe for which x?")
def test_overflows_in_the_sigmoid(submission):
    """The sigmoid of large inputs, of any finite size on either side, is 0 or 1."""
    SIGMOID.assert_holds(submission, [(HUGE,)], draw=huge, draws=1)


@check("sigmoid", points=0.5, hint="Does your code count on one or two dimensions, or on how "
                                   "arrays lie in memory? And does it write into `x`?")
def test_changes_or_reshapes_the_input_of_the_sigmoid(submission):
    """The sigmoid keeps any shape, gives float64, and leaves `x` as it was."""
    assert_tidy(submission, SIGMOID)


@check("tanh", points=0.5, hint="tanh is a sigmoid, stretched: to twice the height, and how does "
                                "its input change? What is tanh(1)?")
def test_departs_from_the_hyperbolic_tangent(submission):
    """The tanh of each entry is right, in any shape, and `x` stays as it was."""
    TANH.assert_holds(submission, [(GRID,)], draw=ordinary, draws=1)
    assert_tidy(submission, TANH)


@check("tanh", points=0.5, hint="What are e^1000 and e^-1000 to a computer, and what is the "
                                "quotient of their difference and their sum?")
def test_overflows_in_the_tanh(submission):
    """The tanh of large inputs, of any finite size on either side, is -1 or 1."""
    TANH.assert_holds(submission, [(HUGE,)], draw=huge, draws=1)


@check("relu", points=0.5, hint="What happens to -2, 0, 3 and 300? Do you compare entry by entry, "
                                "or look for the largest entry of all?")
def test_departs_from_the_positive_part(submission):
    """ReLU keeps positive entries, whatever their size, and makes the others 0."""
    RELU.assert_holds(submission, alone(GRID, HUGE, CUBE[0], CUBE[0, :3, :3]),
                      draw=of_either_sign, draws=1, rtol=1e-12)  # relative for 1e300


@check("relu", points=0.5, hint="`x[x < 0] = 0` is short. Whose array does it change?")
def test_cuts_the_callers_own_array(submission):
    """ReLU keeps any shape, gives float64, and leaves `x` as it was."""
    assert_tidy(submission, RELU)


@check("leaky_relu", points=0.5, hint="Which side gets the slope, and does `negative_slope` reach "
                                      "the formula? What is its default, and what if it is above "
                                      "1?")
def test_puts_the_wrong_slope_on_the_wrong_side(submission):
    """Leaky ReLU keeps positive entries and multiplies the others by the slope, by default 0.01."""
    cases = [(x, *slope) for slope in ((), (0.25,), (0.0,), (0.9,), (1.0,)) for x in (GRID, HUGE)]
    cases += [((GRID,), {"negative_slope": slope}) for slope in (0.25, 0.9)]
    # Nothing says that the slope is below 1: where it is not, max(slope * x, x) swaps the sides.
    cases += [(GRID, 1.5), (GRID, 8.0)]
    LEAKY_RELU.assert_holds(submission, cases, draw=with_a_slope, draws=3)


@check("leaky_relu", points=0.5, hint="Do you multiply the negative entries where they stand? "
                                      "Whose array is that?")
def test_scales_the_callers_own_array(submission):
    """Leaky ReLU keeps any shape, leaves `x` as it was, and remembers no slope."""
    assert_tidy(submission, LEAKY_RELU, 0.125, draw=with_a_slope_below_one)
    LEAKY_RELU.assert_holds(submission, [(CUBE,), (CUBE, 0.5), (CUBE,)], unchanged=True,
                            **ROUGHLY)


@check("sigmoid_grad", points=0.5, hint="y (1 - y) holds for the output y. What were you given: y,"
                                        " or the x that it came from?")
def test_takes_the_output_of_the_sigmoid_for_its_input(submission):
    """The derivative of the sigmoid is taken with respect to its input and at its input."""
    SIGMOID_GRAD.assert_holds(submission, alone(GRID, CUBE), draw=ordinary, draws=1)


@check("sigmoid_grad", points=0.5, hint="Does the derivative survive x = -1000? And does `x`, in "
                                        "whichever shape it came, survive the call?")
def test_overflows_or_writes_in_the_slope_of_the_sigmoid(submission):
    """The sigmoid's derivative takes inputs of any finite size and shape, and leaves them be."""
    SIGMOID_GRAD.assert_holds(submission, [(HUGE,)], draw=huge, draws=1)
    assert_tidy(submission, SIGMOID_GRAD)


@check("tanh_grad", points=0.5, hint="1 - y**2 holds for the output y. What were you given: y, or "
                                     "the x that it came from?")
def test_takes_the_output_of_the_tanh_for_its_input(submission):
    """The derivative of tanh is taken with respect to its input and at its input."""
    TANH_GRAD.assert_holds(submission, alone(GRID, CUBE), draw=ordinary, draws=1)


@check("tanh_grad", points=0.5, hint="Does the derivative survive x = 1000? And does `x`, in "
                                     "whichever shape it came, survive the call?")
def test_overflows_or_writes_in_the_slope_of_the_tanh(submission):
    """The tanh's derivative takes inputs of any finite size and shape, and leaves them be."""
    TANH_GRAD.assert_holds(submission, [(HUGE,)], draw=huge, draws=1)
    assert_tidy(submission, TANH_GRAD)


@check("relu_grad", points=0.5, hint="ReLU has a corner at 0, and a convention. Which inequality "
                                     "keeps it, and what does a quotient like relu(x) / x make of "
                                     "it?")
def test_gives_zero_a_slope(submission):
    """ReLU's derivative at 0 counts as 0, and next to 0 it is what it is."""
    x = np.array([0.0, 1e-300, -1e-300, 2.0, 0.0, -0.0, -3.0])
    RELU_GRAD.assert_holds(submission, [(x,), (np.zeros((2, 3)),)], draw=with_zeros, draws=1)


@check("relu_grad", points=0.5, hint="Is a comparison already a gradient? In which type, and in "
                                     "whose array, do you write the ones and zeros?")
def test_gives_something_other_than_ones_and_zeros(submission):
    """ReLU's derivative is 1.0 or 0.0, in any shape, and `x` stays as it was."""
    nonzero = np.where(CUBE == 0, 0.375, CUBE)
    RELU_GRAD.assert_holds(submission, alone(GRID[GRID != 0], HUGE), draw=not_at_zero, draws=1)
    cases = alone(nonzero, -nonzero, nonzero[0], nonzero[:1, 1:2, :1], nonzero[1, 2],
                  nonzero[:, :1].reshape(2, 1, 2, 2))
    assert_no_traces(submission, RELU_GRAD, cases, draw=not_at_zero, **ROUGHLY)
    assert_close(submission.relu_grad(np.array(1.25)), 1.0, rtol=0, atol=1e-12)


@check("gradient_through_layers", points=1,
       hint="The chain rule through three layers: how do the three derivatives combine, and at "
            "which values are they taken?")
def test_combines_the_layers_by_something_other_than_a_product(submission):
    """Each unit gets the product over layers of the derivatives at its pre-activations."""
    cases = [(name, layers) for layers in (LAYERS, -LAYERS, LAYERS[:2], LAYERS[:1], DEEP, TALL)
             for name in ("sigmoid", "tanh")]
    alive = np.abs(LAYERS)
    cases += [("relu", layers) for layers in
              (LAYERS, alive, LAYERS[:1], np.where(alive == 1.25, -1.25, alive))]
    THROUGH_LAYERS.assert_holds(submission, cases, draw=a_stack, draws=1, atol=0.0)


@check("gradient_through_layers", points=0.5,
       hint="Layers are rows and units are columns. Along which axis does the product run, and "
            "what shape is left?")
def test_multiplies_units_instead_of_layers(submission):
    """One factor a unit comes back, as (units,), in square, tall, and single-column stacks."""
    cases = [(name, layers)
             for layers in (LAYERS[:, :3], LAYERS, LAYERS.T, LAYERS[:, :1], LAYERS[:1, :1], WIDE)
             for name in ("sigmoid", "tanh")]
    relu_layers = np.array([[0.5, -1.0, 2.0], [1.5, 2.5, 0.25], [3.0, 0.75, 1.0]])
    cases.append(((), {"name": "relu", "pre_activations": relu_layers}))
    THROUGH_LAYERS.assert_holds(submission, cases, draw=a_square_stack, draws=1, atol=0.0)


def probe_taken(answer, names, layers):
    """The first of these names that raises no ValueError."""
    for name in names:
        try:
            answer.gradient_through_layers(name, layers)
        except ValueError:
            continue
        return name
    return None


@check("gradient_through_layers", points=0.5,
       hint="What does your code make of the name softmax? Is a KeyError, a None or another "
            "activation's answer what the caller expects?")
def test_accepts_an_unknown_name(submission):
    """Any name but the three raises a ValueError."""
    THROUGH_LAYERS.assert_holds(submission, [("relu", LAYERS[:1])])
    names = ("softmax", "leaky_relu", "relu6", "linear", "", "sigmoid_grad", "hardtanh",
             "ReLU", "SIGMOID", " relu", "tanh ", "sig", "identity")
    taken = submission.probe(probe_taken, names, LAYERS)
    expect(taken is None, "expected ValueError, but nothing was raised",
           given=f"gradient_through_layers of {taken!r}")


@check("gradient_through_layers", points=0.5,
       hint="What arrives behind one saturated layer, or one inactive ReLU? And does the stack "
            "come back unchanged?")
def test_stumbles_over_saturated_layers_or_changes_them(submission):
    """Saturated layers give finite factors, the stack stays as it was, calls start afresh."""
    cases = [(name, layers) for name in ("sigmoid", "tanh", "relu")
             for layers in (SATURATED, LAYERS, np.abs(LAYERS))]
    cases.append(("relu", AT_ZERO))
    THROUGH_LAYERS.assert_holds(submission, cases, draw=a_saturated_stack, draws=1, unchanged=True)
    tidy = [("tanh", LAYERS), ("tanh", 0.5 - LAYERS)]
    assert_no_traces(submission, THROUGH_LAYERS, tidy, draw=a_stack, **ROUGHLY)
