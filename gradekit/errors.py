"""The errors that are nobody's bug here, and the one that is never a learner's fault."""


class KitError(Exception):
    """What is wrong and what to do about it, in a sentence or two; ends with exit code 2."""


class GraderError(Exception):
    """The grader itself could not be loaded or broke; no submission is to blame."""
