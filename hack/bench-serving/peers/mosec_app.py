"""mosec. Dynamic batching and several processes: https://mosecorg.github.io/mosec/reference/concept.html"""

import json
import sys

from classifier import PORT, WORKERS, Classifier, decode
from mosec import Server, Worker


class Predict(Worker):
    def __init__(self):
        super().__init__()
        self.classifier = Classifier()

    # The body is the picture's file: mosec reads no multipart, and this is the cheapest that it can be sent.
    def deserialize(self, data: bytes) -> bytes:
        return data

    # Its own writes the answer for people, in 22 lines and several times slower.
    def serialize(self, data: dict) -> bytes:
        return json.dumps(data).encode()

    def forward(self, data: list[bytes]) -> list[dict]:
        return self.classifier.answer([decode(each) for each in data])


if __name__ == "__main__":
    sys.argv += ["--address", "127.0.0.1", "--port", str(PORT), "--log-level", "warning"]
    server = Server()
    # The shortest wait for a batch that it takes: a millisecond.
    server.append_worker(Predict, num=WORKERS, max_batch_size=8, max_wait_time=1)
    server.run()
