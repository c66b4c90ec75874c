# attack: gained: a dict that shows other keys and values than it holds; expect: sizes finished, score 0
class Sizes(dict):
    def keys(self):
        return ["a", "b"]

    def values(self):
        return [7]


def sizes():
    return Sizes(a=1)
