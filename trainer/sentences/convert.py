"""Turns the packaged Universal Sentence Encoder into files that need no Python to be read.

    python3 convert.py weights.npz sp.model FOLDER/NAME

Writes NAME.safetensors (the layers as float32, the embedding of the pieces as bytes with its scales) and NAME.pieces.json
(the pieces of text and the logarithms of how often each occurs). Needs nothing but Python.
safetensors: https://huggingface.co/docs/safetensors · .npy: numpy.lib.format · sp.model: sentencepiece_model.proto
"""

import array
import ast
import json
import struct
import sys
import zipfile

CHUNKS = 17


def read_npz(path):
    """{name: (dtype, shape, bytes in row-major order)}"""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            data = archive.read(member)
            if data[:6] != b"\x93NUMPY" or data[6] != 1:
                raise SystemExit(f"{member} of {path} is not a .npy file of version 1")
            (length,) = struct.unpack("<H", data[8:10])
            header = ast.literal_eval(data[10 : 10 + length].decode("latin1"))
            if header["fortran_order"] and len(header["shape"]) > 1:
                raise SystemExit(f"{member} of {path} is column by column")
            arrays[member.removesuffix(".npy")] = (header["descr"], header["shape"], data[10 + length :])
    return arrays


def table(arrays):
    """Piece i lies in row i // 17 of part i % 17: [pieces, width] as bytes."""
    parts = [arrays[f"q{part + 1}"] for part in range(CHUNKS)]
    rows, width = parts[0][1]
    joined = bytearray()
    for row in range(rows):
        for _, _, data in parts:
            joined += data[row * width : (row + 1) * width]
    return (rows * CHUNKS, width), bytes(joined)


def read_pieces(path):
    """Pieces and scores of a sentencepiece model: field 1 of the message, each with piece = 1 and score = 2."""
    with open(path, "rb") as file:
        data = file.read()
    pieces, scores = [], []
    for field, value in fields(data):
        if field != 1:
            continue
        parts = dict(fields(value))
        pieces.append(parts[1].decode())
        scores.append(struct.unpack("<f", parts[2])[0] if 2 in parts else 0.0)
    return pieces, scores


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, at = varint(data, at)
            value = data[at : at + length]
            at += length
        yield tag >> 3, value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def write(path, tensors):
    header, offset = {}, 0
    for name in sorted(tensors):
        dtype, shape, data = tensors[name]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(tensors[name][2])


def main(weights, model, target):
    arrays = read_npz(weights)
    pieces, scores = read_pieces(model)
    shape, data = table(arrays)
    width = shape[1]
    tensors = {"table": ("U8", (len(pieces), width), data[: len(pieces) * width])}
    for name, (dtype, shape, data) in arrays.items():
        if dtype == "<f4":
            tensors[name] = ("F32", shape, data)
    write(f"{target}.safetensors", tensors)
    # Seven digits bring a float32 back as it was to well below what tells two ways to cut a text apart.
    rounded = [float(f"{score:.7g}") for score in array.array("f", scores)]
    with open(f"{target}.pieces.json", "w", encoding="utf8") as file:
        json.dump({"pieces": pieces, "scores": rounded}, file, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(*sys.argv[1:])
