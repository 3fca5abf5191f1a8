"""Every number of the recipe, and the tiny ones of the smoke run."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    size: int = 256                     # pixels; half as well
    sizes = property(lambda self: (self.size, self.size // 2))
    draws_its_own: bool = False         # subjects, in place of fetched ones
    recorded: bool = True               # a GPU's steps, see `captured.py`; without, one can be looked into
    renders_beside: bool = False        # what learns: `all` gives stages that render processes of their own
    scenes: int = 20000                 # kept for the autoencoder, at both sizes
    held_out: int = 64                  # of these, for its figures

    vae_widths: tuple = (24, 48, 128, 192)
    vae_groups: int = 8
    vae_crop: int = 64
    vae_batch: int = 16                 # crops; as many pixels in whole pictures of 128
    vae_whole_share: float = 0.3        # of steps that see whole pictures
    vae_rate: float = 1e-3
    vae_noise: float = 0.05             # on whitened latents, so that the decoder forgives a generator
    vae_mask_weight: float = 3.0        # of a subject's pixels beside the background's
    vae_apart_weight: float = 0.3       # of how far moved pictures' latents are from the moved latents
    vae_moved_weight: float = 0.5       # of what decoding these costs
    vae_colours_until: float = 0.4      # of the training, in which the latents must tell the colours
    vae_lpips_from: float = 0.10
    vae_lpips_weight: float = 0.4
    vae_gan_from: float = 0.75
    vae_gan_weight: float = 0.04

    latents: int = 80000                # scenes at half the size
    latents_large: int = 40000          # and at the whole
    captions_per_scene: int = 3
    check_minutes: float = 10           # between two looks at how far a training is
    vocabulary: int = 1600
    text_length: int = 158              # 30 for a caption, and 128 that tell how the parts of its subjects look
    text_width: int = 256
    text_layers: int = 4
    text_heads: int = 8
    text_ratio: int = 8                 # of its feed-forwards, which know the looks by heart
    text_batch: int = 96                # captions, before there are pictures
    look_weight: float = 4.0            # of how subjects look beside what they are called

    unet_widths: tuple = (128, 256)
    unet_resnets: tuple = (2, 2)
    unet_transformers: tuple = (0, 1)
    unet_self_attention: tuple = (False, True)
    unet_separable: tuple = (False, False)
    unet_mid_transformers: int = 6
    unet_head: int = 32
    unet_ratio: int = 4
    unet_groups: int = 16
    batch: int = 96
    rate: float = 8e-4
    subject_weight: float = 3.0         # of a subject's latents beside the background's
    aid_weight: float = 0.3             # of each thing that the UNet's middle must tell
    empty_captions: float = 0.1
    last_step_share: float = 0.75       # of a batch at t = 999, where one-step generation lives
    large_from: float = 0.4             # of the training, from where on some of the batches are of the whole size
    large_share: float = 0.75           # of these batches, and of DiffusionGAN's: what is drawn by default

    classifier_widths: tuple = (32, 64, 128, 192)
    classifier_scenes: int = 40000      # rendered once; their backgrounds, tilts and colours are the classifier's alone
    classifier_batch: int = 64

    gan_batch: int = 16
    gan_seen: int = 4                   # of its one-step answers, decoded for LPIPS
    generator_rate: float = 3e-5
    discriminator_rate: float = 1e-4
    gan_weight: float = 0.5             # of the discriminator's slope, made as long as the reconstruction's
    gan_lpips_weight: float = 0.2
    r1_every: int = 16
    r1_weight: float = 1.0

    known_looks: int = 12               # at each subject, to see whether the model knows it
    known_from: float = 50.0            # percent of these that are right
    guidance: float = 2.5               # of the many steps that one step is compared with
    judged: int = 1000                  # prompts read back by the classifier
    judged_slowly: int = 300            # of these, by many steps as well
    judged_twice: int = 24              # of these, drawn from many seeds
    examined: int = 64                  # prompts read back again and again during training


DEFAULT = Settings()
# Where batches may be large, and many processors render.
ON_A_GPU = dataclasses.replace(
    DEFAULT, renders_beside=True, scenes=6000, vae_batch=48, latents=400000, latents_large=120000, text_batch=256, batch=512, rate=1e-3,
    large_from=0.25, large_share=0.6, classifier_scenes=60000, classifier_batch=256, gan_batch=128, gan_seen=16, check_minutes=1)
SMOKE = dataclasses.replace(
    DEFAULT, size=64, draws_its_own=True, scenes=24, held_out=4, vae_widths=(8, 8, 16, 16), vae_groups=4, vae_crop=32, vae_batch=4,
    latents=24, latents_large=8, vocabulary=400, text_width=32, text_layers=1, text_heads=2, text_ratio=2, text_batch=8,
    unet_widths=(32, 64), unet_mid_transformers=1, unet_head=16, unet_groups=8, batch=4, classifier_widths=(8, 8, 16, 16), classifier_scenes=24,
    classifier_batch=8, gan_batch=4, r1_every=2, judged=6, judged_slowly=4, judged_twice=2, examined=4, known_looks=1, known_from=0.0)
