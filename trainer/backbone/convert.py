"""Turns the published EfficientNet-Lite0 weights (a .pth in torch's old pickle format) into a safetensors file.

    python3 convert.py weights.pth efficientnet-lite0.safetensors

Needs nothing but Python: the unpickler below knows just the three names that a state dict of tensors
uses and refuses every other, so the file cannot run code. The classifier (_fc) is left out.
safetensors: https://huggingface.co/docs/safetensors (an 8-byte length, a JSON header, raw little-endian data).
"""

import array
import collections
import json
import pickle
import struct
import sys

MAGIC = 0x1950A86A20F9469CFC6C


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if (module, name) in (("torch", "FloatStorage"), ("torch", "LongStorage")):
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, identity):
        _, kind, key, _, count, _ = identity
        return kind, key, count


def read(path):
    """{name: (shape, array of floats in row-major order)}"""
    with open(path, "rb") as file:
        magic, _, system = (Unpickler(file).load() for _ in range(3))
        if magic != MAGIC or not system["little_endian"]:
            raise SystemExit(f"{path} is not a little-endian file of torch weights")
        tensors = Unpickler(file).load()
        kinds = {key: kind for (kind, key, _), *_ in tensors.values()}
        storages = {}
        for key in Unpickler(file).load():
            (count,) = struct.unpack("<q", file.read(8))
            values = array.array("f" if kinds[key] == "FloatStorage" else "q")
            values.fromfile(file, count)
            storages[key] = values
    return {
        name: (shape, contiguous(storages[key], offset, shape, strides))
        for name, ((kind, key, _), offset, shape, strides) in tensors.items()
        if kind == "FloatStorage" and not name.startswith("_fc.")
    }


def contiguous(storage, offset, shape, strides):
    """The published tensors are transposed views of TensorFlow's: their strides are not row-major."""
    indices = [offset]
    for size, stride in zip(shape, strides):
        indices = [base + stride * i for base in indices for i in range(size)]
    return array.array("f", (storage[i] for i in indices))


def write(path, tensors):
    header, data, offset = {}, [], 0
    for name in sorted(tensors):
        shape, values = tensors[name]
        size = 4 * len(values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        data.append(values)
        offset += size
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in data:
            values.tofile(file)


if __name__ == "__main__":
    write(sys.argv[2], read(sys.argv[1]))
