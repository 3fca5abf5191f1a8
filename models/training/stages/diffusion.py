"""Stage 2: the UNet learns to predict velocities, of small pictures first, then of both sizes.

It reads the states of the text encoder as the stage `text` left it. Two things help one look to find its subjects: their latents
weigh more, and from the UNet's middle must be told what it has found (`aid.py`).
"""

import json
import os

import torch

from captured import Captured
from judging.examination import Examination
from networks.generator import Generator
from networks.muon import MuonAndAdamW
from networks.schedule import SCHEDULER, Schedule
from networks.warm_start import warm_start
from teaching.aid import Aid, mean_where
from teaching.batches import Batches, error_weights
from training import Average, Training, autocast, descend, set_rate, share_processor
from world.tokenizer import Tokenizer

CHECKED = 128
AVERAGED = 0.99     # a step; by 0.999 the averaged weights lagged a thousand steps behind: of 80% of subjects they knew 74
QUIET, QUIET_UNTIL = 0.1, 0.25      # see `coupling.py`


def loudness(progress):
    """Of what in the noise says nothing: rises to its own over the first part of the training."""
    return min(1.0, QUIET + (1 - QUIET) * progress / QUIET_UNTIL)


def draw_times(count, last, last_share, device):
    """Uniform, but for the share that is all noise."""
    t = torch.randint(0, last + 1, (count,), device=device)
    t[:round(count * last_share)] = last
    return t


def run(settings, folder, device, minutes, steps, warm, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = Generator(settings, tokenizer)
    reader = network.text_encoder.requires_grad_(False)
    if warm:
        warm_start(network.unet, os.path.join(warm, "unet", "diffusion_pytorch_model.safetensors"))
    network = network.to(device, memory_format=torch.channels_last)
    average, aid = Average(network, AVERAGED), Aid(network.unet, settings.unet_widths[-1]).to(device)
    optimiser = MuonAndAdamW([network.unet, aid], settings.rate)
    training = Training(folder, "diffusion", {
        "network": network, "average": average.network, "optimiser": optimiser, "aid": aid}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    text = torch.load(os.path.join(folder, "text.pt"), map_location="cpu")["average"]
    for some in (network, average.network):     # also where it was trained further than the checkpoint's
        some.text_encoder.load_state_dict(text)
    batches, empty = Batches(settings, folder, device, 5 + training.step), tokenizer([""])[0].to(device)
    examine, threads = Examination(settings, folder, device, tokenizer, "diffusion"), torch.get_num_threads()
    print("diffusion:", sum(p.numel() for p in network.unet.parameters()), "parameters of the UNet,",
          sum(p.numel() for p in network.text_encoder.parameters()), "of the text encoder", flush=True)

    def learn(clean, noise, ids, truth, look, chances):
        ids = torch.where(torch.rand(len(ids), 1, device=device) < settings.empty_captions, empty, ids)
        t = draw_times(len(clean), schedule.last, settings.last_step_share, device)
        one_step = t == schedule.last
        with autocast(device):
            text = reader(ids)
            time, skips, middle = network.unet.down(schedule.add_noise(clean, noise, t), t, text)
            told = aid.losses(middle, truth, look, chances, one_step)
            answer = network.unet.up(time, skips, middle, text)
        squares = (answer.float() - schedule.velocity(clean, noise, t)).square()
        errors = squares.detach().mean((1, 2, 3))
        loss = ((squares * error_weights(truth[:, :1], settings.subject_weight)).mean((1, 2, 3)) * schedule.min_snr_weight(t)).mean()
        descend(loss + settings.aid_weight * sum(told.values()), network, optimiser)
        return {"loss": loss.detach(), **{name: value.detach() for name, value in told.items()},
                "one_step": mean_where(one_step, errors), "other": mean_where(~one_step, errors)}

    learn = Captured(learn, device, settings.recorded)
    for step in training:
        if step % 10 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(settings.rate))
        large = training.progress >= settings.large_from and torch.rand(1).item() < settings.large_share
        clean, noise, ids, drawn = batches.draw(settings.batch, loudness(training.progress), large)
        training.log(50, **learn(clean, noise, ids, *batches.sights(*drawn), batches.chances(*drawn)))
        average.update(network)
        if training.is_due(settings.check_minutes):
            own, others = batches.one_step_errors(network, schedule, CHECKED)
            training.note(own_chances=own, others_chances=others, **examine(average.network, schedule))
    examine(average.network, schedule)
    figures = {"samples": training.step * settings.batch, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "diffusion.json"), "w") as file:
        json.dump(figures, file)
    print("diffusion:", figures)
