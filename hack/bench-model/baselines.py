"""The models to beat, by scikit-learn: majority, linear SVCs on text, on the picture, and on both (early fusion).

python baselines.py DIR SEEDS MODELS reads DIR/products.jsonl and DIR/pixels.bin and prints a line of JSON for each model
and seed: what it takes each held-out product for, the seconds of its features and of its fit, and what was tuned.

They are meant to be strong: the weight of the errors (C), and how much the picture counts beside the text, are chosen by
three-fold cross-validation on macro F1, with products of the same text in the same fold, as near-duplicates are on one
side of the split. Tuning is not counted as fitting.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from skimage.feature import hog
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

SIDE = 64
ERRORS = [0.1, 0.3, 1, 3, 10]
PICTURE = [0.3, 0.6, 1, 1.5]


def clock():
    return np.array([time.monotonic(), time.process_time()])


def timed(work):
    started = clock()
    result = work()
    return result, clock() - started


def text_features(train, every):
    """Word 1-2-grams and character 2-5-grams within words, as in the project's own text baseline: [n, terms], sparse."""
    settings = {"sublinear_tf": True, "strip_accents": "unicode", "dtype": np.float32}
    blocks = [
        TfidfVectorizer(ngram_range=(1, 2), **settings),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **settings),
    ]
    return hstack([block.fit(train).transform(every) for block in blocks]).tocsr()


def picture_features(pixels, has_picture):
    """HOG of 8-pixel and of 16-pixel cells, 16 × 16 pixels and a histogram of colours: uint8 [n, 64, 64, 3] → [n, 2748]."""
    share = pixels.astype(np.float32) / 255
    cells = {"orientations": 9, "cells_per_block": (2, 2), "channel_axis": -1}
    edges = np.array(
        [
            np.concatenate([hog(picture, pixels_per_cell=(cell, cell), **cells) for cell in (8, 16)])
            for picture in share
        ]
    )
    small = share.reshape(-1, 16, 4, 16, 4, 3).mean((2, 4)).reshape(len(share), -1) - 0.5
    bins = (pixels.reshape(len(pixels), -1, 3) // 52).astype(np.int64) @ [25, 5, 1]
    colours = np.array([np.bincount(each, minlength=125) for each in bins])
    blocks = [normalize(edges), 0.7 * normalize(small), 0.7 * normalize(np.sqrt(colours))]
    return np.hstack(blocks) * np.array(has_picture)[:, None]


def svc(errors, seed):
    # The tolerance of liblinear itself is 0.1, scikit-learn's 1e-4: that takes twice as long and answers the same.
    return LinearSVC(C=errors, random_state=seed, tol=1e-2)


def mean_scores(candidates, labels, groups):
    """Mean macro F1 over three folds of each candidate: name → (features, C)."""
    folds = list(StratifiedGroupKFold(3, shuffle=True, random_state=0).split(labels, labels, groups))

    def score(features, errors, fitted, judged):
        guesses = svc(errors, 0).fit(features[fitted], labels[fitted]).predict(features[judged])
        return f1_score(labels[judged], guesses, average="macro")

    tries = [(name, fold) for name in candidates for fold in folds]
    scores = Parallel(n_jobs=-1)(delayed(score)(*candidates[name], *fold) for name, fold in tries)
    return {
        name: np.mean([value for (tried, _), value in zip(tries, scores) if tried == name])
        for name in candidates
    }


def tuned(features, labels, groups):
    """Of features by their picture's weight: first the best weight at C = 1, then the best C at that weight."""

    def best(candidates):
        chosen = {name: (features[name[1]], name[0]) for name in candidates}
        scores = mean_scores(chosen, labels, groups)
        return max(scores, key=scores.get)

    _, weight = best([(1, weight) for weight in features]) if len(features) > 1 else (1, *features)
    return best([(errors, weight) for errors in ERRORS])


def tell(text):
    print(f"baselines: {text}", file=sys.stderr, flush=True)


def answer(model, seed, guesses, features, fit, settings):
    cost = dict(zip(["featureSeconds", "featureCpuSeconds"], features))
    cost |= dict(zip(["fitSeconds", "fitCpuSeconds"], fit))
    told = {"model": model, "seed": seed, "tuned": settings, "cost": cost}
    print(json.dumps({**told, "guesses": list(guesses)}), flush=True)


def main(folder, seeds, wanted):
    lines = (Path(folder) / "products.jsonl").read_text(encoding="utf8").splitlines()
    products = [json.loads(line) for line in lines]
    pixels = np.fromfile(Path(folder) / "pixels.bin", np.uint8).reshape(-1, SIDE, SIDE, 3)
    train = np.array([product["side"] == "train" for product in products])
    labels = np.array([product["class"] for product in products])
    texts = [product["text"] for product in products]
    learned = [text for text, known in zip(texts, train) if known]
    groups = np.unique([text.lower() for text in learned], return_inverse=True)[1]

    tell("features of text and pictures")
    text, text_time = timed(lambda: text_features(learned, texts))
    picture, picture_time = timed(
        lambda: picture_features(pixels, [product["hasPicture"] for product in products])
    )
    picture = csr_matrix(picture.astype(np.float32))
    values, counts = np.unique(labels[train], return_counts=True)
    majority = [values[counts.argmax()]] * int((~train).sum())
    none = np.zeros(2)
    for seed in range(seeds if "majority" in wanted else 0):
        answer("majority", seed, majority, none, none, "")

    models = {
        "text-svc": ({None: text}, text_time),
        "picture-svc": ({None: picture}, picture_time),
        "early-fusion": (
            {weight: hstack([text, picture * weight]).tocsr() for weight in PICTURE},
            text_time + picture_time,
        ),
    }
    for name, (features, features_time) in models.items():
        if name not in wanted:
            continue
        tell(f"{name}: choosing its settings by cross-validation")
        known = {weight: every[train] for weight, every in features.items()}
        errors, weight = tuned(known, labels[train], groups)
        settings = f"C = {errors}" + (f", picture × {weight}" if weight else "")
        for seed in range(seeds):
            tell(f"{name}: seed {seed}, {settings}")
            fitted, fit_time = timed(lambda: svc(errors, seed).fit(known[weight], labels[train]))
            guesses = fitted.predict(features[weight][~train])
            answer(name, seed, guesses, features_time, fit_time, settings)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3].split(","))
