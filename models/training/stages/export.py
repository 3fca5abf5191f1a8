"""Stage 4: a model folder, weights in float16, and what these must answer, for the engine's `verify`; and one from before the GAN."""

import json
import os
import shutil

import torch

from judging.model_folder import Model, before_gan
from networks import safetensors_io
from networks.generator import load_generator
from networks.schedule import SCHEDULER
from networks.text_encoder import text_config
from networks.unet import unet_config
from networks.vae import load_vae, vae_config
from world.captions import all_words
from world.scenes import describe
from world.subjects import NAMED
from world.tokenizer import Tokenizer

PROMPT = "a red dragon above a castle at night"
LOG_NOUGHT = -30.0      # the log variance of latents that are certain
QUIET = 2.0 ** -5
INDEX = {
    "_class_name": "MobileDiffusionPipeline", "text_encoder": ["transformers", "CLIPTextModel"],
    "unet": ["mobilediffusion", "MobileDiffusionUNet"], "vae": ["diffusers", "AutoencoderKL"],
    "scheduler": ["mobilediffusion", "DiffusionGANScheduler"]}


def folded(vae):
    """The autoencoder's tensors, the whitening folded into the encoder's last convolution, whose variances are nought."""
    tensors = {name: value for name, value in vae.state_dict().items() if ".whiten." not in name}
    whiten = vae.encoder.whiten
    scale = (whiten.running_var + whiten.eps).rsqrt()
    weight, bias = (tensors["encoder.conv_out." + name].clone() for name in ("weight", "bias"))
    channels = len(scale)
    weight[:channels] *= scale[:, None, None, None]
    bias[:channels] = (bias[:channels] - whiten.running_mean) * scale
    weight[channels:], bias[channels:] = 0.0, LOG_NOUGHT
    return {**tensors, "encoder.conv_out.weight": weight, "encoder.conv_out.bias": bias}


def quietened(tensors):
    """The decoder's last block, and the upsampling before it, at a thirty-second. Nothing but group norms reads what is added up there,
    and these take any scale out; a training had let it grow to 80,000, and float16 ends at 65,504."""
    last = max(int(name.split(".")[2]) for name in tensors if name.startswith("decoder.up_blocks."))
    before, block = f"decoder.up_blocks.{last - 1}.upsamplers.", f"decoder.up_blocks.{last}.resnets."

    def adds(name):     # the shortcut's weights read what is quiet already
        return name.startswith(before) or name.startswith(block) and (".conv2." in name or name.endswith("conv_shortcut.bias"))

    return {name: value * QUIET if adds(name) else value for name, value in tensors.items()}


def write_json(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def write_weights(path, tensors):
    safetensors_io.save(path, {name: value.half() for name, value in tensors.items()})


@torch.no_grad()
def expected(model, prompt):
    """Every network's inputs and answers, in float32 from the rounded weights; at half the size, for a quarter of the bytes."""
    ids = model.tokenizer([prompt])
    latents = model.noise(1, 10)[..., ::2, ::2]
    timestep = torch.tensor([model.schedule.last])
    hidden = model.text_encoder(ids)
    answer = model.unet(latents, timestep, hidden)
    x0 = model.schedule.x0(latents, answer, timestep)
    picture = model.vae.decode(x0)
    return {"input_ids": ids.int(), "text_hidden": hidden, "latents": latents, "timestep": timestep.int(),
            "unet_output": answer, "x0": x0, "decoder_input": x0, "decoder_output": picture,
            "pipeline_rgb": model.bytes(picture)[0]}


def write_expected(path):
    model = Model(path)
    safetensors_io.save(os.path.join(path, "expected.safetensors"), expected(model, PROMPT))
    return model


def write_words(path, nouns):
    """What the model says that it knows."""
    write_json(os.path.join(path, "world.json"), describe(nouns))
    write_json(os.path.join(path, "words.json"), all_words(nouns))


def write(settings, folder, path, stage):
    """A stage's model folder."""
    tokenizer = Tokenizer(folder, settings.text_length)
    generator, vae = load_generator(settings, folder, "cpu", stage, tokenizer), load_vae(settings, folder, "cpu")
    write_json(os.path.join(path, "model_index.json"), INDEX)
    write_json(os.path.join(path, "scheduler", "scheduler_config.json"), SCHEDULER)
    for part, config, file, tensors in (
            ("text_encoder", text_config(settings, tokenizer), "model", generator.text_encoder.state_dict()),
            ("unet", unet_config(settings), "diffusion_pytorch_model", generator.unet.state_dict()),
            ("vae", vae_config(settings), "diffusion_pytorch_model", quietened(folded(vae)))):
        write_json(os.path.join(path, part, "config.json"), config)
        write_weights(os.path.join(path, part, file + ".safetensors"), tensors)
    os.makedirs(os.path.join(path, "tokenizer"), exist_ok=True)
    shutil.copy(os.path.join(folder, "tokenizer.model"), os.path.join(path, "tokenizer"))
    write_words(path, NAMED)
    model = write_expected(path)
    figures = {name: sum(p.numel() for p in part.parameters()) for name, part in (
        ("text_encoder", model.text_encoder), ("unet", model.unet), ("decoder", model.vae.decoder))}
    print(f"export: {stage} weights to {path}, parameters {figures}")


def run(settings, folder, path, **_):
    if not os.path.exists(os.path.join(folder, "gan.pt")):
        write(settings, folder, path, "diffusion")
        return
    write(settings, folder, path, "gan")
    write(settings, folder, before_gan(folder), "diffusion")
