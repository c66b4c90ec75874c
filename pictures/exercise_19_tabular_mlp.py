"""The picture of tabular mlp: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import NotDrawable, Picture, fields, numbers


def architectures(answer, sizes):
    """The linear layers and the parameters of a network for each number of samples."""
    found = []
    for size in sizes:
        model = answer.build_clinical_mlp(12, size)
        widths = [layer.out_features for layer in model if hasattr(layer, "out_features")]
        found.append({"widths": widths, "parameters": answer.count_parameters(model)})
    return found


class TabularMlp(Picture):
    title = "Width of each layer for 1,000, 10,000 and 100,000 patients"
    sizes = (1_000, 10_000, 100_000)

    def collect(self, answer):
        result = answer.probe(architectures, list(self.sizes))
        if not isinstance(result, list) or len(result) != len(self.sizes):
            raise NotDrawable("no networks came back")
        pairs = [fields("a network", each, "widths", "parameters") for each in result]
        return [
            (numbers("widths", widths, (-1,)), float(numbers("count_parameters(...)", count, ())))
            for widths, count in pairs
        ]

    def draw(self, axes, values):
        for shift, (size, (widths, count)) in enumerate(zip(self.sizes, values, strict=True)):
            label = f"{size:,} samples: {count:,.0f} parameters"
            axes[0].bar(np.arange(len(widths)) + 0.27 * (shift - 1), widths, 0.25, label=label)
        axes[0].set(xlabel="layer", ylabel="outputs")
        axes[0].legend()
