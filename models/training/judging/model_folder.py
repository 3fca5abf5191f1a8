"""A model folder, read back: what the engine will run, in PyTorch and float32."""

import json
import os

import torch

from networks import safetensors_io
from networks.schedule import Schedule, guided
from networks.text_encoder import TextEncoder
from networks.unet import MobileDiffusionUNet
from networks.vae import Autoencoder
from world.tokenizer import Tokenizer


class Model:
    def __init__(self, path, device="cpu"):
        self.device = device

        def config(part, file="config.json"):
            with open(os.path.join(path, part, file)) as content:
                return json.load(content)

        def filled(network, part, file="diffusion_pytorch_model.safetensors"):
            tensors = safetensors_io.load(os.path.join(path, part, file))
            # Pictures are only made here, never read: an encoder may be missing, or another's.
            wanted = {name: value.float() for name, value in tensors.items() if not name.startswith("encoder.")}
            missing = network.load_state_dict(wanted, strict=False)
            assert all(name.startswith("encoder.") for name in missing.missing_keys), missing
            return network.eval().requires_grad_(False).to(device)

        self.text_encoder = filled(TextEncoder(config("text_encoder")), "text_encoder", "model.safetensors")
        self.unet = filled(MobileDiffusionUNet(config("unet")), "unet")
        self.vae = filled(Autoencoder(config("vae")), "vae")
        self.schedule = Schedule(config("scheduler", "scheduler_config.json"), device)
        self.tokenizer = Tokenizer(os.path.join(path, "tokenizer"), config("text_encoder")["max_position_embeddings"])
        self.latent_size = config("unet")["sample_size"]
        self.subjects = tuple(config("", "world.json")["subjects"])

    def noise(self, count, seed):
        return torch.randn(count, 8, *[self.latent_size] * 2, generator=torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def sample(self, prompts, noise, steps, guidance, batch=25):
        """Many guided DDIM steps: bytes (n, height, width, 3)."""
        pictures, empty = [], self.tokenizer([""]).to(self.device)
        for start in range(0, len(prompts), batch):
            ids = self.tokenizer(prompts[start:start + batch]).to(self.device)
            x0 = guided(self.unet, self.text_encoder(torch.cat([ids, empty.expand_as(ids)])), self.schedule,
                        noise[start:start + batch].to(self.device), steps, guidance)
            pictures.append(self.bytes(self.vae.decode(x0)))
        return torch.cat(pictures)

    @torch.no_grad()
    def generate(self, prompts, noise, batch=16):
        """One step each: bytes (n, height, width, 3)."""
        pictures = []
        for start in range(0, len(prompts), batch):
            some, ids = noise[start:start + batch].to(self.device), self.tokenizer(prompts[start:start + batch]).to(self.device)
            t = torch.full((len(some),), self.schedule.last, device=self.device)
            answer = self.unet(some, t, self.text_encoder(ids))
            pictures.append(self.bytes(self.vae.decode(self.schedule.x0(some, answer, t))))
        return torch.cat(pictures)

    @staticmethod
    def bytes(decoded):
        return ((decoded.float() / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().cpu()


def before_gan(folder):
    """A model folder of what DiffusionGAN began with: in the run folder, for judging alone."""
    return os.path.join(folder, "before-gan")
