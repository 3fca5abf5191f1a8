"""Stage 2: the text encoder and the UNet, trained together to predict velocities."""

import json
import os

import torch
from torch import nn

from coupling import couple, numbers
from examination import examination
from schedule import Schedule
from text_encoder import TextEncoder
from tokenizer import Tokenizer
from training import Average, Training, adamw, autocast, descend, set_rate, warm_start
from unet import MobileDiffusionUNet

SCHEDULER = {
    "_class_name": "DiffusionGANScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timesteps": [999]}

QUIET, QUIET_UNTIL = 0.1, 0.25      # see `coupling.py`
CHECKED_EVERY, CHECKED = 50, 256


def text_config(settings, tokenizer):
    return {
        "_class_name": "CLIPTextModel", "vocab_size": tokenizer.pieces.get_piece_size(), "hidden_size": settings.text_width,
        "num_hidden_layers": settings.text_layers, "num_attention_heads": settings.text_heads,
        "intermediate_size": 4 * settings.text_width, "max_position_embeddings": settings.text_length,
        "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
        "bos_token_id": tokenizer.start, "eos_token_id": tokenizer.end, "pad_token_id": tokenizer.pad}


def unet_config(settings):
    levels = len(settings.unet_widths)
    return {
        "_class_name": "MobileDiffusionUNet", "in_channels": 8, "out_channels": 8,
        "block_out_channels": list(settings.unet_widths), "resnets_per_block": list(settings.unet_resnets),
        "transformer_layers_per_block": list(settings.unet_transformers),
        "self_attention": list(settings.unet_self_attention), "separable": list(settings.unet_separable),
        "downsample": [True] * (levels - 1), "mid_transformer_layers": settings.unet_mid_transformers,
        "mid_separable": True, "cross_attention_dim": settings.text_width, "attention_head_dim": settings.unet_head,
        "feed_forward_ratio": settings.unet_ratio, "norm_num_groups": settings.unet_groups,
        "attention_kind": "softmax", "sample_size": settings.size // 8,
        "sample_sizes": [side // 8 for side in settings.sizes]}


class Generator(nn.Module):
    """Token ids, noisy latents and timesteps to a velocity."""

    def __init__(self, settings, tokenizer):
        super().__init__()
        self.text_encoder = TextEncoder(text_config(settings, tokenizer))
        self.unet = MobileDiffusionUNet(unet_config(settings))

    def forward(self, ids, x, t):
        return self.unet(x, t, self.text_encoder(ids))


def load_generator(settings, folder, device, stage, tokenizer):
    """A finished stage's averaged weights."""
    network = Generator(settings, tokenizer)
    network.load_state_dict(torch.load(os.path.join(folder, stage + ".pt"), map_location="cpu")["average"])
    return network.to(device, memory_format=torch.channels_last)


class Batches:
    """Cached latents, each with one of its captions and with noise that says what chance decided."""

    def __init__(self, folder, device, seed):
        data = torch.load(os.path.join(folder, "latents.pt"))
        self.latents, self.chances, self.ids, self.device = data["latents"], data["chances"], data["ids"], device
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, count, loudness=1.0):
        chosen = torch.randint(len(self.latents), (count,), generator=self.random)
        which = torch.randint(self.ids.shape[1], (count,), generator=self.random)
        clean, chances = self.latents[chosen].float().to(self.device), self.chances[chosen].to(self.device)
        return clean, couple(torch.randn_like(clean), chances, loudness), self.ids[chosen, which].long().to(self.device)

    @torch.no_grad()
    def one_step_errors(self, network, schedule, count):
        """Of one look at noise with each scene's own chances, and with another's: apart, once the network reads them."""
        clean, noise, ids = self.draw(count)
        others = couple(noise, numbers(noise, self.chances.shape[1]).roll(1, 0))
        t = torch.full((count,), schedule.last, device=self.device)
        with autocast(self.device):
            answers = [-network(ids, x, t).float() for x in (noise, others)]
        return [(answer - clean).square().mean() for answer in answers]


def loudness(progress):
    """Of what in the noise says nothing: rises to its own over the first part of the training."""
    return min(1.0, QUIET + (1 - QUIET) * progress / QUIET_UNTIL)


def draw_times(count, last, last_share, device):
    """Uniform, but for the share that is all noise."""
    t = torch.randint(0, last + 1, (count,), device=device)
    t[:round(count * last_share)] = last
    return t


def same_words(tensors, old, text_encoder, new):
    """Another vocabulary's embeddings, put where this one has the same pieces; the rest stay as they were drawn."""
    name = "text_model.embeddings.token_embedding.weight"
    table = text_encoder.state_dict()[name].clone()
    for row in range(len(table)):
        piece = new.pieces.id_to_piece(row)
        found = old.pieces.piece_to_id(piece)
        if old.pieces.id_to_piece(found) == piece:
            table[row] = tensors[name][found]
    return {**tensors, name: table}


def run(settings, folder, device, minutes, steps, warm, **_):
    tokenizer, schedule = Tokenizer(folder, settings.text_length), Schedule(SCHEDULER, device)
    network = Generator(settings, tokenizer)
    if warm:
        warm_start(network.unet, os.path.join(warm, "unet", "diffusion_pytorch_model.safetensors"))
        warm_start(network.text_encoder, os.path.join(warm, "text_encoder", "model.safetensors"),
                   lambda tensors: same_words(tensors, Tokenizer(os.path.join(warm, "tokenizer"), 0), network.text_encoder, tokenizer))
    network = network.to(device, memory_format=torch.channels_last)
    average = Average(network, 0.998)
    optimiser = adamw(network.parameters(), lr=settings.rate, betas=(0.9, 0.99), weight_decay=0.01)
    training = Training(
        folder, "diffusion", {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps)
    average.steps = training.step
    batches, empty = Batches(folder, device, 5 + training.step), tokenizer([""])[0].to(device)
    examine = examination(settings, folder, device, tokenizer)
    for step in training:
        set_rate(optimiser, training.rate(settings.rate))
        clean, noise, ids = batches.draw(settings.batch, loudness(training.progress))
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
        if step % CHECKED_EVERY == 0:
            own, others = batches.one_step_errors(network, schedule, CHECKED)
            training.note(own_chances=own, others_chances=others, **examine(average.network, schedule))
    figures = {"samples": training.step * settings.batch, "minutes": round(training.seconds / 60, 1)}
    with open(os.path.join(folder, "diffusion.json"), "w") as file:
        json.dump(figures, file)
    print("diffusion:", figures)
