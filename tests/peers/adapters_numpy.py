"""Holds adapters on features to a few lines of NumPy, and what they say of wrong input.

    python3 tests/peers/adapters_numpy.py build/release/tandem

Needs python3-h5py. With CLIP's real features ($TANDEM_SHARED/data/flickr8k_clip_val.h5, or
../shared) Tip-Adapter is compared on those too; without them it says so.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

tandem = str(pathlib.Path(sys.argv[1]).resolve())


def run(*arguments, code=0):
    done = subprocess.run([tandem, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{arguments}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


def refused(words, *arguments):
    """Exit code 2, and one sentence with those words."""
    said = run(*arguments, code=2).stderr.strip()
    print("refused:", said)
    if words not in said or "\n" in said:
        sys.exit(f"expected one line with '{words}'")


def check(name, ours, theirs, tolerance=1e-9):
    print(f"{name}: {ours:.10f} {theirs:.10f}")
    if not abs(ours - theirs) <= tolerance:
        sys.exit(f"{name} differs")


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(path, images, texts, labels, split, names):
    with h5py.File(path, "w") as file:
        file["image_features"] = images
        file["class_text_features"] = texts
        file["labels"] = labels
        file["split"] = np.array(split, "S5")
        file["class_names"] = names


def config(path, kind, features, more="", data=""):
    path.write_text(
        f"adapter: {{kind: {kind}{more}}}\n"
        f"data: {{features: {features}, few_shot: {{val_split: val, test_split: test}}{data}}}\n"
        "train: {epochs: 5}\ndevice: cpu\nseed: 3\n"
    )
    return path


def accuracies(scores, labels):
    right = scores.argmax(1) == labels
    return right.mean(), np.mean([right[labels == c].mean() for c in np.unique(labels)])


def tip_scores(images, texts, keys, key_labels, alpha, beta, scale=100):
    values = np.eye(len(texts))[key_labels]
    affinity = images.astype(np.float64) @ keys.T.astype(np.float64)
    return scale * images @ texts.T + alpha * np.exp(-beta * (1 - affinity)) @ values


def test_tip(folder, name, images, texts, labels, split):
    """Fixed alpha and beta: the program's figures are NumPy's."""
    features = folder / f"{name}.h5"
    write(features, images, texts, labels, split, [f"class {c}" for c in range(len(texts))])
    for alpha, beta in ((1, 5.5), (3, 1)):
        tip = f", tip_adapter: {{search: false, alpha: {alpha}, beta: {beta}}}"
        made = config(folder / "tip.yaml", "tip_adapter", features, tip)
        out = folder / f"{name}-{alpha}"
        run("train", made, "--run", out)
        results = json.loads((out / "results.json").read_text())["test"]
        f, w = unit(images), unit(texts)
        learn, test = split == "train", split == "test"
        scores = tip_scores(f[test], w, f[learn], labels[learn], alpha, beta)
        micro, per_class = accuracies(scores, labels[test])
        check(f"{name} tip_adapter {alpha} {beta} acc1", results["acc1"], micro)
        check(f"{name} tip_adapter per class", results["mean_per_class_recall"], per_class)
        again = json.loads(run("eval", out, "--json", "--device", "cpu").stdout)
        check(f"{name} eval of the checkpoint", again["test"]["acc1"], micro)


def test_choice(folder, images, texts, labels, split):
    """What is fitted and chosen does not depend on the test pictures' labels."""
    names = [f"class {c}" for c in range(len(texts))]
    chosen = []
    for which in range(2):
        other = labels.copy()
        if which == 1:
            other[split == "test"] = (other[split == "test"] + 1) % len(texts)
        features = folder / f"choice{which}.h5"
        write(features, images, texts, other, split, names)
        for kind in ("linear_probe", "clip_adapter", "tip_adapter", "tip_adapter_f"):
            out = folder / f"choice-{kind}-{which}"
            run("train", config(folder / "c.yaml", kind, features), "--run", out)
            checkpoint = next((out / "checkpoints").glob("*.h5"))
            with h5py.File(checkpoint, "r") as file:
                chosen.append({k: file["model"][k][:].tobytes() for k in file["model"]})
            results = json.loads((out / "results.json").read_text())["test"]
            chosen[-1]["settings"] = results["settings"]
    if chosen[:4] != chosen[4:]:
        sys.exit("what is chosen depends on what is tested")
    print("what is chosen does not depend on what is tested")


def test_wrong_input(folder, images, texts, labels, split):
    names = [f"class {c}" for c in range(len(texts))]
    good, out = folder / "good.h5", folder / "wrong"
    write(good, images, texts, labels, split, names)
    made = config(folder / "w.yaml", "tip_adapter", good)
    refused("fewer than 500 shots", "train", made, "--run", out, "--set", "data.few_shot.shots=500")
    refused("there is no split 'none'", "train", made, "--run", out, "--set",
            "data.few_shot.test_split=none")
    refused("tested on what was learnt", "train", made, "--run", out, "--set",
            "data.few_shot.test_split=train")
    refused("tested on what was chosen", "train", made, "--run", out, "--set",
            "data.few_shot.val_split=test")
    refused("there is no file", "train", made, "--run", out, "--set", "data.features=none.h5")
    refused("there is no 'none'", "train", made, "--run", out, "--set", "data.table=t.jsonl",
            "--set", "data.features=\"\"", "--set", "adapter.base=none")
    lacking = folder / "lacking.h5"
    write(lacking, images, texts[:-1], labels, split, names)
    refused("'class 5' has no features", "train", config(folder / "l.yaml", "zero_shot", lacking),
            "--run", out)
    unlearnt = folder / "unlearnt.h5"
    keep = (labels != 5) | (split != "train")
    write(unlearnt, images[keep], texts, labels[keep], split[keep], names)
    refused("'class 5' is tested but has no features", "train",
            config(folder / "u.yaml", "linear_probe", unlearnt), "--run", out)
    run("train", made, "--run", folder / "right")
    other, narrow = folder / "other.h5", folder / "narrow.h5"
    write(other, images[:, ::-1], texts, labels, split, names)
    write(narrow, images[:, :8], texts[:, :8], labels, split, names)
    refused("these are other features", "eval", folder / "right", "--features", other)
    refused("have width 8", "eval", folder / "right", "--features", narrow)


def test_sweep(folder, images, texts, labels, split):
    """Runs that ended are kept, one that fails is counted, means are NumPy's."""
    features, out = folder / "sweep.h5", folder / "sweep"
    write(features, images, texts, labels, split, [f"class {c}" for c in range(len(texts))])
    made = folder / "s.yaml"
    made.write_text(
        "adapter: {kind: tip_adapter, logit_scale: 5}\n"
        f"data: {{features: {features}, few_shot: {{test_split: test}}}}\ndevice: cpu\n"
    )
    command = ["sweep", made, "--run", out, "--seeds", "1..3", "--grid",
               "data.few_shot.shots=1,2,500", "--threads", "1"]
    done = run(*command, "--json", code=1)
    document = json.loads(done.stdout)
    if "3 of 9 runs failed" not in done.stderr or document["failed"] != 3:
        sys.exit("failed runs are not counted")
    for group in document["groups"][:2]:
        metric = group["metrics"]["test/acc1"]
        check("sweep mean", metric["mean"], np.mean(metric["values"]))
        check("sweep deviation", metric["deviation"], np.std(metric["values"], ddof=1))
    if "fewer than 500 shots" not in document["runs"][-1]["error"]:
        sys.exit("a failing run does not say why")
    if "<svg" not in (out / "report.html").read_text():
        sys.exit("the report has no chart")
    again = run(*command, code=1).stdout
    if again.count("done before") != 6:
        sys.exit("runs that ended were done again")
    refused("unknown key", "sweep", made, "--run", out, "--grid", "data.few_shot.shot=1")
    refused("name another --run", "sweep", made, "--run", out, "--seeds", "1..3", "--set",
            "adapter.logit_scale=50", "--grid", "data.few_shot.shots=1,2")
    print("a sweep counts, keeps and refuses what it should")


def test_base_to_new(folder, images, texts, labels, split):
    features, out = folder / "new.h5", folder / "new"
    write(features, images, texts, labels, split, [f"class {c}" for c in range(len(texts))])
    made = config(folder / "n.yaml", "zero_shot", features)
    run("train", made, "--run", out, "--set", "data.few_shot.base_to_new=true")
    results = json.loads((out / "results.json").read_text())
    test, f, w = split == "test", unit(images), unit(texts)
    base, new = test & (labels < 3), test & (labels >= 3)
    a, _ = accuracies(f[base] @ w[:3].T, labels[base])
    b, _ = accuracies(f[new] @ w[3:].T, labels[new] - 3)
    check("base classes", results["test"]["acc1"], a)
    check("new classes", results["new"]["acc1"], b)
    check("harmonic mean", results["harmonic_mean_acc1"], 2 * a * b / (a + b))
    refused("no new ones", "train", config(folder / "n.yaml", "linear_probe", features), "--run",
            folder / "probe", "--set", "data.few_shot.base_to_new=true")


def drawn():
    random = np.random.default_rng(0)
    texts = random.normal(size=(6, 16))
    labels = random.integers(0, 6, 400)
    images = 0.6 * texts[labels] + random.normal(size=(400, 16)) + 0.4
    return images, texts, labels.astype(np.int32), random.choice(["train", "val", "test"], 400)


def flickr_splits(path):
    with h5py.File(path) as file:
        images, texts = file["image_features"][:], file["class_text_features"][:]
        labels = file["labels"][:]
    known = labels >= 0
    images, labels = images[known], labels[known]
    split = np.full(len(labels), "test ")
    random = np.random.default_rng(1)
    for c in range(len(texts)):
        mine = random.permutation(np.flatnonzero(labels == c))
        split[mine[:2]], split[mine[2:3]] = "train", "val"
    return images, texts, labels, np.char.strip(split)


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    data = drawn()
    test_tip(folder, "drawn", *data)
    test_choice(folder, *data)
    test_wrong_input(folder, *data)
    test_sweep(folder, *data)
    test_base_to_new(folder, *data)
    shared = os.environ.get("TANDEM_SHARED") or pathlib.Path(__file__).parents[2] / ".." / "shared"
    flickr = pathlib.Path(shared) / "data" / "flickr8k_clip_val.h5"
    if flickr.exists():
        test_tip(folder, "flickr", *flickr_splits(flickr))
    else:
        print(f"CLIP's real features were not tested: there is no {flickr}")
