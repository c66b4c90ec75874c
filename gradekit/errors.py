"""The errors that end a command: the user's to put right, or our own."""


class KitError(Exception):
    """What is wrong and what to do about it, in a sentence or two; ends with exit code 2."""


class OurFailure(Exception):
    """The kit itself failed and no submission is to blame; ends with exit code 3."""


class GraderError(OurFailure):
    """The grader itself could not be loaded or broke."""


class SandboxError(OurFailure):
    """The sandbox itself failed."""
