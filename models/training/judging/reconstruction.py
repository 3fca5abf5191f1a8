"""What an autoencoder makes of held-out scenes: figures and a sheet."""

import numpy as np
import torch
from PIL import Image

from training import autocast
from world.scene_cache import held_out


def load_held_out(settings, folder):
    """Pictures and their masks in bytes, (n, 4, size, size)."""
    return torch.from_numpy(np.ascontiguousarray(held_out(settings, folder).data)).permute(0, 3, 1, 2)


@torch.no_grad()
def check(network, pictures, lpips, device):
    """PSNR of whole pictures and of subjects' pixels in dB, and LPIPS; the reconstructions."""
    squares, areas, distances, answers = torch.zeros(2), torch.zeros(2), [], []
    for batch in pictures.split(4):
        truth = batch[:, :3].to(device).float() / 127.5 - 1
        with autocast(device):
            answer = network.decode(network.encode(truth.contiguous(memory_format=torch.channels_last))).float().clamp(-1, 1)
        inside = (batch[:, 3:] > 128).float()
        error = ((answer - truth) / 2).square().cpu()
        squares += torch.stack([error.sum(), (error * inside).sum()])
        areas += torch.stack([torch.ones_like(error).sum(), 3 * inside.sum()])
        if lpips is not None:
            distances.append(lpips(answer, truth).cpu())
        answers.append(answer.cpu())
    whole, subject = (-10 * (squares / areas).log10()).tolist()
    figures = {"psnr": whole, "psnr_subject": subject}
    if distances:
        figures["lpips"] = torch.cat(distances).mean().item()
    return figures, torch.cat(answers)


def write_pairs(path, pictures, answers, count=8):
    """True pictures above what the autoencoder makes of them."""
    rows = [torch.cat(list(pictures[:count, :3].float()), 2), torch.cat(list((answers[:count] + 1) * 127.5), 2)]
    Image.fromarray(torch.cat(rows, 1).round().byte().permute(1, 2, 0).numpy()).save(path)
