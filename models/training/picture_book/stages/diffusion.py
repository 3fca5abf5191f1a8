"""Stage 2: the text encoder and the UNet, trained together to predict velocities: small pictures, then both sizes.

The text encoder begins with what the stage `text` taught it. Two things help one look to find its subjects: their latents weigh
more, and from the UNet's middle a 1x1 layer, which is thrown away afterwards, must tell where they are.
"""

import json
import os

import torch
from torch import nn
from torch.nn import functional as F

from picture_book.batches import Batches
from picture_book.examination import Examination
from schedule import Schedule
from stages.diffusion import SCHEDULER, Generator, draw_times, loudness, same_words
from tokenizer import Tokenizer
from training import Average, Training, autocast, descend, set_rate, share_processor, warm_start

CHECK_SECONDS, CHECKED = 600, 128
LARGE_SHARE = 1 / 3


def warm_from(model, network, tokenizer):
    warm_start(network.unet, os.path.join(model, "unet", "diffusion_pytorch_model.safetensors"))
    warm_start(network.text_encoder, os.path.join(model, "text_encoder", "model.safetensors"),
               lambda tensors: same_words(tensors, Tokenizer(os.path.join(model, "tokenizer"), 0), network, tokenizer))


def learnt_words(folder, network):
    """From the stage `text`, where it was run."""
    path = os.path.join(folder, "text.pt")
    if os.path.exists(path):
        network.text_encoder.load_state_dict(torch.load(path, map_location="cpu")["average"])


def weights_of(masks, subject_weight):
    """Of every latent's error, of a mean of 1 in each picture."""
    weights = 1 + (subject_weight - 1) * masks
    return weights / weights.mean((1, 2, 3), keepdim=True)


def place_loss(places, middle, masks):
    """Cross entropy of where subjects are, as the middle of the UNet tells it, and where they truly are."""
    return F.binary_cross_entropy_with_logits(places(middle).float(), F.avg_pool2d(masks, masks.shape[-1] // middle.shape[-1]))


def run(settings, folder, device, minutes, steps, warm, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network, places = Generator(settings, tokenizer), nn.Conv2d(settings.unet_widths[-1], 1, 1).to(device)
    learnt_words(folder, network)
    if warm:
        warm_from(warm, network, tokenizer)
    network = network.to(device, memory_format=torch.channels_last)
    average = Average(network, 0.999)
    optimiser = torch.optim.AdamW([
        {"params": [*network.unet.parameters(), *places.parameters()]},
        {"params": [*network.text_encoder.parameters()], "share": settings.text_share}],
        lr=settings.rate, betas=(0.9, 0.99), weight_decay=0.01)
    training = Training(folder, "diffusion", {
        "network": network, "average": average.network, "optimiser": optimiser, "places": places}, minutes, steps,
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
        clean, noise, ids, masks = batches.draw(settings.batch, loudness(training.progress), large)
        ids[torch.rand(len(ids), device=device) < settings.empty_captions] = empty
        t = draw_times(len(clean), schedule.last, settings.last_step_share, device)
        with autocast(device):
            text = network.text_encoder(ids)
            time, skips, middle = network.unet.down(schedule.add_noise(clean, noise, t), t, text)
            place = place_loss(places, middle, masks)
            answer = network.unet.up(time, skips, middle, text)
        squares = (answer.float() - schedule.velocity(clean, noise, t)).square()
        errors = squares.detach().mean((1, 2, 3))
        loss = ((squares * weights_of(masks, settings.subject_weight)).mean((1, 2, 3)) * schedule.min_snr_weight(t)).mean()
        descend(loss + settings.place_weight * place, network, optimiser)
        average.update(network)
        one_step = t == schedule.last
        training.log(50, loss=loss.detach(), place=place.detach(), one_step=errors[one_step].mean(), other=errors[~one_step].mean())
        if training.seconds - checked > CHECK_SECONDS:
            checked = training.seconds
            own, others = batches.one_step_errors(network, schedule, CHECKED)
            training.note(own_chances=own, others_chances=others, **examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"samples": training.step * settings.batch, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "diffusion.json"), "w") as file:
        json.dump(figures, file)
    print("diffusion:", figures)
