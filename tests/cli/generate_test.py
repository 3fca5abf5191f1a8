# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""What `mobilediffusion generate` draws, from which options and models."""

import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

from program import BASE, DONE, EMULATED, FAILED, PROGRAM, SLOWDOWN, USAGE, ProgramTest, chunks, content, header_of, main, run, size_of


class GenerateTest(ProgramTest):
    def test_draws_a_picture(self):
        done = self.generate("two red boats", "-o", "boats.png", "--seed", "7")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(done.stderr, b"")      # no progress into a pipe
        self.assertIn(b"boats.png  128x128  seed 7  text", done.stdout)
        png = content(self.path("boats.png"))
        self.assertEqual(size_of(png), (128, 128))
        told = json.loads(run("info", self.path("boats.png"), "--json").stdout)
        self.assertEqual((told["prompt"], told["seed"], told["model"], told["steps"]), ("two red boats", 7, "model", 1))
        self.assertIn(b"two red boats", run("info", self.path("boats.png")).stdout)
        self.assertTrue(any(b"trainedAlgorithmicMedia" in body for _, body in chunks(png)))

    def test_begins_with_a_picture(self):
        # One that the program drew, and a JPEG's and a PNG's troubles.
        self.assertEqual(self.generate("a boat", "-o", "boat.png", "--size", "64x96").returncode, DONE)
        done = self.generate("a house", "--image", "boat.png", "--strength", "0.5", "-o", "house.png", "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertGreater(json.loads(done.stdout)["seconds"]["encoder"], 0)
        self.assertEqual(size_of(content(self.path("house.png"))), (128, 128))
        self.assertEqual(self.generate("a house", "--image", "boat.png", "-o", "other.png").returncode, DONE)
        self.assertNotEqual(content(self.path("house.png")), content(self.path("other.png")))
        whole = content(self.path("boat.png"))
        for name, data, saying in (("short.png", whole[:len(whole) // 2], "short.png"), ("no.gif", b"GIF89a....", "neither"),
                                   ("short.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "truncated")):
            with open(self.path(name), "wb") as file:
                file.write(data)
            done = self.generate("a house", "--image", name, "-o", "none.png")
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(saying, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)
        for strength in ("-0.1", "1.5", "nan", "x"):
            done = self.generate("a house", "--image", "boat.png", "--strength", strength, "-o", "none.png")
            self.assertEqual(done.returncode, USAGE, (strength, done.stderr))
        self.assertEqual(self.generate("a house", "--image", "nowhere.png", "-o", "none.png").returncode, FAILED)
        self.assertFalse(os.path.exists(self.path("none.png")))

    def test_a_model_without_an_encoder_says_so(self):
        bare = os.path.join(self.home, "bare")
        shutil.copytree(self.model, bare)
        shutil.copy(os.path.join(BASE, "vae/diffusion_pytorch_model.safetensors"), os.path.join(bare, "vae"))
        self.assertEqual(self.generate("a boat", "-o", "boat.png", "--size", "32x32").returncode, DONE)
        done = run("generate", "a boat", "--model", bare, "--image", "boat.png", "-o", "none.png", cwd=self.folder)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("has no encoder to begin with a picture", done.stderr.decode())
        self.assertIn("lacks the tensor encoder.", done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["boat.png"])

    def test_refuses_the_words_of_a_list(self):
        words = self.path("words.txt")
        with open(words, "wb") as file:
            file.write("# a list\r\nred\r\nblue house\r\n".encode())
        for prompt in ("a RED boat", "r\u00e9d", "r\u200bed", "\uff52\uff45\uff44", "one blue  house"):
            done = self.generate(prompt, "--refuse-words", words, "-o", "none.png")
            self.assertEqual(done.returncode, FAILED, (prompt, done.stderr))
            self.assertIn("which is on the list of refused words", done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertEqual(os.listdir(self.folder), ["words.txt"])
        self.assertEqual(self.generate("a blue boat", "--refuse-words", words, "-o", "boat.png").returncode, DONE)
        with open(words, "wb") as file:
            file.write(b"red\n\xff")
        done = self.generate("a boat", "--refuse-words", words, "-o", "none.png")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("words.txt: line 2 of the list of refused words is not valid UTF-8", done.stderr.decode())
        done = self.generate("a boat", "--refuse-words", "nowhere.txt", "-o", "none.png")
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("nowhere.txt", done.stderr.decode())

    def test_counts_seeds_up(self):
        done = self.generate("a boat", "-o", "p.png", "--count", "3", "--seed", "9", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t["seed"] for t in told], [9, 10, 11])
        self.assertEqual(len({content(self.path(t["file"])) for t in told}), 3)

    def test_json_says_all(self):
        told = json.loads(self.generate("a boat", "-o", "p.png", "--json", "--steps", "2").stdout)
        self.assertEqual((told["width"], told["height"], told["steps"], told["prompt_truncated"]), (128, 128, 2, False))
        self.assertEqual(set(told["seconds"]), {"load", "encoder", "text", "unet", "decoder", "total"})
        self.assertEqual((told["guidance"], told["sampler"], told["noise"]), (1.0, "gan", "philox"))

    def test_samplers_and_noise(self):
        pictures = set()
        for sampler, steps, noise in (("gan", 1, "philox"), ("gan", 1, "torch"), ("one-step", 2, "torch"), ("sid", 1, "philox"),
                                      ("ddim", 3, "philox"), ("plms", 3, "philox"), ("euler", 3, "philox"), ("euler-a", 3, "torch"),
                                      ("dpm++", 3, "philox"), ("deis", 3, "philox"), ("lcm", 3, "torch"), ("tcd", 2, "philox"),
                                      ("flow", 2, "philox"), ("ddpm", 3, "torch"), ("unipc", 3, "philox"), ("dpm", 3, "philox"),
                                      ("dpm-sde", 3, "philox"), ("dpm++2m-sde", 3, "torch"), ("dpm++-sde", 2, "philox")):
            done = self.generate("a boat", "-o", "p.png", "--json", "--sampler", sampler, "--steps", str(steps), "--noise", noise,
                                 "--size", "64x64")
            self.assertEqual(done.returncode, DONE, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual((told["sampler"], told["steps"], told["noise"]), (sampler, steps, noise))
            kept = json.loads(run("info", self.path("p.png"), "--json").stdout)
            self.assertEqual((kept["sampler"], kept["noise"]), (sampler, noise))
            pictures.add(b"".join(body for kind, body in chunks(content(self.path("p.png"))) if kind == "IDAT"))
        self.assertEqual(len(pictures), 19)
        done = self.generate("a boat", "-o", "p.png", "--json", "--sampler", "DPM++ 2M SDE", "--steps", "2", "--size", "64x64")
        self.assertEqual(json.loads(done.stdout)["sampler"], "dpm++2m-sde")

    def test_a_sampler_that_the_model_cannot_have_can_be_overridden(self):
        for text, saying in (('{"_class_name": "SomethingElse"}', "SomethingElse"),
                             ('{"_class_name": "PNDMScheduler"}', "skip_prk_steps"),
                             ('{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 4}', "solver_order"),
                             ('{"_class_name": "UniPCMultistepScheduler", "thresholding": true}', "thresholding")):
            model = os.path.join(self.folder, "model")
            shutil.copytree(self.model, model)
            with open(os.path.join(model, "scheduler/scheduler_config.json"), "w") as file:
                file.write(text)
            draw = ("generate", "a boat", "--model", model, "-o", "p.png", "--steps", "2", "--size", "64x64")
            done = run(*draw, cwd=self.folder)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertIn(saying, done.stderr.decode())
            self.assertIn("--sampler", done.stderr.decode())
            self.assertEqual(run(*draw, "--sampler", "ddim", cwd=self.folder).returncode, DONE)
            shutil.rmtree(model)

    def test_guidance_up_to_one_is_off(self):
        pictures = []
        for guidance in ("0", "1", "1.5"):
            self.generate("a boat", "-o", "p.png", "--guidance", guidance, "--no-metadata", "--size", "64x64")
            pictures.append(content(self.path("p.png")))
        self.assertEqual(pictures[0], pictures[1])
        self.assertNotEqual(pictures[0], pictures[2])

    def test_cache_and_memory(self):
        kept = os.path.join(os.environ["XDG_CACHE_HOME"], "mobilediffusion")
        cache = tempfile.mkdtemp(dir=self.home)
        pictures = set()
        for arguments in (("--cache", "none"), ("--cache", cache), ("--cache", cache), ("--cache", cache, "--memory", "keep"),
                          ("--memory", "stream"), ("--memory", "keep", "--cache", "none")):
            done = self.generate("a boat", "-q", "-o", "-", "--no-metadata", *arguments)
            self.assertEqual((done.returncode, done.stderr), (DONE, b""), arguments)
            pictures.add(done.stdout)
        self.assertEqual(len(pictures), 1)
        for folder in (cache, kept):
            self.assertTrue({name.split("-")[0] for name in os.listdir(folder)} >= {"text_encoder", "unet", "decoder"})
        # What cannot be kept is a note, not an error.
        done = self.generate("a boat", "-o", "-", "--cache", "/dev/null/no")
        self.assertEqual((done.returncode, size_of(done.stdout)), (DONE, (128, 128)))
        self.assertIn(b"/dev/null/no", done.stderr)
        done = self.generate("a boat", "-o", "-", "--cache", self.path("tiny"), "--cache-limit", "0")
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"the cache may have 0 MiB", done.stderr)
        self.refused(self.generate("a boat", "--memory", "swap"), USAGE, "swap")
        self.refused(self.generate("a boat", "--cache-limit", "-1"), USAGE, "--cache-limit")

    def test_adds_loras(self):
        layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
        width = header_of(os.path.join(self.model, "unet/diffusion_pytorch_model.safetensors"))[
            "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"]["shape"][0]

        def lora(name, layer):
            values = struct.pack(f"<{2 * width}f", *(0.4 * (i * 7 % 5 - 2) for i in range(2 * width)))
            entries, at = {}, 0
            for part, shape in (("lora_down", [2, width]), ("lora_up", [width, 2])):
                entries[f"{layer}.{part}.weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(values)]}
                at += len(values)
            header = json.dumps(entries).encode()
            with open(self.path(name), "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header + 2 * values)

        lora("paint:1.safetensors", layer)      # a colon that begins no weight
        lora("other.safetensors", "lora_unet_another_models")
        pictures = []
        for arguments in ((), ("--lora", "paint:1.safetensors"), ("--lora", "paint:1.safetensors:0.5"),
                          ("--lora", "paint:1.safetensors:0.25", "--lora", "paint:1.safetensors:0.25"),
                          ("--lora", "paint:1.safetensors:0")):
            done = self.generate("a boat", "-o", "boat.png", "--size", "64x64", "--no-metadata", *arguments)
            self.assertEqual(done.returncode, DONE, done.stderr)
            pictures.append(content(self.path("boat.png")))
        self.assertEqual(len({pictures[0], pictures[1], pictures[2]}), 3)
        self.assertEqual(pictures[0], pictures[4])
        done = self.generate("a boat", "-o", "boat.png", "--size", "64x64", "--lora", self.path("paint:1.safetensors:0.5"))
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = json.loads(run("info", self.path("boat.png"), "--json").stdout)
        self.assertEqual((told["loras"], told["strength"]), (["paint:1.safetensors:0.5"], None))
        os.mkdir(self.path("folder"))
        lora("folder/pytorch_lora_weights.safetensors", layer)
        done = self.generate("a boat", "-o", "boat.png", "--size", "64x64", "--lora", self.path("folder") + "/:0.5")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(json.loads(run("info", self.path("boat.png"), "--json").stdout)["loras"], ["folder:0.5"])
        os.remove(self.path("boat.png"))
        for argument, code, saying in (("other.safetensors", FAILED, "was made for another model: of the 1 layers"),
                                       ("nowhere.safetensors", FAILED, "nowhere.safetensors"),
                                       ("paint:1.safetensors:nan", USAGE, "must be a number"),
                                       ("paint:1.safetensors:1,5", USAGE, '"1,5" behind paint:1.safetensors is no weight'),
                                       ("paint:1.safetensors:", USAGE, '"" behind paint:1.safetensors'),
                                       ("paint:1.safetensors:half", USAGE, '"half" behind paint:1.safetensors'),
                                       ("nowhere.safetensors:0,5", USAGE, '"0,5" behind nowhere.safetensors'),
                                       ("some.ckpt", FAILED, "is a pickle")):
            done = self.generate("a boat", "-o", "boat.png", "--lora", argument)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(saying, done.stderr.decode())
            self.assertFalse(os.path.exists(self.path("boat.png")))

    def test_models_that_lie(self):
        """Nothing in a file crashes the program, and what it is called stays on one line, without escape sequences."""
        broken = os.path.join(self.home, "broken")
        for file, text, saying in (("tokenizer/vocab.json", '{"a":' + "[" * 10**6 + "]" * 10**6 + "}", "vocab.json"),
                                   ("unet/config.json", "[" * 1000000, "unet/config.json"),
                                   ("unet/config.json", '{"_class_name": "\\u001b[31mred\\n"}', "?[31mred?"),
                                   ("text_encoder/config.json", "", "text_encoder/config.json"),
                                   ("unet/diffusion_pytorch_model.safetensors", "x" * 91, "model.safetensors"),
                                   ("model_index.json", '{"_class_name": "AnotherPipeline"}', "AnotherPipeline")):
            shutil.rmtree(broken, ignore_errors=True)
            shutil.copytree(self.model, broken)
            with open(os.path.join(broken, file), "w") as out:
                out.write(text)
            done = run("generate", "a boat", "--model", broken, "-o", "p.png", cwd=self.folder)
            self.refused(done, FAILED, saying)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertNotIn(b"\x1b", done.stderr)

    def test_missing_model(self):
        self.refused(run("generate", "a boat", "--model", "/nowhere", cwd=self.folder), FAILED, "/nowhere")
        self.refused(run("generate", "a boat", cwd=self.folder, env={**os.environ, "MOBILEDIFFUSION_MODEL": "/nowhere"}), FAILED, "/nowhere")

    def test_absurd_options(self):
        for arguments, saying in ((("--size", "100x100"), "width must be a multiple of 32"), (("--size", "0x0"), "--size"),
                                  (("--size", "64"), "--size"), (("--size", "64x64x64"), "--size"), (("--size", "-64x64"), "--size"),
                                  (("--size", "99999999999x64"), "--size"), (("--size", "32768x32768"), "too large"),
                                  (("--steps", "-1"), "steps"), (("--steps", "100000"), "steps"), (("--steps", "x"), "--steps"),
                                  (("--count", "0"), "--count"), (("--count", "-3"), "--count"), (("--seed", "-2"), "--seed"), (("--seed", "0x10"), "--seed"), (("--steps", "0x10"), "--steps"),
                                  (("--guidance", "1,5"), "--guidance"),
                                  (("--seed", "18446744073709551616"), "--seed"), (("--guidance", "nan"), "guidance"),
                                  (("--threads", "100000"), "threads"), (("--sampler", "heun"), "heun"), (("--noise", "white"), "--noise"),
                                  (("--frobnicate",), "--frobnicate"), (("-o", "-", "--json"), "stdout")):
            if "-o" not in arguments:
                arguments += ("-o", "p.png")
            self.refused(run("generate", "a boat", "--model", self.model, *arguments, cwd=self.folder), USAGE, saying)

    def test_absurd_threads_and_counts(self):
        for option, value, saying in (("--threads", "-1", "threads"), ("--threads", "257", "threads"),
                                      ("--threads", "x", "--threads"), ("--threads", "99999999999", "--threads"),
                                      ("--count", "1000001", "--count"), ("--count", "x", "--count"),
                                      ("--steps", "1001", "steps"), ("--size", "0x64", "--size"),
                                      ("--size", "32x33", "height must be a multiple of 32"),
                                      ("--guidance", "-1", "guidance"), ("--guidance", "inf", "guidance"),
                                      ("--seed", "", "--seed"), ("--seed", "1.5", "--seed")):
            # not by generate(), which says --threads itself
            done = run("generate", "a boat", "--model", self.model, "-o", "p.png", option, value, cwd=self.folder)
            self.refused(done, USAGE, saying)

    def told(self, *arguments, prompt="a boat", model=None):
        """What --json says of one picture, and the notes on stderr."""
        done = run("generate", prompt, "--model", model or self.model, "-o", "p.png", "--json", *arguments, cwd=self.folder)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return json.loads(done.stdout), done.stderr.decode().splitlines()

    def test_numbers_are_decimal(self):
        for arguments, key, value in ((("--seed", "010"), "seed", 10), (("--seed", "0009"), "seed", 9),
                                      (("--seed", "018446744073709551615"), "seed", 2**64 - 1),
                                      (("--steps", "010", "--size", "32x32"), "steps", 10),
                                      (("--steps", "08", "--size", "032x032"), "steps", 8),
                                      (("--guidance", "02.50"), "guidance", 2.5), (("--threads", "01"), "seed", 0)):
            self.assertEqual(self.told(*arguments)[0][key], value, arguments)
        told, _ = self.told("--image", "p.png", "--strength", "00.25")
        self.assertEqual(told["strength"], 0.25)
        done = self.generate("a boat", "-o", "p.png", "--count", "02", "--size", "32x32")
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_random_seeds(self):
        seeds = set()
        for text in ("-1", "random", "random"):
            told, notes = self.told("--seed", text)
            self.assertEqual(notes, [f"note: a random seed: {told['seed']}"])
            self.assertEqual(json.loads(run("info", self.path("p.png"), "--json").stdout)["seed"], told["seed"])
            picture = content(self.path("p.png"))
            self.assertEqual(self.told("--seed", str(told["seed"]))[1], [])
            self.assertEqual(content(self.path("p.png")), picture)
            seeds.add(told["seed"])
        self.assertEqual(len(seeds), 3)
        self.assertEqual(self.generate("a boat", "-q", "-o", "p.png", "--seed", "random").stderr, b"")

    def test_notes_what_the_model_was_not_made_for(self):
        for arguments, saying in ((("--size", "64x96"), "made for pictures of 128x128; one of 64x96"),
                                  (("--guidance", "3"), "made for no guidance; with 3 "),
                                  (("--negative-prompt", "fog"), "negative prompt is not read: guidance is off")):
            _, notes = self.told(*arguments)
            self.assertEqual(len(notes), 1, notes)
            self.assertIn(saying, notes[0])
        self.assertEqual(self.told("--size", "128x128", "--guidance", "1")[1], [])
        _, notes = self.told("--negative-prompt", "fog " * 200, "--guidance", "2")
        self.assertEqual(len([note for note in notes if "the negative prompt has" in note and "75 are read" in note]), 1, notes)
        # A model that was made for several sizes and for guidance.
        several = os.path.join(self.home, "several")
        shutil.copytree(self.model, several)
        for file, keys in (("unet/config.json", {"sample_sizes": [16, 8, [12, 8]]}),
                           ("scheduler/scheduler_config.json", {"_class_name": "DDIMScheduler"})):
            with open(os.path.join(several, file)) as stream:
                config = json.load(stream)
            with open(os.path.join(several, file), "w") as stream:
                json.dump({**config, **keys}, stream)
        for size, noted in (("128x128", False), ("64x64", False), ("64x96", False), ("96x64", True)):
            _, notes = self.told("--steps", "1", "--size", size, model=several)
            self.assertEqual(["128x128, 64x64, 64x96" in note for note in notes], [True] * noted, notes)
        for guidance, noted in (("1", True), ("7.5", False), ("4", False), ("60", True)):
            _, notes = self.told("--steps", "1", "--guidance", guidance, model=several)
            self.assertEqual(["a guidance of about 7.5" in note for note in notes], [True] * noted, notes)
        told = run("info", several)
        self.assertIn(b"made for 128x128, 64x64, 64x96; sides are multiples of 32", told.stdout)
        self.assertEqual(json.loads(run("info", several, "--json").stdout)["sizes"], [[128, 128], [64, 64], [64, 96]])

    def test_notes_what_is_read_letter_by_letter(self):
        for prompt, saying in (("a (red:1.3) boat", '"(red:1.3)"'), ("a boat BREAK a house", '"BREAK"'),
                               ("a boat <lora:x:1>", "--lora")):
            _, notes = self.told(prompt=prompt)
            self.assertEqual(len(notes), 1, notes)
            self.assertIn("is read letter by letter", notes[0])
            self.assertIn(saying, notes[0])
        _, notes = self.told("--negative-prompt", "(fog:2)", "--guidance", "1.5")
        self.assertIn('note: negative prompt: "(fog:2)" is read letter by letter: words have no weights here', notes)

    @unittest.skipIf(EMULATED, "the emulator would have too little")
    def test_too_little_memory(self):
        """Ends with a word, whatever the limit: it neither aborts nor waits for threads that it cannot have."""
        if any(name in content(PROGRAM) for name in (b"__asan_init", b"__tsan_init")):
            self.skipTest("a sanitizer needs address space of its own")
        codes = set()
        for kilobytes in [*range(14000, 24000, 500), *range(24000, 60000, 6000)]:
            for threads in ("1", "8"):
                done = subprocess.run(["sh", "-c", f'ulimit -v {kilobytes} && exec "$@"', "_", PROGRAM, "generate", "a boat", "--model", self.model,
                                       "-o", "p.png", "--cache", "none", "--threads", threads],
                                      cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOWDOWN)
                self.assertIn(done.returncode, (DONE, FAILED, 127), (kilobytes, threads, done.stderr))   # 127: the system's loader
                self.assertNotEqual((done.returncode, done.stderr), (FAILED, b""))
                codes.add(done.returncode)
        self.assertIn(FAILED, codes)


if __name__ == "__main__":
    main()
