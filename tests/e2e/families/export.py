#!/usr/bin/env python3
"""Writes every network of this folder to a folder, as PyTorch exports it: NAME.onnx with an open batch,
NAME.fixed.onnx with a batch of 1; and networks.json, {"NAME": {"shape": [3, 16, 16], ...}} with IMAGES inputs
and PyTorch's outputs for them.

Exits with 77 where PyTorch or its exporter is missing: the test is skipped."""
import json
import pathlib
import sys
import warnings

IMAGES = 8
SKIPPED = 77
try:
    import torch
    from torch import nn
    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIPPED)

import classifiers
import maps


def trained(network):
    """Statistics and affine parameters that a training would leave."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    return network.eval()


def write(folder, name, network):
    network = trained(network)
    shape = getattr(network, "shape", (3, 16, 16))
    images = torch.rand(1, *shape)
    if getattr(network, "dtype", None) == torch.uint8:
        images = (images * 255).to(torch.uint8)
    for file, axes in ((f"{name}.onnx", {"input": {0: "batch"}}), (f"{name}.fixed.onnx", None)):
        torch.onnx.export(network, images, str(folder / file), input_names=["input"], dynamic_axes=axes,
                          opset_version=17, dynamo=False)
    inputs = torch.randn(IMAGES, *shape)
    if getattr(network, "dtype", None) == torch.uint8:
        inputs = inputs.abs().mul(50).clamp(0, 255).to(torch.uint8)
    with torch.no_grad():
        outputs = network(inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return {"shape": shape, "inputs": inputs.float().flatten().tolist(),
            "outputs": [{"whole": not y.is_floating_point(), "values": y.float().flatten().tolist()}
                        for y in outputs]}


def main():
    # Functions of onnxscript, of which there are none here, are all that the exporter needs onnx for.
    onnx_proto_utils._add_onnxscript_fn = lambda model, *_: model
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for make in classifiers.NETWORKS + maps.NETWORKS:
        written[make.__name__] = write(folder, make.__name__, make())
    for act in maps.ACTIVATIONS:
        name = f"{type(act).__name__}{'Tanh' if getattr(act, 'approximate', '') == 'tanh' else ''}"
        written[name] = write(folder, name, maps.Activated(act))
    (folder / "networks.json").write_text(json.dumps(written))


main()
