"""Stage 3: DiffusionGAN (Xu et al., UFOGen, 2023; Zhao et al., 2023). One look learns to pass for a picture.

Generator and discriminator begin as the diffusion UNet; the text encoder stays as it is. Half of a batch is pure noise, whose
answer is noised again and has to pass; half is ordinary training, which keeps the steps between. One-step answers, decoded, are
also held against the true picture by LPIPS where its weights are found.
"""

import json
import os

import torch
from torch.nn import functional as F

from judging.examination import Examination
from networks.discriminator import Discriminator
from networks.generator import load_generator
from networks.lpips import load_lpips
from networks.schedule import SCHEDULER, Schedule
from networks.vae import load_vae
from teaching.batches import Batches
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor
from world.tokenizer import Tokenizer

CHECK_SECONDS = 600
SEEN = 4                    # of a batch that are decoded for LPIPS
RENOISED_UP_TO = 600        # the discriminator judges pictures noised again, t' from 1 to this
R1_PICTURES = 4


class Critic:
    """The discriminator with its optimiser; texts are read by the diffusion model's encoder, which it does not train."""

    def __init__(self, network, schedule, settings, device):
        self.network = Discriminator(network.unet).to(device, memory_format=torch.channels_last)
        self.optimiser = adamw(self.network.parameters(), lr=settings.discriminator_rate, betas=(0.5, 0.99))
        self.schedule, self.settings = schedule, settings

    def look(self, x0, text):
        t = torch.randint(1, RENOISED_UP_TO + 1, (len(x0),), device=x0.device)
        with autocast(x0.device):
            return self.network(self.schedule.add_noise(x0, torch.randn_like(x0), t), t, text).float()

    def learn(self, true, true_text, fake, fake_text, with_r1):
        """Non-saturating loss; true pictures under another's caption are fakes too. R1 (Mescheder et al., 2018), of a few pictures,
        since its second derivatives are the dearest."""
        real, made, wrong = self.look(true, true_text), self.look(fake, fake_text), self.look(true, true_text.roll(1, 0))
        loss = F.softplus(-real).mean() + 0.5 * (F.softplus(made).mean() + F.softplus(wrong).mean())
        if with_r1:
            some, its_text = true[:R1_PICTURES], true_text[:R1_PICTURES]
            t = torch.randint(1, RENOISED_UP_TO + 1, (len(some),), device=some.device)
            x = self.schedule.add_noise(some, torch.randn_like(some), t).requires_grad_()
            slope, = torch.autograd.grad(self.network(x, t, its_text).mean(1).sum(), x, create_graph=True)
            loss = loss + self.settings.r1_weight * self.settings.r1_every / 2 * slope.square().sum((1, 2, 3)).mean()
        descend(loss, self.network, self.optimiser)
        return loss.detach(), (real.mean() - made.mean()).detach()


def balance(reconstruction, adversarial, layer):
    """VQGAN's adaptive weight: both losses pull equally hard at the last layer, before `gan_weight` says how much."""
    pulls = [torch.autograd.grad(loss, layer, retain_graph=True)[0].norm() for loss in (reconstruction, adversarial)]
    return (pulls[0] / (pulls[1] + 1e-6)).clamp(0, 1e3).detach()


def run(settings, folder, device, minutes, steps, judges=None, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = load_generator(settings, folder, device, "diffusion", tokenizer)
    reader = network.text_encoder.requires_grad_(False)
    critic, average = Critic(network, schedule, settings, device), Average(network, 0.995)
    optimiser = adamw(network.unet.parameters(), lr=settings.generator_rate, betas=(0.5, 0.99), weight_decay=0.0)
    training = Training(folder, "gan", {
        "network": network, "average": average.network, "optimiser": optimiser,
        "discriminator": critic.network, "discriminator_optimiser": critic.optimiser}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    lpips, vae = load_lpips(judges, device), load_vae(settings, folder, device)
    batches, checked = Batches(settings, folder, device, 8 + training.step), training.seconds
    examine, threads = Examination(settings, folder, device, tokenizer, "gan"), torch.get_num_threads()
    for step in training:
        if step % 10 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.generator_rate, warmup=20, floor=0.1))
        clean, noise, ids, _ = batches.draw(settings.gan_batch, large=torch.rand(1).item() < settings.large_share)
        half = len(clean) // 2
        t = torch.cat([torch.randint(0, schedule.last, (half,), device=device),
                       torch.full((half,), schedule.last, device=device)])
        with autocast(device):
            text = reader(ids)
            velocity = network.unet(schedule.add_noise(clean, noise, t), t, text).float()
        errors = (velocity - schedule.velocity(clean, noise, t)).square().mean((1, 2, 3))
        reconstruction = (errors * schedule.min_snr_weight(t)).mean()
        fake = -velocity[half:]     # x0 of pure noise, at zero terminal SNR

        true_text, fake_text = text.chunk(2)
        judged, gap = critic.learn(clean[:half], true_text, fake.detach(), fake_text, step % settings.r1_every == 0)

        critic.network.requires_grad_(False)
        adversarial = F.softplus(-critic.look(fake, fake_text)).mean()
        critic.network.requires_grad_(True)
        loss = reconstruction + settings.gan_weight * balance(reconstruction, adversarial, network.unet.conv_out.weight) * adversarial
        noted = {}
        if lpips is not None:
            with autocast(device):
                seen = vae.decode(fake[:SEEN]).float()
                with torch.no_grad():
                    true = vae.decode(clean[half:half + SEEN]).float()
                distance = lpips(seen, true).float().mean()
            loss, noted = loss + settings.gan_lpips_weight * distance, {"lpips": distance.detach()}
        descend(loss, network, optimiser)
        average.update(network)
        training.log(10, one_step=errors[half:].mean().detach(), other=errors[:half].mean().detach(),
                     discriminator=judged, gap=gap, **noted)
        if training.seconds - checked > CHECK_SECONDS:
            checked = training.seconds
            training.note(**examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"iterations": training.step, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "gan.json"), "w") as file:
        json.dump(figures, file)
    print("gan:", figures)
