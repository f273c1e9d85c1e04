"""Reads event files with TensorBoard itself: one JSON object a line for each value, in the order in which TensorBoard has them.

python read-back.py FOLDER
"""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator

events = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
tags = events.Tags()
for name in tags["scalars"]:
    for each in events.Scalars(name):
        print(json.dumps({"name": name, "step": each.step, "value": each.value, "seconds": each.wall_time}))
for name in tags["tensors"]:
    for each in events.Tensors(name):
        plugin = events.SummaryMetadata(name).plugin_data.plugin_name
        if plugin == "text":
            text = each.tensor_proto.string_val[0].decode()
            print(json.dumps({"name": name, "plugin": plugin, "text": text}))
        else:
            print(json.dumps({"name": name, "step": each.step, "value": each.tensor_proto.float_val[0], "seconds": each.wall_time}))
