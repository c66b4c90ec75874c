"""What the imported checks in graders/ ask for."""

import collections
import os
import pathlib
import random

import numpy as np


def sort_in_place(items):
    items.sort()


def same(x):
    return x


def both(x, y):
    return [x, y, (x, {"y": y})]


def halve(array):
    array /= 2
    return array


def rename(table):
    table["new"] = table.pop("old")


def add(numbers, number):
    numbers.add(number)
    return numbers


def each_to(function, items):
    return [function(item) for item in items]


def twice(function):
    return lambda x: function(function(x))


def fold(function, items, start):
    for item in items:
        start = function(start, item)
    return start


def guarded(function):
    try:
        return function()
    except KeyError:
        return "missing"


def hand_back(function):
    return function


def greet(name):
    print("hello", name)


def draws():
    return random.random(), float(np.random.rand())


def shuffled(items, generator):
    return generator.sample(items, len(items))


class Watcher:
    def __init__(self):
        self.count = 0


def told(watchers, count):
    for number in range(count):
        for each in watchers:
            each.tell(number, watchers)


def counted(words, counts):
    for word in words:
        counts[word] += 1
    return collections.defaultdict(lambda: [0], counts)


def ask():
    return input("name? ").upper()


class Tally:
    def __init__(self):
        self.seen = []

    def note(self, items):
        self.seen.append(items)
        items.append(len(self.seen))
        return self


def save(path, lines, mode="w"):
    with open(path, mode, encoding="utf-8") as file:
        for line in lines:
            print(line, file=file)


def load(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def tidy(path):
    with open(path, "wb") as file:
        file.write(b"1234")
    size = len(pathlib.Path(path).read_bytes())
    with open(path, "rb+") as file:
        content = file.read()
    os.remove(path)  # noqa: PTH107
    return content, size, os.path.exists(path)  # noqa: PTH110


def total(node, count):
    return node.value + total(node.after, count - 1) if count else 0


def last_of(nodes, last):
    assert nodes[0].after is last
    return nodes[0].after, nodes


def grow(node, items):
    node.value += node.value[:0] if isinstance(node.value, list) else 1
    node.items = items


class Shelf:
    def __init__(self, books, labels):
        self.books, self.labels = books, [*labels]
        self.rows = [[0, 0], [0, 0]]

    def put(self, book):
        self.books.append(book)
        self.rows[0][0] += 1

    def count(self):
        return len(self.books), len(self.labels), sum(map(sum, self.rows))

    def copied(self):
        return [*self.labels]
