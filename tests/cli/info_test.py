# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion info`."""

import json
import os
import shutil
import struct
import tempfile
import zlib

from program import DONE, FAILED, SOURCE, USAGE, ProgramTest, main, run


class InfoTest(ProgramTest):
    def test_info(self):
        told = json.loads(run("info", os.path.join(SOURCE, "models/mobilediffusion"), "--json").stdout)
        parts = ("text_encoder", "unet", "decoder")
        for figure in ("parameters", "macs"):
            self.assertTrue(all(isinstance(told[part][figure], int) for part in parts))
            self.assertEqual(sum(told[part][figure] for part in parts), told["total"][figure])
        self.assertAlmostEqual(told["total"]["parameters"] / 1e6, 520.4, delta=0.1)
        self.assertIn(b"down_blocks.0", run("info", os.path.join(SOURCE, "models/mobilediffusion")).stdout)

    def test_info_says_how_a_model_is_sampled_from(self):
        folder = os.path.join(SOURCE, "benchmarks/configurations/sdxs-512")
        told = json.loads(run("info", folder, "--json").stdout)
        self.assertEqual((told["sampler"], told["steps"], told["sampling_assumed"]), ("one-step", 1, False))
        self.assertIn("sampler one-step, 1 step, guidance 1: ", run("info", folder).stdout.decode())
        folder = os.path.join(SOURCE, "tests/data/goldens/diffusers-kl")
        self.assertTrue(json.loads(run("info", folder, "--json").stdout)["sampling_assumed"])
        self.assertIn("--sampler one-step --steps 1 --guidance 1", run("info", folder).stdout.decode())

    def test_info_says_what_computes_each_operator(self):
        told = json.loads(run("info", self.model, "--kernels", "--json").stdout)
        self.assertEqual(list(told["precisions"]), ["float32", "float16", "int8"])
        self.assertTrue(told["loops"])
        whole = json.loads(run("info", self.model, "--json").stdout)["total"]["macs"]
        for precision, found in told["precisions"].items():
            self.assertIn(found["computed"], (precision, "float32"))
            self.assertEqual(sum(operator["macs"] for operator in found["operators"]), whole)
            kinds = {operator["operator"] for operator in found["operators"]}
            self.assertLessEqual({"attention", "conv2d", "depthwise", "group_norm", "layer_norm", "linear"}, kinds)
            for operator in found["operators"]:
                self.assertGreater(operator["calls"], 0)
                self.assertIn(operator["by"], ("loops", "panels", "bytes", "tiles", "XNNPACK"))
                if operator["macs"] > 0 and operator["by"] == "XNNPACK":
                    self.assertIn(operator["weights"], ("float32", "float16", "int8"))
                    if operator["operator"] != "depthwise":
                        self.assertTrue(all(extent > 0 for extent in operator["tile"]), operator)
        text = run("info", self.model, "--kernels").stdout.decode()
        for words in ("processor  ", "our loops  " + told["loops"], "XNNPACK    " + told["xnnpack"], "int8\n", "group_norm"):
            self.assertIn(words, text)
        self.refused(run("info", "/nowhere", "--kernels"), FAILED, "/nowhere")

    def test_info_on_an_autoencoder_by_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(SOURCE, "tests/data/goldens/diffusers-tiny/vae/config.json"), folder)
            whole = json.loads(run("info", os.path.join(SOURCE, "tests/data/goldens/diffusers-tiny"), "--json").stdout)
            alone = json.loads(run("info", folder, "--json").stdout)
            self.assertEqual(alone["autoencoder"], "AutoencoderTiny")
            for part in ("decoder", "encoder"):
                self.assertEqual(alone[part]["parameters"], whole[part]["parameters"])
                self.assertGreater(alone[part]["macs"], 0)
            done = run("info", folder)
            self.assertEqual(done.returncode, DONE)
            self.assertIn("--vae " + folder, done.stdout.decode())
            with open(os.path.join(folder, "config.json"), "w") as config:
                config.write('{"_class_name": "AutoencoderTiny", "latent_channels": 0}')
            self.refused(run("info", folder), FAILED, "latent_channels")

    def test_info_on_what_is_no_picture_of_ours(self):
        self.refused(run("info", "/nowhere.png"), FAILED, "/nowhere.png")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(b"not a PNG at all")
            file.flush()
            done = run("info", file.name)
            self.assertNotEqual(done.returncode, DONE)
            self.assertIn(file.name, done.stderr.decode())

    def test_info_on_pictures_of_others(self):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0"))
        for name, content_of, saying in (("foreign.png", png + chunk(b"IEND", b""), "not one of ours"),
                                         ("cut.png", png, "cut.png"), ("empty.png", b"", "empty.png"),
                                         ("text.png", b"a boat", "neither a PNG nor a JPEG"),
                                         ("sum.png", png[:-1] + b"x" + chunk(b"IEND", b""), "sum.png")):
            with open(self.path(name), "wb") as file:
                file.write(content_of)
            for arguments in ((), ("--json",)):
                done = run("info", self.path(name), *arguments)
                self.assertIn(done.returncode, (FAILED, USAGE), name)
                self.assertEqual(done.stdout, b"")
                self.assertIn(saying, done.stderr.decode())
        self.assertEqual(self.generate("a boat", "-o", "bare.png", "--no-metadata", "--size", "32x32").returncode, DONE)
        self.assertIn(b"saved without metadata", run("info", self.path("bare.png")).stderr)

    def test_info_on_folders(self):
        self.refused(run("info", self.folder), FAILED, "model_index.json")
        config = os.path.join(self.home, "config-alone")
        shutil.copytree(self.model, config, ignore=shutil.ignore_patterns("*.safetensors", "tokenizer"))
        told = json.loads(run("info", config, "--json").stdout)
        whole = json.loads(run("info", self.model, "--json").stdout)
        self.assertEqual((told.pop("model"), whole.pop("model")), ("config-alone", "model"))
        self.assertEqual(told, whole)
        self.refused(run("generate", "a boat", "--model", config, "-o", "p.png", cwd=self.folder), FAILED, "tokenizer")
        os.makedirs(os.path.join(config, "tokenizer"))
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(os.path.join(self.model, "tokenizer", name), os.path.join(config, "tokenizer"))
        done = run("generate", "a boat", "--model", config, "-o", "p.png", cwd=self.folder)
        self.refused(done, FAILED, "text_encoder/model.safetensors")


if __name__ == "__main__":
    main()
