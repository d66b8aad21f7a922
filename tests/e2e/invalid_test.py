#!/usr/bin/env python3
"""Networks that are wrong in one place each, in the kinds in which files are: every one is refused by every command
with status 2 and one line that names the place, under the limits of docs/limits.md.

  invalid_test.py --program build/gradus [--generous] [--only NAME]
"""
import argparse
import pathlib
import struct
import sys
import tempfile

from blowup_test import GENEROUS, STRICT
from limited import run_limited
from malformed_test import PLACE
from onnx_file import FLOAT, field, floats, int64s, model, node, tensor, varint
from program import Failures

HUGE, LEAST = (1 << 63) - 1, -(1 << 63)
W = floats("w", [4, 4, 3, 3], [0.1] * 144)
B = floats("b", [4], [0.5] * 4)
M = floats("m", [4, 256], [0.1] * 1024)
DIMS = ("N", 4, 8, 8)


def of(nodes, initializers=(), dims=DIMS, outputs=("y",), opset=17):
    return model(nodes if isinstance(nodes, list) else [nodes], [("x", list(dims))], list(outputs), initializers, opset)


def conv(**attributes):
    return of(node("Conv", ["x", "w", "b"], "y", "layer", **attributes), [W, B])


def pool(op="MaxPool", **attributes):
    return of(node(op, ["x"], "y", "layer", **({"kernel_shape": [2, 2]} | attributes)))


def listed(op, values, inputs=("x",), extra=(), **attributes):
    """An operator with lists of integers as further inputs."""
    names = [f"l{i}" for i in range(len(values))]
    tensors = [int64s(name, list_) for name, list_ in zip(names, values)]
    return of(node(op, [*inputs, *names], "y", "layer", **attributes), [*tensors, *extra])


def raw_tensor(name, dims, dtype, raw):
    return of(node("Add", ["x", name], "y", "layer"), [tensor(name, dims, dtype, raw)])


def values(op, *inputs, **attributes):
    """An operator on initializers given as (dims, values)."""
    tensors = [floats(f"i{k}", dims, list_) for k, (dims, list_) in enumerate(inputs)]
    return of(node(op, ["x", *[f"i{k}" for k in range(len(inputs))]], "y", "layer", **attributes), tensors)


def windows():
    files = {}
    for key, lists in {
        "strides": ([0, 1], [-1, 1], [1], [1] * 3, [HUGE, 1], [LEAST, 1], [1 << 32, 1 << 32], [], [1 << 20, 1]),
        "dilations": ([0, 1], [-1, 1], [1], [1] * 5, [HUGE, HUGE], [1 << 40, 1], [1 << 62, 2]),
        "pads": ([-1, 0, 0, 0], [0, 0], [0] * 5, [HUGE] * 4, [1 << 62, 0, 1 << 62, 0], [LEAST, 0, 0, 0],
                 [1 << 31, 0, 1 << 31, 0]),
        "kernel_shape": ([0, 0], [-3, 3], [3], [3] * 3, [HUGE, HUGE], [1 << 32, 1 << 32], [2, 2]),
    }.items():
        for i, value in enumerate(lists):
            if not (key == "kernel_shape" and i == 6):
                files[f"pool_{key}_{i}"] = pool(**{key: value})
                files[f"average_{key}_{i}"] = pool("AveragePool", **{key: value})
            if value:
                files[f"conv_{key}_{i}"] = conv(**{key: value})
    for i, group in enumerate((0, -1, 3, 5, HUGE, LEAST, 1 << 32)):
        files[f"conv_group_{i}"] = conv(group=group)
        files[f"transpose_group_{i}"] = of(node("ConvTranspose", ["x", "w"], "y", "layer", group=group), [W])
    for i, mode in enumerate(("", "same", "VALID\x00", "SAME_UPPER ")):
        files[f"conv_auto_pad_{i}"] = conv(auto_pad=mode)
    files["conv_auto_pad_type"] = conv(auto_pad=3)
    files["conv_strides_type"] = conv(strides=1.5)
    files["conv_group_type"] = conv(group="2")
    files["pool_ceil_type"] = pool(ceil_mode="yes")
    files["pool_larger"] = pool(kernel_shape=[9, 9])
    files["pool_no_kernel"] = of(node("MaxPool", ["x"], "y", "layer"))
    files["pool_dilated_larger"] = pool(kernel_shape=[3, 3], dilations=[7, 7])
    files["conv_larger"] = of(node("Conv", ["x", "w"], "y", "layer"), [floats("w", [1, 4, 9, 9], [0.0] * 324)])
    for i, dims in enumerate(([4, 3, 3, 3], [4, 4, 3], [4, 4], [0, 4, 3, 3], [4, 0, 3, 3], [4, 4, 0, 3], [4, 4, 3, 3, 1], [])):
        count = 1
        for d in dims:
            count *= d
        files[f"conv_weights_{i}"] = of(node("Conv", ["x", "w"], "y", "layer"), [floats("w", dims, [0.1] * count)])
    for i, dims in enumerate(([3], [5], [4, 1], [1, 4, 1, 1], [0])):
        count = 1
        for d in dims:
            count *= d
        files[f"conv_bias_{i}"] = of(node("Conv", ["x", "w", "b"], "y", "layer"), [W, floats("b", dims, [0.1] * count)])
    for i, padding in enumerate(([-1, 0], [HUGE, 0], [1], [1] * 3)):
        files[f"transpose_output_padding_{i}"] = of(
            node("ConvTranspose", ["x", "w"], "y", "layer", output_padding=padding), [W])
    return files


def shapes():
    files = {}
    for i, shape in enumerate(([-1, -1], [0, 3], [0, -2], [7, 7], [0, 1 << 62, 4], [0, HUGE, HUGE], [LEAST], [0] * 9, [1 << 32, 1 << 32])):
        files[f"reshape_{i}"] = listed("Reshape", [shape])
        files[f"expand_{i}"] = listed("Expand", [[s if s else -7 for s in shape]])
    for i, axis in enumerate((99, -99, HUGE, LEAST, 5)):
        for op in ("Flatten", "Softmax", "LogSoftmax", "ArgMax", "Concat"):
            files[f"axis_{op}_{i}"] = of(node(op, ["x", "x"] if op == "Concat" else ["x"], "y", "layer", axis=axis))
        files[f"axis_gather_{i}"] = listed("Gather", [[0]], axis=axis)
        files[f"axis_split_{i}"] = of(node("Split", ["x"], ["y"], "layer", axis=axis))
    for i, perm in enumerate(([0, 1, 2], [0, 1, 2, 4], [0, 1, 2, 2], [-1, 1, 2, 3], [HUGE, 1, 2, 3], [0] * 9)):
        files[f"perm_{i}"] = of(node("Transpose", ["x"], "y", "layer", perm=perm))
    for i, axes in enumerate(([1], [2, 2], [9], [-9], [HUGE], [LEAST])):
        files[f"squeeze_{i}"] = listed("Squeeze", [axes])
        if axes != [1]:
            files[f"unsqueeze_{i}"] = listed("Unsqueeze", [axes])
            files[f"reduce_{i}"] = listed("ReduceSum", [axes])
    files["unsqueeze_many"] = listed("Unsqueeze", [list(range(5))])
    for i, split in enumerate(([3, 2], [-1, 5], [4, 4], [HUGE, HUGE], [0, 3], [])):
        files[f"split_{i}"] = of(node("Split", ["x", "l"], ["y", "z"], "layer", axis=1), [int64s("l", split)], outputs=["y", "z"])
    for i, repeats in enumerate(([1, 1, 1], [1, -1, 1, 1], [1, HUGE, 1, 1], [1, 1 << 40, 1 << 40, 1], [2, 1, 1, 1], [1, 0, 1, 1])):
        files[f"tile_{i}"] = listed("Tile", [repeats])
    for i, (starts, ends, axes, steps) in enumerate((
            ([0], [1], [1], [0]), ([0, 0], [1], [1], [1]), ([0], [1], [9], [1]), ([0], [1], [LEAST], [1]),
            ([0, 0], [1, 1], [1, 1], [1, 1]), ([0], [1], [1, 2], [1]), ([3], [3], [1], [1]), ([HUGE], [HUGE], [1], [LEAST]))):
        if i != 7:
            files[f"slice_{i}"] = listed("Slice", [starts, ends, axes, steps])
    for i, indices in enumerate(([4], [-5], [HUGE], [LEAST], [0, 1, 4])):
        files[f"gather_{i}"] = listed("Gather", [indices], axis=1)
    for i, pads in enumerate(([0] * 7, [0, 0, HUGE, 0, 0, 0, 0, 0], [0, 0, 0, LEAST, 0, 0, 0, 0], [1] + [0] * 7, [0] * 9,
                              [0, -9, 0, 0, 0, 0, 0, 0], [0, 0, 1 << 30, 1 << 30, 0, 0, 1 << 30, 1 << 30])):
        files[f"pad_{i}"] = listed("Pad", [pads])
        files[f"pad_wrap_{i}"] = listed("Pad", [pads], mode="wrap")
    files["pad_mode"] = listed("Pad", [[0] * 8], mode="mirror")
    for i, block in enumerate((0, -1, 3, HUGE, 1 << 16)):
        files[f"depth_{i}"] = of(node("DepthToSpace", ["x"], "y", "layer", blocksize=block))
        files[f"space_{i}"] = of(node("SpaceToDepth", ["x"], "y", "layer", blocksize=block))
    for i, scales in enumerate(([1, 1, 0, 1], [1, 1, -1, 1], [1, 1, float("nan"), 1], [1, 1, float("inf"), 1], [1, 1, 1e30, 1],
                                [1, 1, 2], [1] * 5, [1, 1, 1e-30, 1])):
        files[f"resize_scales_{i}"] = of(node("Resize", ["x", "", "s"], "y", "layer"), [floats("s", [len(scales)], scales)])
    for i, sizes in enumerate(([1, 4, 0, -1], [1, 4, HUGE, 8], [1, 4, 1 << 31, 1 << 31], [1, 4, 8], [LEAST] * 4)):
        files[f"resize_sizes_{i}"] = of(node("Resize", ["x", "", "", "s"], "y", "layer"), [int64s("s", sizes)])
    return files


def layers():
    files = {}
    for i, counts in enumerate(([3, 4, 4, 4], [4, 4, 4, 5], [0, 0, 0, 0], [4, 4, 1, 4])):
        files[f"norm_{i}"] = values("BatchNormalization", *[([c], [1.0] * c) for c in counts])
    files["norm_short"] = values("BatchNormalization", ([4], [1.0] * 4), ([4], [1.0] * 4))
    files["norm_training"] = values("BatchNormalization", *[([4], [1.0] * 4)] * 4, training_mode=1)
    files["instance_long"] = values("InstanceNormalization", ([5], [1.0] * 5), ([5], [1.0] * 5))
    for i, size in enumerate((0, -3, HUGE)):
        files[f"lrn_{i}"] = of(node("LRN", ["x"], "y", "layer", size=size))
    flat = node("Flatten", ["x"], "f", "flat")
    for i, (dims, attributes) in enumerate((([4, 255], {"transB": 1}), ([256, 4], {"transB": 1}), ([4], {}), ([4, 256, 1], {}),
                                            ([4, 256], {"transB": 2}), ([4, 256], {"transB": 1, "transA": 7}))):
        count = 1
        for d in dims:
            count *= d
        files[f"gemm_{i}"] = of([flat, node("Gemm", ["f", "g"], "y", "layer", **attributes)], [floats("g", dims, [0.1] * count)])
    for i, dims in enumerate(([5], [4, 4], [0])):
        count = 1
        for d in dims:
            count *= d
        files[f"gemm_bias_{i}"] = of([flat, node("Gemm", ["f", "m", "g"], "y", "layer", transB=1)],
                                     [M, floats("g", dims, [0.1] * count)])
    files["gemm_rank_4"] = of(node("Gemm", ["x", "m"], "y", "layer", transB=1), [M])
    for op in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "PRelu", "Where"):
        inputs = ["x", "c", "x"] if op == "Where" else ["x", "c"]
        files[f"broadcast_{op}"] = of(node(op, inputs, "y", "layer"), [floats("c", [3], [0.5] * 3)])
        if op != "Pow":
            files[f"integers_{op}"] = of(node(op, inputs, "y", "layer"), [int64s("c", [1])])
    files["clip_order"] = of(node("Clip", ["x", "a", "c"], "y", "layer"), [floats("a", [2], [0.0] * 2), floats("c", [], [1.0])])
    files["clip_integer"] = of(node("Clip", ["x", "a"], "y", "layer"), [int64s("a", [0], [])])
    files["concat_types"] = of(node("Concat", ["x", "c"], "y", "layer", axis=1), [int64s("c", [1] * 64, [1, 1, 8, 8])])
    files["concat_ranks"] = of(node("Concat", ["x", "c"], "y", "layer", axis=1), [floats("c", [1], [1.0])])
    files["concat_axis"] = of(node("Concat", ["x", "x"], "y", "layer"))
    files["cast_type"] = of(node("Cast", ["x"], "y", "layer", to=99))
    files["cast_text"] = of(node("Cast", ["x"], "y", "layer", to="float"))
    files["divide_by_zero"] = of([node("Div", ["a", "z"], "d", "layer"), node("Cast", ["d"], "e", to=FLOAT), node("Add", ["x", "e"], "y")],
                                 [int64s("a", [1]), int64s("z", [0])])
    files["power_overflow"] = of([node("Pow", ["a", "z"], "d", "layer"), node("Cast", ["d"], "e", to=FLOAT), node("Add", ["x", "e"], "y")],
                                 [int64s("a", [10]), floats("z", [1], [300.0])])
    files["constant_two"] = of([node("Constant", [], "c", "layer", value_int=1, value_float=1.0), node("Add", ["x", "c"], "y")])
    files["constant_none"] = of([node("Constant", [], "c", "layer"), node("Add", ["x", "c"], "y")])
    files["fill_two"] = of([node("ConstantOfShape", ["s"], "c", "layer", value=floats("v", [2], [1.0, 2.0])), node("Add", ["x", "c"], "y")],
                           [int64s("s", [1])])
    files["fill_negative"] = of([node("ConstantOfShape", ["s"], "c", "layer"), node("Add", ["x", "c"], "y")], [int64s("s", [-1])])
    return files


def tensors():
    four = struct.pack("<4f", 1, 2, 3, 4)
    files = {
        "dims_negative": raw_tensor("t", [-4], FLOAT, four), "dims_least": raw_tensor("t", [LEAST], FLOAT, four),
        "dims_wrap_32": raw_tensor("t", [1 << 31, 2, 1 << 31], FLOAT, four),
        "dims_wrap_64": raw_tensor("t", [1 << 31, 1 << 31, 4], FLOAT, b""),
        "dims_wrap_bytes": raw_tensor("t", [(1 << 30) + 1, 4, 1], FLOAT, four),
        "dims_more": raw_tensor("t", [5], FLOAT, four), "dims_less": raw_tensor("t", [3], FLOAT, four),
        "dims_many": raw_tensor("t", [1] * 9 + [4], FLOAT, four), "dims_none": raw_tensor("t", [4], FLOAT, b""),
        "half_number": raw_tensor("t", [4], FLOAT, four[:-1]),
    }
    for i, dtype in enumerate((0, -1, 8, 14, 15, 24, 99, 1 << 31, 1 << 40)):
        files[f"dtype_{i}"] = raw_tensor("t", [4], dtype, four)
    for i, (number, value) in enumerate(((4, struct.pack("<3f", 1, 2, 3)), (5, varint(1) * 4), (7, varint(1) * 4), (10, bytes(32)), (6, b"text"))):
        tensor_ = field(1, 4) + field(2, FLOAT) + field(8, "t") + field(number, value)
        files[f"typed_{i}"] = of(node("Add", ["x", "t"], "y", "layer"), [tensor_])
    both = tensor("t", [4], FLOAT, four) + field(4, four)
    files["both"] = of(node("Add", ["x", "t"], "y", "layer"), [both])
    for i, (location, offset, length) in enumerate((("../w.bin", 0, 16), ("/etc/hostname", 0, 16), ("", 0, 16), (".", 0, 16), ("a/../../w.bin", 0, 16),
                                                    ("none.bin", 0, 16), ("w.bin", 1 << 62, 16), ("w.bin", -1, 16), ("w.bin", 0, 1 << 62),
                                                    ("w.bin", 8, 16), ("w.bin\x00.txt", 0, 16), ("..\\w.bin", 0, 16), ("link.bin", 0, 16), ("net.onnx/../w.bin", 0, 16))):
        entries = b"".join(field(13, field(1, key) + field(2, str(value))) for key, value in
                           (("location", location), ("offset", offset), ("length", length)))
        outside = field(1, 4) + field(2, FLOAT) + field(8, "t") + entries + field(14, 1)
        files[f"external_{i}"] = of(node("Add", ["x", "t"], "y", "layer"), [outside])
    return files


def graphs():
    relu = node("Relu", ["x"], "y", "layer")
    files = {
        "cycle": of([node("Add", ["x", "b"], "a"), node("Relu", ["a"], "b"), node("Relu", ["b"], "y")]),
        "cycle_of_one": of([node("Add", ["x", "y"], "y", "layer")]),
        "made_twice": of([relu, node("Tanh", ["x"], "y", "layer2")]),
        "made_twice_by_one": of([node("Split", ["x"], ["y", "y"], "layer", axis=1)]),
        "makes_the_input": of([node("Relu", ["x"], "x", "layer"), relu]),
        "makes_an_initializer": of([node("Relu", ["x"], "w", "layer"), relu], [W]),
        "initializer_twice": of([relu], [B, B]),
        "input_twice": model([relu], [("x", DIMS), ("x", DIMS)], ["y"]),
        "output_twice": of([relu], outputs=["y", "y"]),
        "output_unknown": of([relu], outputs=["z"]), "output_empty": of([relu], outputs=[""]), "outputs_none": of([relu], outputs=[]),
        "input_unknown": of([node("Relu", ["z"], "y", "layer")]), "inputs_none": of([node("Relu", [], "y", "layer")]),
        "inputs_many": of([node("Relu", ["x"] * 3, "y", "layer")]), "inputs_thousands": of([node("Sum", ["x"] * 2000, "y", "layer")]),
        "input_empty": of([node("Conv", ["", "w"], "y", "layer")], [W]), "nothing_made": of([node("Relu", ["x"], [""], "layer")]),
        "unknown": of([node("Gelus", ["x"], "y", "layer")]), "unknown_domain": of([node("Relu", ["x"], "y", "layer", domain="a.b")]),
        "no_operator": of([node("", ["x"], "y", "layer")]), "attribute_unknown": of([node("Relu", ["x"], "y", "layer", slope=0.1)]),
        "attribute_twice": of([node("LeakyRelu", ["x"], "y", "layer", alpha=0.1) + field(5, field(1, "alpha") + field(2, 0.1) + field(20, 1))]),
        "attribute_nameless": of([relu + field(5, field(3, 1) + field(20, 2))]),
        "attribute_typeless": of([node("Flatten", ["x"], "y", "layer") + field(5, field(1, "axis") + field(20, 77))]),
        "attribute_reference": of([node("Flatten", ["x"], "y", "layer") + field(5, field(1, "axis") + field(21, "k") + field(20, 2))]),
        "size_open": of([relu], dims=("N", 4, "H", 8)), "size_zero": of([relu], dims=("N", 0, 8, 8)), "size_negative": of([relu], dims=("N", -4, 8, 8)),
        "size_huge": of([relu], dims=("N", HUGE, 8, 8)), "size_product": of([node("Mul", ["x", "x"], "y", "layer")], dims=("N", 1 << 20, 1 << 20, 1 << 20)),
        "rank_many": of([relu], dims=("N",) + (1,) * 20), "opset_old": of([relu], opset=1), "opset_new": of([relu], opset=99), "opset_negative": of([relu], opset=-1),
    }
    for name, content in list(files.items()):
        if name.startswith("size_") and name != "size_open":
            files[name + "_fixed"] = content.replace(b"\x12\x01N", b"\x08\x01")
    sound = of([relu])
    for i, cut in enumerate((1, 2, 5, 17, len(sound) // 2, len(sound) - 1)):
        files[f"cut_{i}"] = sound[:cut]
    files.update({"empty": b"", "text": b"this is no network\n" * 9, "zeros": bytes(4096), "ones": b"\xff" * 4096, "sound_twice": sound + sound,
                  "long_varint": b"\x08" + b"\xff" * 20 + sound, "length_huge": b"\x3a" + varint((1 << 63) - 1) + sound,
                  "length_wraps": b"\x3a" + varint((1 << 64) - 8) + sound, "deep": b"\x3a\x80\x01" * 20000, "field_zero": b"\x00\x00" + sound,
                  "group": b"\x3b" + sound, "no_graph": field(1, 8) + field(8, field(2, 17)), "no_opset": sound[:-4],
                  "function": sound + field(25, field(1, "f"))})
    dims = b"".join(field(1, field(1, 1)) for _ in range(100000))
    files["dims_100000"] = field(1, 8) + field(7, field(1, relu) + field(11, field(1, "x") + field(2, field(1, field(1, 1) + field(2, dims))))
                                                + field(12, field(1, "y"))) + field(8, field(2, 17))
    return files


def invalid():
    return windows() | shapes() | layers() | tensors() | graphs()


def judge(program, folder, limits, failures, only):
    (folder / "w.bin").write_bytes(bytes(16))
    (folder / "link.bin").symlink_to("/etc/hostname")
    files = {name: content for name, content in invalid().items() if not only or only in name}
    slowest = largest = 0.0
    for name, content in files.items():
        (folder / "net.onnx").write_bytes(content)
        for command in (["inspect", "net.onnx"], ["check", "net.onnx", "-r", "w8a8"], ["convert", "net.onnx", "-o", "out.gradus"]):
            result = run_limited([program, *command], limits, cwd=folder)
            told = f"{name}: gradus {command[0]}: status {result.status}, {result.errors[:3]}"
            failures.expect(result.status == 2, f"{told}: expected status 2")
            failures.expect(len(result.errors) == 1, f"{told}: expected one line")
            line = "".join(result.errors[:1])
            failures.expect("net.onnx" in line and PLACE.search(line.split("net.onnx: ")[-1]), f"{told}: expected file and place")
            failures.expect(result.used_s <= limits.wall_s, f"{told}: took {result.used_s:.2f} s")
            failures.expect(result.resident <= limits.resident, f"{told}: held {result.resident >> 20} MiB")
            slowest, largest = max(slowest, result.used_s), max(largest, result.resident)
    print(f"{len(files)} files, slowest {slowest:.3f} s, largest {int(largest) >> 20} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--generous", action="store_true", help="for a program with sanitizers")
    parser.add_argument("--only", help="files whose name holds this")
    arguments = parser.parse_args()
    failures = Failures()
    with tempfile.TemporaryDirectory(prefix="gradus-invalid-") as folder:
        judge(str(pathlib.Path(arguments.program).resolve()), pathlib.Path(folder), GENEROUS if arguments.generous else STRICT,
              failures, arguments.only)
    return failures.finish()


if __name__ == "__main__":
    sys.exit(main())
