"""Holds `tandem tokenize` on SentencePiece models to Python's sentencepiece.

    python3 tests/peers/sentencepiece_ids.py build/release/tandem          # with models made here
    python3 tests/peers/sentencepiece_ids.py --write tests/fixtures/text   # makes the fixture

Needs python3-sentencepiece.

The cleaning is open_clip's of SigLIP (`canonicalize`), written down here once more.
"""

import html
import json
import pathlib
import string
import subprocess
import sys
import tempfile

try:
    import sentencepiece
except ImportError:
    print("skipped: python3-sentencepiece is not installed")
    sys.exit(77)

WORDS = ("red green blue old small large apple pear dog cat house tree river on under of the "
         "a").split()
CORPUS = [" ".join(WORDS[(i * step + i // 7) % len(WORDS)] for i in range(at, at + 6))
          for step in (1, 5, 7) for at in range(120)]
LINES = [
    "A red apple!", "a photo of a dog, on the house.", "Two_old_trees (by the river)", "",
    "...", "caf\u00e9 \u00c0 la carte", "\u039f\u0394\u039f\u03a3. and more",
    "fish &amp;amp; chips &lt;b&gt;", "  many   spaces\tand tabs ",
    "\u4e00\u53ea\u72d7 \U0001f436", "UPPER case-words; don't", "0123456789 50%",
    "x" * 300, "\u017f \u2167 \u00bd",
]


def clean(text):
    text = html.unescape(html.unescape(text)).replace("_", " ")
    text = text.translate(str.maketrans("", "", string.punctuation)).lower()
    return " ".join(text.split())


def train(folder, name, **options):
    prefix = str(pathlib.Path(folder) / name)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_prefix=prefix, hard_vocab_limit=False, minloglevel=2,
        **options)
    return prefix + ".model"


def expected(model):
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    return [{"text": line, "ids": processor.encode(clean(line))} for line in LINES]


def write_fixture(folder):
    model = train(folder, "pieces", vocab_size=120, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
                  normalization_rule_name="identity")
    pathlib.Path(folder, "pieces.vocab").unlink()
    lines = [json.dumps(line) + "\n" for line in expected(model)]
    pathlib.Path(folder, "pieces.jsonl").write_text("".join(lines))


def check(tandem, model):
    said = subprocess.run([tandem, "tokenize", "--tokenizer", model, "--json"], text=True,
                          input="".join(line + "\n" for line in LINES), capture_output=True,
                          check=True)
    ours = [json.loads(line)["ids"] for line in said.stdout.splitlines()]
    for line, got in zip(expected(model), ours, strict=True):
        if got != line["ids"]:
            sys.exit(f"{model}: {line['text']!r} gives {got}, not {line['ids']}")
    print(f"{pathlib.Path(model).stem}: {len(ours)} lines agree")


if sys.argv[1] == "--write":
    write_fixture(sys.argv[2])
    sys.exit()
with tempfile.TemporaryDirectory() as temporary:
    for kind in ("unigram", "bpe", "char", "word"):
        check(sys.argv[1], train(temporary, kind, vocab_size=110, model_type=kind))
    check(sys.argv[1], train(temporary, "bytes", vocab_size=380, byte_fallback=True, pad_id=3))
    check(sys.argv[1], train(temporary, "folded", vocab_size=110,
                             normalization_rule_name="nmt_nfkc_cf"))
