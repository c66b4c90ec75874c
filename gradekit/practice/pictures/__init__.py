"""Pictures of what an answer computes, beside what it should be, one for each exercise.

A picture asks both the answer and the model answer for values, each in a locked-down process
of its own, and draws them here. No code of the answer draws anything.
"""

from gradekit.practice.pictures import basics, descent, diagnosis, layers, networks
from gradekit.practice.pictures.picture import PICTURES

__all__ = ["PICTURES", "basics", "descent", "diagnosis", "layers", "networks"]
