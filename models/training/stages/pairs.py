"""Noises, and what a few guided DDIM steps of the diffusion model make of them: the answers to learn at t = 999."""

import os

import torch

from schedule import Schedule, guided
from stages.diffusion import SCHEDULER, Batches, load_generator
from tokenizer import Tokenizer

BATCH = 50


def run(settings, folder, device, **_):
    path, tokenizer = os.path.join(folder, "pairs.pt"), Tokenizer(folder, settings.text_length)
    schedule, network = Schedule(SCHEDULER, device), load_generator(settings, folder, device, "diffusion", tokenizer)
    batches, empty = Batches(folder, device, 6), tokenizer([""]).to(device)
    done = torch.load(path) if os.path.exists(path) else {"noise": [], "x0": [], "ids": []}
    torch.manual_seed(7 + len(done["ids"]))
    while len(done["ids"]) * BATCH < settings.pairs:
        truth, ids = batches.draw(BATCH)
        noise = torch.randn_like(truth)
        with torch.no_grad():
            texts = network.text_encoder(torch.cat([ids, empty.expand_as(ids)]))
            x0 = guided(network.unet, texts, schedule, noise, settings.pair_steps, settings.guidance)
        for name, tensor in (("noise", noise.half()), ("x0", x0.half()), ("ids", ids.short())):
            done[name].append(tensor.cpu())
        if len(done["ids"]) % 5 == 0:
            print(f"pairs: {len(done['ids']) * BATCH}", flush=True)
            torch.save(done, path)
    torch.save(done, path)
