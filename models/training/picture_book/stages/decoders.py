"""The lite decoder beside a Stable-Diffusion-shaped one of four times its parameters, as Zhao et al. (2023) compare theirs.

Both learn from nothing, for as many minutes, from the same latents of the finished encoder and by the same losses.
"""

import os

import numpy as np
import torch

from lpips import load_lpips
from picture_book.stages.vae import Crops, check
from picture_book.stages.world import held_out
from stages.decoders import SHAPES, DecoderAlone, config_of
from stages.vae import load_vae, reconstruction_loss
from training import Average, Training, adamw, autocast, descend, set_rate, share_processor, write_figures


def learn(network, stage, settings, folder, device, minutes, steps, lpips):
    """The averaged network, and the clock."""
    average = Average(network, 0.998)
    optimiser = adamw(network.parameters(), lr=settings.vae_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    training = Training(folder, stage, {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps)
    average.steps = training.step
    crops, threads = Crops(settings, folder, 2 + training.step), torch.get_num_threads()
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.vae_rate))
        whole = crops.random.random() < settings.vae_whole_share
        truth, mask = (t.to(device, memory_format=torch.channels_last) for t in crops.draw(whole))
        with autocast(device):
            latents = network.encode(truth)
            answer = network.decode(latents + settings.vae_noise * torch.randn_like(latents)).float()
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
    held = torch.from_numpy(np.ascontiguousarray(held_out(settings, folder).data)).permute(0, 3, 1, 2)
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
