"""Tests of courses that existed before, run unchanged: what an imported grader is made from.

The code of a test runs here, on the trusted side, with the names of the answer bound to the
submission. What a test needs beside that (fixtures, setUp, cells before it) runs here too, anew
for every check, so that no check sees what another one did. `kit import` writes the graders.
"""

from gradekit.grading.originals.cells import NbgraderNotebook
from gradekit.grading.originals.doctests import DoctestFile
from gradekit.grading.originals.masters import OtterNotebook
from gradekit.grading.originals.okay import OtterMetadata, OtterTests
from gradekit.grading.originals.original import Original, Test
from gradekit.grading.originals.pytests import PytestFile
from gradekit.grading.originals.unittests import UnittestFile

__all__ = [
    "DoctestFile",
    "NbgraderNotebook",
    "Original",
    "OtterMetadata",
    "OtterNotebook",
    "OtterTests",
    "PytestFile",
    "Test",
    "UnittestFile",
]
