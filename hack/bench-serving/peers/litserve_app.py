"""LitServe. Batching and several workers on CPUs: https://lightning.ai/docs/litserve/features/batching"""

import litserve
from classifier import PORT, WORKERS, Classifier, decode
from fastapi import Request


class Api(litserve.LitAPI):
    def setup(self, device):
        self.classifier = Classifier()

    def decode_request(self, request: Request):
        return decode(request["image"].file.read())

    def batch(self, inputs):
        return inputs

    def predict(self, pictures):
        return self.classifier.answer(pictures)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        Api(max_batch_size=8, batch_timeout=0.001),
        accelerator="cpu",
        workers_per_device=WORKERS,
        fast_queue=True,
    )
    server.run(
        host="127.0.0.1", port=PORT, generate_client_file=False, log_level="warning", access_log=False
    )
