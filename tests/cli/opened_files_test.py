# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""What a picture opens, as the system sees it: the model that was named, the cache folder and the picture, and what the C
library and the processor's own description ask for."""

import os
import re
import shutil
import subprocess
import unittest

from program import DONE, EMULATED, PROGRAM, SLOWDOWN, ProgramTest, main, run

# Read by the loader, the C library and cpuinfo; none of it is written.
OF_THE_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/ld.so", "/lib", "/usr/lib", "/usr/local/lib", "/usr/share/locale",
                 "/usr/share/zoneinfo", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd")


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
@unittest.skipIf(EMULATED, "strace would see what the emulator opens")
class OpenedFilesTest(ProgramTest):
    def opened(self, *arguments):
        """Every file that was opened, as (path, whether to write)."""
        log = os.path.join(self.home, "strace.log")
        traced = subprocess.run(["strace", "-f", "-qq", "-e", "trace=open,openat,creat,connect,socket", "-o", log, PROGRAM, *arguments],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * SLOWDOWN, cwd=self.folder)
        if b"ptrace" in traced.stderr:
            self.skipTest("this process may not be traced")
        self.assertEqual(traced.returncode, DONE, traced.stderr)
        files = []
        with open(log, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self.assertNotRegex(line, r"\b(socket|connect)\(", "a network")
                found = re.search(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+).*= (-?\d+)', line)
                if found and int(found.group(3)) >= 0:
                    files.append((os.path.normpath(os.path.join(self.folder, found.group(1))),
                                  any(flag in found.group(2) for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))))
        return files

    def test_only_what_was_named(self):
        packed, cache = os.path.join(self.home, "packed.mdiff"), os.path.join(self.home, "kept")
        self.assertEqual(run("pack", self.model, packed).returncode, DONE)
        for model, within in ((self.model, self.model), (packed, packed)):
            for arguments, may_write in ((("--cache", "none"), ()), (("--cache", cache), (cache,))):
                files = self.opened("generate", "a boat", "-q", "-o", "boat.png", "--model", model, *arguments)
                self.assertTrue(any(path.startswith(within) for path, _ in files), files)
                for path, writes in files:
                    if writes:
                        mine = path.startswith((*may_write, self.folder)) or path in ("/dev/null", "/dev/tty")
                        self.assertTrue(mine, "written: " + path)
                    else:
                        named = path.startswith((within, *may_write, self.folder)) or path == os.path.dirname(PROGRAM)
                        library = re.search(r"\.so(\.\d+)*$", path)  # that the program is linked with, wherever it is
                        self.assertTrue(named or library or path.startswith(OF_THE_SYSTEM), "read: " + path)


if __name__ == "__main__":
    main()
