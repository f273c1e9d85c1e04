"""BentoML. Several workers: https://docs.bentoml.com/en/latest/build-with-bentoml/parallelize-requests.html"""

import bentoml
import numpy as np
from classifier import SIDE, WORKERS
from classifier import Classifier as Model
from PIL import Image


@bentoml.service(workers=WORKERS, logging={"access": {"enabled": False}})
class Classifier:
    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api(route="/predict")
    def predict(self, image: Image.Image) -> dict:
        # What comes is opened and not decoded yet.
        image.draft("RGB", (SIDE, SIDE))
        picture = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return self.model.answer([np.asarray(picture)])[0]
