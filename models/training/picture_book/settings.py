"""Every number of the picture book's recipe, and the tiny ones of the smoke run."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    size: int = 256                     # pixels; 128 as well
    scenes: int = 20000                 # kept for the autoencoder, at both sizes
    held_out: int = 64                  # of these, for its figures

    vae_widths: tuple = (24, 48, 128, 192)
    vae_groups: int = 8
    vae_crop: int = 64
    vae_batch: int = 8                  # crops; as many pixels in whole pictures of 128
    vae_whole_share: float = 0.3        # of steps that see whole pictures
    vae_rate: float = 1e-3
    vae_noise: float = 0.05             # on whitened latents, so that the decoder forgives a generator
    vae_mask_weight: float = 3.0        # of a subject's pixels beside the background's
    vae_colours_until: float = 0.4      # of the training, in which the latents must tell the colours
    vae_lpips_from: float = 0.10
    vae_lpips_weight: float = 0.4
    vae_gan_from: float = 0.75
    vae_gan_weight: float = 0.04


DEFAULT = Settings()
SMOKE = dataclasses.replace(
    DEFAULT, size=64, scenes=24, held_out=4, vae_widths=(8, 8, 16, 16), vae_groups=4, vae_crop=32, vae_batch=4)
