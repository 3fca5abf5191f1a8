"""Stage 1: the autoencoder, on crops that seek out the subjects and on whole pictures, at both sizes.

It begins with the colours (a 1x1 layer must read them from the latents), goes on with edges and a perceptual loss, and ends
with a discriminator of patches.
"""

import json
import os
import time

import torch
from torch import nn
from torch.nn import functional as F

from judging.reconstruction import check, load_held_out, write_pairs
from networks.lpips import load_lpips
from networks.muon import MuonAndAdamW
from networks.vae import LATENTS, PIXELS, Autoencoder, begin_straight, vae_config
from networks.warm_start import warm_start
from teaching.crops import Crops, rebuild, reconstruction_loss
from teaching.equivariance import moved_losses
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor
from world.scene_cache import load_world

CHECK_SECONDS = 600


class Patches(nn.Module):
    """Says of every patch of some 30 pixels whether it is of a true picture."""

    def __init__(self, width=32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1), nn.GroupNorm(8, 2 * width), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 2, 1), nn.GroupNorm(8, 4 * width), nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 3, 1, 1))

    def forward(self, x):
        return self.layers(x)


class ColourReader(nn.Module):
    """A 1x1 layer that reads the mean colours of 8x8 pixels from the latents."""

    def __init__(self, channels):
        super().__init__()
        self.read = nn.Conv2d(channels, 3, 1)

    def loss(self, latents, truth):
        return (self.read(latents.float()) - F.avg_pool2d(truth, PIXELS)).abs().mean()


def run(settings, folder, device, minutes, steps, warm, judges=None, **_):
    load_world(folder)      # complains early where there is none
    held = load_held_out(settings, folder)
    network = Autoencoder(vae_config(settings))
    begin_straight(network)
    if warm:
        warm_start(network, os.path.join(warm, "vae", "diffusion_pytorch_model.safetensors"))
    network = network.to(device, memory_format=torch.channels_last)
    reader, patches = ColourReader(LATENTS).to(device), Patches().to(device, memory_format=torch.channels_last)
    average, lpips = Average(network, 0.998), load_lpips(judges, device)
    optimiser = MuonAndAdamW([network, reader], settings.vae_rate)
    critic = adamw(patches.parameters(), lr=2e-4, betas=(0.5, 0.9))
    training = Training(folder, "vae", {
        "network": network, "average": average.network, "optimiser": optimiser, "reader": reader, "patches": patches,
        "critic": critic}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    crops, checked = Crops(settings, folder, 2 + training.step), time.time()
    threads = torch.get_num_threads()
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.vae_rate))
        truth, mask, latents, answer = rebuild(network, crops, settings, device)
        progress = training.progress
        base = reconstruction_loss(answer, truth, mask, settings.vae_mask_weight)
        apart, moved = moved_losses(network, truth, mask, latents, settings)
        loss = base + settings.vae_apart_weight * apart + settings.vae_moved_weight * moved
        noted = {"loss": base.detach(), "apart": apart.detach(), "moved": moved.detach()}
        if progress < settings.vae_colours_until:
            colours = reader.loss(latents, truth)
            loss = loss + colours
            noted["colours"] = colours.detach()
        if lpips is not None and progress >= settings.vae_lpips_from:
            with autocast(device):
                distance = lpips(answer, truth).float().mean()
            loss = loss + settings.vae_lpips_weight * distance
            noted["lpips"] = distance.detach()
        judged = progress >= settings.vae_gan_from
        if judged:
            patches.requires_grad_(False)
            with autocast(device):
                loss = loss - settings.vae_gan_weight * patches(answer).float().mean()
            patches.requires_grad_(True)
        descend(loss, network, optimiser)
        if judged:
            with autocast(device):
                true, false = patches(truth).float(), patches(answer.detach()).float()
            verdict = F.relu(1 - true).mean() + F.relu(1 + false).mean()
            critic.zero_grad(set_to_none=True)
            verdict.backward()
            critic.step()
        average.update(network)
        training.log(50, **noted)
        if time.time() - checked > CHECK_SECONDS:
            checked = time.time()
            figures, answers = check(average.network, held[:24], lpips, device)
            training.note(**figures)
            write_pairs(os.path.join(folder, "vae.png"), held, answers)
    figures, answers = check(average.network, held, lpips, device)
    write_pairs(os.path.join(folder, "vae.png"), held, answers)
    figures = {**{k: round(v, 4) for k, v in figures.items()}, "steps": training.step, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "vae.json"), "w") as file:
        json.dump(figures, file)
    print("vae:", figures)
