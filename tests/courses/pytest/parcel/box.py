class Box:
    """A box of three lengths; boxes of one volume are equal."""

    def __init__(self, *lengths):
        raise NotImplementedError
