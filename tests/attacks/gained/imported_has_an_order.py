# attack: gained: objects with an order, for a test that wants any error; expect: unsorted finished, score 0
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __lt__(self, other):
        return True
