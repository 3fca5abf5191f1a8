"""Takes a model folder's autoencoder, words and text encoder as they are, in place of the stages vae and text.

Latents mean what they meant to the model's UNet, so on another machine a training goes on from shipped weights: adopt, latents,
then diffusion with `--warm`.
"""

import os
import shutil

import torch

from networks.text_encoder import TextEncoder, text_config
from networks.vae import Autoencoder, vae_config
from networks.warm_start import warm_start
from world.tokenizer import Tokenizer


def run(settings, folder, path, **_):
    for stage in ("vae", "text"):
        if os.path.exists(os.path.join(folder, stage + ".pt")):
            raise SystemExit(f"{folder} has a {stage}.pt of its own; adopt wants a run folder without")
    shutil.copy(os.path.join(path, "tokenizer", "tokenizer.model"), folder)
    vae = Autoencoder(vae_config(settings))
    warm_start(vae, os.path.join(path, "vae", "diffusion_pytorch_model.safetensors"))
    vae.encoder.whiten.running_var.fill_(1 - vae.encoder.whiten.eps)    # whitening is part of the last convolution already
    text = TextEncoder(text_config(settings, Tokenizer(folder, settings.text_length)))
    warm_start(text, os.path.join(path, "text_encoder", "model.safetensors"))
    for stage, network in (("vae", vae), ("text", text)):
        torch.save({"average": network.state_dict()}, os.path.join(folder, stage + ".pt"))
