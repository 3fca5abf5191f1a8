"""Stage 1: the autoencoder, on crops that seek out the subjects and on whole pictures, at both sizes.

It begins with the colours (a 1x1 layer must read them from the latents), goes on with edges and a perceptual loss, and ends
with a discriminator of patches.
"""

import json
import os
import time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from lpips import load_lpips
from muon import MuonAndAdamW
from picture_book.scene_cache import load_world
from picture_book.stages.world import caches, held_out
from stages.vae import load_vae, reconstruction_loss, vae_config     # noqa: F401, load_vae is for the later stages
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor, warm_start
from vae import Autoencoder, begin_straight

CHECK_SECONDS = 600


class Crops:
    """Windows of the rendered scenes; three in four are centred near a pixel of a subject."""

    def __init__(self, settings, folder, seed):
        self.settings, self.caches, self.random = settings, caches(settings, folder), np.random.default_rng(seed)

    def window(self, side):
        cache = self.caches[int(self.random.integers(2))]
        picture = cache.data[int(self.random.integers(max(1, cache.done)))]
        if side >= cache.size:
            return picture
        centre = self.random.integers(0, cache.size, 2)
        if self.random.random() < 0.75:
            ys, xs = np.nonzero(picture[::4, ::4, 3] > 128)
            if len(ys):
                k = int(self.random.integers(len(ys)))
                centre = np.array([ys[k], xs[k]]) * 4 + self.random.integers(-side // 3, side // 3 + 1, 2)
        top, left = np.clip(centre - side // 2, 0, cache.size - side) // 2 * 2
        return picture[top:top + side, left:left + side]

    def draw(self, whole):
        """Pixels in -1..1 and masks, as many pixels in either kind of batch."""
        side = self.settings.size // 2 if whole else self.settings.vae_crop
        count = max(2, self.settings.vae_batch * self.settings.vae_crop ** 2 // side ** 2)
        windows = [self.window(side) for _ in range(count)]
        windows = [w[:, ::-1] if self.random.random() < 0.5 else w for w in windows]
        batch = torch.from_numpy(np.ascontiguousarray(np.stack(windows))).permute(0, 3, 1, 2)
        return batch[:, :3].float() / 127.5 - 1, batch[:, 3:].float() / 255


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
        return (self.read(latents.float()) - F.avg_pool2d(truth, 8)).abs().mean()


@torch.no_grad()
def check(network, pictures, lpips, device):
    """PSNR of whole pictures and of subjects' pixels in dB, and LPIPS; the reconstructions."""
    squares, areas, distances, answers = torch.zeros(2), torch.zeros(2), [], []
    for batch in pictures.split(4):
        truth = batch[:, :3].to(device).float() / 127.5 - 1
        with autocast(device):
            answer = network.decode(network.encode(truth.contiguous(memory_format=torch.channels_last))).float().clamp(-1, 1)
        inside = (batch[:, 3:] > 128).float()
        error = ((answer - truth) / 2).square().cpu()
        squares += torch.stack([error.sum(), (error * inside).sum()])
        areas += torch.stack([torch.ones_like(error).sum(), 3 * inside.sum()])
        if lpips is not None:
            distances.append(lpips(answer, truth).cpu())
        answers.append(answer.cpu())
    whole, subject = (-10 * (squares / areas).log10()).tolist()
    figures = {"psnr": whole, "psnr_subject": subject}
    if distances:
        figures["lpips"] = torch.cat(distances).mean().item()
    return figures, torch.cat(answers)


def write_sheet(path, pictures, answers, count=8):
    """True pictures above what the autoencoder makes of them."""
    rows = [torch.cat(list(pictures[:count, :3].float()), 2), torch.cat(list((answers[:count] + 1) * 127.5), 2)]
    Image.fromarray(torch.cat(rows, 1).round().byte().permute(1, 2, 0).numpy()).save(path)


def run(settings, folder, device, minutes, steps, warm, judges=None, **_):
    load_world(folder)      # complains early where there is none
    held = torch.from_numpy(np.ascontiguousarray(held_out(settings, folder).data)).permute(0, 3, 1, 2)
    network = Autoencoder(vae_config(settings))
    begin_straight(network)
    if warm:
        warm_start(network, os.path.join(warm, "vae", "diffusion_pytorch_model.safetensors"))
    network = network.to(device, memory_format=torch.channels_last)
    reader, patches = ColourReader(8).to(device), Patches().to(device, memory_format=torch.channels_last)
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
        truth, mask = (t.to(device, memory_format=torch.channels_last) for t in crops.draw(crops.random.random() < settings.vae_whole_share))
        progress = training.progress
        with autocast(device):
            latents = network.encode(truth)
            answer = network.decode(latents + settings.vae_noise * torch.randn_like(latents)).float()
        base = reconstruction_loss(answer, truth, mask, settings.vae_mask_weight)
        loss, noted = base, {"loss": base.detach()}
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
            write_sheet(os.path.join(folder, "vae.png"), held, answers)
    figures, answers = check(average.network, held, lpips, device)
    write_sheet(os.path.join(folder, "vae.png"), held, answers)
    figures = {**{k: round(v, 4) for k, v in figures.items()}, "steps": training.step, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "vae.json"), "w") as file:
        json.dump(figures, file)
    print("vae:", figures)
