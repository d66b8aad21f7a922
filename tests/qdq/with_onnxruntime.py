"""Used by onnxruntime_test.cpp. Numbers pass as raw little-endian files: .f32 and .i32.

  make DIR       quantizes small networks with onnxruntime.quantization: for each NAME.onnx, pictures
                 NAME.input.f32 and what ONNX Runtime makes of them, NAME.plain.f32 without graph
                 optimisations and NAME.fused.f32 with them
  run DIR        checks every NAME.onnx of DIR with onnx's checker and runs it on NAME.input.f32: writes
                 NAME.output.f32, and NAME.codes/TENSOR.i32 for every output of a QuantizeLinear
"""
import logging
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(3)
logging.disable(logging.WARNING)  # quantize_static advises on every call
rng = np.random.default_rng(3)
PICTURES = 64


def run_session(model, feed, fused, names=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not fused:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = model if isinstance(model, str) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(names, feed)


def floats(name, *shape, scale=0.3):
    return numpy_helper.from_array((rng.normal(size=shape) * scale).astype(np.float32), name)


def number(name, value):
    return numpy_helper.from_array(np.float32(value), name)


def number_list(name, values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


def save(path, name, shape, nodes, constants, opset=13):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(constants))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8),
              str(path))


def plain_network(path):
    node = helper.make_node
    save(path, "plain", (3, 8, 8),
         [node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]), node("Relu", ["c1"], ["r1"]),
          node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
          node("Conv", ["p1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1], group=8),
          node("Clip", ["c2", "low", "high"], ["r2"]), node("Conv", ["r2", "w3"], ["c3"], strides=[2, 2]),
          node("Relu", ["c3"], ["r3"]), node("Flatten", ["r3"], ["f"]),
          node("Gemm", ["f", "w4", "b4"], ["g"], transB=1), node("Relu", ["g"], ["h"]),
          node("MatMul", ["h", "w5"], ["y"])],
         [floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("w2", 8, 1, 3, 3), floats("b2", 8),
          floats("w3", 6, 8, 1, 1), floats("w4", 12, 24), floats("b4", 12), floats("w5", 12, 5),
          number("low", 0), number("high", 6)])


def branched_network(path):
    node = helper.make_node
    save(path, "branched", (3, 8, 8),
         [node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]), node("Relu", ["c1"], ["r1"]),
          node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1]),
          node("Add", ["c2", "r1"], ["a"]), node("Relu", ["a"], ["ra"]),
          node("Concat", ["ra", "r1"], ["j"], axis=1),
          node("AveragePool", ["j"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
          node("Conv", ["p", "w3", "b3"], ["c3"]), node("GlobalAveragePool", ["c3"], ["g"]),
          node("Flatten", ["g"], ["y"])],
         [floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("w2", 8, 8, 3, 3, scale=0.1), floats("b2", 8),
          floats("w3", 10, 16, 1, 1), floats("b3", 10)])


def function_network(path):
    node = helper.make_node
    save(path, "function", (3, 8, 8),
         [node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]), node("LeakyRelu", ["c1"], ["l1"], alpha=0.1),
          node("Conv", ["l1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1]), node("Sigmoid", ["c2"], ["s2"]),
          node("Mul", ["c2", "s2"], ["m"]), node("MaxPool", ["m"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
          node("Conv", ["p", "w3"], ["c3"]), node("GlobalAveragePool", ["c3"], ["g"]),
          node("Flatten", ["g"], ["y"])],
         [floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("w2", 8, 8, 3, 3, scale=0.2), floats("b2", 8),
          floats("w3", 10, 8, 1, 1)])


def dense_network(path):
    """Batch norm of what a concatenation joined: no layer takes it in."""
    node = helper.make_node
    norm = [number_list("gamma", rng.uniform(0.5, 1.5, 14)), number_list("beta", rng.uniform(-0.3, 0.3, 14)),
            number_list("mean", rng.uniform(-0.3, 0.3, 14)), number_list("variance", rng.uniform(0.5, 2, 14))]
    save(path, "dense", (3, 8, 8),
         [node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]), node("Relu", ["c1"], ["r1"]),
          node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1]), node("Concat", ["c1", "c2"], ["j"], axis=1),
          node("BatchNormalization", ["j", "gamma", "beta", "mean", "variance"], ["n"]), node("Relu", ["n"], ["r"]),
          node("Conv", ["r", "w3"], ["c3"]), node("MaxPool", ["c3"], ["p"], kernel_shape=[8, 8]),
          node("Flatten", ["p"], ["y"])],
         [floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("w2", 6, 8, 3, 3, scale=0.1), floats("b2", 6),
          floats("w3", 10, 14, 1, 1), *norm])


def upsampled_network(path):
    """Down and up again, as U-Nets do: a transposed convolution beside a resize to the nearest."""
    node = helper.make_node
    save(path, "upsampled", (3, 8, 8),
         [node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]), node("Relu", ["c1"], ["r1"]),
          node("ConvTranspose", ["r1", "w2", "b2"], ["t"], strides=[2, 2]),
          node("Resize", ["r1", "", "scales"], ["big"], mode="nearest"), node("Concat", ["t", "big"], ["j"], axis=1),
          node("Conv", ["j", "w3", "b3"], ["c3"], strides=[2, 2]), node("Relu", ["c3"], ["r3"]),
          node("MaxPool", ["r3"], ["p"], kernel_shape=[4, 4]), node("Flatten", ["p"], ["y"])],
         [floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("w2", 8, 6, 2, 2), floats("b2", 6),
          floats("w3", 10, 14, 1, 1), floats("b3", 10), number_list("scales", [1, 1, 2, 2])])


NETWORKS = (plain_network, branched_network, function_network, dense_network, upsampled_network)


def ways():
    """Name, and the arguments of quantize_static."""
    from onnxruntime.quantization import QuantFormat, QuantType

    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        for activations, weights in (("QUInt8", "QInt8"), ("QInt8", "QInt8"), ("QUInt8", "QUInt8")):
            for per_channel in (False, True):
                yield (f"{form.name}_{activations}_{weights}_{int(per_channel)}",
                       {"quant_format": form, "per_channel": per_channel, "activation_type": QuantType[activations],
                        "weight_type": QuantType[weights]})
        yield (f"{form.name}_symmetric",
               {"quant_format": form, "per_channel": True, "activation_type": QuantType.QInt8,
                "weight_type": QuantType.QInt8, "extra_options": {"ActivationSymmetric": True}})
    # Of 4 bits, which the opset of the files does not have: com.microsoft:DequantizeLinear.
    for weights in ("QInt4", "QUInt4"):
        yield (f"QDQ_{weights}", {"quant_format": QuantFormat.QDQ, "per_channel": True,
                                  "activation_type": QuantType.QUInt8, "weight_type": QuantType[weights]})
    for option in ("AddQDQPairToWeight", "DedicatedQDQPair", "ForceQuantizeNoInputCheck", "UseQDQContribOps"):
        yield (f"QDQ_{option}", {"quant_format": QuantFormat.QDQ, "per_channel": True,
                                 "activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8,
                                 "extra_options": {option: True}})
    yield ("QDQ_FloatBias", {"quant_format": QuantFormat.QDQ, "per_channel": True,
                             "activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8,
                             "extra_options": {"QuantizeBias": False}})


def make(folder):
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.left = 16

        def get_next(self):
            self.left -= 1
            return {"x": rng.normal(size=(1, 3, 8, 8)).astype(np.float32)} if self.left >= 0 else None

    for network in NETWORKS:
        source = folder / "float"
        network(source)
        for way, arguments in ways():
            name = f"{network.__name__}_{way}"
            path = folder / f"{name}.onnx"
            quantize_static(str(source), str(path), Pictures(), **arguments)
            feed = {"x": rng.normal(size=(PICTURES, 3, 8, 8)).astype(np.float32)}
            feed["x"].tofile(folder / f"{name}.input.f32")
            for fused in (False, True):
                run_session(str(path), feed, fused)[0].tofile(folder / f"{name}.{'fused' if fused else 'plain'}.f32")


def run(folder):
    for path in sorted(folder.glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(str(path))
        value = model.graph.input[0]
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        pictures = np.fromfile(folder / f"{path.stem}.input.f32", np.float32).reshape(-1, *shape[1:])
        feed = {value.name: pictures}
        run_session(str(path), feed, True)[0].astype(np.float32).tofile(folder / f"{path.stem}.output.f32")
        codes = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
        if not codes:
            continue
        # Codes of 4 and 2 bits leave as float: numpy has no such integers.
        for name in codes:
            model.graph.node.append(helper.make_node("Cast", [name], [f"{name}.wide"], to=TensorProto.FLOAT))
            model.graph.output.append(helper.make_tensor_value_info(f"{name}.wide", TensorProto.FLOAT, None))
        folder.joinpath(f"{path.stem}.codes").mkdir()
        wide = run_session(model, feed, False, [f"{name}.wide" for name in codes])
        for name, tensor in zip(codes, wide, strict=True):
            tensor.astype(np.int32).tofile(folder / f"{path.stem}.codes" / f"{name.replace('/', '_')}.i32")


if __name__ == "__main__":
    {"make": make, "run": run}[sys.argv[1]](pathlib.Path(sys.argv[2]))
