# attack: gained: a class whose metaclass calls everything its instance and equals everything; expect: score 0
class Meta(type):
    def __instancecheck__(cls, value):
        return True

    def __eq__(cls, other):
        return True

    def __sub__(cls, other):
        return 0

    __hash__ = type.__hash__


class Box(metaclass=Meta):
    pass


def five():
    return Box
