"""Runs the gradus program in tests: python3 <test>.py --program build/gradus"""
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SEED = int(os.environ.get("GRADUS_TEST_SEED", "1"))
DATA = "synthetic:shapes,limit=256"


class Result:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.errors = process.stderr.splitlines()


class Failures:
    """Collects what went wrong, so that one run shows all of it."""

    def __init__(self):
        self.count = 0
        self.checks = 0

    def expect(self, condition, text):
        self.checks += 1
        if not condition:
            self.count += 1
            print(f"FAILED: {text}", flush=True)
        return condition

    def finish(self):
        print(f"{self.checks} checks, {self.count} failed; run again with GRADUS_TEST_SEED={SEED}")
        return 1 if self.count else 0


class Workspace:
    """A temporary folder with a small network; the program runs inside it."""

    def __init__(self, program):
        self.program = str(pathlib.Path(program).resolve())
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="gradus-e2e-"))
        self.random = random.Random(SEED)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def command(self, *arguments):
        return [self.program, *(str(a) for a in arguments)]

    def run(self, *arguments, timeout=300, **options):
        return Result(subprocess.run(self.command(*arguments), cwd=self.path, capture_output=True,
                                     text=True, errors="replace", timeout=timeout, check=False, **options))

    def must(self, *arguments, **options):
        result = self.run(*arguments, **options)
        if result.status != 0:
            sys.exit(f"gradus {' '.join(map(str, arguments))}: exit {result.status}: {result.errors}")
        return result

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return name

    def read(self, name):
        return (self.path / name).read_bytes()

    def listing(self):
        """Every file in the workspace with its content's checksum."""
        return {str(p.relative_to(self.path)): zlib.crc32(p.read_bytes())
                for p in self.path.rglob("*") if p.is_file()}


def truncations(content, random_source, count):
    """The file cut at its borders and at random places; never the whole file."""
    cuts = {0, 1, len(content) // 2, len(content) - 1}
    cuts |= {random_source.randrange(len(content)) for _ in range(count)}
    return [(f"cut at {cut}", content[:cut]) for cut in sorted(cuts)]


def flips(content, random_source, count):
    """The file with one bit flipped, at random places and in each of the first 16 bytes."""
    places = list(range(0, 128, 8)) + [random_source.randrange(len(content) * 8) for _ in range(count)]
    for place in places:
        broken = bytearray(content)
        broken[place // 8] ^= 1 << (place % 8)
        yield f"bit {place} flipped", bytes(broken)


def npy(shape, values):
    """A .npy of float32."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
            struct.pack(f"<{len(values)}f", *values))


def png(width, height):
    """An RGB picture with some structure."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\x00" + bytes((x * 7 + y * 3 + c * 50) % 256 for x in range(width) for c in range(3))
                    for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
