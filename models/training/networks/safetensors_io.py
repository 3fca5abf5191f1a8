"""safetensors, the part of it that is needed: a little-endian length, a JSON header, the tensors' bytes."""

import json
import struct

import numpy
import torch

DTYPES = {
    "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "U8": torch.uint8, "I8": torch.int8}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
SCALE = "_scale"


def save(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        tensor = tensor.detach().cpu().contiguous()
        blob = tensor.view(torch.uint8 if tensor.element_size() == 1 else torch.int16 if tensor.element_size() == 2
                           else torch.int32).numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def dequantised(tensors, path):
    """What `mobilediffusion quantize` wrote in 8 bits as float32: beside such a tensor lies a scale for each of its rows."""
    for name in [name for name, tensor in tensors.items() if tensor.dtype == torch.int8]:
        if name + SCALE not in tensors:
            raise ValueError(f"{path}: tensor {name} is I8 and has no scales, {name + SCALE}")
        scales = tensors.pop(name + SCALE)
        tensors[name] = tensors[name].float() * scales.view(-1, *[1] * (tensors[name].ndim - 1))
    return tensors


def load(path):
    """Every tensor by its name; of 8 bits none, but what they stand for."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    tensors = {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            raw = torch.from_numpy(numpy.frombuffer(content[8 + length + start:8 + length + end], numpy.uint8).copy())
            tensors[name] = raw.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return dequantised(tensors, path)
