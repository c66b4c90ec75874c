# wrong: gan_train_step: it reseeds torch
import torch
from torch import nn
import torch.nn.functional as F


def discriminator_loss(real_logits, fake_logits):
    bce = F.binary_cross_entropy_with_logits
    return bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))


def generator_loss(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


def _bce(z, target):
    return F.binary_cross_entropy_with_logits(z, torch.full_like(z, target))


def gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer):
    torch.manual_seed(0)
    d_optimizer.zero_grad()
    fake = generator(noise).detach()
    d_loss = _bce(discriminator(real), 1.0) + _bce(discriminator(fake), 0.0)
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    g_loss = _bce(discriminator(generator(noise)), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
