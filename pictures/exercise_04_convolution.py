"""The picture of convolution: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Convolution(Picture):
    title = "Feature maps of a house: vertical edges, horizontal edges, and pooled"
    panels = 3

    def collect(self, answer):
        house = np.zeros((20, 26))
        house[9:19, 6:20] = 1
        for row in range(7):
            house[2 + row, 12 - row : 14 + row] = 1
        house[13:19, 9:12] = 0
        edges = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        kernels = np.stack([edges, edges.T])[:, None]
        maps = answer.conv2d(house[None, None], kernels, np.zeros(2), 1, 1)
        maps = numbers("conv2d(...)", maps, (1, 2, 20, 26))
        pooled = answer.max_pool2d(np.abs(maps).sum(axis=1, keepdims=True), 2)
        return maps[0, 0], maps[0, 1], numbers("max_pool2d(...)", pooled, (1, 1, 10, 13))[0, 0]

    def draw(self, axes, values):
        names = ("vertical edges", "horizontal edges", "both, pooled")
        for panel, image, name in zip(axes, values, names, strict=True):
            panel.imshow(image, cmap="RdBu" if "edges" in name else "magma")
            panel.set(xlabel=name, xticks=[], yticks=[])
