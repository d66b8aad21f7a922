#!/usr/bin/env python3
"""Broken files and wrong requests: each is refused with status 2 and one line that names the file, and
nothing is written. Formats that carry a checksum (model.gradus, checkpoints, PNG) must find every flipped
bit; ONNX and JPEG carry none, so there a flipped bit may pass, but may not crash.

  hostile_test.py --program build/gradus [--flips N]
"""
import argparse
import shutil
import sys

from jpeg_picture import JPEG
from program import DATA, Failures, Workspace, flips, npy, png, truncations

RECIPE = """version: 1
defaults: {weights: {bits: 4}, activations: {bits: 4}}
training: {epochs: 1, batch_size: 64, seed: 1}
"""


class Hostile:
    def __init__(self, work, failures, flip_count):
        self.work = work
        self.failures = failures
        self.flip_count = flip_count

    def refused(self, what, words, *arguments, may_pass=False):
        """The command ends with status 2 and one line holding `words`, and changes no file."""
        before = self.work.listing()
        result = self.work.run(*arguments)
        command = f"{what}: gradus {' '.join(map(str, arguments))}"
        if may_pass and result.status == 0:
            return
        told = f"status {result.status}, {result.errors[:4]}"
        self.failures.expect(result.status == 2, f"{command}: expected status 2: {told}")
        self.failures.expect(len(result.errors) == 1, f"{command}: expected one line: {told}")
        for word in words:
            self.failures.expect(any(word in line for line in result.errors),
                                 f"{command}: expected '{word}' in the line: {told}")
        changed = {n for n, c in self.work.listing().items() if before.get(n) != c}
        self.failures.expect(not changed, f"{command}: wrote {changed}")

    def broken(self, name, content, commands, flips_pass):
        """Every truncation and some flipped bits of one file, for each of the commands."""
        for what, bytes_ in truncations(content, self.work.random, 6):
            self.work.write(name, bytes_)
            for command in commands:
                self.refused(what, [name], *command)
        for i, (what, bytes_) in enumerate(flips(content, self.work.random, self.flip_count)):
            self.work.write(name, bytes_)
            self.refused(what, [name], *commands[i % len(commands)], may_pass=flips_pass)

    def onnx(self):
        self.broken("broken.onnx", self.work.read("net.onnx"),
                    [("inspect", "broken.onnx"), ("check", "broken.onnx", "-r", "w4a4")], True)
        self.work.write("text.onnx", "this is no network\n" * 50)
        self.refused("text", ["text.onnx"], "inspect", "text.onnx")
        self.refused("missing", ["none.onnx"], "train", "none.onnx", "-r", "recipe.yaml", "--data", DATA,
                     "-o", "OUT")

    def model(self):
        self.work.write("x.npy", npy([1, *self.work.shape], [0.0] * self.work.elements))
        run = ("run", "broken.gradus", "--input", "x.npy", "--output", "y.npy")
        self.broken("broken.gradus", self.work.read("model.gradus"), [run, ("inspect", "broken.gradus")], False)

    def checkpoint(self):
        checkpoints = sorted((self.work.path / "RUN").glob("*.safetensors"))
        self.failures.expect(checkpoints, "a RUN holds a .safetensors file")
        for checkpoint in checkpoints:
            shutil.rmtree(self.work.path / "BROKEN", ignore_errors=True)
            shutil.copytree(self.work.path / "RUN", self.work.path / "BROKEN")
            name = f"BROKEN/{checkpoint.name}"
            self.broken(name, checkpoint.read_bytes(), [("inspect", name)], False)
            self.work.write(name, checkpoint.read_bytes()[:-5])
            command = (("convert", "BROKEN", "-o", "out.gradus") if checkpoint.name.startswith("checkpoint") else
                       ("train", "-o", "BROKEN", "--data", DATA, "--resume"))
            self.refused("cut", [checkpoint.name], *command)
        shutil.rmtree(self.work.path / "BROKEN", ignore_errors=True)

    def pictures(self):
        size = self.work.shape[1]
        for name, content, flips_pass in (("p.png", png(48, 40), False), ("p.jpg", JPEG, True)):
            self.work.write("list.txt", f"{name} 1\n")
            command = ("eval", "net.onnx", "--data", f"imagelist:list.txt,resize={size},crop={size}")
            self.work.write(name, content)
            if self.failures.expect(self.work.run(*command).status == 0, f"{name}: a sound picture is read"):
                # What follows the pixels of a PNG, its end mark, is not read.
                end = len(content) - (12 if name == "p.png" else 2)
                self.broken(name, content[:end], [command], flips_pass)
            self.work.write(name, "no picture")
            self.refused("text", [name], *command)
        self.work.write("list.txt", "gone.png 1\n")
        self.refused("missing", ["gone.png"], *command)
        self.work.write("list.txt", "p.png one\n")
        self.refused("no label", ["list.txt"], *command)

    def data(self):
        def command(spec):
            return ("eval", "net.onnx", "--data", spec)

        self.refused("missing", ["nowhere"], *command("cifar10:nowhere"))
        record = bytes(3073)
        self.work.write("cifar/test_batch.bin", record * 9 + record[:1000])
        self.refused("cut off", ["test_batch.bin"], *command("cifar10:cifar"))
        self.work.write("cifar/test_batch.bin", b"")
        self.refused("empty", ["test_batch.bin"], *command("cifar10:cifar"))
        self.work.write("cifar/test_batch.bin", b"\x0b" + record[1:])
        self.refused("label 11", ["test_batch.bin"], *command("cifar10:cifar"))
        self.refused("training split missing", ["data_batch_1.bin"], "train", "net.onnx", "-r", "recipe.yaml",
                     "--data", "cifar10:cifar", "-o", "OUT")
        self.refused("unknown kind", ["cifar11", "cifar10"], *command("cifar11:cifar"))
        self.refused("unknown option", ["limt", "limit"], *command(DATA.replace("limit", "limt")))
        self.refused("missing list", ["none.txt"], *command("imagelist:none.txt"))

    def recipe(self):
        def command(text, *words):
            self.work.write("bad.yaml", text)
            for verb in (("check", "net.onnx"), ("train", "net.onnx", "--data", DATA, "-o", "OUT")):
                self.refused("recipe", ["bad.yaml", *words], verb[0], verb[1], "-r", "bad.yaml", *verb[2:])

        command(RECIPE.replace("epochs", "epohcs"), "epohcs", "epochs")
        command(RECIPE.replace("weights", "wieghts"), "wieghts", "weights")
        command(RECIPE.replace("bits: 4", "bits: 9", 1), "9", "8")
        command(RECIPE.replace("epochs: 1", "epochs: many"), "many")
        command(RECIPE + "numerics: {requantize: float}\n", "float", "ieee32")
        command(RECIPE + "training: [", )
        command("\x00\xff\xfe binary")
        self.refused("missing", ["none.yaml"], "check", "net.onnx", "-r", "none.yaml")
        self.work.write("select.yaml", RECIPE + "overrides: [{select: 'no_such_layer', weights: {bits: 8}}]\n")
        self.refused("selects nothing", ["no_such_layer"], "train", "net.onnx", "-r", "select.yaml", "--data", DATA,
                     "-o", "OUT")

    def tensors(self):
        whole = npy([1, *self.work.shape], [0.5] * self.work.elements)
        command = ("run", "model.gradus", "--input", "bad.npy", "--output", "y.npy")
        for what, content in truncations(whole, self.work.random, 4):
            self.work.write("bad.npy", content)
            self.refused(what, ["bad.npy"], *command)
        self.work.write("bad.npy", npy([1, 1, 1, 1], [0.5]))
        self.refused("wrong shape", ["bad.npy"], *command)
        self.work.write("bad.npy", npy([1, *self.work.shape], [float("nan")] * self.work.elements))
        self.refused("NaN", ["bad.npy"], *command)
        # 2^62 elements claimed, none there.
        self.work.write("bad.npy", npy([1 << 40, 1 << 22, 1, 1], []))
        self.refused("a huge shape", ["bad.npy"], *command)

    def requests(self):
        self.refused("unknown command", ["trian", "train"], "trian")
        self.refused("unknown option", ["--dat"], "eval", "net.onnx", "--dat", DATA)
        self.refused("no command", [])
        self.refused("unknown model", ["smal", "small"], "init", "smal", "-o", "x.onnx")
        self.refused("missing folder", ["nowhere"], "init", "small", "-o", "nowhere/x.onnx")
        self.refused("output is a folder", ["RUN"], "convert", "RUN", "-o", "RUN")
        self.refused("RUN exists", ["RUN"], "train", "net.onnx", "-r", "recipe.yaml", "--data", DATA, "-o", "RUN")


def prepare(work):
    """A network, a trained RUN and its model."""
    work.must("init", "small", "-o", "net.onnx")
    work.write("recipe.yaml", RECIPE)
    work.must("train", "net.onnx", "-r", "recipe.yaml", "--data", DATA, "-o", "RUN", "--no-test")
    work.must("convert", "RUN", "-o", "model.gradus")
    work.shape = [3, 32, 32]
    work.elements = 3 * 32 * 32


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--flips", type=int, default=8, help="random bits to flip in each file")
    parser.add_argument("--only", help="one group: onnx, model, checkpoint, pictures, ...")
    arguments = parser.parse_args()
    failures = Failures()
    groups = ["onnx", "model", "checkpoint", "pictures", "data", "recipe", "tensors", "requests"]
    with Workspace(arguments.program) as work:
        prepare(work)
        hostile = Hostile(work, failures, arguments.flips)
        for group in [arguments.only] if arguments.only else groups:
            getattr(hostile, group)()
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
