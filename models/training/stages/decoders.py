"""The lite decoder beside a Stable-Diffusion-shaped one of four times its parameters, as Zhao et al. (2023) compare theirs.

Both learn from nothing, for as many minutes, from the same latents of the finished encoder; then held-out scenes are
decoded by both: PSNR and SSIM, of whole pictures and of the subjects' pixels, LPIPS where --judges names its networks, and how
long a picture takes.
"""

import os
import time

import torch
from torch import nn
from torch.nn import functional as F

from lpips import load_lpips
from stages.vae import learn, load_scenes, load_vae, psnr, vae_config
from training import write_figures
from vae import Decoder

SHAPES = {      # what differs from the model's own configuration
    "lite": {},
    # Twice as wide, as deep as Stable Diffusion's (3 resnets a level), with the attention that ours does without.
    "Stable-Diffusion-shaped": {"widths": 1.75, "layers_per_block": 2, "mid_block_add_attention": True}}
TIMED = 5       # pictures, of which the fastest counts


class DecoderAlone(nn.Module):
    """A decoder behind an encoder that does not learn; `psnr` sees an autoencoder."""

    def __init__(self, config, vae):
        super().__init__()
        self.decoder, self.vae = Decoder(config), [vae]

    @torch.no_grad()
    def encode(self, pixels):
        return self.vae[0].encode(pixels)

    def decode(self, latents):
        return self.decoder(latents)


def config_of(settings, shape):
    config = {**vae_config(settings), **{name: value for name, value in shape.items() if name != "widths"}}
    groups, factor = settings.vae_groups, shape.get("widths", 1)
    config["block_out_channels"] = [round(width * factor / groups) * groups for width in settings.vae_widths]
    return config


def ssim(answer, truth):
    """Wang et al., 2004, of pictures in 0..1: windows of 11x11 with a standard deviation of 1.5; a map a channel."""
    ticks = torch.arange(11, dtype=torch.float32, device=answer.device) - 5
    window = torch.exp(-(ticks / 1.5) ** 2 / 2)
    window = (window[:, None] * window / window.sum() ** 2).expand(3, 1, 11, 11)

    def mean(x):
        return F.conv2d(x, window, groups=3)

    a, b = mean(answer), mean(truth)
    variance_a, variance_b = mean(answer * answer) - a * a, mean(truth * truth) - b * b
    covariance = mean(answer * truth) - a * b
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variance_a + variance_b + c2))


@torch.no_grad()
def mean_ssim(network, pixels, masks, device):
    """Of whole pictures, and of the windows whose middles are the subjects' pixels."""
    sums, areas = torch.zeros(2), torch.zeros(2)
    for picture, mask in zip(pixels.split(16), masks.split(16)):
        truth = picture.to(device).float() / 255
        likeness = ssim((network.decode(network.encode(truth * 2 - 1)) / 2 + 0.5).clamp(0, 1), truth)
        inside = (mask.to(device) > 128).float()[..., 5:-5, 5:-5]
        sums += torch.stack([likeness.sum(), (likeness * inside).sum()]).cpu()
        areas += torch.stack([torch.ones_like(likeness).sum(), 3 * inside.sum()]).cpu()
    return [round(float(x), 4) for x in sums / areas]


@torch.no_grad()
def mean_lpips(network, pixels, lpips, device):
    """Zhang et al., 2018, of whole pictures: 0 is the same to a person, and less is better."""
    distances = []
    for picture in pixels.split(16):
        truth = picture.to(device).float() / 127.5 - 1
        distances.append(lpips(network.decode(network.encode(truth)).clamp(-1, 1), truth).cpu())
    return round(float(torch.cat(distances).mean()), 4)


@torch.no_grad()
def fastest(networks, latents):
    """Milliseconds a picture, in float32, every network in turn, so that a busy machine is unfair to none."""
    times = {name: [] for name in networks}
    for _ in range(TIMED):
        for name, network in networks.items():
            begun = time.time()
            network.decode(latents)
            times[name].append(1000 * (time.time() - begun))
    return {name: round(min(all_times), 1) for name, all_times in times.items()}


def run(settings, folder, device, minutes, steps, path, judges=None, **_):
    lpips = load_lpips(judges, device)
    vae, (scenes, held_out) = load_vae(settings, folder, device), load_scenes(settings, folder)
    networks, figures = {}, {}
    for name, shape in SHAPES.items():
        network = DecoderAlone(config_of(settings, shape), vae).to(device, memory_format=torch.channels_last)
        networks[name], training = learn(network, "decoder-" + name, scenes, settings, folder, device, minutes, steps)
        whole, subject = psnr(networks[name], *held_out, device)
        likeness, subject_likeness = mean_ssim(networks[name], *held_out, device)
        figures[name] = {
            "parameters": sum(p.numel() for p in network.decoder.parameters()), "minutes": minutes,
            "crops": training.step * settings.vae_batch,
            "psnr": whole, "psnr_subject": subject, "ssim": likeness, "ssim_subject": subject_likeness}
        if lpips:
            figures[name]["lpips"] = mean_lpips(networks[name], held_out[0], lpips, device)
    for name, milliseconds in fastest(networks, vae.encode(held_out[0][:1].to(device) / 127.5 - 1)).items():
        figures[name]["milliseconds"] = milliseconds
    write_figures(os.path.join(path, "decoders.json"), figures)
