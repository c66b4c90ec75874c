"""Hidden checks of exercise 30: low-rank updates of linear layers, and models adapted by them.

Truth of the layer is the dense one: a weight to which `rank` outer products of a column of B with
a row of A are added one by one, in float64. Truth about models comes from the recipe that they
are built from, a tree of names and kinds, never from a walk over modules. What `apply_lora` and
`lora_state_dict` do is judged beside what the answer's own class does when it is built directly,
and with plain layers (a bias, ranks from 2 up to the widths), so that a fault of the class costs
nothing there.
"""

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    assert_close,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import assert_untouched, linear, numbers, snapshot

# Not drawn: the errors' types.

F32, F64 = torch.float32, torch.float64
# Sums of products near 1 in float32; in float64 a scale of alpha / rank may have been kept in
# float32, which is off by 6e-8, all the numbers must not.
TOLERANCE = {F32: {"rtol": 1e-4, "atol": 2e-5}, F64: {"rtol": 1e-6, "atol": 2e-7}}
SEED = 30_011  # of torch's generator while an answer merges, which draws from it at most
LARGE = 2.0**20  # added to float64 weights where float32 on the way is to show: off by 0.06


def difference(wanted, got):
    """Which names are missing and which are too many, a few of each, for a message."""
    missing = [name for name in wanted if name not in got]
    more = [name for name in got if name not in wanted]
    told = [f"{what} {', '.join(map(str, names[:3]))}{' and others' if len(names) > 3 else ''}"
            for what, names in ((" without", missing), (", but also", more)) if names]  # fmt: skip
    return f"got them{''.join(told)}"


# ---- the layer: what probes build on the other side ----------------------------------------------


def parts_of(seed, sizes, dtype, has_bias=True):
    """Weight, bias or None, A and B of an adapted layer (in, out, rank), by a seed."""
    into, out, rank = sizes
    normal = numbers(seed, dtype)
    weight, bias, A, B = normal(out, into), normal(out), normal(rank, into), normal(out, rank)
    return weight, (bias if has_bias else None), A, B


def adapted(answer, parts, alpha):
    """The answer's layer on a base with these parts; A and B are written into it."""
    weight, bias, A, B = parts
    layer = answer.LoRALinear(linear(weight, bias), len(A), alpha)
    with torch.no_grad():
        layer.A.copy_(A)
        layer.B.copy_(B)
    return layer


def probe_outputs(answer, parts, alpha, inputs):
    """What the adapted layer makes of each input."""
    layer = adapted(answer, parts, alpha)
    return [layer(x) for x in inputs]


def probe_new(answer, parts, alpha):
    """What a new layer holds, what is trainable, whether its base is the one given, outputs."""
    weight, bias, A, B = parts
    base = linear(weight, bias)
    before = snapshot(base, parts=["parameters", "modes"])
    x = torch.linspace(-1, 1, weight.shape[1], dtype=weight.dtype)
    wanted = base(x).detach()
    layer = answer.LoRALinear(base, len(A), alpha)
    return {
        "parameters": {n: p.detach().clone() for n, p in layer.named_parameters()},
        "trainable": sorted(n for n, p in layer.named_parameters() if p.requires_grad),
        "base": [p.requires_grad for p in base.parameters()],
        "keys": sorted(layer.state_dict()),
        "same": layer.base is base,
        "module": isinstance(layer, nn.Module),
        "A": layer.A, "B": layer.B,
        "around": (before, snapshot(base, parts=["parameters", "modes"])),
        "outputs": (wanted, layer(x).detach()),
    }  # fmt: skip


def probe_slopes(answer, parts, alpha, x, weights):
    """Gradients of sum(weights * layer(x)) at x, A, B, and what the base got."""
    layer = adapted(answer, parts, alpha)
    x = x.clone().requires_grad_()
    (layer(x) * weights).sum().backward()
    return [x.grad, layer.A.grad, layer.B.grad], [p.grad for p in layer.base.parameters()]


def merged_parts(merged):
    """Whether it is a linear layer, and its parameters."""
    if not isinstance(merged, nn.Linear):
        return type(merged).__name__, None, None
    return "Linear", merged.weight, merged.bias


def probe_merged(answer, parts, alpha, x):
    """What `merge` returns: its parts and its outputs."""
    merged = adapted(answer, parts, alpha).merge()
    kind, weight, bias = merged_parts(merged)
    return kind, weight, bias, merged(x) if weight is not None else None


def probe_merging(answer, parts, alpha, x):
    """The layer and its outputs before and after merging twice, and after the copy is wiped.

    With them comes how torch's generator was seeded after each merging.
    """
    layer, seeds = adapted(answer, parts, alpha), []
    seen, outputs, merged = [snapshot(layer)], [layer(x)], []
    torch.default_generator.manual_seed(SEED)
    for _ in range(2):
        merged.append(layer.merge())
        seeds.append(torch.initial_seed())
        seen.append(snapshot(layer))
        outputs.append(layer(x))
    kept = [p.detach().clone() for p in merged[1].parameters()]
    with torch.no_grad():
        for p in merged[0].parameters():
            p.zero_()
        seen.append(snapshot(layer))
        outputs.append(layer(x))
        for p in layer.parameters():
            p.zero_()
    left = [p.detach().clone() for p in merged[1].parameters()]
    return seen, outputs, kept, left, seeds


def probe_later(answer, first, second, alpha, x):
    """For each tensor: outputs, and those of the merged layer, after it alone was overwritten.

    The outputs are those in train mode and those in evaluation mode.
    """
    seen = []
    for number in (0, 2, 3):  # weight, A, B
        outputs = []
        for mode in (True, False):
            layer = adapted(answer, first, alpha).train(mode)
            layer(x)
            layer.merge()
            with torch.no_grad():
                (layer.base.weight, None, layer.A, layer.B)[number].copy_(second[number])
            outputs.append(layer(x))
        seen.append((*outputs, layer.merge()(x)))
    return seen


def probe_alone(answer, first, second, alpha, x):
    """Outputs of a layer at first, in evaluation mode, and after another layer was filled."""
    layer = adapted(answer, first, alpha)
    outputs = [layer(x), layer.eval()(x), layer.train()(x)]
    weight, bias, A, B = second
    other = answer.LoRALinear(base=linear(weight, bias), rank=len(A), alpha=alpha)
    with torch.no_grad():
        other.A.copy_(A)
        other.B.copy_(B)
    other(x)
    return [*outputs, layer(x)]


def probe_refused(answer, rank):
    """The type of what comes of a rank."""
    base = linear(torch.zeros(3, 4), torch.zeros(3))
    return type(answer.LoRALinear(base, rank, 2.0)).__name__


# ---- the layer: the same by hand -----------------------------------------------------------------


def dense(parts, alpha):
    """Weight and bias in float64: the base's, plus one outer product after the other."""
    weight, bias, A, B = (None if part is None else part.double().numpy() for part in parts)
    total = weight.copy()
    for k in range(len(A)):
        total += alpha / len(A) * np.outer(B[:, k], A[k])
    return total, np.zeros(len(weight)) if bias is None else bias


def output_of(parts, alpha, x):
    weight, bias = dense(parts, alpha)
    return torch.tensor(x.double().numpy() @ weight.T + bias).to(x.dtype)


def some_sizes(rng):
    """in, out and rank, all different."""
    into, out, rank = rng.permutation([2, 3, 4, 5, 6])[:3]
    return int(into), int(out), int(rank)


def some_alpha(rng):
    """Never the rank or a multiple of it, so that no rule for the scale stands for another."""
    return float(rng.integers(1, 8)) + 0.5


def problem(seed, sizes, alpha, *shapes, dtype=F32, has_bias=True):
    """Parts, alpha and inputs of these leading shapes."""
    normal = numbers(seed + 1, dtype)
    inputs = [normal(*shape, sizes[0]) for shape in shapes]
    return parts_of(seed, sizes, dtype, has_bias), alpha, inputs


def drawn_problem(submission, *shapes, **options):
    rng = rng_of(submission)
    return problem(int(rng.integers(2**30)), some_sizes(rng), some_alpha(rng), *shapes, **options)


def described(parts, alpha):
    rank, into = parts[2].shape
    bias = "" if parts[1] is not None else ", bias=False"
    return f"LoRALinear(nn.Linear({into}, {len(parts[0])}{bias}), rank={rank}, alpha={alpha})"


def assert_outputs(submission, problems):
    """Each input of each problem gives what the dense layer gives."""
    for (parts, alpha, inputs), outputs in submission.each_probe(probe_outputs, problems):
        for x, y in zip(inputs, outputs, strict=True):
            given = f"{described(parts, alpha)} called on x {tuple(x.shape)}"
            assert_close(y, output_of(parts, alpha, x), given=given, **TOLERANCE[x.dtype])


@check("LoRALinear", points=0.5,
       hint="Write the shapes beside x, A.T and B.T. By what is the update multiplied, and what is "
            "1 / 2 to two integers?")  # fmt: skip
def test_scales_or_multiplies_otherwise(submission):
    """The layer gives base(x) + (alpha / rank) * (x @ A.T) @ B.T."""
    assert_outputs(submission, [
        problem(1, (4, 3, 2), 16.0, (5,)),
        problem(2, (3, 5, 2), 1, (4,)),
        problem(3, (2, 3, 4), 6, (3,)),
        problem(4, (3, 4, 2), 0.5, (3,)),
        problem(5, (5, 2, 1), 8.0, (3,)),
        drawn_problem(submission, (4,)),
    ])  # fmt: skip


@check("LoRALinear", points=0.5,
       hint="A model calls its layers on (B, L, D). Which axis of x does the product take, and "
            "what does .T do to three axes?")  # fmt: skip
def test_takes_rows_only(submission):
    """x may have any number of leading axes, none too."""
    shapes = (), (2, 3), (2, 1, 3), (1,), (4, 4)
    assert_outputs(submission, [
        problem(6, (4, 3, 2), 5.0, *shapes),
        drawn_problem(submission, *shapes),
    ])  # fmt: skip


@check("LoRALinear", points=0.5,
       hint="Print sum(p.numel() for p in layer.parameters() if p.requires_grad). Which layer is "
            "trained, and is it the one that the caller holds?")  # fmt: skip
def test_leaves_the_base_trainable(submission):
    """`base` is the very layer given, none of its parameters trainable, their values as before."""
    cases = [(parts_of(8, (4, 3, 2), F32), 4.0), (parts_of(9, (3, 3, 1), F64), 4.0)]
    cases += [(parts_of(seed, (5, 2, 3), F32), 2.0) for seed in seeds_of(submission, 1)]
    for (parts, alpha), got in submission.each_probe(probe_new, cases):
        given = described(parts, alpha)
        expect(got["same"], "`.base` is not the layer that was given", given=given)
        expect(not any(got["base"]), f"base.weight and base.bias: requires_grad {got['base']}",
               given=given)  # fmt: skip
        assert_untouched(*got["around"], given=f"the base after {given}")


@check("LoRALinear", points=0.5,
       hint="Which kind of attribute do the optimiser and the state dict find? And who finds a "
            "tensor that lies in a submodule under the name A?")  # fmt: skip
def test_hides_its_parameters(submission):
    """A (rank, in) and B (out, rank) are its only trainable parameters, on the module itself."""
    cases = [(parts_of(10, (4, 3, 2), F32), 4.0), (parts_of(11, (2, 5, 3), F32), 1.0)]
    cases += [(parts_of(seed, (6, 4, 5), F32), 2.0) for seed in seeds_of(submission, 1)]
    for (parts, alpha), got in submission.each_probe(probe_new, cases):
        given = described(parts, alpha)
        expect(got["module"], "it is no nn.Module", given=given)
        keys = ["A", "B", "base.bias", "base.weight"]
        expect(got["keys"] == keys, f"expected the state dict's keys {keys}, got {got['keys']}",
               given=given)  # fmt: skip
        own = [name for name in got["trainable"] if not name.startswith("base.")]
        expect(own == ["A", "B"], f"expected the trainable parameters A and B, got {own}",
               given=given)  # fmt: skip
        for name, like in zip("AB", parts[2:], strict=True):
            assert_tensor(got["parameters"][name], shape=tuple(like.shape),
                          given=f"{name} of {given}")  # fmt: skip


@check("LoRALinear", points=0.5,
       hint="What should the very first forward pass of the fine-tuning give? And which gradient "
            "does B get while A is zero?")  # fmt: skip
def test_starts_elsewhere(submission):
    """At the start B is all zeros, A is not, and the layer computes what the base computes."""
    cases = [(parts_of(12, (4, 3, 2), F32), 4.0), (parts_of(13, (6, 6, 1), F32), 16.0)]
    cases += [(parts_of(seed, (3, 5, 4), F32), 2.0) for seed in seeds_of(submission, 1)]
    for (parts, alpha), got in submission.each_probe(probe_new, cases):
        given = described(parts, alpha)
        A, B = got["A"], got["B"]
        assert_tensor(A, given=f"A of {given}")
        assert_tensor(B, given=f"B of {given}")
        expect(not B.any(), f"expected B all zeros, got {show(B)}", given=given)
        expect(A.any() and A.isfinite().all(), f"expected A not all zeros, got {show(A)}",
               given=given)  # fmt: skip
        wanted, found = got["outputs"]
        # An A of nan or inf would show here; all else is a sum with zero.
        assert_close(found, wanted, given=f"{given} at the start", **TOLERANCE[F32])


@check("LoRALinear", points=0.5,
       hint="nn.Linear(3, 4, bias=False).bias is None. Which of your lines ask it for "
            "something?")  # fmt: skip
def test_expects_a_bias(submission):
    """A base without a bias works: keys, values, and the merged layer."""
    problems = [
        problem(14, (4, 3, 2), 6.0, (5,), has_bias=False),
        drawn_problem(submission, (3,), has_bias=False),
    ]
    assert_outputs(submission, problems)
    cases = [(parts, alpha) for parts, alpha, _ in problems]
    for (parts, alpha), got in submission.each_probe(probe_new, cases):
        extra = [key for key in got["keys"] if key not in ("A", "B", "base.weight")]
        expect(not extra, f"unexpected keys in the state dict: {extra}",
               given=described(parts, alpha))  # fmt: skip
    for (parts, alpha, x), (kind, _, bias, y) in submission.each_probe(
        probe_merged, [(parts, alpha, inputs[0]) for parts, alpha, inputs in problems]
    ):
        given = f"{described(parts, alpha)}.merge()"
        expect(kind == "Linear", f"expected an nn.Linear, got a {kind}", given=given)
        # Loosely: how A and B are merged is for another check.
        assert_tensor(y, shape=(len(x), len(parts[0])), given=f"{given}, output")
        expect(bias is None or not bias.any(), f"its bias is {show(bias)}", given=given)


@check("LoRALinear", points=0.5,
       hint="Which of x, A, B and the base is to learn? Where does your update leave the graph, if "
            "at all?")  # fmt: skip
def test_cuts_gradients_off(submission):
    """Gradients reach x, A and B, and not the base's parameters."""
    cases = []
    drawn = [(seed, (5, 3, 2), 1.5) for seed in seeds_of(submission, 1)]
    for seed, sizes, alpha in [(16, (4, 3, 2), 3.0), (17, (2, 3, 4), 8.0), *drawn]:
        parts, alpha, (x, weights) = problem(seed, sizes, alpha, (2, 3), (2, 3))
        cases.append((parts, alpha, x, numbers(seed + 2)(2, 3, sizes[1])))
    # As it begins: were B to get no gradient while it is all zeros, it would stay so.
    weight, bias, A, B = cases[0][0]
    cases.append(((weight, bias, A, 0 * B), *cases[0][1:]))
    for (parts, alpha, x, weights), (slopes, base) in submission.each_probe(probe_slopes, cases):
        given = described(parts, alpha)
        A, B = (part.double().numpy() for part in parts[2:])
        flat, out = (t.double().numpy().reshape(-1, t.shape[-1]) for t in (x, weights))
        scale = alpha / len(A)
        right = {
            "x": (out @ dense(parts, alpha)[0]).reshape(x.shape),
            "A": scale * (out @ B).T @ flat,
            "B": scale * out.T @ (flat @ A.T),
        }
        for (name, wanted), slope in zip(right.items(), slopes, strict=True):
            where = f"{given}, gradient with respect to {name}"
            expect(slope is not None, "expected one, got none", given=where)
            assert_close(slope, torch.tensor(wanted).to(F32), given=where, **TOLERANCE[F32])
        # Whether the base is frozen is for another check: who set it free finds gradients there.
        expect(len(base) == 2, "expected a base of two parameters", given=given)


@check("LoRALinear", points=0.5,
       hint="What would a rank of 0 divide by? And is there a largest rank?")  # fmt: skip
def test_takes_any_rank(submission):
    """A rank below 1 raises ValueError; one above the widths of the layer works."""
    for rank in (0, -1, -4):
        try:
            with pytest.raises(ValueError):
                submission.probe(probe_refused, rank)
        except pytest.fail.Exception:
            text = "expected a ValueError, and it raised nothing"
            raise Mismatch(text, f"LoRALinear(nn.Linear(4, 3), rank={rank}, alpha=2.0)") from None
    sizes = int(rng_of(submission).integers(1, 4)), 2, 5
    cases = [(parts_of(18, (2, 2, 7), F32), 4.0), (parts_of(19, sizes, F32), 4.0),
             (parts_of(20, (3, 2, 1), F32), 4.0)]  # fmt: skip
    for (parts, alpha), got in submission.each_probe(probe_new, cases):
        expect(not got["B"].numel() or got["A"].numel(), "expected A and B",
               given=described(parts, alpha))  # fmt: skip


@check("LoRALinear", points=0.5,
       hint="The base's weight is (out, in). In which order do A and B give that shape, and what "
            "becomes of the scale and of the bias?")  # fmt: skip
def test_merges_something_else(submission):
    """`merge` gives an nn.Linear that alone computes what the layer computes."""
    problems = [
        problem(21, (4, 3, 2), 16.0, (5,)),
        problem(22, (3, 3, 3), 1, (4,)),
        drawn_problem(submission, (2, 2)),
    ]
    cases = [(parts, alpha, inputs[0]) for parts, alpha, inputs in problems]
    for (parts, alpha, x), (kind, weight, bias, y) in submission.each_probe(probe_merged, cases):
        given = f"{described(parts, alpha)}.merge()"
        expect(kind == "Linear", f"expected an nn.Linear, got a {kind}", given=given)
        right = [torch.tensor(part).to(F32) for part in dense(parts, alpha)]
        assert_close(weight, right[0], given=f"{given}, weight", **TOLERANCE[F32])
        assert_close(bias, right[1], given=f"{given}, bias", **TOLERANCE[F32])
        assert_close(y, output_of(parts, alpha, x), given=f"{given}, output", **TOLERANCE[F32])


@check("LoRALinear", points=0.5,
       hint="Whose tensor does `weight += ...` write to? Merge twice, and compare. And whose bias "
            "does the new layer have?")  # fmt: skip
def test_merges_into_the_layer(submission):
    """`merge` leaves the layer as it was, and what it returns shares no memory with it."""
    (drawn,) = seeds_of(submission, 1)
    problems = [problem(seed, (4, 3, 2), 3.0, (2,), has_bias=has_bias)
                for seed, has_bias in ((24, True), (25, False), (drawn, True))]  # fmt: skip
    cases = [(parts, alpha, x) for parts, alpha, (x,) in problems]
    # As it begins: where B is all zeros, the base already computes what the merged layer has to.
    weight, bias, A, B = cases[0][0]
    cases.append(((weight, bias, A, 0 * B), *cases[0][1:]))
    for (parts, alpha, _), came in submission.each_probe(probe_merging, cases):
        seen, outputs, kept, left, seeds = came
        given = described(parts, alpha)
        expect(seeds == [SEED] * 2, "torch's global generator was seeded anew",
               given=f"{given}.merge()")  # fmt: skip
        when = ("merge()", "a second merge()", "the merged layer was set to zero")
        for after, y, what in zip(seen[1:], outputs[1:], when, strict=True):
            assert_untouched(seen[0], after, given=f"{given} after {what}")
            expect(same(y, outputs[0]), "its outputs changed", given=f"{given} after {what}")
        expect(len(kept) >= 1, "expected a merged layer with parameters", given=given)
        expect(same(kept, left), "the merged layer changed when the layer was set to zero",
               given=given)  # fmt: skip


@check("LoRALinear", points=0.5,
       hint="In which dtype does torch make a tensor if nobody says so? Which tensor could you "
            "make A and B like?")  # fmt: skip
def test_makes_float32_of_everything(submission):
    """A base in float64 makes A, B, outputs and the merged layer float64, in full precision."""
    (parts, alpha, (x,)), (others, beta, (z,)) = (
        problem(26, (4, 3, 2), 7.0, (3,), dtype=F64), drawn_problem(submission, (3,), dtype=F64)
    )  # fmt: skip
    # Entries of x that add up to 0 take the large constant away again; what float32 has lost of
    # the weights by then shows.
    large, x = (parts[0] + LARGE, parts[1], parts[2] + LARGE, parts[3]), x - x.mean(1, True)
    cases = [(parts, alpha, x), (large, alpha, x), (others, beta, z)]
    for (given_parts, scale), got in submission.each_probe(
        probe_new, [(case[0], case[1]) for case in cases]
    ):
        for name in "AB":
            assert_tensor(got[name], dtype=F64, given=f"{name} of {described(given_parts, scale)}")
    for (given_parts, scale, (rows,)), (y,) in submission.each_probe(
        probe_outputs, [(*case[:2], [case[2]]) for case in cases]
    ):
        given = f"{described(given_parts, scale)} in float64"
        assert_close(y, output_of(given_parts, scale, rows), given=given, **TOLERANCE[F64])
    for (given_parts, scale, _), (kind, weight, bias, _) in submission.each_probe(
        probe_merged, cases
    ):
        given = f"{described(given_parts, scale)}.merge() in float64"
        expect(kind == "Linear", f"expected an nn.Linear, got a {kind}", given=given)
        for name, part in (("weight", weight), ("bias", bias)):
            assert_tensor(part, dtype=F64, given=f"{given}, {name}")
        # Which numbers they are is for another check: these came through float32.
        expect((weight != weight.float()).any(), "its weights are rounded to float32", given=given)


@check("LoRALinear", points=0.5,
       hint="A checkpoint is loaded into a layer that has been used already. Which of its tensors "
            "does the next call see? Does it matter in which mode it is made?")  # fmt: skip
def test_remembers_old_values(submission):
    """Outputs follow the values that base, A and B hold at that moment, and nothing else."""
    rng = rng_of(submission)
    cases = []
    for seed, sizes in ((27, (4, 3, 2)), (int(rng.integers(2**30)), some_sizes(rng))):
        first, alpha, (x,) = problem(seed, sizes, 3.0, (2,))
        cases.append((first, parts_of(seed + 3, sizes, F32), alpha, x))
    for (first, second, alpha, x), answers in submission.each_probe(probe_later, cases):
        names = ((0, "base.weight"), (2, "A"), (3, "B"))
        for (number, name), outputs in zip(names, answers, strict=True):
            given = f"{described(first, alpha)} after {name} was overwritten"
            parts = [*first]
            parts[number] = second[number]
            wanted, stale = output_of(parts, alpha, x), output_of(first, alpha, x)
            whats = "output", "output in evaluation mode", "output of merge()"
            for y, what in zip(outputs, whats, strict=True):
                assert_tensor(y, shape=tuple(wanted.shape), given=f"{given}, {what}")
                # Loosely: it is nearer to the new values than to the old ones.
                nearer = (y - wanted).abs().max() < (y - stale).abs().max()
                expect(nearer, f"expected {show(wanted)}, got {show(y)}", given=f"{given}, {what}")
    first, second, alpha, x = cases[0]
    whens = "in evaluation mode", "in training again", "beside another layer"
    y, *others = submission.probe(probe_alone, first, second, alpha, x)
    for again, when in zip(others, whens, strict=True):
        given = f"{described(first, alpha)} {when}"
        assert_close(again, y, given=given, **TOLERANCE[F32])


# ---- models: what probes build on the other side -------------------------------------------------


class Holder(nn.Module):
    """Children by name, and parameters of its own."""

    def __init__(self, children, own=()):
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)
        for name in own:
            self.register_parameter(name, nn.Parameter(torch.ones(2, 3)))


class Like(nn.Module):
    """Has what a linear layer has, and is none."""

    def __init__(self):
        super().__init__()
        self.in_features, self.out_features, self.bias = 3, 2, None
        self.weight = nn.Parameter(torch.ones(2, 3))

    def forward(self, x):
        return x @ self.weight.T


def built(answer, recipe):
    """A module from a recipe: (kind, details)."""
    kind, detail = recipe
    if kind == "linear":
        into, out, *bare = detail
        bias = None if bare else torch.ones(out)
        return linear(torch.arange(0.0, out * into).reshape(out, into), bias)
    if kind == "lora":
        into, out, rank, *special = detail
        dtype = F64 if "float64" in special else F32
        bias = None if "no bias" in special else torch.zeros(out, dtype=dtype)
        return answer.LoRALinear(linear(torch.ones(out, into, dtype=dtype), bias), rank, 3.0)
    if kind == "other":
        if detail == "embedding":  # a table given, as drawing one takes long
            return nn.Embedding(5, 3, _weight=torch.ones(5, 3))
        makers = {"norm": lambda: nn.LayerNorm(3), "batch": lambda: nn.BatchNorm1d(3),
                  "tanh": nn.Tanh, "like": Like}  # fmt: skip
        return makers[detail]()
    if kind in ("list", "sequential"):
        parts = [built(answer, each) for each in detail]
        return nn.ModuleList(parts) if kind == "list" else nn.Sequential(*parts)
    children = {name: built(answer, each) for name, each in detail.items()}
    if kind == "dict":
        return nn.ModuleDict(children)
    return Holder(children, {"holder": (), "holder with A": ("A", "B", "weight")}[kind])


def own_trainable(answer):
    """What a layer of the answer's has beside its base, whether that is the one given."""
    base = linear(torch.ones(2, 3), torch.zeros(2))
    layer = answer.LoRALinear(base, 2, 2.0)
    names = [n for n, p in layer.named_parameters() if p.requires_grad and p.numel() > 0]
    # The contract of the class: that very layer, as it was.
    keeps = layer.base is base and bool((base.weight == 1).all()) and base.training
    return [n for n in names if not n.startswith("base.")], keeps


def takes_no_bias(answer):
    """Whether a layer of the answer's can be built on a base without a bias."""
    try:
        return answer.LoRALinear(linear(torch.ones(2, 3), None), 2, 2.0).base.bias is None
    except Exception:  # whatever it is: that is for a check of the class
        return False


def probe_apply(answer, recipe, names, rank, alpha, prepare):
    """What `apply_lora` returned, which layers stand where, and what is trainable."""
    model = built(answer, recipe)
    if prepare == "tied":
        model.q.weight = model.tok.weight
    if prepare == "modes":
        for number, module in enumerate(model.modules()):
            module.training = number % 3 == 0
    layers = [(path, module) for path, module in model.named_modules(remove_duplicate=False)]
    held = [(p, p.detach().clone()) for p in model.parameters()] if prepare == "modes" else []
    modes = [module.training for _, module in layers]
    count = answer.apply_lora(model, names, rank, alpha)
    kind = answer.LoRALinear
    found = [(path, module) for path, module in model.named_modules() if isinstance(module, kind)]
    bases = {
        path: next((old for old, layer in layers if layer is module.base), "another layer")
        for path, module in found
    }
    everything = dict(model.named_modules(remove_duplicate=False))
    return {
        "count": count if type(count) is int else type(count).__name__,
        "bases": bases,
        "kept": [path for path, module in layers if everything.get(path) is module],
        "order": {
            path: [name for name, _ in module.named_children()]
            for path, module in everything.items()
            if isinstance(module, nn.Sequential)
        },
        "trainable": sorted(
            n for n, p in model.named_parameters() if p.requires_grad
        ),
        "numel": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "sizes": sum(module.A.numel() + module.B.numel() for _, module in found),
        "unchanged": all(bool((p == old).all()) for p, old in held),
        "modes": (modes, [module.training for _, module in layers]),
    }  # fmt: skip


def probe_scale(answer, sizes, names, rank, alpha, x):
    """Outputs of a layer that `apply_lora` made, and of one built directly with the same."""
    into, out = sizes
    weight = torch.arange(out * into, dtype=x.dtype).reshape(out, into) / 8
    try:
        direct = answer.LoRALinear(linear(weight, torch.ones(out, dtype=x.dtype)), rank, alpha)
    except ValueError:
        return None
    model = nn.ModuleDict({"q": linear(weight, torch.ones(out, dtype=x.dtype))})
    answer.apply_lora(model=model, names=names, rank=rank, alpha=alpha)
    outputs = []
    for layer in (model["q"], direct):
        with torch.no_grad():
            for tensor in (layer.A, layer.B):
                ramp = torch.arange(tensor.numel(), dtype=x.dtype).reshape(tensor.shape)
                tensor.copy_(ramp / 4 - 1)
            layer.base.weight.copy_(weight)
        outputs.append(layer.eval()(x).detach())
    return outputs, [[list(layer.A.shape), list(layer.B.shape)] for layer in (model["q"], direct)]


def probe_no_match(answer, recipe, names):
    """What a call raised that finds nothing, and the model before and after."""
    model = built(answer, recipe)
    for number, module in enumerate(model.modules()):
        module.training = number % 2 == 0
    for number, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(number % 3 != 0)
    layers = list(model.modules())
    before = snapshot(model)
    try:
        raised = answer.apply_lora(model, names, 2, 4.0)
    except ValueError as error:
        raised = error
    raised = type(raised).__name__
    now = list(model.modules())
    kept = len(now) == len(layers) and all(a is b for a, b in zip(now, layers, strict=True))
    return raised, before, snapshot(model), kept


def probe_state(answer, recipe, frozen):
    """What `lora_state_dict` returns, and the whole state dict before and after."""
    model = built(answer, recipe)
    number = 0
    for module in model.modules():
        if isinstance(module, answer.LoRALinear):
            number += 1
            with torch.no_grad():
                module.A.fill_(number + 0.25)
                module.B.fill_(0.0 if number % 3 == 2 else number + 0.5)  # one is untrained
            module.A.requires_grad_(not frozen)
            module.B.requires_grad_(not frozen and number % 2 == 0)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    seen = snapshot(model, parts=["modes", "requires_grad"])
    result = answer.lora_state_dict(model=model) if frozen else answer.lora_state_dict(model)
    plain = dict(result) if isinstance(result, dict) else type(result).__name__
    after = dict(model.state_dict())
    return plain, before, after, seen, snapshot(model, parts=["modes", "requires_grad"])


# ---- models: what the recipes say ----------------------------------------------------------------


def children_of(recipe):
    """The parts of a recipe by name."""
    kind, detail = recipe
    if kind in ("list", "sequential"):
        return {str(number): part for number, part in enumerate(detail)}
    return detail if kind in ("dict", "holder", "holder with A") else {}


def paths_of(recipe, prefix=""):
    """Every path below the model with its own name and its recipe."""
    for name, part in children_of(recipe).items():
        yield prefix + name, name, part
        yield from paths_of(part, f"{prefix}{name}.")


def linear_paths(recipe, names):
    return sorted(
        path for path, name, (kind, _) in paths_of(recipe) if kind == "linear" and name in names
    )


def lin(into=3, out=2, *special):
    return "linear", (into, out, *special)


BLOCK = "holder", {
    "norm": ("other", "norm"), "q": lin(), "q_proj": lin(), "seq": lin(2, 3), "v": lin(3, 4),
}  # fmt: skip
MODEL = "holder", {
    "tok": ("other", "embedding"),
    "blocks": ("list", [BLOCK, ("holder", {"attention": ("dict", {"q": lin()}),
                                          "q": ("other", "norm")})]),
    "v": lin(4, 2), "taps": ("list", [lin(2, 2), lin(2, 2)]),
    "head": ("sequential", [lin(2, 3), ("other", "tanh"), lin(3, 2)]),
}  # fmt: skip
# The own name counts: not part of it, not that of a container, not one further up the path.
NAMED = "dict", {
    "q": ("holder", {"fc": lin(), "k": lin(2, 2)}), "k": ("other", "like"),
    "fc": ("dict", {"q": ("other", "batch"), "k_q": lin(), "k": lin(3, 3)}), "base": lin(2, 4),
    "proj": ("holder", {"base": lin(3, 5), "A": lin(2, 2)}),
}  # fmt: skip
OWN = "holder with A", {"q": lin(2, 3), "inner": ("holder with A", {"q": lin(3, 2)}),
                        "norm": ("other", "batch"), "k": lin()}  # fmt: skip


def some_lin(rng):
    return lin(int(rng.integers(2, 5)), int(rng.integers(2, 5)))


def some_recipe(rng, depth=1):
    """A tree of which at least one layer is called q."""
    kinds = ["linear", "norm", "dict", "list", "holder", "holder with A", "sequential"]
    names = rng.permutation(["k", "qq", "v", "fc", "base", "0"])[:3]
    children = {}
    for name in names:
        kind = str(rng.choice(kinds if depth else kinds[:2]))
        if kind == "linear":
            children[str(name)] = some_lin(rng)
        elif kind == "norm":
            children[str(name)] = "other", kind
        else:
            inner = some_recipe(rng, depth - 1)[1]
            numbered = kind in ("list", "sequential")
            children[str(name)] = kind, [*inner.values()] if numbered else inner
    children["q"] = some_lin(rng)
    return "holder", children


def applied(submission, cases):
    """The call, where it should replace, and what came of it, for probe_apply's arguments.

    `"own"` in what came of it tells how the answer's class is, apart from `apply_lora`.
    """
    own = submission.probe(own_trainable)
    for (recipe, names, *_), got in submission.each_probe(probe_apply, cases):
        given = f"apply_lora(model, {show(sorted(names))}, ...)"
        yield given, linear_paths(recipe, names), got | {"own": own}


@check("apply_lora", points=0.5,
       hint="The path is `blocks.0.q`, and names are compared with its last part, in full. How "
            "do you reach a layer at any depth, and do you change what you walk over?")  # fmt: skip
def test_replaces_other_layers(submission):
    """The linear layers of these own names are replaced, at any depth, and no others."""
    rng = rng_of(submission)
    drawn = some_recipe(rng, 2), ["q", str(rng.choice(["k", "fc", "0"]))], 2, 4.0, ""
    cases = [
        (MODEL, {"q", "0", "absent"}, 2, 4.0, ""),
        (NAMED, ("k", "q"), 2, 4.0, ""),
        (NAMED, ["base", "fc", "A"], 2, 4.0, ""),
        (("sequential", [lin(3, 3), lin(3, 3), ("other", "norm")]), ("0", "2"), 2, 1.0, ""),
        drawn,
    ]
    if submission.probe(takes_no_bias):
        bare = "dict", {"q": lin(3, 2, "no bias"), "fc": lin(2, 3, "no bias"), "v": lin()}
        cases.append((bare, ("q", "v"), 2, 4.0, ""))
    recipes = [case[0] for case in cases]
    for recipe, (given, paths, got) in zip(recipes, applied(submission, cases), strict=True):
        found = sorted(got["bases"])
        expect(found == paths, f"expected LoRALinear at {paths}, {difference(paths, found)}",
               given=given)  # fmt: skip
        _, keeps = got["own"]
        wrong = [path for path in found if keeps and got["bases"][path] != path]
        expect(not wrong, f"`base` is not the model's own layer at {wrong}", given=given)
        rest = [path for path, *_ in paths_of(recipe) if path not in paths]
        missing = [path for path in rest if path not in got["kept"]]
        expect(not missing, f"these are other modules afterwards: {missing}", given=given)
        for path, order in got["order"].items():
            expect(order == sorted(order, key=int), f"the order of `{path}` is now {order}",
                   given=given)  # fmt: skip


@check("apply_lora", points=0.5,
       hint="Print the names of all parameters that require a gradient afterwards. Are embeddings "
            "among them, norms, the head, or parameters of the model itself?")  # fmt: skip
def test_freezes_too_little_or_too_much(submission):
    """Afterwards the new A and B are trainable, and nothing else in the model is."""
    cases = [
        (OWN, ("q",), 2, 4.0, ""),
        (NAMED, ("A", "base"), 2, 4.0, ""),
        (("holder", {"tok": ("other", "embedding"), "q": lin(3, 5), "head": lin(2, 2)}), ("q",),
         2, 1.0, "tied"),
        (some_recipe(rng_of(submission)), ("q", "0"), 2, 4.0, ""),
    ]
    for given, paths, got in applied(submission, cases):
        own, _ = got["own"]
        # Of the layers that the answer has made, wherever they are: that is for another check.
        found = got["bases"]
        wanted = sorted(f"{path}.{name}" for path in found for name in own)
        # Where the answer's class lets its base train, that is no fault of this function.
        trainable = [n for n in got["trainable"] if own or n.rpartition(".")[0] not in found]
        expect(trainable == wanted, f"expected the trainable parameters {wanted}, got {trainable}",
               given=given)  # fmt: skip
        expect(bool(found) and bool(paths), "no layer was adapted", given=given)


@check("apply_lora", points=0.5,
       hint="Which scalars train: those of the new matrices, of the whole layer, or of the whole "
            "model? And is the sum a Python int?")  # fmt: skip
def test_counts_something_else(submission):
    """It returns how many scalars are trainable, a Python int."""
    cases = [
        (BLOCK, ("q", "v"), 2, 4.0, ""),
        (OWN, ("q", "k"), 2, 1.0, ""),
        (some_recipe(rng_of(submission)), ("q", "k"), 2, 4.0, ""),
    ]
    for given, _, got in applied(submission, cases):
        count = got["count"]
        expect(isinstance(count, int) and not isinstance(count, bool),
               f"expected an int, got a {count}", given=given)  # fmt: skip
        right = got["sizes"], got["numel"]  # these differ only where a layer is otherwise wrong
        expect(count in right and count > 0, f"expected {right[0]}, got {count}", given=given)


@check("apply_lora", points=0.5,
       hint="A name is misspelt. At which line do you know that, and what have you changed by "
            "then?")  # fmt: skip
def test_freezes_before_it_fails(submission):
    """Where no linear layer has such a name, ValueError is raised and the model is as it was."""
    cases = [
        (BLOCK, ["k", "blocks", "norm", "kq"]),
        (lin(3, 2), ("q", "weight")),
        (OWN, ()),
        (("sequential", [("other", "norm"), ("dict", {"q": ("other", "like")})]), {"q", "1"}),
        (some_recipe(rng_of(submission)), ("w", "Q", "weight")),
    ]
    for (_, names), (raised, before, after, kept) in submission.each_probe(probe_no_match, cases):
        given = f"apply_lora(a model without such a layer, {show(sorted(names))}, 2, 4.0)"
        expect(raised == "ValueError", f"expected a ValueError, got {raised}", given=given)
        assert_untouched(before, after, given=f"the model after {given}")
        expect(kept, "layers of the model were replaced", given=given)
    worked = submission.probe(probe_apply, ("dict", {"q": lin()}), ("q",), 2, 4.0, "")
    expect(worked["bases"], "expected layers that are adapted",
           given="apply_lora(model, ['q'], 2, 4.0)")  # fmt: skip


@check("apply_lora", points=0.5,
       hint="Are rank and alpha handed on in this order, and to every layer? Which values and "
            "modes of the model do you touch?")  # fmt: skip
def test_hands_on_something_else(submission):
    """Rank and alpha reach the layers; values and modes of the model stay."""
    rng = rng_of(submission)
    problems = [((4, 3), ("q",), 2, 5.0), ((3, 3), ["q"], 3, 0.5), ((3, 2), ["q"], 5, 4.0),
                ((5, 3), {"q"}, int(rng.integers(2, 4)), some_alpha(rng))]  # fmt: skip
    cases = [
        (sizes, names, rank, alpha, torch.linspace(-1, 2, 2 * sizes[0]).reshape(2, -1))
        for sizes, names, rank, alpha in problems
    ]
    for (_, names, rank, alpha, _), found in submission.each_probe(probe_scale, cases):
        if found is None:  # the answer's class refuses that rank itself
            continue
        outputs, shapes = found
        given = f"a layer of apply_lora(model, {show(sorted(names))}, {rank}, {alpha})"
        expect(shapes[0] == shapes[1], f"expected A and B of shapes {shapes[1]}, got {shapes[0]}",
               given=given)  # fmt: skip
        assert_close(outputs[0], outputs[1], rtol=1e-5, given=given)  # the same arithmetic
    more = [(BLOCK, ("q", "v"), 2, 4.0, "modes"), (some_recipe(rng), ("q",), 2, 4.0, "modes")]
    for given, _, got in applied(submission, more):
        unchanged = got["unchanged"] or not got["own"][1]  # or the answer's class changes them
        expect(unchanged, "parameters of the model have other values", given=given)
        modes_stay = same(*got["modes"]) or not got["own"][1]
        expect(modes_stay, "layers of the model are in another mode", given=given)


# ---- lora_state_dict -----------------------------------------------------------------------------


def lora_keys(recipe):
    """The keys that belong in, by the recipe."""
    if recipe[0] == "lora":
        return ["A", "B"]
    paths = [path for path, _, (kind, _) in paths_of(recipe) if kind == "lora"]
    return sorted(f"{path}.{name}" for path in paths for name in "AB")


def lora(into=3, out=2, rank=2, *special):
    return "lora", (into, out, rank, *special)


def with_lora(rng, recipe):
    """The same with about half of the linear layers adapted, q among them."""
    kind, detail = recipe
    if kind == "linear":
        return ("lora", (*detail[:2], 2)) if rng.random() < 0.5 else recipe
    if isinstance(detail, list):
        return kind, [with_lora(rng, part) for part in detail]
    if isinstance(detail, dict):
        inner = {name: with_lora(rng, part) for name, part in detail.items()}
        return kind, inner | ({"q": lora()} if "q" in inner else {})
    return recipe


def assert_states(submission, cases):
    """The right keys, each with the tensor that the model's state dict has under it."""
    for (recipe, _), (result, before, after, *modes) in submission.each_probe(probe_state, cases):
        wanted = lora_keys(recipe)
        layers = sorted({key.rpartition(".")[0] or "the model itself" for key in wanted})
        given = f"lora_state_dict of a model with LoRALinear at {layers or 'no place'}"
        expect(isinstance(result, dict), f"expected a dict, got a {result}", given=given)
        got = sorted(result, key=str)
        # What the answer's own layers do not have in their state dict may be left out.
        needed = [key for key in wanted if key in before]
        right = set(needed) <= set(got) <= set(wanted)
        expect(right, f"expected their A and B, {difference(wanted, got)}", given=given)
        for key in needed:
            where = f"`{key}` in {given}"
            assert_tensor(result[key], shape=tuple(before[key].shape), given=where)
            expect(same(result[key], before[key]), "it is another tensor", given=where)
        expect(same(before, after) and same(*modes), "the model changed", given=given)


DEEP = "holder", {
    "tok": ("other", "embedding"), "fc": lin(), "v": lora(2, 3, 2),
    "blocks": ("list", [("dict", {"q": lora(3, 4, 2), "norm": ("other", "norm")}),
                        ("holder", {"inner": ("sequential", [lin(), lora(2, 2)])})]),
}  # fmt: skip


@check("lora_state_dict", points=0.5,
       hint="How do the keys of model.state_dict() look for a layer in a layer? And what is the "
            "path of the model itself?")  # fmt: skip
def test_names_them_otherwise(submission):
    """A and B of all adapted layers come under the names of the model's state dict."""
    bare = submission.probe(takes_no_bias)
    assert_states(submission, [
        (DEEP, False),
        (("sequential", [lora(), lora(2, 3)]), False),
        (lora(3, 2, 2), False),
        (("sequential", [lora(2, 3, 2, "float64"), lora()]), False),
        *[(("dict", {"q": lora(3, 4, 2, "no bias"), "v": lora()}), False)] * bare,
        (with_lora(rng_of(submission), some_recipe(rng_of(submission))), False),
    ])  # fmt: skip


@check("lora_state_dict", points=0.5,
       hint="A module of another kind has a parameter called A. What tells yours from it? And what "
            "comes of a model without any?")  # fmt: skip
def test_goes_by_the_name(submission):
    """Parameters of other modules that are called A or B do not belong in."""
    own = "holder with A", {"q": lora(), "q_in": ("holder with A", {"fc": lin(), "base": lin()})}
    named = "dict", {"A": lora(2, 2), "B": ("dict", {"base": lora(), "A": ("other", "norm")})}
    assert_states(submission, [
        (own, False),
        (named, False),
        (OWN, False),
        (with_lora(rng_of(submission), OWN), False),
    ])  # fmt: skip


@check("lora_state_dict", points=0.5,
       hint="Somebody has frozen an adapter before saving it. Does the checkpoint still hold "
            "it?")  # fmt: skip
def test_goes_by_what_is_trainable(submission):
    """Frozen A and B belong in, and trainable parameters of other modules do not."""
    assert_states(submission, [
        (DEEP, True),
        (("sequential", [lin(3, 3), lora(), ("other", "embedding")]), True),
        (with_lora(rng_of(submission), some_recipe(rng_of(submission))), True),
    ])  # fmt: skip
