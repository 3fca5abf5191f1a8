"""Stage 3: DiffusionGAN (Xu et al., UFOGen, 2023; Zhao et al., 2023). One look learns to pass for a picture.

Generator and discriminator begin as the diffusion UNet; the text encoder stays as it is. Half of a batch is pure noise, whose
answer is noised again and has to pass; half is ordinary training, which keeps the steps between. One-step answers, decoded, are
also held against the true picture by LPIPS where its weights are found.
"""

import json
import os

import torch
from torch.nn import functional as F

from captured import Captured
from judging.examination import Examination
from networks.discriminator import Discriminator
from networks.generator import load_generator
from networks.lpips import load_lpips
from networks.schedule import SCHEDULER, Schedule
from networks.unet import twice_differentiable
from networks.vae import load_vae
from teaching.batches import Batches, error_weights
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor
from world.tokenizer import Tokenizer

RENOISED_UP_TO = 300        # the discriminator judges pictures noised again, t' from 1 to this: noisier ones hide what it is for
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

    def steepness(self, x0, text):
        """R1 (Mescheder et al., 2018), of a few pictures, since its second derivatives are the dearest."""
        t = torch.randint(1, RENOISED_UP_TO + 1, (R1_PICTURES,), device=x0.device)[:len(x0)]
        x0, text = x0[:R1_PICTURES], text[:R1_PICTURES]
        x = self.schedule.add_noise(x0, torch.randn_like(x0), t).requires_grad_()
        with twice_differentiable():
            slope, = torch.autograd.grad(self.network(x, t, text).mean(1).sum(), x, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    def learn(self, true, true_text, fake, fake_text, with_r1):
        """Non-saturating loss; true pictures under another's caption are fakes too."""
        seen = self.look(torch.cat([true, fake, true]), torch.cat([true_text, fake_text, true_text.roll(1, 0)]))
        real, made, wrong = seen.split([len(true), len(fake), len(true)])
        loss = F.softplus(-real).mean() + 0.5 * (F.softplus(made).mean() + F.softplus(wrong).mean())
        if with_r1:
            loss = loss + self.settings.r1_weight * self.settings.r1_every / 2 * self.steepness(true, true_text)
        descend(loss, self.network, self.optimiser)
        return loss.detach(), (real.mean() - made.mean()).detach()

    def doubt(self, fake, text):
        """What a generator wants to be small."""
        self.network.requires_grad_(False)
        loss = F.softplus(-self.look(fake, text)).mean()
        self.network.requires_grad_(True)
        return loss


def slopes(answer, reconstruction, adversarial, weight):
    """Of both losses at the generator's answer; the second's is made as long as the first's, times its weight (compare VQGAN)."""
    first, second = (torch.autograd.grad(loss, answer)[0] for loss in (reconstruction, adversarial))
    return first + weight * first.norm() / (second.norm() + 1e-6) * second


def detail(latents):
    """How much neighbours differ."""
    return (latents[..., 1:] - latents[..., :-1]).square().mean().detach()


def run(settings, folder, device, minutes, steps, judges=None, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = load_generator(settings, folder, device, "diffusion", tokenizer)
    reader = network.text_encoder.requires_grad_(False)
    critic, average = Critic(network, schedule, settings, device), Average(network, 0.998)
    optimiser = adamw(network.unet.parameters(), lr=settings.generator_rate, betas=(0.5, 0.99), weight_decay=0.0)
    training = Training(folder, "gan", {
        "network": network, "average": average.network, "optimiser": optimiser,
        "discriminator": critic.network, "discriminator_optimiser": critic.optimiser}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    lpips, vae = load_lpips(judges, device), load_vae(settings, folder, device)
    batches = Batches(settings, folder, device, 8 + training.step)
    examine, threads = Examination(settings, folder, device, tokenizer, "gan"), torch.get_num_threads()

    def learn(clean, noise, ids, shares, with_r1):
        half = len(clean) // 2
        t = torch.cat([torch.randint(0, schedule.last, (half,), device=device),
                       torch.full((half,), schedule.last, device=device)])
        with autocast(device):
            text = reader(ids)
            velocity = network.unet(schedule.add_noise(clean, noise, t), t, text).float()
        answer = velocity.detach().requires_grad_()
        squares = (answer - schedule.velocity(clean, noise, t)).square()
        errors = squares.detach().mean((1, 2, 3))
        weights = error_weights(shares, settings.subject_weight)
        reconstruction = ((squares * weights).mean((1, 2, 3)) * schedule.min_snr_weight(t)).mean()
        fake = -answer[half:]       # x0 of pure noise, at zero terminal SNR

        true_text, fake_text = text.chunk(2)
        judged, gap = critic.learn(clean[:half], true_text, fake.detach(), fake_text, with_r1)
        slope = slopes(answer, reconstruction, critic.doubt(fake, fake_text), settings.gan_weight)
        noted = {}
        if lpips is not None:
            with autocast(device):
                seen = vae.decode(fake[:settings.gan_seen]).float()
                with torch.no_grad():
                    true = vae.decode(clean[half:half + settings.gan_seen]).float()
                distance = lpips(seen, true).float().mean()
            slope = slope + settings.gan_lpips_weight * torch.autograd.grad(distance, answer)[0]
            noted = {"lpips": distance.detach()}
        descend(velocity, network, optimiser, slope)
        return {"one_step": errors[half:].mean(), "other": errors[:half].mean(), "discriminator": judged, "gap": gap,
                "detail": detail(fake) / detail(clean[half:]), **noted}

    learn = Captured(learn, device, settings.recorded)
    for step in training:
        if step % 10 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.generator_rate, warmup=20, floor=0.1))
        clean, noise, ids, drawn = batches.draw(settings.gan_batch, large=torch.rand(1).item() < settings.large_share)
        training.log(10, **learn(clean, noise, ids, batches.shares(*drawn), with_r1=step % settings.r1_every == 0))
        average.update(network)
        if training.is_due(settings.check_minutes):
            training.note(**examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"iterations": training.step, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "gan.json"), "w") as file:
        json.dump(figures, file)
    print("gan:", figures)
