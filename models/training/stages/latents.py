"""What the diffusion model learns from: scenes encoded by the autoencoder, their captions, and a tokenizer for these."""

import os
import random

import torch

from captions import caption
from stages.vae import load_vae
from stages.world import render_all
from tokenizer import Tokenizer, train_tokenizer
from training import autocast


def run(settings, folder, device, **_):
    rng, captions, latents, chances, scenes = random.Random(4), [], [], [], []
    vae = load_vae(settings, folder, device)
    for batch, chance, pixels, _ in render_all(settings.latents, settings, 3, device):
        with torch.no_grad(), autocast(device):
            latents.append(vae.encode((pixels * 2 - 1).contiguous(memory_format=torch.channels_last)).half().cpu())
        captions += [caption(scene, rng) for scene in batch for _ in range(settings.captions_per_scene)]
        chances.append(chance)
        scenes += batch
    train_tokenizer(captions, settings.vocabulary, os.path.join(folder, "tokenizer.model"))
    ids = Tokenizer(folder, settings.text_length)(captions).view(len(scenes), settings.captions_per_scene, -1)
    latents = torch.cat(latents)
    torch.save({"latents": latents, "chances": torch.cat(chances), "ids": ids.short()}, os.path.join(folder, "latents.pt"))
    longest = int((ids != 0).sum(-1).max())
    print(f"latents: {tuple(latents.shape)}, spread {latents.float().std():.3f}, longest caption {longest} tokens")
