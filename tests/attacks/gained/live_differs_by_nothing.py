# attack: gained: a handle on an object whose difference to anything is 0; expect: score 0
class Near:
    def __sub__(self, other):
        return 0.0

    __rsub__ = __add__ = __radd__ = __mul__ = __sub__


def five():
    return Near()
