"""Holds the figures of `tandem eval` on files of features to a few lines of NumPy.

    python3 tests/peers/eval_numpy.py build/release/tandem

Needs python3-h5py. The real features are $TANDEM_SHARED/data/flickr8k_clip_val.h5 (or ../shared);
without them it says so and tests drawn ones alone.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

tandem = sys.argv[1]


def evaluate(path, task, *options):
    command = [tandem, "eval", str(path), "--task", task, "--device", "cpu", "--json", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def check(name, ours, theirs):
    print(f"{name}: {ours:.10f} {theirs:.10f}")
    if not abs(ours - theirs) <= 1e-9:
        sys.exit(f"{name} differs")


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def check_classes(name, ours, scores, labels):
    """scores [N, K] of pictures with labels [N]."""
    first = scores.argmax(1) == labels
    five = (np.argsort(-scores, axis=1)[:, :5] == labels[:, None]).any(1)
    check(name + " acc1", ours["acc1"], first.mean())
    check(name + " acc5", ours["acc5"], five.mean())
    by_class = [first[labels == c].mean() for c in np.unique(labels)]
    check(name + " mean_per_class_recall", ours["mean_per_class_recall"], np.mean(by_class))


def check_retrieval(name, ours, scores, positive):
    """scores and positive [N, M], pictures by texts; those without a positive do not ask."""
    for direction, s, p in (
        ("image_to_text", scores, positive),
        ("text_to_image", scores.T, positive.T),
    ):
        asking = p.any(1)
        order = np.argsort(-s[asking], axis=1)
        hits = np.take_along_axis(p[asking], order, 1)
        for k in (1, 5, 10):
            key = f"{direction}_R@{k}"
            check(f"{name} {key}", ours[key], hits[:, :k].any(1).mean())


def knn_scores(train, labels, queries, classes, k, temperature):
    similarity = queries.astype(np.float64) @ train.T.astype(np.float64)
    votes = np.zeros((len(queries), classes))
    for i, row in enumerate(similarity):
        for j in np.argsort(-row)[:k]:
            votes[i, labels[j]] += np.exp((row[j] - row.max()) / temperature)
    return votes


def drawn_features(path):
    """Compressed half-precision features in two splits, as others might write them."""
    random = np.random.default_rng(0)
    classes = random.normal(size=(9, 24))
    labels = random.integers(0, 9, 700)
    images = classes[labels] + 1.5 * random.normal(size=(700, 24))
    of = random.integers(0, 700, 900)
    texts = images[of] + 1.5 * random.normal(size=(900, 24))
    with h5py.File(path, "w") as file:
        half = {"dtype": "f2", "compression": "gzip", "chunks": True}
        file.create_dataset("x", data=images, **half)
        file.create_dataset("class_text_features", data=classes)
        file.create_dataset("text_features", data=texts, **half)
        file["caption_image"] = of
        file["labels"] = labels.astype("u1")
        file["split"] = np.array(random.choice(["train", "test"], 700), "S5")
        file["class_names"] = [f"klasse {c}" for c in "aäbcdefgh"]


def test_drawn(folder):
    path = pathlib.Path(folder) / "drawn.h5"
    drawn_features(path)
    with h5py.File(path) as file:
        images, texts = unit(file["x"][:]), unit(file["text_features"][:])
        classes, labels = unit(file["class_text_features"][:]), file["labels"][:].astype(int)
        of, split = file["caption_image"][:], file["split"][:]
    test = split == b"test"
    tested = ["--split", "test", "--name", "image_features=x"]
    ours = evaluate(path, "zeroshot,knn,retrieval", "--k", "20", *tested)
    scores = images[test] @ classes.T
    check_classes("drawn zeroshot", ours["zeroshot"]["test"], scores, labels[test])
    votes = knn_scores(images[~test], labels[~test], images[test], 9, 20, 0.07)
    check_classes("drawn knn", ours["knn"]["test"], votes, labels[test])
    mine = test[of]
    positive = np.flatnonzero(test)[:, None] == of[mine][None]
    scores = images[test] @ texts[mine].T
    check_retrieval("drawn retrieval", ours["results"]["test"], scores, positive)


def test_flickr(path):
    with h5py.File(path) as file:
        images, classes = file["image_features"][:], file["class_text_features"][:]
        labels = file["labels"][:]
    ours = evaluate(path, "zeroshot,retrieval")
    scores, known = images @ classes.T, labels >= 0
    check_classes("flickr zeroshot", ours["zeroshot"]["all"], scores[known], labels[known])
    positive = labels[:, None] == np.arange(len(classes))[None]
    check_retrieval("flickr retrieval", ours["results"]["all"], scores, positive)


with tempfile.TemporaryDirectory() as temporary:
    test_drawn(temporary)
shared = os.environ.get("TANDEM_SHARED") or pathlib.Path(__file__).parents[2] / ".." / "shared"
flickr = pathlib.Path(shared) / "data" / "flickr8k_clip_val.h5"
if flickr.exists():
    test_flickr(flickr)
else:
    print(f"CLIP's real features were not tested: there is no {flickr}")
