#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether the training recipe reads what `mobilediffusion quantize` writes: training_int8_test.py SOURCE_DIR."""
import json
import os
import struct
import sys
import tempfile
import unittest


class Int8File(unittest.TestCase):
    def written(self, tensors):
        """The path of a safetensors file of {name: (dtype, shape, bytes)}."""
        header, content = {}, b""
        for name, (dtype, shape, blob) in tensors.items():
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(content), len(content) + len(blob)]}
            content += blob
        text = json.dumps(header).encode()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "model.safetensors")
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + content)
        return path

    def test_rows_are_multiplied_by_their_scales(self):
        path = self.written({
            "conv.weight": ("I8", [2, 1, 1, 3], struct.pack("6b", -127, 0, 127, 1, 2, -3)),
            "conv.weight_scale": ("F32", [2], struct.pack("<2f", 0.5, 0.25)),
            "conv.bias": ("F16", [2], struct.pack("<2e", 1.5, -2.0))})
        tensors = safetensors_io.load(path)
        self.assertEqual({"conv.weight", "conv.bias"}, set(tensors))
        self.assertEqual([[[[-63.5, 0.0, 63.5]]], [[[0.25, 0.5, -0.75]]]], tensors["conv.weight"].tolist())
        self.assertEqual([1.5, -2.0], tensors["conv.bias"].tolist())

    def test_a_network_starts_from_it(self):
        path = self.written({
            "weight": ("I8", [2, 3], struct.pack("6b", 2, 4, 6, -1, -2, -3)),
            "weight_scale": ("F32", [2], struct.pack("<2f", 0.5, 2.0)),
            "bias": ("F32", [2], struct.pack("<2f", 0.125, -1.0))})
        network = torch.nn.Linear(3, 2)
        warm_start(network, path)
        self.assertEqual([[1.0, 2.0, 3.0], [-2.0, -4.0, -6.0]], network.weight.tolist())
        self.assertEqual([0.125, -1.0], network.bias.tolist())

    def test_a_tensor_without_scales_is_named(self):
        path = self.written({"weight": ("I8", [1, 1], b"\1")})
        with self.assertRaisesRegex(ValueError, "tensor weight is I8 and has no scales, weight_scale"):
            safetensors_io.load(path)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(sys.argv.pop(1), "models", "training"))
    import torch

    from networks import safetensors_io
    from networks.warm_start import warm_start
    unittest.main()
