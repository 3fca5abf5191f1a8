"""Stage 2: the UNet learns to predict velocities, of small pictures first, then of both sizes.

A mirror image changes the sign of half of what there is to learn of a look: with both at once, one look answers with the mean of
both, which is nobody's shape, and from there no small step leads on. So nothing is mirrored at first; and when mirrored scenes
come, the noise is quiet once more, for whether a thing is mirrored stands in it.

It reads the states of the text encoder as the stage `text` left it. Three things help one look to find its subjects: their latents weigh
more; from the UNet's middle a 1x1 layer, which is thrown away afterwards, must tell which part of which subject is where,
so that a cell has to know only how that part looks, of which the states tell (`meanings.py`); and from that middle's mean another must
repeat the chances that the noise tells of, without which nothing can be made of them.
"""

import json
import os

import torch
from torch import nn
from torch.nn import functional as F

from muon import MuonAndAdamW
from picture_book import composer
from picture_book.batches import Batches
from picture_book.examination import Examination
from schedule import Schedule
from stages.diffusion import SCHEDULER, Generator, draw_times, loudness
from tokenizer import Tokenizer
from training import Average, Training, autocast, descend, set_rate, share_processor, warm_start

CHECK_SECONDS, CHECKED = 600, 128
LARGE_SHARE = 1 / 3


def weights_of(masks, subject_weight):
    """Of every latent's error, of a mean of 1 in each picture."""
    weights = 1 + (subject_weight - 1) * masks
    return weights / weights.mean((1, 2, 3), keepdim=True)


def noise_loudness(settings, progress):
    """It grows from where there is something new to find in it."""
    return loudness(progress if progress < settings.mirrored_from else progress - settings.mirrored_from)


def place_loss(told, truth):
    """Of what the middle of the UNet tells of every cell: cross entropy of whether a subject is there, and, where one is, squared
    errors of which part of it and cross entropy of which of two."""
    truth = F.avg_pool2d(truth, truth.shape[-1] // told.shape[-1])
    there, part, second = truth[:, :1], truth[:, 1:3], truth[:, 3:]
    which = F.binary_cross_entropy_with_logits(told[:, 3:], second, reduction="none")
    found = (told[:, 1:3] - part).square().sum(1, keepdim=True) + which
    return F.binary_cross_entropy_with_logits(told[:, :1], there) + (found * there).sum() / there.sum()


class Aid(nn.Module):
    """What must be told from the UNet's middle: of every cell the four numbers of `place_loss`, and of all the scene's chances."""

    def __init__(self, width):
        super().__init__()
        self.places, self.chances = nn.Conv2d(width, 4, 1), nn.Linear(width, composer.CHANCES)

    def forward(self, middle):
        return self.places(middle).float(), self.chances(middle.mean((2, 3))).float()


def run(settings, folder, device, minutes, steps, warm, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network, aid = Generator(settings, tokenizer), Aid(settings.unet_widths[-1]).to(device)
    network.text_encoder.load_state_dict(torch.load(os.path.join(folder, "text.pt"), map_location="cpu")["average"])
    network.text_encoder.requires_grad_(False)
    if warm:
        warm_start(network.unet, os.path.join(warm, "unet", "diffusion_pytorch_model.safetensors"))
    network = network.to(device, memory_format=torch.channels_last)
    average = Average(network, 0.999)
    optimiser = MuonAndAdamW([network.unet, aid], settings.rate)
    training = Training(folder, "diffusion", {
        "network": network, "average": average.network, "optimiser": optimiser, "aid": aid}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    batches, empty = Batches(settings, folder, device, 5 + training.step), tokenizer([""])[0].to(device)
    examine, checked, threads = Examination(settings, folder, device, tokenizer, "diffusion"), training.seconds, torch.get_num_threads()
    print("diffusion:", sum(p.numel() for p in network.unet.parameters()), "parameters of the UNet,",
          sum(p.numel() for p in network.text_encoder.parameters()), "of the text encoder", flush=True)
    for step in training:
        if step % 10 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.rate))
        large = training.progress >= settings.large_from and torch.rand(1).item() < LARGE_SHARE
        clean, noise, ids, drawn = batches.draw(
            settings.batch, noise_loudness(settings, training.progress), large, training.progress >= settings.mirrored_from)
        truth = batches.places(*drawn)
        ids[torch.rand(len(ids), device=device) < settings.empty_captions] = empty
        t = draw_times(len(clean), schedule.last, settings.last_step_share, device)
        with autocast(device):
            text = network.text_encoder(ids)
            time, skips, middle = network.unet.down(schedule.add_noise(clean, noise, t), t, text)
            told, heard = aid(middle)
            answer = network.unet.up(time, skips, middle, text)
        place, one_step = place_loss(told, truth), t == schedule.last
        chances = F.mse_loss(heard[one_step], batches.chances(*drawn)[one_step])
        squares = (answer.float() - schedule.velocity(clean, noise, t)).square()
        errors = squares.detach().mean((1, 2, 3))
        loss = ((squares * weights_of(truth[:, :1], settings.subject_weight)).mean((1, 2, 3)) * schedule.min_snr_weight(t)).mean()
        descend(loss + settings.place_weight * place + settings.chances_weight * chances, network, optimiser)
        average.update(network)
        training.log(50, loss=loss.detach(), place=place.detach(), chances=chances.detach(),
                     one_step=errors[one_step].mean(), other=errors[~one_step].mean())
        if training.seconds - checked > CHECK_SECONDS:
            checked = training.seconds
            own, others = batches.one_step_errors(network, schedule, CHECKED)
            training.note(own_chances=own, others_chances=others, **examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"samples": training.step * settings.batch, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "diffusion.json"), "w") as file:
        json.dump(figures, file)
    print("diffusion:", figures)
