"""What schemathesis does not know of this API: NDJSON, and which products, release and model there are to be asked for."""

import base64
import json
import os
import urllib.request
import zlib

import schemathesis

KNOWN = json.loads(os.environ["FUZZ_KNOWN"])
PICTURE = base64.b64decode(KNOWN["picture"])


def mostly(value) -> bool:
    """Three times of four; the same for the same value, so that a seed gives the same run."""
    return zlib.crc32(repr(value).encode("utf-8", "replace")) % 4 != 0


# A token lives for a quarter of an hour, and a run may take longer.
@schemathesis.auth(refresh_interval=600)
class Admin:
    def get(self, case, context):
        request = urllib.request.Request(
            KNOWN["url"] + "/v1/tokens",
            json.dumps(KNOWN["admin"]).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def first_line(context, response):
    """The document describes one line; of those that come the first is looked at."""
    return json.loads(response.content.split(b"\n", 1)[0])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    names = KNOWN["paths"].get(context.operation.path)
    if names and isinstance(path_parameters, dict) and mostly(path_parameters):
        number = zlib.crc32(repr(path_parameters).encode("utf-8", "replace"))
        path_parameters.update({key: some[number % len(some)] for key, some in names.items()})
    return path_parameters


@schemathesis.hook
def before_call(context, case, kwargs):
    """Ids that an answer had are asked for, our own among them: whoever ends their own tokens asks nothing more."""
    if case.path_parameters and case.path_parameters.get("id") == KNOWN["self"]:
        case.path_parameters["id"] = "00000000-0000-4000-8000-000000000000"


@schemathesis.hook
def map_headers(context, headers):
    """Whatever the version is that was seen."""
    if isinstance(headers, dict) and "if-match" in {name.lower() for name in headers}:
        if mostly(headers):
            headers.update({name: "*" for name in headers if name.lower() == "if-match"})
    return headers


@schemathesis.hook
def map_body(context, body):
    """A picture that is one; bytes at random never are."""
    if isinstance(body, dict) and isinstance(body.get("image"), (str, bytes)) and mostly(body):
        text = isinstance(body["image"], str)
        body["image"] = base64.b64encode(PICTURE).decode() if text else PICTURE
    return body
