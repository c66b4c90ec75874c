# wrong: gan_train_step: computes its own losses as log(sigmoid), which is -inf for sure logits
import torch
import torch.nn.functional as F


def discriminator_loss(real_logits, fake_logits):
    real = F.softplus(-real_logits).mean()
    fake = F.softplus(fake_logits).mean()
    return real + fake


def generator_loss(fake_logits):
    return F.softplus(-fake_logits).mean()


def gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer):
    with torch.no_grad():
        fake = generator(noise)
    d_optimizer.zero_grad()
    d_real, d_fake = discriminator(real), discriminator(fake)
    d_loss = -torch.log(torch.sigmoid(d_real)).mean() - torch.log(1 - torch.sigmoid(d_fake)).mean()
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    out = discriminator(generator(noise))
    g_loss = F.softplus(-out).mean()
    g_loss.backward()
    g_optimizer.step()
    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
