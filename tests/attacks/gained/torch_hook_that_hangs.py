# attack: gained: a hook of autograd loops for ever; expect: safe_training_step timed_out, score 0
import torch
def safe_training_step(*args, **keywords):
    x = torch.ones(2, requires_grad=True)

    def hook(gradient):
        while True:
            pass

    x.register_hook(hook)
    x.sum().backward()
