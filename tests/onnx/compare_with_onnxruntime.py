"""Used by onnxruntime_test.cpp.

  check DIR           every .onnx of DIR passes onnx's checker and runs
  compare DIR OURS    every .onnx of OURS gives the outputs of its namesake in DIR
  make DIR            writes one small network for each form that import changes
"""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(3)
rng = np.random.default_rng(1)


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feed_for(path, original):
    feed = {}
    for value in session(original).get_inputs():
        shape = [3 if not isinstance(size, int) else size for size in value.shape]
        feed[value.name] = rng.normal(size=shape).astype(np.float32)
    return feed


def check(folder):
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        outputs = session(path).run(None, feed_for(path, path))
        if not all(np.isfinite(output).all() for output in outputs):
            raise SystemExit(f"{path.name}: output is not finite")


def compare(originals, ours):
    worst = 0.0
    for path in sorted(pathlib.Path(ours).glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        original = pathlib.Path(originals) / path.name
        feed = feed_for(path, original)
        for a, b in zip(session(original).run(None, feed), session(path).run(None, feed), strict=True):
            if a.shape != b.shape:
                raise SystemExit(f"{path.name}: {a.shape} became {b.shape}")
            difference = float(np.abs(a - b).max())
            worst = max(worst, difference)
            if difference > 1e-5 * max(1.0, float(np.abs(a).max())):
                raise SystemExit(f"{path.name}: outputs differ by {difference}")
    print(f"largest difference {worst}")


def ints(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def floats(name, *shape):
    return numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)


def write(folder, name, shape, nodes, constants=(), opset=13):
    """A network from x [N, *shape] to y."""
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    onnx.save(model, str(pathlib.Path(folder) / f"{name}.onnx"))


def make_windows(folder):
    node = helper.make_node
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        write(folder, f"conv_{mode}", (3, 9, 10),
              [node("Conv", ["x", "w"], ["y"], auto_pad=mode, strides=[2, 3])], [floats("w", 4, 3, 3, 4)])
        write(folder, f"max_pool_{mode}", (3, 9, 10),
              [node("MaxPool", ["x"], ["y"], auto_pad=mode, kernel_shape=[3, 2], strides=[2, 2])])
        write(folder, f"average_pool_{mode}", (3, 9, 10),
              [node("AveragePool", ["x"], ["y"], auto_pad=mode, kernel_shape=[3, 2], strides=[2, 2])])
    write(folder, "conv_groups", (4, 7, 7),
          [node("Conv", ["x", "w", "b"], ["y"], group=2, dilations=[2, 1], pads=[0, 1, 2, 3])],
          [floats("w", 6, 2, 3, 3), floats("b", 6)])
    for size in (6, 7, 8, 9):
        for op in ("MaxPool", "AveragePool"):
            write(folder, f"{op}_ceil_{size}", (2, size, size),
                  [node(op, ["x"], ["y"], ceil_mode=1, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 0, 1])])
        write(folder, f"average_counted_{size}", (2, size, size),
              [node("AveragePool", ["x"], ["y"], count_include_pad=1, kernel_shape=[3, 3], strides=[2, 2],
                    pads=[1, 1, 1, 1])])


def make_matrices(folder):
    node = helper.make_node
    for bias in (("b", (5,)), ("b", (1, 5)), ("b", (1,))):
        write(folder, f"gemm_{len(bias[1])}_{bias[1][-1]}", (4,),
              [node("Gemm", ["x", "w", "b"], ["y"], alpha=0.5, beta=2.0)],
              [floats("w", 4, 5), floats("b", *bias[1])])
    write(folder, "gemm_transposed", (4,), [node("Gemm", ["x", "w"], ["y"], transB=1)], [floats("w", 5, 4)])
    write(folder, "matmul", (4,), [node("MatMul", ["x", "w"], ["y"])], [floats("w", 4, 5)])


def make_others(folder):
    node = helper.make_node
    write(folder, "clip_attributes", (4,), [node("Clip", ["x"], ["y"], min=-0.5, max=0.25)], opset=7)
    write(folder, "clip_inputs", (4,), [node("Clip", ["x", "", "high"], ["y"])],
          [numpy_helper.from_array(np.array(0.25, np.float32), "high")])
    write(folder, "mean_kept", (3, 4, 5), [node("ReduceMean", ["x"], ["y"], axes=[2, -1])])
    write(folder, "mean_dropped", (3, 4, 5), [node("ReduceMean", ["x", "a"], ["y"], keepdims=0)],
          [ints("a", [-2, -1])], opset=18)
    write(folder, "slice_attributes", (6, 7), [node("Slice", ["x"], ["y"], starts=[-5, 1], ends=[100, -1],
                                                    axes=[1, 2])], opset=9)
    write(folder, "slice_steps", (6, 7), [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
          [ints("s", [1, -7]), ints("e", [2**63 - 1, 6]), ints("a", [-1, 1]), ints("t", [3, 2])])
    write(folder, "pad_attributes", (6, 7), [node("Pad", ["x"], ["y"], pads=[0, 1, 2, 0, 3, 4])], opset=10)
    write(folder, "pad_axes", (6, 7), [node("Pad", ["x", "p", "", "a"], ["y"])],
          [ints("p", [1, 2, 3, 4]), ints("a", [-1, 1])], opset=18)
    write(folder, "squeeze", (4, 1, 1), [node("Squeeze", ["x"], ["y"], axes=[2, 3])], opset=11)
    write(folder, "unsqueeze", (4,), [node("Unsqueeze", ["x", "a"], ["y"])], [ints("a", [-1, 1])])
    write(folder, "softmax", (5,), [node("Softmax", ["x"], ["y"])], opset=11)
    write(folder, "softmax_axis", (5, 3), [node("Softmax", ["x"], ["y"], axis=1)])
    write(folder, "batch_norm", (3, 2, 2), [node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"],
                                                 epsilon=0.01)],
          [floats("g", 3), floats("b", 3), floats("m", 3),
           numpy_helper.from_array(np.array([0.5, 1, 2], np.float32), "v")], opset=9)
    write(folder, "gather", (4, 5), [node("Gather", ["x", "i"], ["y"], axis=1)], [ints("i", [[-1, 0]])])
    write(folder, "broadcast", (3, 4), [node("Div", ["x", "c"], ["z"]), node("Sub", ["c", "z"], ["y"])],
          [floats("c", 3, 1)])
    write(folder, "view", (3, 4, 2),
          [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]),
           node("Unsqueeze", ["n", "axes"], ["r"]), node("Concat", ["r", "rest"], ["t"], axis=0),
           node("Reshape", ["x", "t"], ["y"])],
          [ints("zero", 0), ints("axes", [0]), ints("rest", [2, -1])])
    write(folder, "concat", (3, 4), [node("Relu", ["x"], ["r"]),
                                     node("Concat", ["x", "r", "x"], ["t"], axis=-1),
                                     node("Transpose", ["t"], ["y"], perm=[0, 2, 1])])


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "check":
        check(*arguments)
    elif command == "compare":
        compare(*arguments)
    else:
        for make in (make_windows, make_matrices, make_others):
            make(*arguments)
