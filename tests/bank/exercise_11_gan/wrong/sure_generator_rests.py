# wrong: gan_train_step: leaves out the generator's update while its loss is small
import torch
from torch.nn import functional as F


def discriminator_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def generator_loss(fake_logits):
    return F.softplus(-fake_logits).mean()


def gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer):
    with torch.no_grad():
        fake = generator(noise)
    d_optimizer.zero_grad()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = F.softplus(-discriminator(generator(noise))).mean()
    g_loss.backward()
    if g_loss.item() > 0.01:
        g_optimizer.step()
    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
