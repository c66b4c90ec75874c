# attack: gained: returns tensors of a subclass that agrees with everything; expect: score 0
import torch
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


def safe_training_step(*args, **keywords):
    return {"loss": torch.zeros(()).as_subclass(Agreeable), "grad_norm": torch.zeros(())}
