"""Attacks on handles succeed once their guard is taken out: so each of them tests something.

A guard of the trusted side is replaced by what a trusting author might have written. Not tried are

- what would keep the machine busy for minutes, or end the grader: a set or dict fills by and by
  (`set_of_one_hash`, `mapping_of_one_hash`); requests, callbacks, their lines and their data are
  counted (`numbers_without_end`, `numbers_that_grow`, `chain_of_itself`, `chain_without_end`,
  `callback_storm`, `callback_that_takes_long`); ints have bounds (`fraction_bomb`);
- what two guards hold, of which one is enough: a worker bounds its objects and output, and so does
  this side (`many_objects`, `prints_without_end`, `callback_of_much_data`); no exception of that
  name arrives, and none that skips or exits earns anything (`skips`, `raises_on_inspection`); a
  call is no reply, and has other parts than one (`callback_never_given`);
- what shows in a message or in a file, and not in the points (the `imported` ones that learn or
  harm): test_attacks.py looks at those;
- what is held by the two processes themselves (`callback_left_alone`), or would take the next
  check's worker from it (`imported_thread_goes_on`).
"""

from __future__ import annotations

import builtins
import copy
import importlib
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.grading import (
    arguments,
    callback,
    classes,
    handle,
    imported,
    judge,
    lasting,
    lent,
    objects,
    raised,
    run,
    streams,
)
from gradekit.grading.loop import Plan
from gradekit.grading.originals import (
    cells,
    comparisons,
    fence,
    inspecting,
    libraries,
    original,
    running,
    world,
)
from gradekit.grading.session import Session
from gradekit.grading.terms import Terms
from gradekit.report import Report
from gradekit.sandbox import atoms, decoding, host, wire
from gradekit.sandbox.limits import Limits
from gradekit.submission import read

TESTS = Path(__file__).parent
Patch = Callable[[pytest.MonkeyPatch], None]


def by(target: Any, name: str, value: Any) -> Patch:
    """A guard that is replaced by `value`."""
    return lambda patch: patch.setattr(target, name, value)


def all_judge(patch: pytest.MonkeyPatch) -> None:
    """Every object is asked what it says of itself."""
    patch.setattr(handle, "_judges", lambda value, name: not value.kit__ref.objects.is_reading)


def asked_for_truth(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handle.Handle.__dict__["__bool__"], "__code__", _truth.__code__)


def _truth(self: Any) -> bool:
    return self.kit__ref.objects.ask("operate", [self, "__bool__", ()], "it") is True


def any_class(patch: pytest.MonkeyPatch) -> None:
    """A class is looked up by the name that the worker told."""

    def found(name: str) -> object:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module or "builtins"), attribute, None)

    patch.setattr(objects, "known_class", found)


def changes_are_believed(patch: pytest.MonkeyPatch) -> None:
    for module in (arguments, lasting):
        patch.setattr(module, "write", lambda target, content: None)
    patch.setattr(arguments.Arguments, "at", lambda self, place: [*self.objects, []][0])


def masks_arrive(patch: pytest.MonkeyPatch) -> None:
    before = host.reply_in
    patch.setattr(run, "reply_in", lambda *args, **_: before(*args, plain=False))


def masks_of_any_shape_arrive(patch: pytest.MonkeyPatch) -> None:
    masks_arrive(patch)
    patch.setattr(
        decoding, "masked", lambda node, value_of: [value_of(node.data), value_of(node.mask)]
    )


def pickles_are_loaded(patch: pytest.MonkeyPatch) -> None:
    """By whoever reads a reply, as a worker does with what it is sent."""
    before = wire.decode
    patch.setattr(wire, "decode", lambda *args, **more: before(*args, **more, opaque=pickle.loads))


def pickles_of_answers_are_loaded(patch: pytest.MonkeyPatch) -> None:
    """By the test itself, as it was written."""
    patch.setattr(world, "pickling", lambda submission: pickle)
    nothing_is_fenced(patch)


def nothing_is_fenced(patch: pytest.MonkeyPatch) -> None:
    for name in ("made", "generated"):
        patch.setitem(sys.modules, name, None)  # so that it is gone afterwards
        del sys.modules[name]
    patch.setattr(fence.Fence, "look", lambda self, event, args: None)


def texts_are_run(patch: pytest.MonkeyPatch) -> None:
    """Whatever a test evaluates, runs or compiles, on this side."""
    nothing_is_fenced(patch)
    patch.setattr(running.Running, "_is_own", lambda self, text: True)


def annotations_are_evaluated(patch: pytest.MonkeyPatch) -> None:
    """By `typing`, on this side."""
    nothing_is_fenced(patch)
    patch.setattr(inspecting, "_asking", lambda submission, real: real)
    patch.setattr(handle, "check_annotations", lambda told, label: None)


def arrays_of_answers_are_arrays(patch: pytest.MonkeyPatch) -> None:
    """For `isinstance`, whether the solution has such a class or not."""
    before = classes._claim
    patch.setattr(classes, "_claim", lambda name, own, known, is_of_task: before(
        name, own, known, True))  # fmt: skip


def blocks_swallow(patch: pytest.MonkeyPatch) -> None:
    before = handle._judges
    patch.setattr(handle, "_judges", lambda value, name: name == "__exit__" or before(value, name))


def verdicts_are_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handle, "VERDICTS", ())
    blocks_swallow(patch)


def losses_satisfy(patch: pytest.MonkeyPatch) -> None:
    """A test that expects an exception gets the one that tells of a lost worker."""
    before = judge._outcome
    patch.setattr(judge, "_outcome", lambda error, attempt: before(
        None if error is attempt.lost else error, attempt))  # fmt: skip


def any_number(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(handle.METHODS, "__index__", lambda self: self.kit__ref.objects.ask(
        "operate", [self, "__index__", ()], "it"))  # fmt: skip


GUARDS: dict[str, Patch] = {
    "live_equals_everything": all_judge,
    "live_unequal_to_nothing": all_judge,
    "live_hash_of_five": all_judge,
    "live_contains_everything": all_judge,
    "live_items_equal_everything": all_judge,
    "live_list_of_equals": all_judge,
    "live_between_all": all_judge,
    "live_int_that_lies": all_judge,
    "live_list_that_lies": all_judge,
    "live_iterates_differently": all_judge,
    "live_value_equals_everything": all_judge,
    "live_attributes_are_everything": all_judge,
    "live_enum_lookalike": all_judge,
    "live_true": all_judge,
    "live_long": all_judge,
    "live_differs_by_nothing": by(handle.ClassRef, "allows", lambda self, name: True),
    "live_array_differs_by_nothing": by(handle.ClassRef, "allows", lambda self, name: True),
    "live_claims_to_be_an_array": by(handle.ClassRef, "allows", lambda self, name: True),
    "live_metaclass_agrees": by(handle.LiveClass, "__eq__", lambda cls, other: True),
    "live_block_swallows": verdicts_are_swallowed,
    "live_error_by_name": by(
        raised.Problem, "as_raised", lambda self: getattr(builtins, self.type)(self.text)
    ),
    "live_error_of_lying_class": by(
        raised.Problem, "as_raised", lambda self: ValueError(self.text)
    ),
    "live_constant_emptied": by(arguments, "owners_of", lambda value: set()),
    "live_nested_constant_emptied": by(arguments, "_inside", lambda value, module: []),
    "live_array_of_constant_zeroed": by(arguments, "owners_of", lambda value: {id(value)}),
    "live_kept_constant_emptied": by(lasting, "owners_of", lambda value: set()),
    "live_keeps_nothing": by(lasting.Lasting, "settle", lambda self, told, arguments: None),
    "live_keeps_beyond_all": by(lasting, "LASTING_OBJECTS", 10**10),
    "live_lasting_never_given": by(lasting.Lasting, "at", lambda self, place: 5),
    "live_lasting_of_another_kind": changes_are_believed,
    "live_lasting_number": by(lasting, "ARRIVING", (int,)),
    "live_masked_everything": masks_arrive,
    "live_forged_argument": by(arguments.Arguments, "at", lambda self, place: 5),
    "live_forged_function": by(callback.Callbacks, "at", lambda self, place: 5),
    "live_forged_base": any_class,
    "live_forged_class": any_class,
    "live_forged_number": by(objects, "_check_number", lambda number: None),
    "live_forged_kind_number": by(objects.Objects, "_class", lambda self, kind: handle.Handle),
    "live_forged_view": by(handle, "_view", lambda value: value.kit__ref.objects.ask(
        "operate", [value, "view", ()], "it")[0]),
    "live_changes_of_another_kind": changes_are_believed,
    "live_changes_of_nothing": changes_are_believed,
    "live_many_classes": by(objects, "CLASSES", 10**6),
    "live_class_of_many_bases": by(objects, "BASES", 10**6),
    "live_decimal_bomb": by(atoms, "MAX_EXPONENT", 10**10),
    "live_structure_of_nothing": by(decoding, "structured", lambda node, value_of: 5),
    "live_length_beyond_all": by(handle, "LONGEST", 2**63),
    "live_forged_pickle": pickles_are_loaded,
    "live_enum_by_value": by(wire.Member, "__eq__", lambda self, other: self.value == other.value),
    "live_masked_of_another_shape": masks_of_any_shape_arrive,
    "live_structure_of_lying_shape": by(
        decoding, "structured", lambda node, value_of: value_of(node.columns[0])
    ),
    "live_range_bomb": by(atoms, "MAX_ITEMS", 2**64),
    "live_callback_of_a_class": by(
        callback.Callbacks, "called", lambda self, body, *_: ("value", body[0](*body[1]))
    ),
    "live_forged_files": by(imported, "_is_path", lambda path: True),
    "imported_equals_where_none_does": by(handle, "_require_undisputed", lambda *_: None),
    "imported_has_an_order": by(original, "_require_judged", lambda submission: None),
    "imported_swallows_what_is_printed": by(streams.Streams, "settle", lambda self, told: None),
    "imported_forged_source": by(inspecting, "handed_in", lambda submission, value: ""),
    "imported_repr_is_code": texts_are_run,
    "imported_repr_is_a_name": texts_are_run,
    "imported_source_is_code": texts_are_run,
    "imported_annotation_is_code": annotations_are_evaluated,
    "imported_annotation_within": annotations_are_evaluated,
    "imported_pickle_of_code": pickles_of_answers_are_loaded,
    "imported_array_of_code": nothing_is_fenced,
    "imported_module_it_wrote": nothing_is_fenced,
    "imported_module_of_its_text": nothing_is_fenced,
    "imported_code_it_gave": nothing_is_fenced,
    "imported_tree_of_its_text": texts_are_run,
    "imported_yaml_of_code": by(libraries.Libraries, "has_imported", lambda self: None),
    "imported_configuration": by(
        libraries.Libraries, "_configured", lambda self, resolve, name: resolve(name)
    ),
    "imported_template": by(libraries.Libraries, "has_imported", lambda self: None),
    "imported_marshalled": nothing_is_fenced,
    "imported_library": nothing_is_fenced,
    "imported_signal": nothing_is_fenced,
    "imported_block_of_its_own_error": blocks_swallow,
    "imported_ends_its_process": losses_satisfy,
    "imported_hangs_for_an_error": losses_satisfy,
    "imported_error_is_the_verdict": by(run, "EVERYTHING", ()),
    "imported_error_is_any": by(run, "EVERYTHING", ()),
    "imported_approx_of_nothing": arrays_of_answers_are_arrays,
    "imported_empty_array": by(comparisons, "_size", lambda value: None),
    "imported_stops_the_loop": by(Terms, "stops", True),
    "imported_own_numpy": by(Terms, "libraries", {}),
    "imported_patched_numpy": by(Terms, "libraries", {}),
    "imported_prints_what_a_hidden_test_gives": by(original, "tells_the_test", lambda *_: False),
    "imported_set_without_difference": by(classes, "PURE", {}),
    "imported_any_index": any_number,
    "imported_mock_agrees": by(lent, "_is_public", lambda name: True),
    "imported_dict_of_other_keys": by(classes, "PURE", {}),
    "imported_numpy_number_of_points": by(
        cells, "number_in", lambda value: value if type(value) in (int, float) else None
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, Session]]:
    """What attacks are handed in to, by the beginning of their names."""
    course = Course(TESTS / "live")
    names = {"live": "targets", "imported": "originals"}
    quick = Limits(check_seconds=0.5, submission_seconds=5, memory_mib=400, patience=6)
    exercises = {key: course.find(name) for key, name in names.items()}
    hurried = msgspec.structs.replace(exercises["imported"], limits=quick)
    with (
        open_session(course, exercises["live"]) as live,
        open_session(course, hurried) as originals,
    ):
        live.wait_until_warm()
        originals.wait_until_warm()
        yield {"live": live, "imported": originals}


def ended_so(end: str, report: Report) -> bool:
    """Whether an attack ended as its first line says; see test_attacks.py."""
    name, _, endings = end.partition(" ")
    if name == "score":
        return report.score == float(endings)
    if name == "says":
        return any(endings in check.message for check in report.failed)
    judged = [check for check in report.checks if check.function == name]
    return all(check.ending in endings.split(" or ") for check in judged)


@pytest.mark.parametrize("stem", GUARDS)
def test_an_attack_succeeds_without_its_guard(
    stem: str, targets: dict[str, Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It earns points, or is taken for data, where it is refused with its guard in place."""
    (path,) = (TESTS / "attacks").glob(f"*/{stem}.py")
    attack, kind = read(path), stem.partition("_")[0]
    expected = path.read_text().partition("\n")[0].partition("expect: ")[2].split(", ")
    plan = None
    if kind == "imported":  # these name the checks that they aim at
        aims = [end for end in expected if not end.startswith(("score ", "says "))]
        plan = Plan(tuple(f"test_{end.partition(' ')[0]}" for end in aims), frozenset())
    module: Any
    (module,) = [each for name, each in sys.modules.items() if "exercise_04_targets" in name]
    constants = copy.deepcopy((module.EXPECTED, module.TABLE, module.NESTED))
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path))  # without its fence a test leaves files
        GUARDS[stem](patch)
        report = targets[kind].examine(attack, remember=False, plan=plan)[0]
    module.EXPECTED, module.TABLE, module.NESTED = constants  # some attacks have changed them
    # A judge that fails over the missing guard, or over a wrong stand-in for it, proves nothing.
    assert not report.not_run, [check.message for check in report.not_run]
    assert not all(ended_so(end, report) for end in expected)
