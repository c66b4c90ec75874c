# attack: gained: asks torch for all memory, bit by bit; expect: safe_training_step out_of_memory or timed_out, score 0
import torch
def safe_training_step(*args, **keywords):
    hog = []
    while True:
        hog.append(torch.ones(4_000_000))
