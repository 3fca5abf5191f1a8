"""Noises, and what a few guided DDIM steps of the diffusion model make of them: the answers to learn at t = 999."""

import os

import torch

from schedule import Schedule
from stages.diffusion import SCHEDULER, Batches, load_generator
from tokenizer import Tokenizer
from training import autocast

BATCH = 50


@torch.no_grad()
def sample(network, schedule, ids, empty, noise, steps, guidance):
    """Classifier-free guidance: away from what an empty caption gives."""
    texts = network.text_encoder(torch.cat([ids, empty.expand_as(ids)]))

    def predict(x, t):
        with autocast(x.device):
            answer = network.unet(x.repeat(2, 1, 1, 1), t.repeat(2), texts).float()
        told, untold = answer.chunk(2)
        return untold + guidance * (told - untold)

    return schedule.ddim(predict, noise, steps)


def run(settings, folder, device, **_):
    path, tokenizer = os.path.join(folder, "pairs.pt"), Tokenizer(folder, settings.text_length)
    schedule, network = Schedule(SCHEDULER, device), load_generator(settings, folder, device, "diffusion", tokenizer)
    batches, empty = Batches(folder, device, 6), tokenizer([""]).to(device)
    done = torch.load(path) if os.path.exists(path) else {"noise": [], "x0": [], "ids": []}
    torch.manual_seed(7 + len(done["ids"]))
    while len(done["ids"]) * BATCH < settings.pairs:
        truth, ids = batches.draw(BATCH)
        noise = torch.randn_like(truth)
        x0 = sample(network, schedule, ids, empty, noise, settings.pair_steps, settings.guidance)
        for name, tensor in (("noise", noise.half()), ("x0", x0.half()), ("ids", ids.short())):
            done[name].append(tensor.cpu())
        if len(done["ids"]) % 5 == 0:
            print(f"pairs: {len(done['ids']) * BATCH}", flush=True)
            torch.save(done, path)
    torch.save(done, path)
