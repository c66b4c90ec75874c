"""The picture of gradient clipping: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


class GradientClipping(Picture):
    title = "Gradient norms back through time, and norms before and after clipping at 1"
    panels = 2
    steps = 30

    def collect(self, answer):
        rng = np.random.default_rng(0)
        W, _ = np.linalg.qr(rng.normal(size=(5, 5)))
        grad = rng.normal(size=5)
        shape = (self.steps + 1,)
        through_time = {
            scale: numbers("norms", answer.bptt_gradient_norms(scale * W, grad, self.steps), shape)
            for scale in (0.8, 1.0, 1.2)
        }
        clipped = []
        for size in np.linspace(0.1, 3, 15):
            grads = [size * part for part in (np.array([[0.6]]), np.array([0.8, 0.0]))]
            after, before = pair("clip_by_global_norm(...)", answer.clip_by_global_norm(grads, 1.0))
            parts = [numbers("clipped", part).ravel() for part in after]
            norm = float(numbers("norm", before, ()))
            clipped.append((norm, float(np.linalg.norm(np.concatenate(parts)))))
        return through_time, np.array(clipped)

    def draw(self, axes, values):
        through_time, clipped = values
        for scale, norms in through_time.items():
            axes[0].semilogy(norms, label=f"largest singular value {scale}")
        axes[0].set(xlabel="steps back", ylabel="gradient norm")
        axes[0].legend()
        axes[1].plot(clipped[:, 0], clipped[:, 1], "o-")
        axes[1].set(xlabel="norm before", ylabel="norm after", ylim=(0, 3), xlim=(0, 3.1))
