"""TF-IDF and a linear support vector machine: the yardstick for the text + picture model, on the same split.

Reads lines of JSON on stdin, {"side": "train" | "holdout", "text": ..., "class": ...}, and prints one JSON object.
"""

import json
import sys
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC


def build():
    settings = {"sublinear_tf": True, "strip_accents": "unicode"}
    return make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), **settings),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **settings),
        ),
        LinearSVC(random_state=0),
    )


def columns(products, side):
    chosen = [product for product in products if product["side"] == side]
    return [product["text"] for product in chosen], [product["class"] for product in chosen]


def main():
    products = [json.loads(line) for line in sys.stdin]
    texts, classes = columns(products, "train")
    started = time.monotonic()
    model = build().fit(texts, classes)
    seconds = time.monotonic() - started
    texts, truth = columns(products, "holdout")
    guesses = model.predict(texts)
    print(
        json.dumps(
            {
                "accuracy": accuracy_score(truth, guesses),
                "macroF1": f1_score(truth, guesses, average="macro"),
                "fitSeconds": round(seconds, 2),
                "products": len(truth),
            }
        )
    )


main()
