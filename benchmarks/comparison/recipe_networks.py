"""A model folder's three networks in PyTorch, float32, as models/training defines them."""

import json
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "models", "training"))

import torch  # noqa: E402
from networks import safetensors_io  # noqa: E402
from networks.text_encoder import TextEncoder  # noqa: E402
from networks.unet import MobileDiffusionUNet  # noqa: E402
from networks.vae import Autoencoder  # noqa: E402


class Decoder(torch.nn.Module):
    def __init__(self, autoencoder):
        super().__init__()
        self.decoder = autoencoder.decoder
        if hasattr(autoencoder, "post_quant_conv"):
            self.post_quant_conv = autoencoder.post_quant_conv

    def forward(self, latents):
        return self.decoder(self.post_quant_conv(latents) if hasattr(self, "post_quant_conv") else latents)


def config(folder, part):
    with open(os.path.join(folder, part, "config.json")) as file:
        return json.load(file)


def load(folder):
    """{"text": ..., "unet": ..., "decoder": ...}, ready for inference."""
    def filled(network, part, file):
        tensors = safetensors_io.load(os.path.join(folder, part, file))
        answer = network.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=False)
        missing = [name for name in answer.missing_keys if not name.startswith("encoder.")]
        assert not missing, missing
        return network.eval().requires_grad_(False)

    weights = "diffusion_pytorch_model.safetensors"
    return {"text": filled(TextEncoder(config(folder, "text_encoder")), "text_encoder", "model.safetensors"),
            "unet": filled(MobileDiffusionUNet(config(folder, "unet")), "unet", weights),
            "decoder": Decoder(filled(Autoencoder(config(folder, "vae")), "vae", weights))}
