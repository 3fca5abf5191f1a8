"""Programs that believe they run on a lesser x86-64 processor: the instructions of a laptop, not its clock or its caches.

Where the kernel and the processor let CPUID fault, they run as they are. Elsewhere copies of them run, in which every CPUID
instruction, found by the disassembler, is replaced by one that traps (lesser_processor.c).
"""

import os
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = {"avx2": "AVX2", "avxvnni": "AVX2 + AVX-VNNI", "avx512": "AVX-512", "avx512vnni": "AVX-512 VNNI"}
CPUID, TRAP = b"\x0f\xa2", b"\x0f\x04"
X86_64 = 62                                 # an ELF file's machine
ARCH_PRCTL, ARCH_SET_CPUID = 158, 0x1012    # a system call's number, and its first argument


def cpuid_faults():
    """Tried in a child, which would not survive its own next CPUID."""
    script = f"import ctypes, os; os._exit(ctypes.CDLL(None).syscall({ARCH_PRCTL}, {ARCH_SET_CPUID}, 0) != 0)"
    return subprocess.run([sys.executable, "-c", script]).returncode == 0


def segments(program):
    """(address, offset, size) of what an ELF file for 64 bits has loaded."""
    at, = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    for i in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", program, at + i * size)
        if kind == 1:
            yield address, offset, length


def trapping(path):
    """The file with its CPUIDs replaced; None where it has none."""
    with open(path, "rb") as file:
        program = bytearray(file.read())
    if program[:5] != b"\x7fELF\x02" or program[18] != X86_64 or CPUID not in program:
        return None
    listing = subprocess.run(["objdump", "-d", "--wide", path], capture_output=True, text=True, errors="replace", check=True).stdout
    found = 0
    for line in listing.splitlines():
        if not line.endswith("\tcpuid"):
            continue
        address = int(line.split(":")[0], 16)
        at = next(offset + address - start for start, offset, size in segments(program) if start <= address < start + size)
        at += line.split("\t")[1].split().index("0f")       # behind a prefix
        assert program[at:at + 2] == CPUID
        program[at:at + 2] = TRAP
        found += 1
    return program if found else None


def linked(path):
    """The libraries that a program is loaded with, but for the C library's, which ask before anyone could answer."""
    told = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    found = [line.split("=> ")[1].split(" (")[0] for line in told.splitlines() if "=> /" in line]
    return [library for library in found if not os.path.basename(library).startswith(("libc.", "libm.", "ld-"))]


def link(path, to):
    """A hard link, or a copy on another disk."""
    try:
        os.link(path, to)
    except OSError:
        shutil.copy2(path, to)


class LesserProcessor:
    def __init__(self, name, work):
        self.name, self.work = name, os.path.join(work, "lesser")
        self.libraries = os.path.join(self.work, "libraries")
        os.makedirs(self.libraries, exist_ok=True)
        self.library, self.faults = os.path.join(self.work, "lesser_processor.so"), cpuid_faults()
        # Before all other libraries begin, whose first instructions may ask already.
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-Wl,-z,initfirst", "-o", self.library,
                        os.path.join(HERE, "lesser_processor.c")], check=True)

    def environment(self):
        """For a process of it."""
        return {"LD_PRELOAD": self.library, "LESSER_PROCESSOR": self.name, "LD_LIBRARY_PATH": self.libraries}

    def program(self, path):
        """The path of what is to be run in its stead; so are the libraries that it asks for."""
        if self.faults:
            return path
        for library in linked(path):
            self.copied(library, os.path.join(self.libraries, os.path.basename(library)))
        return self.copied(path, os.path.join(self.work, os.path.basename(path)))

    def folder(self, path, name):
        """A folder like it, of that name, whose files are its own but for those that ask. Hard links: node finds a symbolic one's
        file, and beside it the libraries that were not changed."""
        if self.faults:
            return path
        copy = os.path.join(self.work, name)
        for parent, _, files in os.walk(path):
            for file in files:
                self.copied(os.path.join(parent, file), os.path.join(copy, os.path.relpath(parent, path), file))
        return copy

    def copied(self, path, to):
        if os.path.lexists(to) and os.path.getmtime(to) >= os.path.getmtime(path):
            return to
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if os.path.lexists(to):
            os.remove(to)
        changed = trapping(path) if os.path.isfile(path) else None
        if changed is None:
            link(os.path.realpath(path), to)
        else:
            with open(to, "wb") as file:
                file.write(changed)
            shutil.copymode(path, to)
        return to
