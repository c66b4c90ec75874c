# attack: gained: a handle on an object that lies between all numbers; expect: score 0
class Middle:
    def __lt__(self, other):
        return True

    __gt__ = __le__ = __ge__ = __lt__


def five():
    return Middle()
