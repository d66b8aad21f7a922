"""Writes .onnx files from plain data, without any library: what the tests' networks are made with.

The numbers are the fields of onnx.proto (ONNX 1.19, IR version 8).
"""
import struct

FLOAT, INT64, BOOL = 1, 7, 9


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """One field: an integer, a float, or what has a length (bytes, text)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, dims, dtype, raw):
    return b"".join(field(1, d) for d in dims) + field(2, dtype) + field(8, name) + field(9, raw)


def floats(name, dims, values):
    return tensor(name, dims, FLOAT, struct.pack(f"<{len(values)}f", *values))


def int64s(name, values, dims=None):
    return tensor(name, [len(values)] if dims is None else dims, INT64, struct.pack(f"<{len(values)}q", *values))


def attribute(name, value):
    """Integers, floats, text, lists of integers and tensors (bytes)."""
    start = field(1, name)
    if isinstance(value, int):
        return start + field(3, value) + field(20, 2)
    if isinstance(value, float):
        return start + field(2, value) + field(20, 1)
    if isinstance(value, str):
        return start + field(4, value) + field(20, 3)
    if isinstance(value, bytes):
        return start + field(5, value) + field(20, 4)
    return start + b"".join(field(8, item) for item in value) + field(20, 7)


def node(op, inputs, outputs, name=None, domain="", **attributes):
    outputs = [outputs] if isinstance(outputs, str) else outputs
    parts = [field(1, i) for i in inputs] + [field(2, o) for o in outputs]
    parts += [field(3, name or f"make_{outputs[0]}"), field(4, op)]
    parts += [field(5, attribute(key, value)) for key, value in attributes.items()]
    return b"".join(parts) + (field(7, domain) if domain else b"")


def value_info(name, dims, dtype=FLOAT):
    """A dimension is a number or a name."""
    shape = b"".join(field(1, field(1, d) if isinstance(d, int) else field(2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, shape)))


def model(nodes, inputs, outputs, initializers=(), opset=17):
    """inputs: (name, dims) pairs; outputs: names."""
    graph = b"".join(field(1, n) for n in nodes) + field(2, "net")
    graph += b"".join(field(5, t) for t in initializers)
    graph += b"".join(field(11, value_info(*i)) for i in inputs)
    graph += b"".join(field(12, field(1, o)) for o in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(2, opset))
