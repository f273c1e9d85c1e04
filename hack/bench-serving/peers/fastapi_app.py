"""FastAPI + onnxruntime. Workers by uvicorn: https://fastapi.tiangolo.com/deployment/server-workers/"""

from typing import Annotated

import uvicorn
from classifier import PORT, WORKERS, Classifier, decode
from fastapi import FastAPI, File

app = FastAPI()
classifier = Classifier()


# `def`, as the documentation advises for work that blocks: https://fastapi.tiangolo.com/async/
@app.post("/predict")
def predict(image: Annotated[bytes, File()]):
    return classifier.answer([decode(image)])[0]


if __name__ == "__main__":
    uvicorn.run(
        "fastapi_app:app", host="127.0.0.1", port=PORT, workers=WORKERS, log_level="warning", access_log=False
    )
