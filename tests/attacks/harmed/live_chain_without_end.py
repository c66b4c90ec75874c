# attack: harmed: a link whose next is always new; expect: chain malformed or timed_out, score 0
class Link:
    @property
    def next(self):
        return Link()


def chain():
    return Link()
