# attack: gained: a handle on an object that is unequal to nothing; expect: score 0
class Agreeing:
    def __ne__(self, other):
        return False


def five():
    return Agreeing()
