# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion pack`, and every command on what it makes."""

import json
import os
import shutil
import stat
import subprocess
import unittest

from program import BASE, DEFAULT_MODEL, DONE, EMULATED, FAILED, PROGRAM, SLOWDOWN, SOURCE, USAGE, ProgramTest, content, header_of, main, run


class PackTest(ProgramTest):
    def test_every_command_takes_it(self):
        packed = self.path("packed.mdiff")
        done = run("pack", self.model, packed)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(b" MB", done.stdout)
        for arguments in (("generate", "a boat", "-q", "-o", "-", "--cache", "none", "--model"), ("info",), ("words",),
                          ("quantize", "--json")):
            made = [self.path(kind) for kind in ("folder", "file")] if arguments[0] == "quantize" else ["", ""]
            folder, file = (run(*arguments, model, *filter(None, [out])) for model, out in zip((self.model, packed), made))
            self.assertEqual(folder.returncode, file.returncode, file.stderr)
            if arguments[0] != "quantize":
                self.assertEqual(folder.stdout, file.stdout, arguments)
                continue
            for network in ("text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"):
                before, after = (header_of(os.path.join(out, network + ".safetensors")) for out in made)
                for name, entry in after.items():
                    self.assertEqual((entry["dtype"], entry["shape"]), (before[name]["dtype"], before[name]["shape"]))
        self.assertEqual(run("tokenize", packed, text="a red boat").stdout, run("tokenize", self.model, text="a red boat").stdout)
        self.assertEqual(run("bench", packed, "--runs", "1", "--threads", "1").returncode, DONE)
        by_variable = run("generate", "a boat", "-q", "-o", "-", env=dict(os.environ, MOBILEDIFFUSION_MODEL=packed))
        self.assertEqual(by_variable.stdout, self.generate("a boat", "-q", "-o", "-").stdout)
        told = run("verify", packed, os.path.join(BASE, "expected.safetensors"), "--json")
        self.assertEqual(told.returncode, FAILED)  # other weights than the golden ones
        self.assertEqual(told.stdout, run("verify", self.model, os.path.join(BASE, "expected.safetensors"), "--json").stdout)

    def test_int8_is_what_quantize_makes(self):
        packed, small = self.path("packed.mdiff"), self.path("small")
        told = json.loads(run("pack", self.model, packed, "--weights", "int8", "--json").stdout)
        self.assertEqual(told, {"output": packed, "weights": "int8", "bytes": os.path.getsize(packed)})
        self.assertEqual(run("quantize", self.model, small).returncode, DONE)
        pictures = [run("generate", "a boat", "-q", "-o", "-", "--precision", "int8", "--no-metadata", "--model", model)
                    for model in (packed, small)]
        self.assertEqual(pictures[0].returncode, DONE, pictures[0].stderr)
        self.assertEqual(pictures[0].stdout, pictures[1].stdout)
        again = run("pack", packed, self.path("again"), "--weights", "int8")
        self.assertEqual(again.returncode, USAGE)
        self.assertIn(b"int8 already", again.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["packed.mdiff", "small"])

    def test_float16_is_half_of_float32(self):
        """By pack, and by quantize and pack: the same pictures."""
        whole, half, folder, float32 = (self.path(leaf) for leaf in ("whole", "half", "folder", "float32"))
        shutil.copytree(BASE, float32)
        shutil.copytree(os.path.join(self.model, "tokenizer"), os.path.join(float32, "tokenizer"))
        self.assertEqual(run("pack", float32, whole).returncode, DONE)
        told = json.loads(run("pack", float32, half, "--weights", "float16", "--json").stdout)
        self.assertEqual(told["weights"], "float16")
        types = [{name: entry["dtype"] for name, entry in header_of(path).items() if "dtype" in entry} for path in (whole, half)]
        for name, dtype in types[0].items():
            if not name.startswith("__padding__/"):
                self.assertEqual(types[1][name], "F16" if dtype == "F32" else dtype, name)
        self.assertTrue("F32" in types[0].values())
        self.assertEqual(run("quantize", float32, folder, "--weights", "float16").returncode, DONE)
        self.assertEqual(run("pack", folder, self.path("again")).returncode, DONE)
        self.assertTrue(json.loads(run("quantize", float32, self.path("told"), "--weights", "float16", "--json").stdout)["bytes"]
                        < 0.6 * os.path.getsize(whole))
        pictures = [run("generate", "a boat", "-q", "-o", "-", "--no-metadata", "--model", model).stdout
                    for model in (half, folder, self.path("again"))]
        self.assertTrue(pictures[0])
        self.assertEqual(pictures[0], pictures[1])
        self.assertEqual(pictures[0], pictures[2])

    def test_other_readers_list_it(self):
        """As Python's safetensors reads: no holes, sorted by place, true types."""
        packed = self.path("packed.mdiff")
        self.assertEqual(run("pack", self.model, packed).returncode, DONE)
        header, end = header_of(packed), 0
        metadata = header.pop("__metadata__")
        self.assertEqual((metadata["mobilediffusion_pack"], metadata["format"], metadata["model"]), ("1", "pt", "model"))
        start = 8 + int.from_bytes(content(packed)[:8], "little")
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            self.assertEqual(entry["data_offsets"][0], end, name)
            end = entry["data_offsets"][1]
            if not name.startswith("__padding__/"):
                self.assertEqual((start + entry["data_offsets"][0]) % 64, 0, name)
        self.assertEqual(start + end, os.path.getsize(packed))
        unet = header_of(os.path.join(self.model, "unet/diffusion_pytorch_model.safetensors"))
        self.assertEqual(header["unet/conv_in.weight"]["shape"], unet["conv_in.weight"]["shape"])
        self.assertEqual(header["files/model_index.json"]["dtype"], "U8")
        try:
            from safetensors import safe_open
        except ImportError:
            return
        with safe_open(packed, "np") as file:
            self.assertEqual(sorted(file.keys()), sorted(header))

    def test_loading_holds_no_second_copy(self):
        """The peak of a load and a picture is the folder's, but for a small part of the model's bytes."""
        packed = self.path("packed.mdiff")
        self.assertEqual(run("pack", DEFAULT_MODEL, packed).returncode, DONE)
        # glibc keeps freed memory by thresholds that move with what was freed before: some megabytes more or less.
        steady = dict(os.environ, GLIBC_TUNABLES="glibc.malloc.mmap_threshold=131072")
        for memory in ("keep", "stream"):
            peaks = [json.loads(run("bench", model, "--runs", "1", "--threads", "1", "--memory", memory, "--cache", "none",
                                    "--json", env=steady).stdout)["peak_memory_bytes"] for model in (DEFAULT_MODEL, packed)]
            self.assertLess(peaks[1], peaks[0] + 0.2 * os.path.getsize(packed), memory)

    @unittest.skipIf(EMULATED, "an emulator runs the program")
    def test_program_with_a_model_inside(self):
        """Alone in a folder, without an environment, it draws what its model's folder draws."""
        def draw(program, *arguments, folder=self.folder):
            done = subprocess.run([program, "generate", "a boat", "-q", "-o", "-", "--seed", "3", "--threads", "1", *arguments],
                                  cwd=folder, env={"HOME": folder}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * SLOWDOWN)
            self.assertEqual(done.returncode, DONE, done.stderr)
            return done.stdout

        expected = draw(PROGRAM, "--model", self.model, folder=self.home)
        alone = os.path.join(self.folder, "draw")
        told = run("pack", self.model, alone, "--program")
        self.assertEqual(told.returncode, DONE, told.stderr)
        self.assertEqual(os.listdir(self.folder), ["draw"])
        self.assertTrue(os.stat(alone).st_mode & stat.S_IXUSR)
        self.assertEqual(draw(alone), expected)
        self.assertEqual(run("info", alone).stdout, run("info", self.model).stdout)
        # Another model takes its place, and its own name says which; given back, the bytes are the first's.
        other = os.path.join(self.home, "other")
        self.assertEqual(run("synthesize", BASE, other, "--seed", "6").returncode, DONE)
        again = self.path("again")
        self.assertEqual(run("pack", other, again, "--program=" + alone).returncode, DONE)
        self.assertNotEqual(draw(again), expected)
        self.assertEqual(subprocess.run([again, "pack", self.model, again, "--program"], stdout=subprocess.PIPE).returncode, DONE)
        self.assertTrue(content(again) == content(alone))
        # Taken out again it is what pack makes of the folder.
        self.assertEqual(run("pack", alone, self.path("x.mdiff")).returncode, DONE)
        self.assertEqual(run("pack", self.model, self.path("y.mdiff")).returncode, DONE)
        self.assertTrue(content(self.path("x.mdiff")) == content(self.path("y.mdiff")))
        # One that was damaged says so, rather than draw by another model.
        with open(alone, "r+b") as file:
            file.truncate(os.path.getsize(alone) - 100)
            file.seek(0, os.SEEK_END)
            file.write(content(again)[-16:])
        done = subprocess.run([alone, "words"], env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(alone, done.stderr.decode())

    @unittest.skipIf(EMULATED, "an emulator runs the program")
    def test_model_beside_the_program(self):
        program = self.path("draw")
        shutil.copy(PROGRAM, program)
        self.assertEqual(run("pack", self.model, self.path("model.mdiff")).returncode, DONE)
        done = subprocess.run([program, "generate", "a boat", "-q", "-o", "-", "--threads", "1"], cwd=self.home,
                              env={"HOME": self.folder}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.stdout, self.generate("a boat", "-q", "-o", "-").stdout, done.stderr)

    def test_what_is_no_program_is_refused(self):
        for arguments, saying in ((("--program=" + self.path("none"),), "none"),
                                  (("--program=" + os.path.join(SOURCE, "LICENSE"),), "no program")):
            self.refused(run("pack", self.model, self.path("x"), *arguments), FAILED if saying == "none" else USAGE, saying)

    def test_refusals(self):
        self.refused(run("pack", self.path("none"), self.path("x")), FAILED, "none")
        self.refused(run("pack", self.model, self.path("none/x.mdiff")), FAILED, "none/x.mdiff")
        self.refused(run("pack", self.model, self.path("x"), "--weights", "int4"), USAGE, "int4")
        lost = run("pack", self.model, "/dev/full")
        self.assertEqual(lost.returncode, FAILED)
        self.assertIn(b"/dev/full", lost.stderr)
        packed = self.path("packed.mdiff")
        self.assertEqual(run("pack", self.model, packed).returncode, DONE)
        data = content(packed)
        for size in (0, 7, 8, 100, 5000, len(data) // 2, len(data) - 1):
            with open(packed, "wb") as file:
                file.write(data[:size])
            for command in (("info", packed), ("generate", "a boat", "--model", packed)):
                done = run(*command, cwd=self.folder)
                self.assertEqual(done.returncode, FAILED, (size, command))
                self.assertIn(packed, done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["packed.mdiff"])


if __name__ == "__main__":
    main()
