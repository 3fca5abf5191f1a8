"""Stage 1: the autoencoder, on crops that seek out the subjects, whose pixels also weigh more."""

import json
import os

import torch
from torch.nn import functional as F

from training import Average, Training, adamw, autocast, descend, set_rate, warm_start
from vae import Autoencoder


def vae_config(settings):
    return {
        "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": 8,
        "block_out_channels": list(settings.vae_widths), "layers_per_block": 1, "norm_num_groups": settings.vae_groups,
        "mid_block_add_attention": False, "use_quant_conv": False, "use_post_quant_conv": True, "act_fn": "silu",
        "scaling_factor": 1.0, "sample_size": settings.size}


def load_vae(settings, folder, device):
    """The averaged weights, ready for use."""
    network = Autoencoder(vae_config(settings))
    network.load_state_dict(torch.load(os.path.join(folder, "vae.pt"), map_location="cpu")["average"])
    return network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)


class Crops:
    """Random windows of the scenes; three in four are centred near a random pixel of the subject."""

    def __init__(self, pixels, masks, crop, seed):
        self.pixels, self.masks, self.crop = pixels, masks, crop
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, count):
        size, half = self.pixels.shape[-1], self.crop // 2
        chosen = torch.randint(len(self.pixels), (count,), generator=self.random).tolist()
        pixels, masks = [], []
        for i in chosen:
            centre = torch.randint(size, (2,), generator=self.random)
            if torch.rand(1, generator=self.random) < 0.75:
                inside = (self.masks[i, 0] > 128).nonzero()
                if len(inside):
                    centre = inside[torch.randint(len(inside), (1,), generator=self.random)[0]]
                    centre = centre + torch.randint(-half // 2, half // 2, (2,), generator=self.random)
            # Multiples of 2 are enough variety: the latent grid has a period of 8.
            top, left = ((centre - half).clamp(0, size - self.crop) // 2 * 2).tolist()
            window = (i, slice(None), slice(top, top + self.crop), slice(left, left + self.crop))
            pixels.append(self.pixels[window])
            masks.append(self.masks[window])
        flip = [-1] if torch.rand(1, generator=self.random) < 0.5 else []
        return torch.stack(pixels).flip(flip) / 127.5 - 1, torch.stack(masks).flip(flip) / 255.0


def reconstruction_loss(answer, truth, mask, mask_weight):
    """L1 on pixels and on their differences, the subject's pixels weighing more."""
    weight = 1 + (mask_weight - 1) * mask
    weight = weight / weight.mean()
    pixels = ((answer - truth).abs() * weight).mean()
    error = answer - truth
    edges = ((error[..., 1:] - error[..., :-1]).abs() * weight[..., 1:]).mean() \
        + ((error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]).mean()
    return pixels + 0.5 * edges


@torch.no_grad()
def psnr(network, pixels, masks, device):
    """Peak signal to noise of held-out scenes in dB: whole pictures, and the subjects' pixels alone."""
    squares, areas = torch.zeros(2), torch.zeros(2)
    for picture, mask in zip(pixels.split(16), masks.split(16)):
        truth = picture.to(device).float() / 255
        answer = network.decode(network.encode(truth * 2 - 1)) / 2 + 0.5
        error = (answer.clamp(0, 1) - truth).square()
        inside = (mask.to(device) > 128).float()
        squares += torch.stack([error.sum(), (error * inside).sum()]).cpu()
        areas += torch.stack([torch.ones_like(error).sum(), 3 * inside.sum()]).cpu()
    return [round(float(x), 2) for x in -10 * (squares / areas).log10()]


def load_scenes(settings, folder):
    """Pixels and masks to learn from, and those that are held out."""
    data = torch.load(os.path.join(folder, "scenes.pt"))
    pixels, masks, kept = data["pixels"], data["masks"], settings.held_out
    return (pixels[:-kept], masks[:-kept]), (pixels[-kept:], masks[-kept:])


def learn(network, stage, scenes, settings, folder, device, minutes, steps, checked=None):
    """Teaches a network to encode and decode crops of scenes; looks at the held-out scenes `checked` now and then.

    The averaged network, and the clock.
    """
    crops, average = Crops(*scenes, settings.vae_crop, 2), Average(network, 0.998)
    optimiser = adamw(network.parameters(), lr=settings.vae_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    training = Training(
        folder, stage, {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps)
    crops.random.manual_seed(training.step)
    for step in training:
        set_rate(optimiser, training.rate(settings.vae_rate))
        truth, mask = (t.to(device, memory_format=torch.channels_last) for t in crops.draw(settings.vae_batch))
        with autocast(device):
            latents = network.encode(truth)
            answer = network.decode(latents + settings.vae_noise * torch.randn_like(latents))
        loss = reconstruction_loss(answer.float(), truth, mask, settings.vae_mask_weight)
        descend(loss, network, optimiser)
        average.update(network)
        training.log(50, loss=loss.detach())
        if checked and step % 1000 == 999:
            whole, subject = psnr(average.network, *checked, device)
            training.note(psnr=whole, psnr_subject=subject)
    return average.network, training


def run(settings, folder, device, minutes, steps, warm, **_):
    scenes, held_out = load_scenes(settings, folder)
    network = Autoencoder(vae_config(settings))
    if warm:
        warm_start(network, os.path.join(warm, "vae", "diffusion_pytorch_model.safetensors"))
    average, training = learn(network.to(device, memory_format=torch.channels_last), "vae", scenes, settings, folder, device,
                              minutes, steps, checked=[part[:32] for part in held_out])
    whole, subject = psnr(average, *held_out, device)
    figures = {"psnr": whole, "psnr_subject": subject, "crops": training.step * settings.vae_batch,
               "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "vae.json"), "w") as file:
        json.dump(figures, file)
    print("vae:", figures)
