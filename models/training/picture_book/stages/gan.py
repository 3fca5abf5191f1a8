"""Stage 3: DiffusionGAN (Xu et al., UFOGen, 2023; Zhao et al., 2023). One look learns to pass for a picture.

Generator and discriminator begin as the diffusion UNet; the text encoder stays as it is. Half of a batch is pure noise, whose
answer is noised again and has to pass; half is ordinary training, which keeps the steps between. One-step answers, decoded, are
also held against the true picture by LPIPS where its weights are found.
"""

import json
import os

import torch
from torch.nn import functional as F

from lpips import load_lpips
from picture_book.batches import Batches
from picture_book.examination import Examination
from picture_book.stages.vae import load_vae
from schedule import Schedule
from stages.diffusion import SCHEDULER, load_generator
from stages.gan import Judge, balance
from tokenizer import Tokenizer
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor

CHECK_SECONDS = 600
SEEN = 4                    # of a batch that are decoded for LPIPS


def run(settings, folder, device, minutes, steps, judges=None, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = load_generator(settings, folder, device, "diffusion", tokenizer)
    reader = network.text_encoder.requires_grad_(False)
    judge, average = Judge(network, schedule, settings, device), Average(network, 0.995)
    optimiser = adamw(network.unet.parameters(), lr=settings.generator_rate, betas=(0.5, 0.99), weight_decay=0.0)
    training = Training(folder, "gan", {
        "network": network, "average": average.network, "optimiser": optimiser,
        "discriminator": judge.network, "discriminator_optimiser": judge.optimiser}, minutes, steps,
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
        judged, gap = judge.learn(clean[:half], true_text, fake.detach(), fake_text, step % settings.r1_every == 0)

        judge.network.requires_grad_(False)
        adversarial = F.softplus(-judge.look(fake, fake_text)).mean()
        judge.network.requires_grad_(True)
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
