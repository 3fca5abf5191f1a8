# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion quantize`."""

import json
import os
import shutil
import struct

from program import BASE, DONE, FAILED, USAGE, ProgramTest, content, header_of, main, run


class QuantizeTest(ProgramTest):
    def test_quantize(self):
        small = self.path("small")
        done = run("quantize", self.model, small)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(b" dB", done.stdout)
        for part in ("text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"):
            before, after = (os.path.getsize(os.path.join(folder, part + ".safetensors")) for folder in (self.model, small))
            self.assertLess(after, 0.75 * before, part)
        self.assertEqual(run("generate", "a boat", "--model", small, "-q", "-o", "-", "--precision", "int8").returncode, DONE)
        for model, precision in ((self.model, "float32"), (small, "int8")):
            told = json.loads(run("bench", model, "--size", "64x64", "--runs", "1", "--threads", "1", "--json").stdout)
            self.assertEqual(told["precision"], precision)
        # In either precision it answers much like the golden model that it was made of, and not quite.
        golden = self.path("golden")
        self.assertEqual(run("quantize", BASE, golden).returncode, DONE)
        for precision in ("float32", "float16", "int8"):
            told = run("verify", golden, os.path.join(BASE, "expected.safetensors"), "--precision", precision, "--tolerance",
                       "0.1", "--json")
            for output in json.loads(told.stdout)["outputs"]:
                self.assertTrue(30 < output["psnr"] < 70, output)
        shutil.rmtree(golden)
        self.assertEqual(run("info", small).stdout.splitlines()[1:], run("info", self.model).stdout.splitlines()[1:])
        told = json.loads(run("quantize", self.model, self.path("told"), "--json").stdout)
        layers = [layer for network in told["networks"].values() for layer in network]
        self.assertTrue(all(layer["snr_db"] > 30 for layer in layers))
        self.assertLess(told["bytes"], told["bytes_before"])
        # Twice, onto something, onto a full disk: refused, and nothing left behind.
        shutil.rmtree(self.path("told"))
        for arguments, saying in (((small, self.path("again")), "int8 already"), ((self.model, small), "no empty folder"),
                                  ((self.path("none"), self.path("again")), "none"), ((self.model, "/dev/null/x"), "/dev/null/x")):
            done = run("quantize", *arguments)
            self.assertIn(done.returncode, (FAILED, USAGE))
            self.assertIn(saying, done.stderr.decode())
            self.assertEqual(os.listdir(self.folder), ["small"])

    def test_quantize_knows_the_old_attention_names(self):
        aged, small = self.path("aged"), self.path("small")
        shutil.copytree(BASE, aged)
        weights = os.path.join(aged, "vae/diffusion_pytorch_model.safetensors")
        data = content(weights)
        end = 8 + struct.unpack("<Q", data[:8])[0]
        header = data[8:end].decode()
        for name, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            self.assertIn("attentions.0." + name, header)
            header = header.replace("attentions.0." + name, "attentions.0." + old)
        with open(weights, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header.encode() + data[end:])
        done = run("quantize", aged, small)
        self.assertEqual(done.returncode, DONE, done.stderr)
        kept = header_of(os.path.join(small, "vae/diffusion_pytorch_model.safetensors"))
        self.assertEqual(kept["decoder.mid_block.attentions.0.query.weight"]["dtype"], "I8")
        told = run("verify", small, os.path.join(BASE, "expected.safetensors"), "--tolerance", "0.1", "--json")
        for output in json.loads(told.stdout)["outputs"]:
            self.assertTrue(30 < output["psnr"] < 70, output)


if __name__ == "__main__":
    main()
