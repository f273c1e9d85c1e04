"""Asks a server everything that Triton's own client can ask of it, and prints the answers as one JSON object."""

import json
import sys

import numpy
import tritonclient.http as triton

address, token, model, version, picture = sys.argv[1:]
# The client adds its own to those that it is given: each call has a copy.
headers = {"Authorization": f"Bearer {token}"}
client = triton.InferenceServerClient(url=address)


def tensor(name, elements, binary):
    values = numpy.array(elements, dtype=object).reshape(len(elements), 1)
    one = triton.InferInput(name, list(values.shape), "BYTES")
    one.set_data_from_numpy(values, binary_data=binary)
    return one


def infer(inputs, outputs=None, **more):
    result = client.infer(model, inputs, outputs=outputs, headers=dict(headers), **more)
    return {
        "labels": [x if isinstance(x, str) else x.decode() for x in result.as_numpy("label")],
        "shape": list(result.as_numpy("probabilities").shape),
        "type": str(result.as_numpy("probabilities").dtype),
        "sums": [float(row.sum()) for row in result.as_numpy("probabilities")],
        "id": result.get_response().get("id"),
    }


def refusal(call):
    try:
        call()
    except triton.InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
    return None


with open(picture, "rb") as file:
    image = file.read()

texts = [b"spade", "bêche".encode()]
wanted = ["label", "probabilities", "classes"]
named = [triton.InferRequestedOutput(name, binary_data=True) for name in wanted]
as_json = [triton.InferRequestedOutput(name, binary_data=False) for name in wanted]
print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model ready": client.is_model_ready(model),
            "version ready": client.is_model_ready(model, version),
            "other ready": client.is_model_ready("other"),
            "server": client.get_server_metadata(),
            "model": client.get_model_metadata(model, version, headers=dict(headers)),
            "binary": infer([tensor("designation", texts, True), tensor("image", [image, image], True)]),
            "json": infer([tensor("designation", [t.decode() for t in texts], False)], as_json, request_id="7"),
            "picture alone": infer([tensor("image", [image], True)], named, model_version=version),
            "mixed": infer([tensor("image", [image], True), tensor("designation", ["spade"], False)], as_json),
            "no token": refusal(lambda: client.infer(model, [tensor("designation", texts, True)])),
            "other model": refusal(lambda: client.infer("other", [tensor("designation", texts, True)], headers=dict(headers))),
            "no picture": refusal(lambda: client.infer(model, [tensor("image", [image, b"<svg/>"], True)], headers=dict(headers))),
        }
    )
)
