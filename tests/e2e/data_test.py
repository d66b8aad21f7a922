#!/usr/bin/env python3
"""Every kind of data through the real program: what is right is evaluated, what is wrong or made to break it is
refused with status 2 and one line that says where, within a second or two and 512 MiB.

  data_test.py --program build/gradus
"""
import argparse
import gzip
import io
import os
import pathlib
import re
import struct
import sys
import zipfile
import zlib

from jpeg_picture import JPEG
from limited import Limits, run_limited
from program import DATA, Failures, Workspace, flips, npy, png, truncations

LIMITS = Limits(address_space=None, cpu_s=20, wall_s=10.0, resident=512 << 20)
SIZE = "resize=32,crop=32"
COUNT = 6


def idx(shape, values):
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + bytes(values)


def npy_bytes(kind, shape, data):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def npz(arrays, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in arrays.items():
            archive.writestr(name + ".npy", content)
    return file.getvalue()


def png_header(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


PIXELS = bytes((i * 7 + i // 97) % 256 for i in range(COUNT * 32 * 32 * 3))
IMAGES = npy_bytes("|u1", (COUNT, 32, 32, 3), PIXELS)
LABELS = npy_bytes("<i8", (COUNT,), struct.pack(f"<{COUNT}q", *range(COUNT)))


class DataTest:
    def __init__(self, work, failures):
        self.work = work
        self.failures = failures

    def evaluate(self, spec):
        return run_limited(self.work.command("eval", "model.gradus", "--json", "--data", spec), LIMITS,
                           cwd=self.work.path)

    def works(self, spec, images=COUNT):
        found = self.evaluate(spec)
        counted = re.search(rb'"images":\s*(\d+)', found.out)
        self.failures.expect(found.status == 0 and counted and int(counted[1]) == images,
                             f"{spec}: status {found.status}, {found.errors[:3]}, {found.out[-200:]}")

    def refused(self, spec, *words, may_pass=False):
        found = self.evaluate(spec)
        told = f"{spec}: status {found.status}, {found.errors[:3]}"
        self.failures.expect(found.wall_s <= LIMITS.wall_s and found.resident <= LIMITS.resident,
                             f"{told}: took {found.wall_s:.1f} s, {found.resident >> 20} MiB")
        if may_pass and found.status == 0:
            return
        self.failures.expect(found.status == 2 and len(found.errors) == 1, told)
        for word in words:
            self.failures.expect(any(word in line for line in found.errors), f"{told}: expected '{word}'")

    def damaged(self, name, content, spec, count=12, flips_pass=False):
        """The file cut, and with bits flipped."""
        for _, bytes_ in truncations(content, self.work.random, 6):
            self.work.write(name, bytes_)
            self.refused(spec)
        broken = list(flips(content, self.work.random, count))
        for _, bytes_ in self.work.random.sample(broken, count):
            self.work.write(name, bytes_)
            self.refused(spec, may_pass=flips_pass)
        self.work.write(name, content)

    def mnist(self):
        images = idx((COUNT, 28, 28), PIXELS[:COUNT * 784])
        labels = idx((COUNT,), range(COUNT))
        self.work.write("m/t10k-images-idx3-ubyte", images)
        self.work.write("m/t10k-labels-idx1-ubyte.gz", gzip.compress(labels))
        self.works("mnist:m,channels=3,resize=32")
        self.refused("mnist:m", "takes input [?, 3, 32, 32]", "change resize")
        self.refused("mnist:m,split=train", "holds no train-images-idx3-ubyte")
        self.refused("mnist:flowers", "holds no t10k-images", "MNIST")
        self.refused("mnist:none", "is no folder")
        self.refused("mnist:m,cache=memory", "option cache", "imagefolder")
        self.damaged("m/t10k-images-idx3-ubyte", images, "mnist:m,channels=3,resize=32", flips_pass=True)
        self.work.write("m/t10k-images-idx3-ubyte", idx((0xffffffff, 0xffffffff, 28), b"x"))
        self.refused("mnist:m", "t10k-images-idx3-ubyte", "does not")
        self.work.write("m/t10k-images-idx3-ubyte", idx((COUNT + 1, 28, 28), PIXELS[:(COUNT + 1) * 784]))
        self.refused("mnist:m", f"{COUNT} labels for {COUNT + 1} pictures")
        os.remove(self.work.path / "m/t10k-images-idx3-ubyte")
        packed = gzip.compress(images)
        self.work.write("m/t10k-images-idx3-ubyte.gz", packed)
        self.works("mnist:m,channels=3,resize=32")
        self.damaged("m/t10k-images-idx3-ubyte.gz", packed, "mnist:m,channels=3,resize=32", flips_pass=True)
        self.work.write("m/t10k-images-idx3-ubyte.gz", gzip.compress(idx((1 << 20, 28, 28), bytes(100))))
        self.refused("mnist:m", "t10k-images-idx3-ubyte.gz", "does not")

    def imagefolder(self):
        for i in range(COUNT):
            self.work.write(f"flowers/{'ab'[i % 2]}/{i}.png", png(40 + i, 50))
        self.work.write("flowers/b/x.JPG", JPEG)
        self.works(f"imagefolder:flowers,{SIZE}", COUNT + 1)
        self.works(f"imagefolder:flowers,{SIZE},cache=memory", COUNT + 1)
        self.works(f"imagefolder:flowers,{SIZE},cache=kept", COUNT + 1)
        self.works(f"imagefolder:flowers,{SIZE},cache=kept", COUNT + 1)
        kept = list((self.work.path / "kept").iterdir())
        self.failures.expect(len(kept) == 1, f"one cache is expected, found {kept}")
        self.refused("imagefolder:flowers", "takes input [?, 3, 32, 32]", "change resize or crop")
        self.refused("imagefolder:flowers/a", "holds no folder")
        self.refused(f"imagefolder:flowers,{SIZE},split=tset", "split", "train or test")
        (self.work.path / "flowers/empty").mkdir()
        self.refused(f"imagefolder:flowers,{SIZE}", "flowers/empty", "holds no picture")
        (self.work.path / "flowers/empty").rmdir()
        self.work.write("flowers/a/huge.png", png_header(1000000, 1000000))
        self.refused(f"imagefolder:flowers,{SIZE}", "huge.png")
        self.work.write("flowers/a/huge.png", png_header(8192, 8192))
        self.refused(f"imagefolder:flowers,{SIZE}", "huge.png")
        self.work.write("flowers/a/huge.png", b"")
        self.refused(f"imagefolder:flowers,{SIZE}", "huge.png", "empty")
        os.remove(self.work.path / "flowers/a/huge.png")

    def arrays(self):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            whole = npz({"x_test": IMAGES, "y_test": LABELS}, method)
            self.work.write("a.npz", whole)
            self.works("npz:a.npz")
            self.damaged("a.npz", whole, "npz:a.npz", flips_pass=True)
        self.refused("npz:a.npz,split=train", "x_test, y_test", "images=NAME")
        self.refused("npz:a.npz,labels=z", "x_test, y_test")
        self.work.write("a.npz", npz({"images": IMAGES, "labels": npy_bytes("<i8", (1,), bytes(8))}))
        self.refused("npz:a.npz", "1 labels for 6 images")
        self.work.write("a.npz", npz({"images": npy_bytes("|u1", (1 << 40, 3), b""), "labels": LABELS}))
        self.refused("npz:a.npz", "images", "bytes of data")
        self.bomb()
        self.work.write("x.npy", IMAGES)
        self.work.write("y.npy", LABELS)
        self.works("npy:x.npy,labels=y.npy")
        self.refused("npy:x.npy", "labels=FILE")
        self.refused("npy:x.npy,labels=none.npy", "none.npy")
        self.damaged("x.npy", IMAGES, "npy:x.npy,labels=y.npy", flips_pass=True)
        self.damaged("y.npy", LABELS, "npy:x.npy,labels=y.npy", flips_pass=True)
        floats = npy((COUNT, 3, 32, 32), [i % 5 - 2.0 for i in range(COUNT * 3072)])
        self.work.write("x.npy", floats)
        self.works("npy:x.npy,labels=y.npy")
        self.refused("npy:x.npy,labels=y.npy,resize=40", "array of float32")
        self.work.write("x.npy", npy((1, 3, 32, 32), [float("nan")] * 3072))
        self.work.write("y.npy", npy_bytes("<i8", (1,), bytes(8)))
        self.refused("npy:x.npy,labels=y.npy", "not finite")

    def bomb(self):
        """Gigabytes promised by an entry of a few kilobytes: the promise is refused, not believed."""
        whole = bytearray(npz({"images": IMAGES, "labels": LABELS}))
        at = whole.index(b"PK\x01\x02")
        struct.pack_into("<I", whole, at + 24, 0xfffffff0)
        self.work.write("a.npz", bytes(whole))
        self.refused("npz:a.npz", "images.npy", "4294967280")

    def imagelist(self):
        self.work.write("l/a b.png", png(32, 32))
        self.work.write("l/list.txt", "\ufeffpath,label\r\na b.png, 3\n\n# a comment\na b.png\t4\n")
        self.works("imagelist:l/list.txt", 2)
        self.work.write("l/list.txt", "../net.onnx 1\n")
        self.refused("imagelist:l/list.txt", "list.txt:1", "below the list's own folder")
        self.refused("imagelist:l/none.txt", "none.txt")

    def spec(self):
        self.refused("mnits:m", "did you mean 'mnist'", "imagefolder:DIR", "npz:FILE")
        self.refused("imagefolder:flowers,jiter=1", "did you mean 'jitter'")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    failures = Failures()
    with Workspace(arguments.program) as work:
        work.must("init", "small", "-o", "net.onnx")
        work.must("quantize", "net.onnx", "-r", "w8a8", "--data", DATA, "-o", "RUN")
        work.must("convert", "RUN", "-o", "model.gradus")
        test = DataTest(work, failures)
        for part in (test.imagefolder, test.imagelist, test.mnist, test.arrays, test.spec):
            part()
        help_text = work.must("eval", "--help").out
        for kind in ("mnist:DIR", "imagefolder:DIR", "imagelist:FILE", "npz:FILE", "npy:FILE", "cache", "jitter"):
            failures.expect(kind in help_text, f"gradus eval --help does not mention {kind}")
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
