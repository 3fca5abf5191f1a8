# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion verify`."""

import json
import os
import struct

from program import BASE, DONE, FAILED, USAGE, ProgramTest, content, header_of, main, run


class VerifyTest(ProgramTest):
    def test_verify(self):
        expected = os.path.join(BASE, "expected.safetensors")
        done = run("verify", BASE, expected)
        self.assertEqual(done.returncode, DONE, done.stdout)
        self.assertIn(b"pipeline_rgb", done.stdout)
        ours = self.path("ours.safetensors")
        told = run("verify", BASE, expected, "--write", ours, "--json", "--threads", "1")
        self.assertEqual(told.returncode, DONE)
        json.loads(told.stdout)
        self.assertEqual(set(header_of(ours)), {"text_hidden", "unet_output", "x0", "decoder_output", "pipeline_rgb"})
        self.assertEqual(run("verify", BASE, expected, "--tolerance", "1e-12", "--threads", "1").returncode, FAILED)
        self.assertEqual(run("verify", self.model, expected, "--threads", "1").returncode, FAILED)    # other weights
        with open(self.path("short.safetensors"), "wb") as file:
            file.write(content(expected)[:91])
        done = run("verify", BASE, self.path("short.safetensors"))
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"short.safetensors", done.stderr)

    def test_precision(self):
        expected = os.path.join(BASE, "expected.safetensors")
        exact = run("verify", BASE, expected, "--precision", "float32")
        self.assertEqual(exact.returncode, DONE, exact.stdout)
        half = run("verify", BASE, expected, "--precision", "float16", "--json")
        for output in json.loads(half.stdout)["outputs"]:
            self.assertGreater(output["psnr"], 45, output)
        rounded = run("verify", BASE, expected, "--precision", "int8", "--json")
        self.assertEqual(rounded.returncode, FAILED)
        self.assertFalse(json.loads(rounded.stdout)["ok"])
        loose = run("verify", BASE, expected, "--precision", "int8", "--tolerance", "0.1", "--json")
        for output in json.loads(loose.stdout)["outputs"]:
            self.assertGreater(output["psnr"], 30, output)
        self.refused(run("bench", BASE, "--precision", "float8"), USAGE, "float8")

    def test_verify_names_what_does_not_fit(self):
        def write(name, shape, dtype="F32", data=None):
            data = bytes(4 * shape[0] * shape[1] * shape[2] * shape[3]) if data is None else data
            header = json.dumps({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
            path = os.path.join(self.home, "given.safetensors")
            with open(path, "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header + data)
            return path

        for given, saying in ((("latents", [1, 4, 4, 4]), ("one picture of 8 channels", "(1, 4, 4, 4)")),
                              (("latents", [1, 8, 6, 4]), ("multiples of 4, not 4x6",)),
                              (("decoder_input", [2, 8, 4, 4]), ("decoder_input", "(2, 8, 4, 4)")),
                              (("latents", [1, 8, 4, 4], "F32", bytes(508) + b"\0\0\xc0\x7f"), ("latents", "NaN")),
                              (("input_ids", [1, 1], "I64", struct.pack("<q", 600)), ("holds 600", "has 600")),
                              (("input_ids", [1], "I64", struct.pack("<q", 1 << 40)), ("given.", "1099511627776")),
                              (("input_ids", [1, 1, 1, 100], "I32", bytes(400)), ("1 to 77 ids, not 100",)),
                              (("input_ids", [1, 1, 1, 1]), ("input_ids is F32; expected I64 or I32",)),
                              (("x", [1, 1, 1, 1]), ("no output to compare",))):
            self.refused(run("verify", BASE, write(*given), "--threads", "1"), FAILED, *saying)
        # an output of another shape: both are named
        with open(os.path.join(BASE, "expected.safetensors"), "rb") as file:
            whole = file.read()
        end = 8 + struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8:end])
        shape = header["decoder_output"]["shape"]
        header["decoder_output"]["shape"] = [1, shape[2], shape[1], shape[3]]
        text = json.dumps(header).encode()
        path = os.path.join(self.home, "turned.safetensors")
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + whole[end:])
        done = run("verify", BASE, path, "--threads", "1")
        self.assertEqual(done.returncode, FAILED)
        for turned in (header["decoder_output"]["shape"], shape):
            self.assertIn("(" + ", ".join(map(str, turned)) + ")", done.stderr.decode())

    def test_verify_writes_whole_or_not_at_all(self):
        expected = os.path.join(BASE, "expected.safetensors")
        for path in ("/dev/full", os.path.join(self.folder, "no/such.safetensors"), self.folder):
            self.refused(run("verify", BASE, expected, "--write", path, "--threads", "1"), FAILED, path)
        self.refused(run("verify", BASE, "/nowhere.safetensors"), FAILED, "/nowhere.safetensors")
        self.refused(run("verify", BASE, expected, "--tolerance", "-1"), USAGE, "--tolerance")

    def test_absurd_threads(self):
        self.refused_threads("verify", BASE, os.path.join(BASE, "expected.safetensors"))

    def test_encoders(self):
        for golden in ("diffusers-kl", "diffusers-tiny"):
            folder = os.path.join(os.path.dirname(BASE), golden)
            expected = os.path.join(folder, "encoder.safetensors")
            told = run("verify", folder, expected, "--json", "--write", self.path("ours.safetensors"))
            self.assertEqual(told.returncode, DONE, told.stderr + told.stdout)
            self.assertEqual([(output["name"], output["ok"]) for output in json.loads(told.stdout)["outputs"]], [("encoder_output", True)])
            self.assertEqual(header_of(self.path("ours.safetensors"))["encoder_output"]["shape"],
                             header_of(expected)["encoder_output"]["shape"])
            self.assertEqual(run("verify", folder, expected, "--tolerance", "1e-12").returncode, FAILED)
        os.remove(self.path("ours.safetensors"))
        self.refused(run("verify", BASE, expected), FAILED, "has no encoder")

    def test_encoder_inputs_that_do_not_fit(self):
        folder = os.path.join(os.path.dirname(BASE), "diffusers-tiny")
        for shape, saying in (([1, 4, 16, 16], "one picture of 3 channels"), ([1, 3, 16, 17], "multiples of 8, not 17x16")):
            data = bytes(4 * shape[1] * shape[2] * shape[3])
            header = json.dumps({"encoder_input": {"dtype": "F32", "shape": shape, "data_offsets": [0, len(data)]}}).encode()
            with open(self.path("given.safetensors"), "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header + data)
            done = run("verify", folder, self.path("given.safetensors"))
            os.remove(self.path("given.safetensors"))
            self.refused(done, FAILED, "encoder_input", saying)



if __name__ == "__main__":
    main()
