"""The lite decoder beside a Stable-Diffusion-shaped one of four times its parameters, as Zhao et al. (2023) compare theirs.

Both learn from nothing, for as many minutes, from the same latents of the finished encoder and by the same losses.
"""

import os

import torch
from torch import nn

from judging.reconstruction import check, load_held_out
from networks.lpips import load_lpips
from networks.muon import MuonAndAdamW
from networks.vae import Decoder, load_vae, vae_config
from teaching.crops import Crops, rebuild, reconstruction_loss
from training import Average, Training, autocast, descend, set_rate, share_processor, write_figures

SHAPES = {      # what differs from the model's own configuration
    "lite": {},
    # Twice as wide, as deep as Stable Diffusion's (3 resnets a level), with the attention that ours does without.
    "Stable-Diffusion-shaped": {"widths": 1.75, "layers_per_block": 2, "mid_block_add_attention": True}}


class DecoderAlone(nn.Module):
    """A decoder behind an encoder that does not learn; others see an autoencoder."""

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


def learn(network, stage, settings, folder, device, minutes, steps, lpips):
    """The averaged network, and the clock."""
    average = Average(network, 0.998)
    optimiser = MuonAndAdamW([network], settings.vae_rate)
    training = Training(folder, stage, {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps)
    average.steps = training.step
    crops, threads = Crops(settings, folder, 2 + training.step), torch.get_num_threads()
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.vae_rate))
        truth, mask, _, answer = rebuild(network, crops, settings, device)
        loss = reconstruction_loss(answer, truth, mask, settings.vae_mask_weight)
        if lpips is not None and training.progress >= settings.vae_lpips_from:
            with autocast(device):
                loss = loss + settings.vae_lpips_weight * lpips(answer, truth).float().mean()
        descend(loss, network, optimiser)
        average.update(network)
        training.log(50, loss=loss.detach())
    return average.network, training


def run(settings, folder, device, minutes, steps, path, judges=None, **_):
    vae, lpips, figures = load_vae(settings, folder, device), load_lpips(judges, device), {}
    held = load_held_out(settings, folder)
    for name, shape in SHAPES.items():
        network = DecoderAlone(config_of(settings, shape), vae).to(device, memory_format=torch.channels_last)
        average, training = learn(network, "decoder-" + name, settings, folder, device, minutes, steps, lpips)
        found, _ = check(average, held, lpips, device)
        figures[name] = {
            "parameters": sum(p.numel() for p in network.decoder.parameters()), "minutes": round(training.seconds / 60, 1),
            "steps": training.step, **{what: round(value, 4) for what, value in found.items()}}
    lite, large = (figures[name] for name in SHAPES)
    figures["lead"] = {"psnr": round(lite["psnr"] - large["psnr"], 2)}
    if "lpips" in lite:
        figures["lead"]["lpips"] = round(large["lpips"] - lite["lpips"], 4)
    write_figures(os.path.join(path, "decoders.json"), figures)
