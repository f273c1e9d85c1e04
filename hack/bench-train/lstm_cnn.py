"""Keras's side of lstm-cnn: the same network, loss and Adam on the same batches, as one writes them in Keras 3.

python lstm_cnn.py DIR [jit] answers each line of JSON on stdin, the settings of a round, by one on stdout.
"""

import sys
from pathlib import Path

from their_side import answer_rounds, read_shapes

import keras
import numpy as np
import tensorflow as tf
from keras import ops


class LstmCnn(keras.Model):
    """Logits of three classifiers, [n, 3 × classes]: fused, text, picture."""

    def __init__(self, shapes, initial):
        super().__init__()
        units, classes = shapes["units"], shapes["classes"]
        self.embedding = keras.layers.Embedding(shapes["rows"], initial["embedding"].shape[1])
        self.lstm = keras.layers.LSTM(units)
        # A bias would be taken away by the norm behind it.
        self.convs = [
            keras.layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)
            for width in shapes["channels"]
        ]
        self.norms = [keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3) for _ in self.convs]
        self.average = keras.layers.GlobalAveragePooling2D()
        self.joint = keras.layers.Dense(initial["joint/bias"].shape[0], activation="relu")
        self.fused, self.text, self.picture = (keras.layers.Dense(classes) for _ in range(3))
        self.units = units
        self.initial = initial

    def begin(self):
        """The weights that our side begins with."""
        first = self.initial
        width = first["embedding"].shape[1]
        kernel = first["lstm/kernel"]
        self.embedding.set_weights([first["embedding"]])
        self.lstm.set_weights([kernel[:width], kernel[width:], first["lstm/bias"]])
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            scale = first[f"conv{i}/scale"]
            conv.set_weights([first[f"conv{i}/kernel"]])
            norm.set_weights([scale, first[f"conv{i}/offset"], np.zeros_like(scale), np.ones_like(scale)])
        for name in ["joint", "fused", "text", "picture"]:
            getattr(self, name).set_weights([first[f"{name}/kernel"], first[f"{name}/bias"]])

    def call(self, inputs, training=False):
        ids, weights, pixels, keep = inputs
        text = self.lstm(self.embedding(ids) * weights[:, :, None], training=training)
        x = pixels
        for conv, norm in zip(self.convs, self.norms):
            x = ops.relu(norm(conv(x), training=training))
        both = ops.concatenate([text, self.average(x)], axis=1) * keep
        parts = [
            self.fused(self.joint(both)),
            self.text(both[:, : self.units]),
            self.picture(both[:, self.units :]),
        ]
        return ops.concatenate(parts, axis=1)


def entropy(truth, logits):
    """Of truth [n, 2]: label, has text. A classifier learns from the products that have what it reads."""
    fused, text, picture = ops.split(logits, 3, axis=1)
    label = ops.one_hot(ops.cast(truth[:, 0], "int32"), fused.shape[1])
    has_text = truth[:, 1]

    def of(said):
        return -ops.sum(label * ops.log_softmax(said, axis=1), axis=1)

    return of(fused) * has_text + of(text) * has_text + of(picture)


def hits(truth, logits):
    """Whether the classifier that answers for a product is right."""
    fused, _, picture = ops.split(logits, 3, axis=1)
    has_text = truth[:, 1:2]
    answers = has_text * fused + (1 - has_text) * picture
    return ops.cast(ops.equal(ops.argmax(answers, axis=1), ops.cast(truth[:, 0], "int64")), "float32")


def read(folder, shapes):
    batches, size, words, side = (shapes[name] for name in ["batches", "size", "words", "side"])

    def array(name, kind=np.float32):
        return np.fromfile(folder / f"{name}.bin", kind)

    def by_product(values):
        return np.ascontiguousarray(values.reshape(batches, words, size).transpose(0, 2, 1))

    inputs = (
        by_product(array("ids", np.int32)),
        by_product(array("weights")),
        array("pixels").reshape(batches, size, side, side, 3),
        array("keep").reshape(batches, size, -1),
    )
    truth = np.stack([array("labels", np.int32).astype(np.float32), array("hasText")], axis=1)
    return tf.data.Dataset.from_tensor_slices((inputs, truth.reshape(batches, size, 2)))


def read_initial(folder, shapes):
    numbers = np.fromfile(folder / "initial.bin", np.float32)
    found, at = {}, 0
    for name, shape in shapes["weights"]:
        size = int(np.prod(shape))
        found[name] = numbers[at : at + size].reshape(shape)
        at += size
    return found


def main(folder, jit):
    shapes = read_shapes(folder)
    model = LstmCnn(shapes, read_initial(folder, shapes))
    batches = read(folder, shapes).repeat()
    # Once, so that there are weights to set.
    model(next(iter(batches))[0])
    compiled = {"loss": entropy, "metrics": [hits], "jit_compile": jit}
    answer_rounds(batches, lambda settings: (model, compiled), lambda own: own.begin())


main(Path(sys.argv[1]), sys.argv[2:] == ["jit"])
