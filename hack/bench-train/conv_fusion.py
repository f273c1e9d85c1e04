"""Keras's side: the same model, loss, L2 and Adam on the same batches, as one writes them in Keras 3.

python conv_fusion.py DIR [jit] answers each line of JSON on stdin, the settings of a round, by one on stdout.
"""

import sys
from pathlib import Path

from their_side import answer_rounds, read_shapes

import keras
import numpy as np
import tensorflow as tf
from keras import ops

TAP_WEIGHT = 0.7
PICTURE_LENGTH = 1.2
SMALLEST_NORM = 1e-6


def norm(rows):
    return ops.maximum(ops.sqrt(ops.sum(ops.square(rows), axis=1, keepdims=True)), SMALLEST_NORM)


class Pictures(keras.layers.Layer):
    """Standardised, each block brought to length 1 (the taps to 0.7), the whole to 1.2; 0 where there is no picture."""

    def __init__(self, widths):
        super().__init__()
        self.ends = np.cumsum(widths)[:-1].tolist()

    def call(self, raw, has_picture):
        blocks = ops.split((raw - 1.5) * 1.1, self.ends, axis=1)
        units = [block / norm(block) for block in blocks]
        joined = ops.concatenate([units[0]] + [unit * TAP_WEIGHT for unit in units[1:]], axis=1)
        return joined / norm(joined) * PICTURE_LENGTH * has_picture


class ConvFusion(keras.Model):
    """Margins of three linear classifiers that share their inputs: [n, 3 × classes], fused, text, picture."""

    def __init__(self, shapes, decay):
        super().__init__()
        self.classes = shapes["classes"]
        self.decay = decay
        # The classifier that knows the picture alone has a weight of its own.
        self.decays = np.repeat([decay, decay / 2], self.classes).astype(np.float32)
        self.pictures = Pictures(shapes["widths"])
        self.embedding = keras.layers.Embedding(
            shapes["rows"], 2 * self.classes, embeddings_initializer="zeros"
        )
        self.kernel = keras.layers.Dense(
            2 * self.classes, use_bias=False, kernel_initializer="zeros"
        )
        self.bias = self.add_weight(shape=(3 * self.classes,), initializer="zeros", name="bias")

    def call(self, inputs):
        ids, weights, raw, has_picture = inputs
        by_text = ops.squeeze(ops.matmul(weights[:, None, :], self.embedding(ids)), 1)
        by_picture = self.kernel(self.pictures(raw, has_picture))
        penalty = self.decay * ops.sum(ops.square(self.embedding.embeddings))
        self.add_loss((penalty + ops.sum(ops.square(self.kernel.kernel) * self.decays)) / 2)
        fused = by_text[:, : self.classes] + by_picture[:, : self.classes]
        parts = [fused, by_text[:, self.classes :], by_picture[:, self.classes :]]
        return ops.concatenate(parts, axis=1) + self.bias


def squared_hinge(truth, margins):
    """Of truth [n, 3]: label, has text, has picture. A classifier learns from the products that have what it reads."""
    fused, text, picture = ops.split(margins, 3, axis=1)
    sign = 2 * ops.one_hot(ops.cast(truth[:, 0], "int32"), fused.shape[1]) - 1
    has_text, has_picture = truth[:, 1:2], truth[:, 2:3]
    return sum(
        ops.sum(ops.square(ops.relu(1 - sign * margin) * counts), axis=1)
        for margin, counts in [
            (fused, has_text * has_picture),
            (text, has_text),
            (picture, has_picture),
        ]
    )


def hits(truth, margins):
    """Whether the classifier that answers for a product is right."""
    fused, text, picture = ops.split(margins, 3, axis=1)
    has_text, has_picture = truth[:, 1:2], truth[:, 2:3]
    with_picture = has_text * fused + (1 - has_text) * picture
    answers = has_picture * with_picture + (1 - has_picture) * text
    return ops.cast(ops.equal(ops.argmax(answers, axis=1), ops.cast(truth[:, 0], "int64")), "float32")


def read(folder, shapes):
    kinds = {"ids": np.int32, "labels": np.int32}

    def array(name):
        values = np.fromfile(folder / f"{name}.bin", kinds.get(name, np.float32))
        return values.reshape(shapes["batches"], shapes["size"], -1)

    ids, weights, pictures, labels, has_text, has_picture = (
        array(name) for name in ["ids", "weights", "pictures", "labels", "hasText", "hasPicture"]
    )
    truth = np.concatenate([labels.astype(np.float32), has_text, has_picture], axis=2)
    return tf.data.Dataset.from_tensor_slices(((ids, weights, pictures, has_picture), truth))


def main(folder, jit):
    shapes = read_shapes(folder)

    def build(settings):
        model = ConvFusion(shapes, settings["decay"])
        return model, {"loss": squared_hinge, "metrics": [hits], "jit_compile": jit}

    def begin(model):
        for variable in model.trainable_variables:
            variable.assign(ops.zeros_like(variable))

    answer_rounds(read(folder, shapes).repeat(), build, begin)


main(Path(sys.argv[1]), sys.argv[2:] == ["jit"])
