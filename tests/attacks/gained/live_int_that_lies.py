# attack: gained: an int of a class that equals everything; expect: score 0
class Four(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = int.__hash__
    __lt__ = __gt__ = __eq__

    def __sub__(self, other):
        return 0

    __rsub__ = __sub__


def five():
    return Four(0)
