"""Pictures of what an answer computes, beside what it should be.

A picture asks both the answer and the model answer for values, each in a locked-down process
of its own, and draws them here. No code of the answer draws anything. The drawings themselves
belong to the course: `pictures/exercise_NN_slug.py` has one subclass of `Picture`.
"""

from gradekit.pictures.picture import NotDrawable, Picture, fields, numbers, pair

__all__ = ["NotDrawable", "Picture", "fields", "numbers", "pair"]
