"""The hidden checks of exercise 13.

Truth is each function's definition in decimals of 28 digits, one entry at a time, written with
e to the power of -|x|, which no decimal here overflows; derivatives come from the values so found.
"""

import math
from decimal import Decimal

import numpy as np
import pytest

from gradekit.grading import assert_afresh, assert_close, assert_unchanged, check

# Unsymmetric, from flat to saturated; steps of 1.5 would show a clip anywhere up to 27, and the
# smallest a corner that is not at 0.
SMALL = [-(2.0**-30), 2.0**-29, -(2.0**-12), 2.0**-11]
GRID = np.concatenate(
    [[-3.25, -1.0, -0.125, 0.0, 0.5, 1.75, 2.0], SMALL, np.arange(-45.0, 47.0, 1.5)]
)
CUBE = np.random.default_rng(13).integers(-24, 25, size=(2, 3, 4)) / 8
HUGE = np.array([1000.0, -1000.0, 750.0, -760.0, 1e300, -1e300, 12345.0, -98765.0])
SHAPES = [CUBE, CUBE[0], CUBE[:, 1:2, 1], CUBE[1, :1, :1], CUBE[0, 2]]
LAYERS = np.array([[0.5, -1.25, 2.0, -0.25], [1.5, 0.75, -0.5, 1.0], [-2.0, 0.25, 1.25, 0.125]])


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


def product_over_layers(derivative, layers):
    """The product of the derivatives in each column."""
    slopes = each(derivative, layers)
    return np.array([math.prod(column) for column in slopes.T.tolist()])


def check_etiquette(submission, name, truth, *args):
    """Arrays of any shape, shape () too, come back in shape; arguments stay; nothing sticks."""
    for x in (*SHAPES, -CUBE):
        value = assert_unchanged(submission, name, x, *args)
        assert_close(value, each(truth, x), rtol=1e-12, atol=1e-12)  # the catalogue's 1e-12
    for number in (-0.75, 1.25):
        value = assert_unchanged(submission, name, np.array(number), *args)
        assert_close(value, float(truth(number)), rtol=1e-12, atol=1e-12)  # the catalogue's
    value = assert_afresh(submission, name, (CUBE, *args), (0.5 - CUBE, *args))
    assert_close(value, each(truth, 0.5 - CUBE), rtol=1e-12, atol=1e-12)  # the catalogue's


@check("sigmoid", points=0.5, hint="What is 1 / (1 + e^-x) at 2, and at -2? Do you clip the input,"
                                   " and how much does that cost at 25?")
def test_departs_from_the_logistic_curve(submission):
    """The sigmoid of each entry is 1 / (1 + e^-x), to twelve digits, where it is flat too."""
    assert_close(submission.sigmoid(GRID), each(true_sigmoid, GRID), rtol=0, atol=1e-12)  # contract
    assert_close(submission.sigmoid(x=GRID[:4]), each(true_sigmoid, GRID[:4]), rtol=0, atol=1e-12)


@check("sigmoid", points=0.5, hint="exp(1000) is inf. Does your formula then divide inf by inf, "
                                   "and which sign of the exponent is safe for which x?")
def test_overflows_in_the_sigmoid(submission):
    """The sigmoid of large inputs, of any finite size on either side, is 0 or 1."""
    assert_close(submission.sigmoid(HUGE), each(true_sigmoid, HUGE), rtol=0, atol=1e-12)  # contract


@check("sigmoid", points=0.5, hint="Does your code count on one or two dimensions? And does it "
                                   "write into `x`?")
def test_changes_or_reshapes_the_input_of_the_sigmoid(submission):
    """The sigmoid keeps any shape, gives float64, and leaves `x` as it was."""
    check_etiquette(submission, "sigmoid", true_sigmoid)


@check("tanh", points=0.5, hint="tanh is a sigmoid, stretched: to twice the height, and how does "
                                "its input change? What is tanh(1)?")
def test_departs_from_the_hyperbolic_tangent(submission):
    """The tanh of each entry is right, in any shape, and `x` stays as it was."""
    assert_close(submission.tanh(GRID), each(true_tanh, GRID), rtol=0, atol=1e-12)  # contract
    assert_close(submission.tanh(x=GRID[:4]), each(true_tanh, GRID[:4]), rtol=0, atol=1e-12)
    check_etiquette(submission, "tanh", true_tanh)


@check("tanh", points=0.5, hint="What are e^1000 and e^-1000 to a computer, and what is the "
                                "quotient of their difference and their sum?")
def test_overflows_in_the_tanh(submission):
    """The tanh of large inputs, of any finite size on either side, is -1 or 1."""
    assert_close(submission.tanh(HUGE), each(true_tanh, HUGE), rtol=0, atol=1e-12)  # contract


@check("relu", points=0.5, hint="What happens to -2, 0, 3 and 300? Do you compare entry by entry, "
                                "or look for the largest entry of all?")
def test_departs_from_the_positive_part(submission):
    """ReLU keeps positive entries, whatever their size, and makes the others 0."""
    for x in (GRID, HUGE, CUBE[0], CUBE[0, :3, :3]):
        assert_close(submission.relu(x), each(true_relu, x), rtol=1e-12, atol=1e-12)  # contract
    assert_close(submission.relu(x=GRID), each(true_relu, GRID), rtol=1e-12, atol=1e-12)


@check("relu", points=0.5, hint="`x[x < 0] = 0` is short. Whose array does it change?")
def test_cuts_the_callers_own_array(submission):
    """ReLU keeps any shape, gives float64, and leaves `x` as it was."""
    check_etiquette(submission, "relu", true_relu)


@check("leaky_relu", points=0.5, hint="Which side gets the slope, and does `negative_slope` reach "
                                      "the formula? What is its default?")
def test_puts_the_wrong_slope_on_the_wrong_side(submission):
    """Leaky ReLU keeps positive entries and multiplies the others by the slope, by default 0.01."""
    for x in (GRID, HUGE):
        assert_close(submission.leaky_relu(x), each(lambda v: v if v > 0 else v / 100, x),
                     rtol=1e-12, atol=1e-12)  # the catalogue's, and relative for 1e300
        for slope in (0.25, 0.0, 0.9, 1.0):
            expected = each(lambda v, slope=slope: v if v > 0 else slope * v, x)
            assert_close(submission.leaky_relu(x, slope), expected, rtol=1e-12, atol=1e-12)
            assert_close(submission.leaky_relu(x=x, negative_slope=slope), expected,
                         rtol=1e-12, atol=1e-12)  # the same


@check("leaky_relu", points=0.5, hint="Do you multiply the negative entries where they stand? "
                                      "Whose array is that?")
def test_scales_the_callers_own_array(submission):
    """Leaky ReLU keeps any shape, leaves `x` as it was, and remembers no slope."""
    check_etiquette(submission, "leaky_relu", lambda v: v if v > 0 else v / 8, 0.125)
    check_etiquette(submission, "leaky_relu", lambda v: v if v > 0 else v / 100)


@check("sigmoid_grad", points=0.5, hint="y (1 - y) holds for the output y. What were you given: y,"
                                        " or the x that it came from?")
def test_takes_the_output_of_the_sigmoid_for_its_input(submission):
    """The derivative of the sigmoid is taken with respect to its input and at its input."""
    assert_close(submission.sigmoid_grad(GRID), each(true_sigmoid_grad, GRID),
                 rtol=0, atol=1e-12)  # the catalogue's
    assert_close(submission.sigmoid_grad(x=CUBE), each(true_sigmoid_grad, CUBE),
                 rtol=0, atol=1e-12)  # the catalogue's


@check("sigmoid_grad", points=0.5, hint="Does the derivative survive x = -1000? And does `x`, in "
                                        "whichever shape it came, survive the call?")
def test_overflows_or_writes_in_the_slope_of_the_sigmoid(submission):
    """The sigmoid's derivative takes inputs of any finite size and shape, and leaves them be."""
    assert_close(submission.sigmoid_grad(HUGE), each(true_sigmoid_grad, HUGE),
                 rtol=0, atol=1e-12)  # the catalogue's
    check_etiquette(submission, "sigmoid_grad", true_sigmoid_grad)


@check("tanh_grad", points=0.5, hint="1 - y**2 holds for the output y. What were you given: y, or "
                                     "the x that it came from?")
def test_takes_the_output_of_the_tanh_for_its_input(submission):
    """The derivative of tanh is taken with respect to its input and at its input."""
    assert_close(submission.tanh_grad(GRID), each(true_tanh_grad, GRID),
                 rtol=0, atol=1e-12)  # the catalogue's
    assert_close(submission.tanh_grad(x=CUBE), each(true_tanh_grad, CUBE),
                 rtol=0, atol=1e-12)  # the catalogue's


@check("tanh_grad", points=0.5, hint="Does the derivative survive x = 1000? And does `x`, in "
                                     "whichever shape it came, survive the call?")
def test_overflows_or_writes_in_the_slope_of_the_tanh(submission):
    """The tanh's derivative takes inputs of any finite size and shape, and leaves them be."""
    assert_close(submission.tanh_grad(HUGE), each(true_tanh_grad, HUGE),
                 rtol=0, atol=1e-12)  # the catalogue's
    check_etiquette(submission, "tanh_grad", true_tanh_grad)


@check("relu_grad", points=0.5, hint="ReLU has a corner at 0, and a convention. Which inequality "
                                     "keeps it, and what does a quotient like relu(x) / x make of "
                                     "it?")
def test_gives_zero_a_slope(submission):
    """ReLU's derivative at 0 counts as 0, and next to 0 it is what it is."""
    x = np.array([0.0, 1e-300, -1e-300, 2.0, 0.0, -0.0, -3.0])
    assert_close(submission.relu_grad(x), each(true_relu_grad, x), rtol=0, atol=1e-12)  # contract
    assert_close(submission.relu_grad(np.zeros((2, 3))), np.zeros((2, 3)), rtol=0, atol=0)


@check("relu_grad", points=0.5, hint="Is a comparison already a gradient? In which type, and in "
                                     "whose array, do you write the ones and zeros?")
def test_gives_something_other_than_ones_and_zeros(submission):
    """ReLU's derivative is 1.0 or 0.0, in any shape, and `x` stays as it was."""
    for x in (GRID[GRID != 0], HUGE):
        assert_close(submission.relu_grad(x), each(true_relu_grad, x), rtol=0, atol=1e-12)
    nonzero = np.where(CUBE == 0, 0.375, CUBE)
    for x in (nonzero, -nonzero, nonzero[0], nonzero[:1, 1:2, :1], nonzero[1, 2]):
        value = assert_unchanged(submission, "relu_grad", x)
        assert_close(value, each(true_relu_grad, x), rtol=0, atol=1e-12)  # the catalogue's
    assert_close(submission.relu_grad(x=np.array(1.25)), 1.0, rtol=0, atol=1e-12)


@check("gradient_through_layers", points=1,
       hint="The chain rule through three layers: how do the three derivatives combine, and at "
            "which values are they taken?")
def test_combines_the_layers_by_something_other_than_a_product(submission):
    """Each unit gets the product over layers of the derivatives at its pre-activations."""
    deep = np.random.default_rng(31).integers(-12, 13, size=(12, 5)) / 8
    for layers in (LAYERS, -LAYERS, LAYERS[:2], LAYERS[:1], deep):
        assert_close(submission.gradient_through_layers("sigmoid", layers),
                     product_over_layers(true_sigmoid_grad, layers),
                     rtol=1e-9)  # slopes of 1e-1 at 1e-12 each
        assert_close(submission.gradient_through_layers("tanh", layers),
                     product_over_layers(true_tanh_grad, layers), rtol=1e-9)  # the same
    alive = np.abs(LAYERS)
    for layers in (LAYERS, alive, LAYERS[:1], np.where(alive == 1.25, -1.25, alive)):
        assert_close(submission.gradient_through_layers("relu", layers),
                     product_over_layers(true_relu_grad, layers), rtol=0, atol=1e-12)


@check("gradient_through_layers", points=0.5,
       hint="Layers are rows and units are columns. Along which axis does the product run, and "
            "what shape is left?")
def test_multiplies_units_instead_of_layers(submission):
    """One factor a unit comes back, as (units,), in square, tall, and single-column stacks."""
    for layers in (LAYERS[:, :3], LAYERS, LAYERS.T, LAYERS[:, :1], LAYERS[:1, :1]):
        for name, derivative in (("sigmoid", true_sigmoid_grad), ("tanh", true_tanh_grad)):
            assert_close(submission.gradient_through_layers(name, layers),
                         product_over_layers(derivative, layers), rtol=1e-9)  # as above
    relu_layers = np.array([[0.5, -1.0, 2.0], [1.5, 2.5, 0.25], [3.0, 0.75, 1.0]])
    assert_close(submission.gradient_through_layers(name="relu", pre_activations=relu_layers),
                 np.array([1.0, 0.0, 1.0]), rtol=0, atol=1e-12)


@check("gradient_through_layers", points=0.5,
       hint="What does your code make of the name softmax? Is a KeyError, a None or another "
            "activation's answer what the caller expects?")
def test_accepts_an_unknown_name(submission):
    """Any name but the three raises a ValueError."""
    assert_close(submission.gradient_through_layers("relu", LAYERS[:1]),
                 product_over_layers(true_relu_grad, LAYERS[:1]), rtol=0, atol=1e-12)
    for name in ("softmax", "leaky_relu", "relu6", "linear", "", "sigmoid_grad", "hardtanh",
                 "ReLU", "SIGMOID", " relu", "tanh "):
        with pytest.raises(ValueError):
            submission.gradient_through_layers(name, LAYERS)


@check("gradient_through_layers", points=0.5,
       hint="What arrives behind one saturated layer, or one inactive ReLU? And does the stack "
            "come back unchanged?")
def test_stumbles_over_saturated_layers_or_changes_them(submission):
    """Saturated layers give finite factors, the stack stays as it was, calls start afresh."""
    saturated = np.array([[1000.0, -1000.0, 0.5, 800.0], [0.25, 1.0, -750.0, 900.0]])
    for name, derivative in (("sigmoid", true_sigmoid_grad), ("tanh", true_tanh_grad),
                             ("relu", true_relu_grad)):
        for layers in (saturated, LAYERS, np.abs(LAYERS)):
            value = assert_unchanged(submission, "gradient_through_layers", name, layers)
            assert_close(value, product_over_layers(derivative, layers),
                         rtol=1e-9, atol=1e-12)  # a saturated slope is right to 1e-12
    at_zero = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 3.0]])
    assert_close(submission.gradient_through_layers("relu", at_zero), np.zeros(2), rtol=0, atol=0)
    value = assert_afresh(submission, "gradient_through_layers", ("tanh", LAYERS),
                          ("tanh", 0.5 - LAYERS))
    assert_close(value, product_over_layers(true_tanh_grad, 0.5 - LAYERS),
                 rtol=1e-9, atol=1e-12)  # as above
