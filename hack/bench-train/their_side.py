"""Keras's side of a comparison: rounds of a fit, asked for by a line of JSON on stdin each, answered by one on stdout."""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops


class Clock(keras.callbacks.Callback):
    def __init__(self, warmup):
        super().__init__()
        self.warmup = warmup

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.warmup:
            self.begun = np.array([time.perf_counter(), time.process_time()])


def read_shapes(folder):
    return json.loads((folder / "shapes.json").read_text())


def answer_rounds(batches, build, begin):
    """`build` makes of a round's settings the model and what it is compiled with, once: what tracing and XLA take is not
    a step's; `begin` gives the model the weights that a round begins with."""
    model = None
    print("ready", flush=True)
    for line in sys.stdin:
        settings = json.loads(line)
        steps = settings["warmup"] + settings["steps"]
        if model is None:
            model, compiled = build(settings)
            rate = keras.optimizers.schedules.CosineDecay(settings["learningRate"], steps)
            model.compile(optimizer=keras.optimizers.Adam(rate, epsilon=1e-7), **compiled)
        else:
            # The rate is a schedule: what the optimiser holds is its step and its moments, all 0 at the beginning.
            for variable in model.optimizer.variables:
                variable.assign(ops.zeros_like(variable))
        begin(model)
        clock = Clock(settings["warmup"])
        history = model.fit(batches.take(steps), verbose=0, callbacks=[clock])
        seconds, cpu_seconds = np.array([time.perf_counter(), time.process_time()]) - clock.begun
        loss = history.history["loss"][0]
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "loss": loss}), flush=True)
