"""Every number of the recipe, and the tiny ones of the smoke run."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    size: int = 128                 # pixels
    sizes = property(lambda self: (self.size,))
    scenes: int = 8000              # rendered for the autoencoder
    held_out: int = 128             # of these, kept for its figures

    vae_widths: tuple = (32, 64, 128, 128)
    vae_groups: int = 8
    vae_crop: int = 64
    vae_batch: int = 16
    vae_rate: float = 2e-3
    vae_noise: float = 0.1          # on whitened latents, so that the decoder forgives a generator
    vae_mask_weight: float = 5.0    # of a subject's pixels beside the background's

    latents: int = 16000
    captions_per_scene: int = 4
    vocabulary: int = 900
    text_length: int = 32
    text_width: int = 192
    text_layers: int = 3
    text_heads: int = 6

    unet_widths: tuple = (96, 192)
    unet_resnets: tuple = (1, 2)
    unet_transformers: tuple = (1, 1)
    unet_self_attention: tuple = (False, True)
    unet_separable: tuple = (False, True)
    unet_mid_transformers: int = 3
    unet_head: int = 32
    unet_ratio: int = 4
    unet_groups: int = 16
    batch: int = 64
    rate: float = 1e-3
    empty_captions: float = 0.1
    last_step_share: float = 0.7    # of a batch at t = 999, where one-step generation lives

    gan_batch: int = 32
    generator_rate: float = 1e-5
    discriminator_rate: float = 5e-5
    gan_weight: float = 0.05
    r1_every: int = 16
    r1_weight: float = 1.0

    guidance: float = 2.5           # of the many steps that one step is compared with
    judged: int = 500               # prompts read back by the classifier
    judged_slowly: int = 200        # of these, by many steps as well
    judged_twice: int = 24          # of these, drawn from many seeds
    examined: int = 64              # prompts read back again and again during training


DEFAULT = Settings()
SMOKE = dataclasses.replace(
    DEFAULT, size=64, scenes=48, held_out=8, vae_widths=(8, 8, 16, 16), vae_groups=4, vae_crop=32, vae_batch=4,
    latents=64, vocabulary=300, text_width=32, text_layers=1, text_heads=2, unet_widths=(32, 64), unet_mid_transformers=1, unet_groups=8,
    batch=8, gan_batch=4, r1_every=2, judged=8, judged_slowly=8, judged_twice=2, examined=8)
