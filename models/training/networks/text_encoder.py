"""The text encoder: a causal, pre-norm transformer, tensor for tensor transformers' CLIPTextModel."""

import torch
from torch import nn


def text_config(settings, tokenizer):
    return {
        "_class_name": "CLIPTextModel", "vocab_size": tokenizer.pieces.get_piece_size(), "hidden_size": settings.text_width,
        "num_hidden_layers": settings.text_layers, "num_attention_heads": settings.text_heads,
        "intermediate_size": settings.text_ratio * settings.text_width, "max_position_embeddings": settings.text_length,
        "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
        "bos_token_id": tokenizer.start, "eos_token_id": tokenizer.end, "pad_token_id": tokenizer.pad}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (project(x).view(batch, length, self.heads, -1).transpose(1, 2)
                   for project in (self.q_proj, self.k_proj, self.v_proj))
        if x.is_cuda:
            looked = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out_proj(looked.transpose(1, 2).reshape(batch, length, width))
        future = torch.full((length, length), float("-inf"), device=x.device).triu(1)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + future
        return self.out_proj((scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(batch, length, width))


class MLP(nn.Module):
    def __init__(self, width, inner, activation):
        super().__init__()
        self.activation = {"gelu": nn.functional.gelu, "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x)}[activation]
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, eps = config["hidden_size"], config["layer_norm_eps"]
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.self_attn = Attention(width, config["num_attention_heads"])
        self.mlp = MLP(width, config["intermediate_size"], config["hidden_act"])

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.token_embedding = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.position_embedding = nn.Embedding(config["max_position_embeddings"], config["hidden_size"])
        for table in (self.token_embedding, self.position_embedding):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, ids):
        return self.token_embedding(ids) + self.position_embedding.weight[:ids.shape[1]]


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList([Layer(config) for _ in range(config["num_hidden_layers"])])})
        self.final_layer_norm = nn.LayerNorm(config["hidden_size"], config["layer_norm_eps"])

    def forward(self, ids):
        x = self.embeddings(ids)
        for layer in self.encoder["layers"]:
            x = layer(x)
        return self.final_layer_norm(x)


class TextEncoder(nn.Module):
    """Token ids (n, length) to the condition (n, length, width): the final layer norm's output for all positions."""

    def __init__(self, config):
        super().__init__()
        self.text_model = Transformer(config)

    def forward(self, ids):
        return self.text_model(ids)
