# attack: gained: an object that is the number which was right before; expect: counts finished, score 0
class Any:
    def __index__(self):
        return 1


def largest(scores):
    return Any()
