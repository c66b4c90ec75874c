"""Finds the drawing of an exercise in its course, and loads it."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path

import cloudpickle

from gradekit.course import Course, Exercise
from gradekit.errors import GraderError, KitError
from gradekit.pictures.picture import Picture


def picture_of(course: Course, exercise: Exercise) -> Picture:
    """The picture that `course` draws of `exercise`.

    Raises:
        KitError: the course has none.
        GraderError: its file cannot be loaded, or does not have one picture.
    """
    path = course.picture(exercise)
    if not path.is_file():
        raise KitError(
            f"There is no picture for `{exercise.name}`: the course has no pictures/{path.name}."
        )
    return _loaded(path)


@functools.cache
def _loaded(path: Path) -> Picture:
    # One name a path: two courses may each have a picture of softmax.
    name = f"gradekit_drawing_{len(sys.modules)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise GraderError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    cloudpickle.register_pickle_by_value(module)  # the worker cannot import what is the course's
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Picture) and each.__module__ == name
    ]
    if len(found) != 1:
        raise GraderError(f"{path} should have one subclass of `Picture`, has {len(found)}")
    return found[0]()
