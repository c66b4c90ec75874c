"""How a text gets shorter with every merge, and which merges were learned."""

import numpy as np

from gradekit.pictures import NotDrawable, Picture, numbers

TEXT = "the cat that sat on the mat ate the rat that ate the oats"
MERGES = 16


class BytePairEncoding(Picture):
    title = "The length of a text in tokens after each merge, and what the merges are"
    panels = 2

    def collect(self, answer):
        merges = answer.train_bpe(TEXT, 256 + MERGES)
        if not isinstance(merges, list) or not 0 < len(merges) <= MERGES:
            raise NotDrawable(f"train_bpe(...) should be a list of up to {MERGES} pairs")
        pairs = numbers("train_bpe(...)", merges, (-1, 2)).astype(int)
        known = [tuple(map(int, pair)) for pair in pairs]
        lengths = [
            len(np.atleast_1d(numbers("encode(...)", answer.encode(TEXT, known[:count]), (-1,))))
            for count in range(len(known) + 1)
        ]
        texts = [answer.decode([256 + number], known) for number in range(len(known))]
        if not all(isinstance(text, str) for text in texts):
            raise NotDrawable("decode(...) should be a text")
        return lengths, texts

    def draw(self, axes, values):
        lengths, texts = values
        axes[0].step(range(len(lengths)), lengths, where="post", marker="o")
        axes[0].set(ylim=(0, None), xlabel="merges", ylabel="tokens")
        place = np.arange(len(texts))
        axes[1].barh(place, [len(text) for text in texts])
        axes[1].set_yticks(place, [repr(text) for text in texts], parse_math=False, fontsize=7)
        axes[1].invert_yaxis()
        axes[1].set(xlabel="characters of the new token")
