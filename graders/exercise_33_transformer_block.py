"""Hidden checks of exercise 33: activations, a transformer block, and a count of parameters.

Truth of the activations is `math.erfc` and a sigmoid, number by number. Truth of the block is
float64 NumPy, one position and one head after another, with no axis moved about. What does not
need a truth is judged by properties: the past does not see the future, samples do not meet. The
count adds up a list of shapes.
"""

import math
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from gradekit.grading import (
    Truth,
    assert_close,
    assert_equal,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import numbers, random_states

# Not drawn: which numbers of heads are refused, which is the type of an error.

F32, F64 = torch.float32, torch.float64
LONG = 300  # tokens, and samples: more than a mask of 64, 128 or 256 has


# ---- gelu ----------------------------------------------------------------------------------------


def one_by_one(x, approximate=False):
    """x times erfc, or times a sigmoid: (1 + tanh u) / 2 is 1 / (1 + exp(-2 u))."""

    def value(number):
        if not approximate:
            return number * math.erfc(-number / math.sqrt(2)) / 2
        inner = math.sqrt(2 / math.pi) * (number + 0.044715 * number**3)
        return number * logistic(2 * inner)

    values = [value(number) for number in x.double().flatten().tolist()]
    return torch.tensor(values, dtype=F64).to(x.dtype).reshape(x.shape)


def logistic(number):
    """1 / (1 + exp(-number)) without overflow."""
    if number < 0:
        return 1 - logistic(-number) if number > -30 else math.exp(max(number, -745.0))
    return 1 / (1 + math.exp(-number))


def judge_activation(actual, expected, x, approximate=False):
    """Right but for rounding: 1 + erf(x) is off by one of 1, and so is 1 + tanh(x)."""
    assert_tensor(actual, shape=tuple(x.shape), dtype=x.dtype)
    # A constant may have been kept in float32, also beside float64.
    size = float(x.abs().clamp(max=30).max()) if x.numel() else 0.0
    atol = (4e-7 if x.dtype == F32 else 1e-7) * max(size, 1.0)
    assert_close(actual, expected, rtol=1e-5 if x.dtype == F32 else 1e-6, atol=atol)
    if x.dtype == F64 and bool((x > 40).any()):  # there gelu(x) is x, whatever the constants
        assert_close(actual[x > 40], x[x > 40], rtol=1e-12)


def few(st):
    """One or two numbers."""
    number = st.sampled_from([1.0, -1.0, 2.0, 0.0, -3.0, 50.0, -100.0])
    return st.tuples(
        st.lists(number, min_size=1, max_size=2), st.sampled_from([F32, F64]), st.booleans()
    ).map(lambda t: (torch.tensor(t[0], dtype=t[1]), t[2]))


GELU = Truth("gelu", one_by_one, inputs=few, rtol=1e-5, judge=judge_activation)


def some_dtype(rng):
    return (F32, F64)[rng.integers(2)]


def spread(rng, *shape, dtype=None, size=2.0):
    return torch.tensor(rng.normal(0.0, size, shape), dtype=dtype or some_dtype(rng))


def some_shape(rng):
    return tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(0, 4))))


# At -5.0625 gelu is -1e-6, and not yet 0 in float64.
LINE = torch.tensor(
    [-6.0, -3.5, -2.0, -1.0, -0.5, -1e-3, 0.0, 1e-3, 0.25, 1.0, 1.75, 2.5, 5.0, -5.0625]
)
MANY = LINE.repeat(3, 100)  # more than a thousand numbers


@check("gelu", points=0.5, inputs=lambda st: few(st).map(lambda t: (t[0], False)),
       hint="Which function of torch is the distribution function of a normal, and of which "
            "variance? Is it there for every shape?")  # fmt: skip
def test_approximates_where_it_should_not(submission):
    """Without `approximate` it is x times the standard normal distribution function."""
    GELU.assert_holds(
        submission,
        [(LINE,), (LINE.double(),), (LINE[1:5].reshape(2, 1, 2),), (torch.tensor(1.5),),
         (torch.zeros(0, 3),), (torch.tensor([60.0 + 2.0**-30, 1000.0 + 2.0**-30], dtype=F64),),
         (LINE, False), ((LINE[:4],), {"approximate": False}), (MANY,)],
        draw=lambda rng: (spread(rng, *some_shape(rng)),),
    )  # fmt: skip


@check("gelu", points=0.5, inputs=lambda st: few(st).map(lambda t: (t[0], True)),
       hint="Write the formula with its two constants. Which terms stand within the root, and "
            "which within tanh?")  # fmt: skip
def test_approximates_by_another_formula(submission):
    """With `approximate` it is the formula with tanh, by position or by name."""
    GELU.assert_holds(
        submission,
        [(LINE, True), (LINE.double(), True), ((LINE.double(),), {"approximate": True}),
         (LINE.reshape(1, 14, 1), True), (torch.tensor(-1.5), True), (MANY, True)],
        draw=lambda rng: (spread(rng, *some_shape(rng)), True),
    )  # fmt: skip


def draw_huge(rng):
    sign = torch.tensor(rng.choice([-1.0, 1.0], 4), dtype=some_dtype(rng))
    size = torch.tensor(10.0 ** rng.uniform(2, 15, 4)).to(sign.dtype)
    return sign * size, bool(rng.integers(2))


@check("gelu", points=0.5,
       hint="What is x for x = 1e15, what is x**3 in float32, and what do your intermediate "
            "numbers become? inf / inf and 0 * inf are NaN.")  # fmt: skip
def test_fails_far_out(submission):
    """Numbers of any size give x or 0, and nothing that is not finite."""
    far = torch.tensor([-1e15, -1e4, -200.0, -60.0, 60.0, 200.0, 1e4, 1e15])
    cases = [(far.to(dtype), flag) for dtype in (F32, F64) for flag in (False, True)]
    GELU.assert_holds(submission, cases, draw=draw_huge, draws=4)


def probe_slopes(answer, cases):
    """Gradients of sum(gelu(x)), and x afterwards."""
    seen = []
    for x, approximate in cases:
        x = x.clone().requires_grad_()
        y = answer.gelu(x, approximate)
        if y.requires_grad:
            y.sum().backward()
        seen.append((x.grad, x.detach()))
    return seen


def slope_of(x, approximate):
    """The derivative of the formula, number by number."""

    def slope(z):
        if not approximate:
            density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            return math.erfc(-z / math.sqrt(2)) / 2 + z * density
        root = math.sqrt(2 / math.pi)
        share = logistic(2 * root * (z + 0.044715 * z**3))
        return share + z * share * (1 - share) * 2 * root * (1 + 3 * 0.044715 * z * z)

    return torch.tensor([slope(z) for z in x.double().tolist()]).to(x.dtype)


@check("gelu", points=0.5,
       hint="Does your result hang on x, by tensors all the way? And do "
            "you write into x?")  # fmt: skip
def test_cuts_the_gradient_off(submission):
    """Gradients reach x, which stays as it was."""
    rng = rng_of(submission)
    cases = [(LINE, False), (LINE, True), (LINE.double(), False),
             (spread(rng, 4), bool(rng.integers(2)))]  # fmt: skip
    for (x, flag), (slope, after) in zip(cases, submission.probe(probe_slopes, cases), strict=True):
        given = f"gelu({show(x)}, {flag})"
        expect(slope is not None, "no gradient reaches x", given=given)
        # Loosely between the two formulas, whose slopes differ by 0.002: which of them is used is
        # for other checks.
        assert_close(slope, slope_of(x, flag), rtol=0, atol=5e-3, given=f"{given}, gradient")
        expect(same(after, x), "it changed x", given=given)
    unchanged = submission.call("gelu", LINE)
    expect(same(unchanged.args[0], LINE), "it changed x", given="gelu(x)")


# ---- swiglu --------------------------------------------------------------------------------------


def gated(x, W_gate, W_up, W_down):
    """Every number a sum of its own."""
    rows = x.double().reshape(-1, x.shape[-1]).numpy()
    gate, up, down = (W.double().numpy() for W in (W_gate, W_up, W_down))
    out = np.empty((len(rows), down.shape[1]))
    for i, row in enumerate(rows):
        inner = []
        for j in range(gate.shape[1]):
            z = math.fsum(row * gate[:, j])
            inner.append(z * logistic(z) * math.fsum(row * up[:, j]))
        out[i] = [math.fsum(inner * down[:, k]) for k in range(down.shape[1])]
    return torch.tensor(out).to(x.dtype).reshape(*x.shape[:-1], down.shape[1])


def judge_gated(actual, expected, x, W_gate, W_up, W_down):
    size = max(1.0, float(expected.abs().max())) if expected.numel() else 1.0
    assert_tensor(actual, shape=tuple(expected.shape), dtype=x.dtype)
    assert_close(actual, expected, rtol=0, atol=(2e-5 if x.dtype == F32 else 1e-7) * size)


def small_networks(st):
    """One row of one or two numbers, and matrices of small whole numbers."""

    @st.composite
    def one(draw):
        d, f = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        number = st.sampled_from([1.0, 0.0, -1.0, 2.0, 100.0, -200.0])

        def matrix(*shape):
            size = math.prod(shape)
            values = draw(st.lists(number, min_size=size, max_size=size))
            return torch.tensor(values, dtype=dtype).reshape(shape)

        dtype = draw(st.sampled_from([F32, F64]))
        return matrix(d), matrix(d, f), matrix(d, f), matrix(f, 1)

    return one()


def beyond_float32(st):
    """Two units whose difference float32 does not see."""
    up = torch.tensor([[2.0**24 + 1, 2.0**24]], dtype=F64)
    down = torch.tensor([[1.0], [-1.0]], dtype=F64)
    return st.just((torch.ones(1, dtype=F64), torch.ones(1, 2, dtype=F64), up, down))


SWIGLU = Truth(
    "swiglu", gated, inputs=[small_networks, beyond_float32], rtol=1e-5, judge=judge_gated
)


def network(rng, lead, d, f, out, dtype=None, gate=1.0):
    """x with these leading axes, and three matrices."""
    dtype = dtype or some_dtype(rng)
    return (
        spread(rng, *lead, d, dtype=dtype, size=1.0), spread(rng, d, f, dtype=dtype, size=gate),
        spread(rng, d, f, dtype=dtype, size=1.0), spread(rng, f, out, dtype=dtype, size=1.0),
    )  # fmt: skip


def fixed_network(seed, *args, **options):
    return network(np.random.default_rng(seed), *args, **options)


def raised(case):
    """The same with a large constant in W_up, which an x that adds up to 0 takes away again."""
    x, gate, up, down = case
    return x - x.mean(-1, keepdim=True), gate, up + 2.0**20, down


def some_network(rng, **options):
    d, f, out = (int(n) for n in rng.permutation([2, 3, 4, 5])[:3])
    return network(rng, some_shape(rng), d, f, out, **options)


@check("swiglu", points=0.5,
       hint="Which of the three products goes through silu, which one gates, and which axis of x "
            "do they take?")  # fmt: skip
def test_gates_otherwise(submission):
    """It is (silu(x @ W_gate) * (x @ W_up)) @ W_down, with any leading axes; nothing changes."""
    names = ("x", "W_gate", "W_up", "W_down")
    named = dict(zip(names, fixed_network(3, (2,), 3, 4, 2, dtype=F32), strict=True))
    SWIGLU.assert_holds(
        submission,
        [
            fixed_network(1, (4,), 3, 5, 2, dtype=F32), fixed_network(2, (), 3, 3, 3, dtype=F32),
            fixed_network(4, (2, 3), 4, 4, 4, dtype=F64), fixed_network(5, (2, 1, 2), 2, 5, 3),
            ((), named), raised(fixed_network(6, (3,), 3, 4, 2, dtype=F64)),
            fixed_network(9, (4,), 3, 5, 2, dtype=F32),  # of the shapes of the first one
        ],
        draw=some_network,
        unchanged=True,
    )  # fmt: skip


@check("swiglu", points=0.5,
       hint="exp(1000) is inf. What do you make of a gate of 1000, and of one of -1000? Is there "
            "a sigmoid that stands both?")  # fmt: skip
def test_overflows_in_the_gate(submission):
    """Gates of any size open and close without a NaN."""
    one = torch.tensor([[1000.0, -1000.0, 100.0, -100.0, 0.0]])
    unit = torch.ones(1, 1)
    SWIGLU.assert_holds(
        submission,
        [(torch.ones(1, 1), one, torch.ones(1, 5), torch.eye(5)),
         (-torch.ones(2, 1), one, torch.ones(1, 5), torch.eye(5)),
         (torch.ones(1, dtype=F64), one.double(), torch.ones(1, 5, dtype=F64),
          torch.eye(5, dtype=F64)),
         fixed_network(8, (3,), 3, 4, 2, dtype=F32, gate=800.0),
         *((unit, 1e30 * unit, sign * unit, unit) for sign in (1, -1)),
         (unit, unit, 1e6 * unit, unit)],
        draw=lambda rng: some_network(rng, gate=800.0),
    )  # fmt: skip


# ---- the block: what probes build on the other side ----------------------------------------------

SHAPES = {
    "ln1.weight": "d", "ln1.bias": "d", "ln2.weight": "d", "ln2.bias": "d",
    "qkv.weight": "3d d", "qkv.bias": "3d", "proj.weight": "d d", "proj.bias": "d",
    "fc1.weight": "f d", "fc1.bias": "f", "fc2.weight": "d f", "fc2.bias": "d",
}  # fmt: skip


def shape_of(name, sizes):
    d, _, f = sizes
    return tuple({"d": d, "3d": 3 * d, "f": f}[axis] for axis in SHAPES[name].split())


def weights_of(seed, sizes, dtype=F32, scale=None, without=()):
    """All parameters of a block by name; products of about 1 with what is normalised.

    `scale` multiplies some of them, by name; those that begin with one of `without` are 0.
    """
    normal, weights = numbers(seed, dtype), {}
    for name in SHAPES:
        shape = shape_of(name, sizes)
        value = normal(*shape)
        if name in ("ln1.weight", "ln2.weight"):
            value = 1 + 0.3 * value
        elif len(shape) == 2:
            value = value * 1.5 / shape[1] ** 0.5
        else:
            value = 0.5 * value
        value = value * (scale or {}).get(name, 1.0)
        weights[name] = value * 0 if name.startswith(tuple(without) or ("-",)) else value
    return weights


PARTS = "ln1", "ln2", "qkv", "proj", "fc1", "fc2"


def named(block):
    """A block's parameters, under the names of its parts if they belong to one.

    How parts are registered is free: they may stand in a container as well.
    """
    own = {id(p): (name, p) for name, p in block.named_parameters()}
    found = {}
    for part in PARTS:
        module = getattr(block, part, None)
        for name, p in module.named_parameters() if isinstance(module, nn.Module) else ():
            if own.pop(id(p), None):
                found[f"{part}.{name}"] = p
    return found | dict(own.values())


@contextmanager
def gelu_of_torch(answer):
    """Where a block calls the answer's own gelu on x alone, it gets the right one.

    What is wrong with that function costs points there, and not once more in the block.
    """
    names = answer.namespace
    own = names.get("gelu")
    if callable(own):
        names["gelu"] = lambda *args, **named: (
            nn.functional.gelu(*args) if len(args) == 1 and not named else own(*args, **named)
        )
    try:
        yield
    finally:
        if callable(own):
            names["gelu"] = own


def block_of(answer, sizes, weights):
    """The answer's block with these parameters, and the names of those that it has."""
    block = answer.TransformerBlock(*sizes)
    block.to(weights["qkv.weight"].dtype)
    filled = []
    with torch.no_grad():
        for name, parameter in named(block).items():
            if name in weights and parameter.shape == weights[name].shape:
                parameter.copy_(weights[name])
                filled.append(name)
    return block, filled


def probe_outputs(answer, sizes, weights, inputs):
    """Which parameters were there, and what the block makes of each input."""
    with gelu_of_torch(answer), torch.no_grad():
        block, filled = block_of(answer, sizes, weights)
        return filled, [block(x) for x in inputs]


def probe_structure(answer, sizes):
    """Names, shapes and kinds."""
    block = answer.TransformerBlock(d_model=sizes[0], num_heads=sizes[1], d_ff=sizes[2])
    kinds = {}
    for name in PARTS:
        part = getattr(block, name, None)
        kinds[name] = next((kind.__name__ for kind in (nn.LayerNorm, nn.Linear)
                            if isinstance(part, kind)), type(part).__name__)  # fmt: skip
    parameters = {name: list(p.shape) for name, p in named(block).items()}
    trained = [p.requires_grad for p in block.parameters()]
    return kinds, parameters, all(trained), isinstance(block, nn.Module)


def probe_refused(answer, sizes):
    """The type of what comes of these sizes, or that they were refused."""
    try:
        return type(answer.TransformerBlock(*sizes)).__name__
    except ValueError:
        return "refused"


def probe_manners(answer, sizes, weights, x):
    """x, parameters and random states after calls, and outputs in either mode."""
    with gelu_of_torch(answer):
        block, _ = block_of(answer, sizes, weights)
        held = {n: p.detach().clone() for n, p in block.named_parameters()}
        states = random_states(lambda: block(x), (3, 4))
        block.eval()
        with torch.no_grad():
            outputs = [block(x), block.train()(x), block(x.flip(1)), block(x)]
    changed = [n for n, p in block.named_parameters() if not bool((p == held[n]).all())]
    return x, states, outputs, changed


def probe_gradients(answer, *case):
    with gelu_of_torch(answer):
        return slopes_and_differences(answer, *case)


def slopes_and_differences(answer, sizes, weights, x, direction, step, training):
    """Slopes along a direction, of x and of all parameters, and what they are by differences."""
    block, _ = block_of(answer, sizes, weights)
    block.train(training)
    given = x.clone().requires_grad_()
    (block(given) * direction).sum().backward()
    missing = [n for n, p in block.named_parameters() if p.grad is None]
    if given.grad is None or missing:
        return missing, None, None

    def weighed(by, factor):
        for p, value in held:
            p.copy_(value * factor)
        return (block(x + by * direction) * direction).sum()

    with torch.no_grad():
        held = [(p, p.clone()) for p in block.parameters()]
        slopes = [(given.grad * direction).sum(), sum((p.grad * p).sum() for p, _ in held)]
        ahead = weighed(step, 1), weighed(0, 1 + step)
        behind = weighed(-step, 1), weighed(0, 1 - step)
        differences = [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    return missing, torch.stack(slopes), torch.stack(differences)


# ---- the block: the same by hand -----------------------------------------------------------------


def normalised(row, gain, bias):
    mean = math.fsum(row) / len(row)
    variance = math.fsum((row - mean) ** 2) / len(row)
    return (row - mean) / math.sqrt(variance + 1e-5) * gain + bias


def attended(rows, heads, qkv, qkv_bias):
    """What each position gets from itself and the earlier ones, head by head."""
    L, d = rows.shape
    width = d // heads
    parts = [qkv @ row + qkv_bias for row in rows]
    out = np.zeros((L, d))
    for head in range(heads):
        place = np.arange(head * width, (head + 1) * width)
        for t in range(L):
            scores = [parts[t][place] @ parts[s][d + place] / math.sqrt(width)
                      for s in range(t + 1)]  # fmt: skip
            shares = np.exp(np.array(scores) - max(scores))
            shares /= shares.sum()
            for s in range(t + 1):
                out[t, place] += shares[s] * parts[s][2 * d + place]
    return out


def by_hand(sizes, weights, filled, x):
    """The block for each sample, in float64; a bias or gain that is not there is none."""
    _, heads, _ = sizes
    w = {name: weights[name].double().numpy() for name in SHAPES}
    for name in SHAPES:
        if name not in filled and len(w[name].shape) == 1:
            w[name] = w[name] * 0 + (1.0 if name in ("ln1.weight", "ln2.weight") else 0.0)
    samples = []
    for rows in x.double().numpy():
        normed = np.array([normalised(row, w["ln1.weight"], w["ln1.bias"]) for row in rows])
        mixed = attended(normed, heads, w["qkv.weight"], w["qkv.bias"])
        rows = rows + mixed @ w["proj.weight"].T + w["proj.bias"]
        out = []
        for row in rows:
            inner = w["fc1.weight"] @ normalised(row, w["ln2.weight"], w["ln2.bias"])
            inner = [z * math.erfc(-z / math.sqrt(2)) / 2 for z in inner + w["fc1.bias"]]
            out.append(row + w["fc2.weight"] @ np.array(inner) + w["fc2.bias"])
        samples.append(out)
    return torch.tensor(np.array(samples)).to(x.dtype)


def tokens(seed, *shape, dtype=F32, size=1.5):
    return numbers(seed + 1000, dtype)(*shape) * size


def called(sizes, x):
    return f"TransformerBlock{tuple(sizes)} called on x {tuple(x.shape)}"


def assert_blocks(submission, cases, atol=1e-4, rtol=1e-4):
    """The outputs of each (sizes, weights, inputs) are those worked out by hand."""
    for (sizes, weights, inputs), (filled, outputs) in submission.each_probe(probe_outputs, cases):
        for x, y in zip(inputs, outputs, strict=True):
            wanted = by_hand(sizes, weights, filled, x)
            # Sums of some products near 1 in float32; a mistake changes the first digits.
            assert_close(y, wanted, rtol=rtol, atol=atol, given=called(sizes, x))


def some_sizes(rng):
    """A width, some heads of another width each, and an inner width of its own."""
    heads, width = ((2, 3), (3, 2), (2, 4), (4, 2))[rng.integers(4)]
    return heads * width, heads, int(rng.choice([5, 7, 9]))


@check("TransformerBlock", points=0.5,
       hint="Weights of a real model are to be loaded into your block. Print the names and "
            "shapes of its parameters: are all of them as agreed?")  # fmt: skip
def test_has_other_parameters(submission):
    """It has ln1, ln2, qkv, proj, fc1 and fc2, all with a bias, and no other parameters."""
    rng = rng_of(submission)
    cases = [((6, 2, 10),), (some_sizes(rng),)]
    for (sizes,), (kinds, parameters, trained, module) in submission.each_probe(
        probe_structure, cases
    ):
        given = f"TransformerBlock{sizes}"
        expect(module, "it is no nn.Module", given=given)
        for name, kind in kinds.items():
            wanted = "LayerNorm" if name.startswith("ln") else "Linear"
            expect(kind == wanted, f"expected `{name}` to be an nn.{wanted}, got a {kind}",
                   given=given)  # fmt: skip
        for name in SHAPES:
            expect(name in parameters, f"there is no parameter {name}", given=given)
            shape = list(shape_of(name, sizes))
            expect(parameters[name] == shape, f"expected {name} of shape {shape}, got "
                   f"{parameters[name]}", given=given)  # fmt: skip
        more = [name for name in parameters if name not in SHAPES]
        expect(not more and trained, f"unexpected or frozen parameters: {more or 'frozen'}",
               given=given)  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="Change the last token: which outputs may change? Change the first one: which "
            "outputs have to?")  # fmt: skip
def test_sees_the_future(submission):
    """A token has no influence on earlier positions, and some on all later ones."""
    cases = []
    for seed in (11, *seeds_of(submission, 1)):
        sizes = some_sizes(np.random.default_rng(seed))
        x = tokens(seed, 2, 4, sizes[0])
        inputs = [x]
        for t in range(4):
            inputs.append(x.clone())
            inputs[-1][:, t] = tokens(seed + 1 + t, 2, sizes[0])
        cases.append((sizes, weights_of(seed, sizes), inputs))
    for (sizes, _, (x, *_)), (_, (first, *others)) in submission.each_probe(probe_outputs, cases):
        for t, y in enumerate(others):
            given = f"{called(sizes, x)} with another token at position {t}"
            assert_tensor(y, shape=tuple(x.shape), given=given)
            apart = (y - first).abs().amax(dim=(0, 2))  # (L,)
            # Other kernels for other numbers may round otherwise; what is seen moves by 0.01.
            expect(bool((apart[:t] < 1e-4).all()), "outputs changed before that position, by "
                   f"{show(apart[:t])}", given=given)  # fmt: skip
            expect(bool((apart[t:] > 1e-4).all()), "some outputs from there on did not change: by "
                   f"{show(apart[t:])}", given=given)  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="Compare a batch of three with its samples one by one. Which of your reshapes mixes "
            "them?")  # fmt: skip
def test_mixes_samples(submission):
    """What comes of a sample is the same alone and in a batch."""
    cases = []
    for seed in (12, *seeds_of(submission, 1)):
        sizes = some_sizes(np.random.default_rng(seed))
        x = tokens(seed, 3, 3, sizes[0])
        inputs = [x, x[:1], x[1:2], x.flip(0)]
        cases.append((sizes, weights_of(seed, sizes), inputs))
    for (sizes, _, (x, *_)), (_, (batch, *single, turned)) in submission.each_probe(
        probe_outputs, cases
    ):
        assert_tensor(batch, shape=tuple(x.shape), given=called(sizes, x))
        for i, y in enumerate(single):
            given = f"{called(sizes, x)}, sample {i} beside the same alone"
            assert_close(batch[i : i + 1], y, rtol=1e-4, atol=1e-4, given=given)
        assert_close(turned.flip(0), batch, rtol=1e-4, atol=1e-4,
                     given=f"{called(sizes, x)}, samples in another order")  # fmt: skip
        expect(not same(single[0], single[1]), "it gives the same for different samples",
               given=called(sizes, x))  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="Take two heads of width 3: which columns of qkv's output belong to the keys of the "
            "second head? And the root of which number divides the scores?")  # fmt: skip
def test_attends_otherwise(submission):
    """With fc2 at zero the block is x + proj(attention(ln1(x))), for several heads."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    problems = [(13, (6, 2, 5)), (seed, drawn)]
    assert_blocks(submission, [
        (sizes, weights_of(number, sizes, without=["fc2"]), [tokens(number, 2, 4, sizes[0])])
        for number, sizes in problems
    ])  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="Try a single token, a single head, heads of width 1. Which size have you taken for "
            "granted?")  # fmt: skip
def test_expects_some_sizes(submission):
    """Batches and texts of length 1, long ones, a single head, and heads of width 1 work."""
    rng = rng_of(submission)
    sizes, seed = some_sizes(rng), int(rng.integers(2**30))
    B, L = (int(n) for n in rng.integers(1, 6, 2))
    assert_blocks(submission, [
        ((6, 1, 4), weights_of(16, (6, 1, 4)), [tokens(17, 1, 1, 6), tokens(16, 2, 3, 6)]),
        ((4, 4, 6), weights_of(18, (4, 4, 6)), [tokens(18, 1, 4, 4), tokens(19, 4, 1, 4)]),
        ((2, 1, 1), weights_of(20, (2, 1, 1)), [tokens(20, 1, 24, 2)]),
        ((4, 2, 4), weights_of(21, (4, 2, 4)), [
            tokens(22, 1, 2, 4), tokens(21, 4, 4, 4), tokens(23, 1, 3, 4),  # shorter again
        ]),
        (sizes, weights_of(seed, sizes), [tokens(seed, B, L, sizes[0])]),
    ])  # fmt: skip
    assert_long(submission)


def assert_long(submission):
    """A long text, where scores are 0, and a large batch: by hand from single tokens."""
    sizes, weights = (2, 1, 3), weights_of(36, (2, 1, 3), without=["fc2"])
    weights["qkv.weight"][:4] = weights["qkv.bias"][:4] = 0
    two = torch.tensor([[[1.0, -1.0]], [[-1.0, 1.0]]])
    many = two.repeat(LONG // 2, 1, 1)
    early, late = two[:1].repeat(1, 40, 1), two[1:].repeat(1, LONG - 40, 1)
    text = torch.cat([early, late], 1)
    filled, (batch, long) = submission.probe(probe_outputs, sizes, weights, [many, text])
    alone = by_hand(sizes, weights, filled, two)
    assert_close(batch, alone.repeat(LONG // 2, 1, 1), rtol=1e-4, atol=1e-4,
                 given=called(sizes, many))  # fmt: skip
    # A position adds the mean of what the tokens up to there add alone.
    added = (alone - two).repeat_interleave(torch.tensor([40, LONG - 40]), 0)[:, 0]
    wanted = text[0] + added.cumsum(0) / torch.arange(1, LONG + 1)[:, None]
    assert_close(long, wanted[None], rtol=1e-3, atol=1e-3, given=called(sizes, text))


@check("TransformerBlock", points=0.5,
       hint="What is added to what: does the residual start before the norm or behind it? And "
            "which of the two formulas of gelu is asked for?")  # fmt: skip
def test_feeds_forward_otherwise(submission):
    """With proj at zero the block is x + fc2(gelu(fc1(ln2(x)))), with the exact gelu."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    problems = [(23, (4, 2, 7)), (seed, drawn)]
    # fc2 is large, so that what the formula with tanh is off by, up to 5e-4, shows.
    scale = {"fc1.weight": 1.5, "fc2.weight": 8.0}
    cases = [
        (sizes, weights_of(number, sizes, scale=scale, without=["proj"]),
         [tokens(number, 2, 6, sizes[0])])
        for number, sizes in problems
    ]  # fmt: skip
    assert_blocks(submission, cases, rtol=2e-5, atol=1e-4)


@check("TransformerBlock", points=0.5,
       hint="Which x does the second half read: the one that came in, or the one that attention "
            "has added to? And which norm belongs to which half?")  # fmt: skip
def test_composes_otherwise(submission):
    """The feed-forward half works on the sum of x and what attention made of it."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    problems = [(26, (6, 2, 5)), (seed, drawn)]
    assert_blocks(submission, [
        (sizes, weights_of(number, sizes), [tokens(number, 2, 3, sizes[0])])
        for number, sizes in problems
    ])  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="Where the entries of a row differ by 0.003, eps is as large as their variance. "
            "Which eps does nn.LayerNorm take if nobody says so?")  # fmt: skip
def test_takes_another_eps(submission):
    """Rows of a tiny variance are normalised with torch's default eps, in both norms."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    problems = [(28, (6, 2, 5), "fc2"), (29, (4, 2, 6), "proj"),
                (seed, drawn, str(rng.choice(["fc2", "proj"])))]  # fmt: skip
    assert_blocks(submission, [
        (sizes, weights_of(number, sizes, without=[without]),
         [tokens(number, 1, 3, sizes[0], size=0.003)])
        for number, sizes, without in problems
    ])  # fmt: skip


@check("TransformerBlock", points=0.5,
       hint="exp of a score of 2000 is inf. And what if every score that may be seen lies below "
            "the number with which you hide the others?")  # fmt: skip
def test_overflows_on_large_scores(submission):
    """Scores of tens of thousands, of either sign, give finite and right outputs."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    cases = []
    for number, sizes, factor in ((30, (6, 2, 5), 60.0), (seed, drawn, 100.0)):
        weights = weights_of(number, sizes, F64, scale={"qkv.weight": factor}, without=["fc2"])
        d = sizes[0]
        weights["qkv.weight"][2 * d :] /= factor  # values stay small
        cases.append((sizes, weights, [tokens(number, 2, 5, d, dtype=F64, size=20.0)]))
    # All keys alike, and queries opposite to them: every score is far below zero.
    sizes = (4, 2, 4)
    weights = weights_of(32, sizes, F64, without=["fc2", "qkv.weight"])
    weights["qkv.bias"] = torch.tensor([-200.0] * 4 + [200.0] * 4 + [0.5] * 4, dtype=F64)
    weights["qkv.weight"][8:] = torch.eye(4, dtype=F64)
    cases.append((sizes, weights, [tokens(32, 2, 4, 4, dtype=F64)]))
    # float64: scores of 1e4 are good to 1e-11 there.
    assert_blocks(submission, cases, rtol=1e-3, atol=1e-3)


@check("TransformerBlock", points=0.5,
       hint="What is the width of a head for 4 heads of a width of 6? "
            "And for 0 heads, or -2?")  # fmt: skip
def test_takes_any_number_of_heads(submission):
    """A number of heads that is no positive divisor of d_model raises ValueError."""
    wrong = (6, 4, 8), (6, 0, 8), (6, -2, 8), (4, 8, 8), (5, 2, 8), (6, -1, 8), (6, -6, 8)
    right = (5, 5, 2), (6, 3, 4)
    cases = [(sizes,) for sizes in (*wrong, *right)]
    for (sizes,), kind in submission.each_probe(probe_refused, cases):
        given = f"TransformerBlock{sizes}"
        if sizes in wrong:
            expect(kind == "refused", "expected a ValueError, and it raised nothing", given=given)
        else:
            expect(kind not in ("refused", "NoneType"), "expected a block", given=given)


@check("TransformerBlock", points=0.5,
       hint="After block.double(), which of your tensors are still float32? A mask, a scale, the "
            "scores before the softmax?")  # fmt: skip
def test_falls_back_to_float32(submission):
    """In float64 it answers in float64, in full precision."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    cases = []
    for number, sizes in ((33, (6, 2, 5)), (seed, drawn)):
        # Scores of some hundreds, where float32 is off by 1e-5; rows so large that eps is nothing.
        weights = weights_of(number, sizes, F64, scale={"qkv.weight": 8.0})
        cases.append((sizes, weights, [tokens(number, 2, 4, sizes[0], dtype=F64, size=100.0)]))
    assert_blocks(submission, cases, rtol=1e-6, atol=2e-6)


@check("TransformerBlock", points=0.5,
       hint="Do gradients reach the first norm, and x? Does anything depend on chance, on the "
            "mode, or on an earlier call?")  # fmt: skip
def test_cuts_gradients_off_or_draws(submission):
    """Gradients reach x and all parameters; calls, modes and chance leave no trace."""
    rng = rng_of(submission)
    drawn, seed = some_sizes(rng), int(rng.integers(2**30))
    cases = []
    for number, sizes, training in ((35, (6, 2, 5), True), (seed, drawn, False)):
        x = tokens(number, 1, 3, sizes[0], dtype=F64)
        direction = numbers(number + 7, F64)(*x.shape)
        cases.append((sizes, weights_of(number, sizes, F64), x, direction, 1e-5, training))
    for (sizes, _, x, *_), (missing, slopes, differences) in submission.each_probe(
        probe_gradients, cases
    ):
        given = called(sizes, x)
        expect(slopes is not None, f"no gradient reaches {', '.join(missing) or 'x'}", given=given)
        # By the answer's own outputs, so that what they are is for other checks. Differences are
        # good to 1e-9, and to 1e-3 where something was computed in float32.
        assert_close(slopes, differences, rtol=0.02, atol=0.02,
                     given=f"{given}, gradients along some directions")  # fmt: skip
    sizes, weights, x, *_ = cases[0]
    x, given = x.float(), called(sizes, x)
    weights = {name: value.float() for name, value in weights.items()}
    after, states, (first, *others, last), changed = submission.probe(
        probe_manners, sizes, weights, x
    )
    expect(same(after, x), "it changed x", given=given)
    expect(not changed, f"it changed {', '.join(changed)}", given=given)
    expect(not same(*states), "it reseeds torch's random state", given=given)
    for other in (others[0], last):
        assert_close(other, first, rtol=1e-4, atol=1e-4, given=f"{given} again")


# ---- transformer_parameters ----------------------------------------------------------------------


def by_shapes(layers, d_model, d_ff, vocab_size, context, tied=True):
    """The sizes of all tensors, one by one."""
    sizes = d_model, 1, d_ff
    block = sum(math.prod(shape_of(name, sizes)) for name in SHAPES)
    outside = [(vocab_size, d_model), (context, d_model), (d_model,), (d_model,)]
    if not tied:
        outside.append((d_model, vocab_size))
    return layers * block + sum(map(math.prod, outside))


def judge_count(actual, expected, *_, **__):
    expect(not isinstance(actual, bool), f"expected {expected}, got {show(actual)}")
    assert_equal(actual, expected)
    whole = isinstance(actual, int | np.integer)
    expect(whole, f"expected an int, got the {type(actual).__name__} {show(actual)}")


def small_models(st):
    size = st.integers(1, 4)
    return st.tuples(st.integers(0, 2), size, size, size, size, st.booleans())


COUNT = Truth(
    "transformer_parameters", by_shapes, inputs=small_models, rtol=0.0, judge=judge_count
)


def some_model(rng):
    sizes = [int(n) for n in rng.integers(2, 200, 4)]  # so small that one may build it and count
    return int(rng.integers(1, 9)), *sizes


@check("transformer_parameters", points=0.5,
       inputs=lambda st: small_models(st).map(lambda t: (max(t[0], 1), *t[1:5])),
       hint="List every tensor of a block with its shape, biases and norms too, and then what "
            "stands before and after the blocks.")  # fmt: skip
def test_counts_otherwise(submission):
    """Embeddings, blocks, all biases and norms are counted, the tied matrix once; exactly."""
    cases = [(12, 768, 3072, 50257, 1024), (1, 2, 8, 5, 3), (2, 3, 5, 7, 11), (1, 1, 1, 1, 1),
             (3, 7, 2, 4, 6, True), (48, 5, 20, 257, 300), (130, 3, 2, 128256, 4096),
             (12, 301, 1203, 50257, 1024)]  # fmt: skip
    names = ("layers", "d_model", "d_ff", "vocab_size", "context")
    by_name = (), dict(zip(names, (4, 6, 9, 13, 8), strict=True))
    COUNT.assert_holds(submission, [*cases, by_name], draw=some_model)


@check("transformer_parameters", points=0.5,
       hint="What is added if the output layer has a matrix of its own? And what is left of a "
            "model without a single block?")  # fmt: skip
def test_ties_or_stacks_otherwise(submission):
    """An untied output layer adds its matrix, and no layers at all leave the rest."""
    cases = [(12, 768, 3072, 50257, 1024, False), (1, 2, 8, 5, 3, False), (0, 2, 8, 5, 3),
             (0, 3, 4, 7, 5, False), (0, 4, 9, 6, 2, True)]  # fmt: skip
    by_name = (2, 3, 5, 7, 11), {"tied": False}
    COUNT.assert_holds(submission, [*cases, by_name],
                       draw=lambda rng: (*some_model(rng), False))  # fmt: skip
