#!/usr/bin/env python3
"""Small .onnx files that ask for much: constants of gigabytes, chains that double, lists of millions of
indices, claimed sizes, and sound networks of as many nodes as there may be. Each goes through the program
under the limits of docs/limits.md: a refusal is status 2 and one line, and nothing takes long.

  blowup_test.py --program build/gradus [--generous] [--only NAME]
"""
import argparse
import pathlib
import sys
import tempfile

from limited import Limits, run_limited
from onnx_file import FLOAT, floats, int64s, model, node
from program import Failures

MIB = 1 << 20
STRICT = Limits(address_space=2048 * MIB, cpu_s=20, wall_s=1.0, resident=256 * MIB)
GENEROUS = Limits(address_space=None, cpu_s=120, wall_s=30.0, resident=4096 * MIB)
# What 10,000 nodes may take over that: reading, looking at and writing a line about each.
SECONDS_A_NODE = 1e-4
MOST_NODES = 20000


def one(value=1.0):
    return floats("value", [1], [value])


def filled(name, dims, **attributes):
    """The nodes and initializers of a constant of one number throughout."""
    return ([node("ConstantOfShape", [name + "_shape"], name, **({"value": one()} | attributes))],
            [int64s(name + "_shape", dims)])


def network(nodes, initializers=(), dims=("N", 4, 8, 8), outputs=None, opset=17):
    return model(nodes, [("x", list(dims))], outputs or ["y"], initializers, opset)


def constant_to_add(nodes, initializers, name, dims=("N", 4)):
    """The constant `name` reaches the output: its sum, so that any shape will do."""
    return network([*nodes, node("ReduceSum", [name], "sum", keepdims=0), node("Add", ["x", "sum"], "y")],
                   initializers, dims)


def of_shape(dims, **attributes):
    nodes, initializers = filled("c", dims, **attributes)
    return constant_to_add(nodes, initializers, "c")


def unary(op, dims, **attributes):
    nodes, initializers = filled("c", dims)
    return constant_to_add([*nodes, node(op, ["c"], "d", **attributes)], initializers, "d")


def binary(op, a, b):
    nodes, initializers = filled("a", a)
    more, others = filled("b", b)
    return constant_to_add([*nodes, *more, node(op, ["a", "b"], "c")], initializers + others, "c")


def doubling(count, step):
    """`step(before, after)`: a node that doubles a tensor; or a list of them."""
    nodes = []
    for i in range(count):
        made = step(f"c{i}", f"c{i + 1}")
        nodes += made if isinstance(made, list) else [made]
    return nodes


def doubled(step, initializers=(), first=(1, 1, 1, 1), count=34):
    size = 1
    for d in first:
        size *= d
    return constant_to_add(doubling(count, step), [floats("c0", first, [1.0] * size), *initializers], f"c{count}")


def weights(dims, data, op="Conv", extra=()):
    nodes, initializers = filled("w", dims)
    return network([*nodes, node(op, ["x", "w"], "a"), *extra, node("Relu", ["a"], "y")], initializers, data)


def many_constants(count, dims, use):
    """`count` constants of `dims`, each used by the nodes that use(i, name, before, after) makes."""
    shape = int64s("shape", dims)
    nodes, before = [], "x"
    for i in range(count):
        nodes.append(node("ConstantOfShape", ["shape"], f"c{i}", value=one()))
        nodes += use(i, f"c{i}", before, f"v{i}")
        before = f"v{i}"
    return network([*nodes, node("Relu", [before], "y")], [shape], ("N", 4))


def blowups():
    """name: content of a file. Those whose name begins with 'sound_' are valid and are taken."""
    g = 1 << 28
    files = {
        "fill_float": of_shape([g]),
        "fill_float_2d": of_shape([1 << 14, 1 << 14]),
        "fill_int64": of_shape([1 << 27], value=int64s("value", [7])),
        "fill_most": of_shape([(1 << 31) - 1]),
        "fill_overflow": of_shape([1 << 31, 1 << 31]),
        "fill_rank_8": of_shape([1 << 4] * 8),
        "fill_weights_too_many": weights([1 << 16, 1 << 14, 1, 1], ("N", 1 << 14, 1, 1)),
        "fill_bias": network([*filled("b", [g])[0], node("Conv", ["x", "w", "b"], "y")],
                             [*filled("b", [g])[1], floats("w", [1, 4, 1, 1], [1.0] * 4)]),
        "square": binary("Mul", [1 << 14, 1], [1, 1 << 14]),
        "square_add": binary("Add", [1, 1 << 15], [1 << 15, 1]),
        "square_equal": binary("Equal", [1 << 14, 1], [1, 1 << 14]),
        "square_matmul": binary("MatMul", [1 << 14, 1], [1, 1 << 14]),
        "long_matmul": binary("MatMul", [1 << 11, 1 << 11], [1 << 11, 1 << 11]),
        "sum_filled": binary("Add", [g], [g]),
        "pow_filled": binary("Pow", [1 << 23], [1 << 23]),
        "expand": constant_to_add([node("Expand", ["c", "s"], "d")],
                                  [floats("c", [1], [1.0]), int64s("s", [g])], "d"),
        "tile": constant_to_add([node("Tile", ["c", "s"], "d")],
                                [floats("c", [1024], [1.0] * 1024), int64s("s", [1 << 20])], "d"),
        "resize_constant": constant_to_add(
            [node("Resize", ["c", "", "s"], "d", mode="cubic")],
            [floats("c", [1, 1, 4, 4], [1.0] * 16), floats("s", [4], [1.0, 1.0, 4096.0, 4096.0])], "d"),
        "pad_constant": constant_to_add([node("Pad", ["c", "p"], "d")],
                                        [floats("c", [1, 1], [1.0]), int64s("p", [0, 0, 1 << 19, 1 << 19])], "d"),
        "pad_edge": constant_to_add([node("Pad", ["c", "p"], "d", mode="edge")],
                                    [floats("c", [1, 1], [1.0]), int64s("p", [0, 0, 1 << 19, 1 << 19])], "d"),
        "cast": unary("Cast", [1 << 26], to=11),
        "exp": unary("Exp", [1 << 26]),
        "softmax": unary("Softmax", [1 << 13, 1 << 13]),
        "transpose": unary("Transpose", [1 << 14, 1 << 14]),
        "max_pool": unary("MaxPool", [1, 1, 1 << 11, 1 << 11], kernel_shape=[512, 512]),
        "average_pool": unary("AveragePool", [1, 1, 1 << 10, 1 << 10], kernel_shape=[512, 512]),
        "lrn": unary("LRN", [1, 1 << 10, 64, 64], size=1 << 19),
        "fill_many": many_constants(4000, [1 << 18], lambda i, c, a, b: [
            node("ReduceMax", [c], c + "_m", keepdims=0), node("Add", [a, c + "_m"], b)]),
        "shared_reduced": constant_to_add(
            [*filled("c", [1 << 22])[0],
             *[node("ReduceMax", ["c"], f"m{i}", keepdims=0) for i in range(900)],
             node("Sum", [f"m{i}" for i in range(900)], "d")], filled("c", [1 << 22])[1], "d"),
        "conv_folded": constant_to_add(
            [*filled("c", [1, 64, 512, 512])[0], *filled("w", [64, 64, 7, 7])[0],
             node("Conv", ["c", "w"], "d", pads=[3, 3, 3, 3])],
            filled("c", [1, 64, 512, 512])[1] + filled("w", [64, 64, 7, 7])[1], "d"),
        "double_concat": doubled(lambda a, b: node("Concat", [a, a], b, axis=0)),
        "double_tile": doubled(lambda a, b: node("Tile", [a, "two"], b), [int64s("two", [1, 1, 1, 2])]),
        "double_resize": doubled(lambda a, b: node("Resize", [a, "", "two"], b),
                                 [floats("two", [4], [1.0, 1.0, 1.0, 2.0])]),
        "double_pad": doubled(lambda a, b: [node("Shape", [a], b + "_s"), node("Slice", [b + "_s", "three", "four"], b + "_n"),
                                            node("Concat", ["zeros", b + "_n"], b + "_p", axis=0),
                                            node("Pad", [a, b + "_p"], b, mode="wrap")],
                              [int64s("three", [3]), int64s("four", [4]), int64s("zeros", [0] * 7)]),
        "double_add": doubled(lambda a, b: [node("Transpose", [a], b + "_t", perm=[1, 0, 2, 3]),
                                            node("Concat", [a, a], b + "_c", axis=0),
                                            node("Add", [b + "_c", b + "_t"], b)]),
        "double_gather": doubled(lambda a, b: [node("Concat", [a, a], b, axis=2)], first=(1, 1, 64, 64)),
        "double_expand": doubled(lambda a, b: [node("Unsqueeze", [a, "axis"], b + "_u"), node("Expand", [b + "_u", "ten"], b + "_e"),
                                               node("Flatten", [b + "_e"], b, axis=0)],
                                 [int64s("axis", [0]), int64s("ten", [10, 1, 1])], first=(1, 1)),
        "slice_back": network([node("Slice", ["x", "s", "e", "a", "t"], "y")],
                              [int64s("s", [-1]), int64s("e", [-(1 << 40)]), int64s("a", [1]), int64s("t", [-1])],
                              ("N", (1 << 31) - 1)),
        "pad_reflect": network([node("Pad", ["x", "p"], "y", mode="reflect")], [int64s("p", [0, 1, 0, 1])],
                               ("N", (1 << 31) - 8)),
        "gather_long": network([*filled("i", [1 << 26], value=int64s("value", [0]))[0], node("Gather", ["x", "i"], "y", axis=1)],
                               filled("i", [1 << 26])[1], ("N", 4)),
        "gather_often": network(
            [*filled("i", [1 << 22], value=int64s("value", [0]))[0],
             *[node("Gather", ["x", "i"], f"g{k}", axis=1) for k in range(2000)]],
            filled("i", [1 << 22])[1], ("N", 4), [f"g{k}" for k in range(2000)]),
        "split_long": network([*filled("s", [1 << 20], value=int64s("value", [1]))[0], node("Split", ["x", "s"], ["y"], axis=1)],
                              filled("s", [1 << 20])[1], ("N", 1 << 20)),
        "split_often": network(
            [*filled("s", [1 << 20], value=int64s("value", [1]))[0],
             *[node("Split", ["x", "s"], [f"y{k}"], axis=1) for k in range(2000)]],
            filled("s", [1 << 20])[1], ("N", 1 << 20), [f"y{k}" for k in range(2000)]),
        "split_parts": network([node("Split", ["x"], ["y"], axis=1, num_outputs=1 << 20)], (), ("N", 1 << 20), opset=18),
        "reshape_list": network([*filled("s", [1 << 22], value=int64s("value", [1]))[0], node("Reshape", ["x", "s"], "y")],
                                filled("s", [1 << 22])[1]),
        "resize_scales": network([*filled("s", [1 << 22])[0], node("Resize", ["x", "", "s"], "y")],
                                 filled("s", [1 << 22])[1]),
        "mask": model([node("Dropout", ["x"], ["d", "m"]), node("Cast", ["m"], "c", to=FLOAT), node("Add", ["d", "c"], "y")],
                      [("x", [(1 << 31) - 1])], ["y"]),
        "norm_wide": network(
            [*filled("s", [1 << 24])[0], node("BatchNormalization", ["x", "s", "s", "s", "s"], "y")],
            filled("s", [1 << 24])[1], ("N", 1 << 24)),
        "norm_sums": network(
            [*filled("s", [1 << 20])[0], node("BatchNormalization", ["x", "s", "s", "s", "s"], "v0"),
             *[node("Add", [f"v{i}", "one"], f"v{i + 1}") for i in range(15000)], node("Relu", ["v15000"], "y")],
            [*filled("s", [1 << 20])[1], floats("one", [1], [1.0])], ("N", 1 << 20, 1, 1)),
        "movement": network([node("Reshape", ["x", "s"], "r"), node("Transpose", ["r"], "y", perm=[0, 2, 1])],
                            [int64s("s", [0, 4096, 4096])], ("N", 1 << 24)),
        "movements": network(
            [n for i in range(2000) for n in (node("Reshape", [f"v{i}" if i else "x", "s"], f"r{i}"),
                                              node("Transpose", [f"r{i}"], f"t{i}", perm=[0, 2, 1]),
                                              node("Reshape", [f"t{i}", "f"], f"q{i}"),
                                              node("Add", [f"q{i}", "x"], f"v{i + 1}"))] + [node("Relu", ["v2000"], "y")],
            [int64s("s", [0, 1024, 1024]), int64s("f", [0, 1 << 20])], ("N", 1 << 20)),
        # Valid networks: these are taken.
        "sound_weights": weights([1 << 12, 1 << 14, 1, 1], ("N", 1 << 14, 1, 1)),
        "sound_gemm": weights([1 << 14, 1 << 14], ("N", 1 << 14), "Gemm"),
        "sound_gemm_turned": network([*filled("w", [1 << 14, 1 << 14])[0], node("Gemm", ["x", "w"], "y", transB=1, alpha=0.5)],
                                     filled("w", [1 << 14, 1 << 14])[1], ("N", 1 << 14)),
        "sound_transpose_conv": weights([1 << 13, 1 << 10, 3, 3], ("N", 1 << 13, 2, 2), "ConvTranspose"),
        "sound_filled_in_float": weights([1 << 12, 1 << 14, 1, 1], ("N", 1 << 14, 1, 1)),
        "sound_norm_folded": network(
            [*filled("w", [1 << 11, 1 << 14, 1, 1])[0], node("Conv", ["x", "w"], "a"),
             node("BatchNormalization", ["a", "s", "s", "s", "s"], "y")],
            [*filled("w", [1 << 11, 1 << 14, 1, 1])[1], floats("s", [1 << 11], [1.0] * (1 << 11))], ("N", 1 << 14, 1, 1)),
        "sound_norms_folded": network(
            [n for i in range(500) for n in (node("Conv", [f"v{i}" if i else "x", "w"], f"c{i}"),
                                             node("BatchNormalization", [f"c{i}", "s", "s", "s", "s"], f"v{i + 1}"))]
            + filled("w", [1 << 11, 1 << 11, 1, 1])[0] + [node("Relu", ["v500"], "y")],
            [*filled("w", [1 << 11, 1 << 11, 1, 1])[1], floats("s", [1 << 11], [1.0] * (1 << 11))], ("N", 1 << 11, 1, 1)),
        "sound_shared_folded": network(
            [n for i in range(2000) for n in (node("Conv", [f"v{i}" if i else "x", "w"], f"c{i}"),
                                              node("BatchNormalization", [f"c{i}", "s", "s", "s", "s"], f"v{i + 1}"))]
            + [node("Relu", ["v2000"], "y")],
            [floats("w", [512, 512, 1, 1], [0.5] * (1 << 18)), floats("s", [512], [1.0] * 512)], ("N", 512, 1, 1)),
        "sound_products": network(
            [*filled("w", [1 << 13, 1 << 14])[0], node("Gemm", ["x", "w"], "a", transB=1), node("Mul", ["a", "half"], "y")],
            [*filled("w", [1 << 13, 1 << 14])[1], floats("half", [], [0.5])], ("N", 1 << 14)),
        "sound_shared_weights": network(
            [*filled("w", [1 << 12, 1 << 12, 1, 1])[0],
             *[node("Conv", ["x" if i == 0 else f"v{i}", "w"], f"v{i + 1}") for i in range(2000)], node("Relu", ["v2000"], "y")],
            filled("w", [1 << 12, 1 << 12, 1, 1])[1], ("N", 1 << 12, 1, 1)),
    }
    return files


def chain(kinds, initializers=(), count=MOST_NODES, dims=("N", 4, 4, 4), **attributes):
    nodes, before = [], "x"
    for i in range(count - 1):
        op, *others = kinds[i % len(kinds)].split()
        nodes.append(node(op, [before, *others], f"v{i}", **attributes.get(op, {})))
        before = f"v{i}"
    return network([*nodes, node("Relu", [before], "y")], initializers, dims)


def fan(op, others=(), initializers=(), count=19900):
    nodes = [node(op, ["x", *others], f"v{i}") for i in range(count)]
    level, joins = [f"v{i}" for i in range(count)], 0
    while len(level) > 1:
        upper = []
        for at in range(0, len(level), 900):
            nodes.append(node("Concat", level[at:at + 900], f"c{joins}", axis=1))
            upper.append(f"c{joins}")
            joins += 1
        level = upper
    return network([*nodes, node("Relu", level, "y")], initializers, ("N", 4, 4, 4))


def concats(deep):
    """Concats of two: each joins the one before with one more (deep), or pairs of pairs."""
    level = [f"r{i}" for i in range(9900)]
    nodes = [node("Relu", ["x"], name) for name in level]
    joins = 0
    while len(level) > 1:
        nodes.append(node("Concat", [level[0], level[1]], f"c{joins}", axis=1))
        level = [f"c{joins}", *level[2:]] if deep else [*level[2:], f"c{joins}"]
        joins += 1
    return network([*nodes, node("Relu", level, "y")], (), ("N", 1, 2, 2))


def large():
    """name: a valid network of about as many nodes as there may be."""
    w = floats("w", [4, 4, 1, 1], [0.5] * 16)
    s = floats("s", [4], [1.0] * 4)
    c = floats("c", [], [0.5])
    window = {"MaxPool": {"kernel_shape": [1, 1]}, "AveragePool": {"kernel_shape": [1, 1]}}
    return {
        "relus": chain(["Relu"]),
        "identities": chain(["Identity"]),
        "activations": chain(["Relu", "Sigmoid", "Tanh"]),
        "pools": chain(["MaxPool", "AveragePool"], **window),
        "convs": chain(["Conv w"], [w]),
        "conv_norm_relus": chain(["Conv w", "BatchNormalization s s s s", "Relu"], [w, s]),
        "norms": chain(["BatchNormalization s s s s"], [s]),
        "sums_with_constants": chain(["Add c"], [c]),
        "sums_with_input": chain(["Add x"]),
        "gates": chain(["Mul x", "Sigmoid"]),
        "clips": chain(["Clip"]),
        "transposes": chain(["Transpose"], Transpose={"perm": [0, 1, 3, 2]}),
        "softmaxes": chain(["Softmax"]),
        "pads": chain(["Pad p", "Conv w"], [int64s("p", [0] * 8), w]),
        "transposed_convs": chain(["ConvTranspose w"], [w], 10000),
        "residuals": network([n for i in range(9999) for n in (
            node("Relu", [f"v{i}" if i else "x"], f"r{i}"), node("Add", [f"r{i}", f"v{i}" if i else "x"], f"v{i + 1}"))]
            + [node("Relu", ["v9999"], "y")], (), ("N", 4, 4, 4)),
        "fan_of_relus": fan("Relu"),
        "fan_of_convs": fan("Conv", ["w"], [w]),
        "fan_of_sigmoids": fan("Sigmoid"),
        "concat_tree": concats(False),
        "concat_chain": concats(True),
        "outputs": network([node("Relu", ["x"], f"v{i}") for i in range(10000)], (), ("N", 4, 4, 4),
                           [f"v{i}" for i in range(10000)]),
        "outputs_of_identities": network([node("Identity", ["x"], f"v{i}") for i in range(10000)], (), ("N", 4, 4, 4),
                                         [f"v{i}" for i in range(10000)]),
        "constants": network([n for i in range(9999) for n in (
            node("Constant", [], f"k{i}", value=floats("k", [], [float(i)])),
            node("Add", [f"v{i}" if i else "x", f"k{i}"], f"v{i + 1}"))] + [node("Relu", ["v9999"], "y")]),
        "splits": network([n for i in range(6000) for n in (
            node("Split", [f"v{i}" if i else "x"], [f"a{i}", f"b{i}"], axis=1),
            node("Concat", [f"b{i}", f"a{i}"], f"v{i + 1}", axis=1))] + [node("Relu", ["v6000"], "y")]),
        "same_names": network([node("Conv", [f"v{i}" if i else "x", "w"], f"v{i + 1}", name="w") for i in range(19999)]
                              + [node("Relu", ["v19999"], "y")], [w], ("N", 4, 4, 4)),
    }


# What is folded into weights, and what stays in float.
RECIPE = """version: 1
defaults: {weights: {bits: 8}, activations: {bits: 8}}
bn: {mode: fold}
ignored_scope: ["make_a"]
"""


class Judge:
    def __init__(self, program, folder, limits, failures):
        self.program = str(pathlib.Path(program).resolve())
        self.folder, self.limits, self.failures = folder, limits, failures
        self.slowest, self.largest = (0.0, ""), (0, "")
        self.sound = large().keys()

    def run(self, name, content, seconds):
        (self.folder / "net.onnx").write_bytes(content)
        (self.folder / "fold.yaml").write_text(RECIPE)
        for command in (["inspect", "net.onnx"], ["check", "net.onnx", "-r", "w8a8"], ["check", "net.onnx", "-r", "fold.yaml"],
                        ["convert", "net.onnx", "-o", "net.gradus"]):
            result = run_limited([self.program, *command], self.limits, cwd=self.folder)
            told = f"{name} ({len(content)} bytes): gradus {command[0]}: status {result.status}, {result.errors[:2]}"
            expect = self.failures.expect
            expect(result.status in (0, 2), f"{told}: expected to be taken or refused")
            expect(len(result.errors) == (1 if result.status == 2 else 0), f"{told}: expected one line")
            expect(result.used_s <= seconds, f"{told}: took {result.used_s:.2f} s; expected {seconds:.2f} at most")
            expect(result.resident <= self.limits.resident, f"{told}: held {result.resident / MIB:.0f} MiB")
            if command[0] == "inspect" and (name.startswith("sound_") or name in self.sound):
                expect(result.status == 0, f"{told}: expected to be taken")
            print(f"  {name:24} {command[0]:8} {result.status} {result.used_s:6.2f} s {result.resident / MIB:5.0f} MiB "
                  f"{(result.errors or [''])[0][:120]}")
            self.slowest = max(self.slowest, (result.used_s, name))
            self.largest = max(self.largest, (result.resident / MIB, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--generous", action="store_true", help="for a program with sanitizers")
    parser.add_argument("--only", help="files whose name holds this")
    arguments = parser.parse_args()
    failures = Failures()
    limits = GENEROUS if arguments.generous else STRICT
    with tempfile.TemporaryDirectory(prefix="gradus-blowup-") as folder:
        judge = Judge(arguments.program, pathlib.Path(folder), limits, failures)
        for name, content in blowups().items():
            if not arguments.only or arguments.only in name:
                # Where each element of a movement goes is looked up: see kMostMoved.
                judge.run(name, content, (5 if name.startswith("movement") else 1) * limits.wall_s)
        for name, content in large().items():
            if not arguments.only or arguments.only in name:
                judge.run(name, content, limits.wall_s + SECONDS_A_NODE * MOST_NODES)
        print(f"slowest {judge.slowest[0]:.2f} s ({judge.slowest[1]}), largest {judge.largest[0]:.0f} MiB ({judge.largest[1]})")
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
