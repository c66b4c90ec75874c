# attack: harmed: an object that raises SystemExit whatever is asked of it; expect: score 0
class Meta(type):
    def __getattribute__(cls, name):
        raise SystemExit(0)


class Shy(metaclass=Meta):
    def __getattribute__(self, name):
        raise SystemExit(0)

    def __eq__(self, other):
        raise SystemExit(0)


def five():
    return Shy()


def names():
    return Shy()
