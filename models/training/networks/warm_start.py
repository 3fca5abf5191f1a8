"""Weights of a finished model to start from: narrower layers widened, another vocabulary's words put where ours are."""

import torch

from networks import safetensors_io


def widened(tensor, shape):
    """A narrower layer's weights for a layer of so many times its width that answers alike: every channel again and again.

    What each copy hears of its inputs' copies is uneven, so that copies learn different things (Chen et al., Net2Net, 2016).
    """
    for axis in range(min(2, tensor.ndim)):
        times = shape[axis] // tensor.shape[axis]
        if times * tensor.shape[axis] == shape[axis] and times > 1:
            tensor = tensor.repeat_interleave(times, axis)
            if axis == 1:
                shares = 1 + 0.5 * torch.randn(shape[0], shape[1] // times, times)
                shares = shares / times + (1 - shares.mean(-1, keepdim=True)) / times
                tensor = tensor * shares.view(*shape[:2], *[1] * (tensor.ndim - 2))
    return tensor


def warm_start(network, path, change=lambda tensors: tensors):
    """Takes from a model folder's file whatever tensors have the name and, widened, the shape of the network's.

    `change` may adapt them first. Answers with the names of the network's tensors that were left as they are, and the shapes found in
    their place, None where there is none.
    """
    own = network.state_dict()
    tensors = change({name: value.float() for name, value in safetensors_io.load(path).items()})
    tensors = {name: widened(value, own[name].shape) for name, value in tensors.items() if name in own}
    fitting = {name: value for name, value in tensors.items() if own[name].shape == value.shape}
    network.load_state_dict(fitting, strict=False)
    print(f"warm start: {len(fitting)} of {len(own)} tensors from {path}")
    return {name: tuple(tensors[name].shape) if name in tensors else None for name in own if name not in fitting}


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
