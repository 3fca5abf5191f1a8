"""safetensors, the part of it that is needed: a little-endian length, a JSON header, the tensors' bytes."""

import json
import struct

import numpy
import torch

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "U8": torch.uint8}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


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


def load(path):
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    tensors = {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            raw = torch.from_numpy(numpy.frombuffer(content[8 + length + start:8 + length + end], numpy.uint8).copy())
            tensors[name] = raw.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors
