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


def take(network, path, but=()):
    """All of the network's tensors from a file, but for those whose names begin so."""
    for name, found in warm_start(network, path).items():
        if not name.startswith(but):
            expected = tuple(network.state_dict()[name].shape)
            raise SystemExit(f"{path} is of another recipe: {name} should be {expected}, found {found or 'none'}")


def run(settings, folder, path, **_):
    for stage in ("vae", "text"):
        if os.path.exists(os.path.join(folder, stage + ".pt")):
            raise SystemExit(f"{folder} has a {stage}.pt of its own; adopt wants a run folder without")
    words = os.path.join(path, "tokenizer")
    vae, text = Autoencoder(vae_config(settings)), TextEncoder(text_config(settings, Tokenizer(words, settings.text_length)))
    # whitening is part of the last convolution already
    take(vae, os.path.join(path, "vae", "diffusion_pytorch_model.safetensors"), but="encoder.whiten.")
    vae.encoder.whiten.running_var.fill_(1 - vae.encoder.whiten.eps)
    take(text, os.path.join(path, "text_encoder", "model.safetensors"))
    shutil.copy(os.path.join(words, "tokenizer.model"), folder)
    for stage, network in (("vae", vae), ("text", text)):
        torch.save({"average": network.state_dict()}, os.path.join(folder, stage + ".pt"))
