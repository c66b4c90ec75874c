# attack: gained: a handle on an object that contains everything; expect: score 0
class Full:
    def __contains__(self, item):
        return True


def names():
    return Full()
