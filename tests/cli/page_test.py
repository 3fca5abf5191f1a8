# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion page`, with a stand-in for the npm package."""

import json
import os
import re
import shutil

from program import DONE, FAILED, USAGE, ProgramTest, content, main, run

PARTS = ("index.js", "lib/pipeline.js", "worker/browser.js", "wasm/threads.js", "wasm/threads.wasm", "wasm/single.js", "wasm/single.wasm")


class PageTest(ProgramTest):
    def package(self, *without):
        package = self.path("package")
        for part in (*PARTS, "package.json", "node.js"):
            path = os.path.join(package, part)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if part not in without:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"// {part}\n")
        return package

    def test_a_folder_for_any_host(self):
        done = run("page", "out/site", "--package", self.package(), "--model", self.model, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))
        self.assertEqual(done.stdout.decode().strip().replace("\\", "/"), "out/site")
        site = self.path("out/site")
        script = content(os.path.join(site, "files.js")).decode()
        listed = json.loads(re.search(r"FILES = (\[.*\])", script).group(1))
        there = {os.path.relpath(os.path.join(folder, name), site).replace("\\", "/") for folder, _, names in os.walk(site) for name in names}
        self.assertEqual(there, {*listed, "files.js", "model.json", "model.mdiff"})
        self.assertLessEqual({"index.html", "engine.js", *("mobilediffusion/" + part for part in PARTS)}, there)
        self.assertIn(b"mobilediffusion/index.js", content(os.path.join(site, "engine.js")))
        facts = json.loads(content(os.path.join(site, "model.json")))
        self.assertEqual((facts["model"], facts["width"], facts["encoder"], facts["words"]), ("model", 128, True, {}))
        self.assertRegex(facts["url"], r"^model\.mdiff\?[0-9a-f]{16}$")
        self.assertEqual(run("info", os.path.join(site, "model.mdiff")).returncode, DONE)

    def test_versions_differ_with_what_there_is(self):
        package = self.package()
        scripts = []
        for index in range(3):
            if index == 2:
                with open(os.path.join(package, "index.js"), "a", encoding="utf-8") as file:
                    file.write("more\n")
            self.assertEqual(run("page", self.path(f"site{index}"), "--package", package, "--model", self.model).returncode, DONE)
            scripts.append(content(self.path(f"site{index}/files.js")))
        self.assertEqual(scripts[0], scripts[1])
        self.assertNotEqual(scripts[1], scripts[2])

    def test_what_is_missing_is_named(self):
        for part in PARTS:
            package = self.package(part)
            done = run("page", self.path("site"), "--package", package, "--model", self.model)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn(f"has no {part}", done.stderr.decode())
            self.assertEqual(os.listdir(self.folder), ["package"])
            shutil.rmtree(package)
        self.assertEqual(run("page", self.path("site"), "--package", "/nowhere", "--model", self.model).returncode, FAILED)
        self.assertEqual(run("page", self.path("site"), "--model", self.model).returncode, USAGE)
        self.assertEqual(os.listdir(self.folder), [])

    def test_nothing_is_overwritten(self):
        os.mkdir(self.path("site"))
        with open(self.path("site/mine"), "w", encoding="utf-8"):
            pass
        done = run("page", self.path("site"), "--package", self.package(), "--model", self.model)
        self.assertEqual(done.returncode, USAGE)
        self.assertEqual(os.listdir(self.path("site")), ["mine"])


if __name__ == "__main__":
    main()
