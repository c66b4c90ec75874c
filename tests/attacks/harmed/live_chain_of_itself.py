# attack: harmed: a link whose next is itself; expect: chain timed_out, score 0
class Link:
    @property
    def next(self):
        return self


def chain():
    return Link()
