"""Stage 2: the text encoder and the UNet, trained together to predict velocities: small pictures, then both sizes."""

import json
import os

import torch

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


def run(settings, folder, device, minutes, steps, warm, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = Generator(settings, tokenizer)
    if warm:
        warm_from(warm, network, tokenizer)
    network = network.to(device, memory_format=torch.channels_last)
    average = Average(network, 0.999)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, betas=(0.9, 0.99), weight_decay=0.01)
    training = Training(
        folder, "diffusion", {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps,
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
        clean, noise, ids = batches.draw(settings.batch, loudness(training.progress), large)
        ids[torch.rand(len(ids), device=device) < settings.empty_captions] = empty
        t = draw_times(len(clean), schedule.last, settings.last_step_share, device)
        with autocast(device):
            answer = network(ids, schedule.add_noise(clean, noise, t), t)
        errors = (answer.float() - schedule.velocity(clean, noise, t)).square().mean((1, 2, 3))
        loss = (errors * schedule.min_snr_weight(t)).mean()
        descend(loss, network, optimiser)
        average.update(network)
        one_step = t == schedule.last
        training.log(50, loss=loss.detach(), one_step=errors[one_step].mean().detach(), other=errors[~one_step].mean().detach())
        if training.seconds - checked > CHECK_SECONDS:
            checked = training.seconds
            own, others = batches.one_step_errors(network, schedule, CHECKED)
            training.note(own_chances=own, others_chances=others, **examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"samples": training.step * settings.batch, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "diffusion.json"), "w") as file:
        json.dump(figures, file)
    print("diffusion:", figures)
