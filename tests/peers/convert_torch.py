"""Takes weights out of a run of Tandem and holds its logits to PyTorch's (python3-torch).

    python3 tests/peers/convert_torch.py build/release/tandem

Trains a few steps, converts the checkpoint to open_clip's and to Hugging Face's layout, computes
features and logits from either with the few lines of PyTorch below, and lets `tandem parity`
compare them with its own.
"""

import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("skipped: python3-torch is not installed")
    sys.exit(77)

tandem = sys.argv[1]
SIZE, PATCH, WIDTH, HEADS, TEXT_WIDTH, TEXT_HEADS, LAYERS = 24, 8, 36, 3, 32, 2, 2
TOKENS, VOCABULARY = 12, 530
CONFIG = """
model:
  embed_dim: 20
  quick_gelu: {quick_gelu}
  vision_cfg: {{image_size: 24, patch_size: 8, width: 36, layers: 2, head_width: 12}}
  text_cfg: {{context_length: 12, vocab_size: 530, width: 32, heads: 2, layers: 2}}
data:
  table: {folder}/table.jsonl
  tokenizer: {{vocab_size: 530}}
train: {{batch_size: 4, steps: 3, warmup: 0, lr: 1e-2}}
device: cpu
"""


def png(rows):
    """Rows of RGB bytes as a PNG file."""
    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check
    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", entry
        flat = torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end]))
        tensors[name] = flat.reshape(entry["shape"]).double()
    return tensors


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        kind, letter = ("F32", "f") if tensor.is_floating_point() else ("I64", "q")
        bytes_ = struct.pack(f"<{tensor.numel()}{letter}", *tensor.flatten().tolist())
        header[name] = {"dtype": kind, "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Model:
    """CLIP from named tensors. The names of a layout are its subclass's."""

    def __init__(self, tensors, quick_gelu):
        self.tensors, self.quick_gelu = tensors, quick_gelu

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.tensors[name + ".weight"],
                            self.tensors[name + ".bias"], 1e-5)

    def linear(self, x, name):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def activate(self, x):
        return x * torch.sigmoid(1.702 * x) if self.quick_gelu else F.gelu(x)

    def block(self, x, tower, i, heads, causal):
        N, T, C = x.shape
        name = self.blocks[tower].format(i)
        q, k, v = (part.reshape(N, T, heads, C // heads).transpose(1, 2)
                   for part in self.qkv(self.norm(x, name + self.first_norm), name))
        scores = q @ k.transpose(-1, -2) * (C // heads) ** -0.5
        if causal:
            scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(N, T, C)
        x = x + self.linear(mixed, name + self.out)
        hidden = self.activate(self.linear(self.norm(x, name + self.second_norm), name + self.fc))
        return x + self.linear(hidden, name + self.proj)

    def encode_image(self, pixels):
        patches = F.conv2d(pixels, self.tensors[self.conv], stride=PATCH).flatten(2).transpose(1, 2)
        first = self.tensors[self.class_token].expand(len(pixels), 1, WIDTH)
        x = torch.cat([first, patches], 1) + self.tensors[self.image_positions]
        x = self.norm(x, self.ln_pre)
        for i in range(LAYERS):
            x = self.block(x, "image", i, HEADS, False)
        return F.normalize(self.norm(x[:, 0], self.ln_post) @ self.image_projection(), dim=-1)

    def encode_text(self, tokens):
        x = self.tensors[self.token_table][tokens] + self.tensors[self.text_positions]
        for i in range(LAYERS):
            x = self.block(x, "text", i, TEXT_HEADS, True)
        x = self.norm(x, self.ln_final)[torch.arange(len(tokens)), tokens.argmax(-1)]
        return F.normalize(x @ self.text_projection(), dim=-1)

    def outputs(self, pixels, tokens):
        images, texts = self.encode_image(pixels), self.encode_text(tokens)
        logits = self.tensors["logit_scale"].exp() * images @ texts.T
        return {"out.image_features": images, "out.text_features": texts, "out.logits": logits}


class OpenClip(Model):
    blocks = {"image": "visual.transformer.resblocks.{}.", "text": "transformer.resblocks.{}."}
    first_norm, second_norm = "ln_1", "ln_2"
    out, fc, proj = "attn.out_proj", "mlp.c_fc", "mlp.c_proj"
    conv, class_token = "visual.conv1.weight", "visual.class_embedding"
    image_positions, text_positions = "visual.positional_embedding", "positional_embedding"
    ln_pre, ln_post, ln_final = "visual.ln_pre", "visual.ln_post", "ln_final"
    token_table = "token_embedding.weight"

    def qkv(self, x, name):
        joint = x @ self.tensors[name + "attn.in_proj_weight"].T
        return (joint + self.tensors[name + "attn.in_proj_bias"]).chunk(3, -1)

    def image_projection(self):
        return self.tensors["visual.proj"]

    def text_projection(self):
        return self.tensors["text_projection"]


class HuggingFace(Model):
    blocks = {"image": "vision_model.encoder.layers.{}.", "text": "text_model.encoder.layers.{}."}
    first_norm, second_norm = "layer_norm1", "layer_norm2"
    out, fc, proj = "self_attn.out_proj", "mlp.fc1", "mlp.fc2"
    conv = "vision_model.embeddings.patch_embedding.weight"
    class_token = "vision_model.embeddings.class_embedding"
    image_positions = "vision_model.embeddings.position_embedding.weight"
    text_positions = "text_model.embeddings.position_embedding.weight"
    ln_pre, ln_post = "vision_model.pre_layrnorm", "vision_model.post_layernorm"
    ln_final = "text_model.final_layer_norm"
    token_table = "text_model.embeddings.token_embedding.weight"

    def qkv(self, x, name):
        return [self.linear(x, f"{name}self_attn.{part}_proj") for part in "qkv"]

    def image_projection(self):
        return self.tensors["visual_projection.weight"].T

    def text_projection(self):
        return self.tensors["text_projection.weight"].T


def run(*arguments):
    done = subprocess.run([tandem, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"tandem {' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}")
    return done.stdout


def train(folder, quick_gelu):
    draw = random.Random(1)
    with open(folder / "table.jsonl", "w") as table:
        for i in range(12):
            rows = [draw.randbytes(3 * SIZE) for _ in range(SIZE)]
            (folder / f"{i}.png").write_bytes(png(rows))
            row = {"image": f"{i}.png", "caption": f"picture {i} of noise", "split": "train"}
            table.write(json.dumps(row) + "\n")
    config = folder / "run.yaml"
    config.write_text(CONFIG.format(folder=folder, quick_gelu=str(quick_gelu).lower()))
    run("train", config, "--run", folder / "run")
    return folder / "run"


def check(folder, quick_gelu):
    trained = train(folder, quick_gelu)
    own, model_file = folder / "open_clip.safetensors", folder / "model.yaml"
    run("convert", trained, own, "--model-out", model_file)
    run("convert", trained, folder / "hf.safetensors", "--layout", "huggingface")
    torch.manual_seed(2)
    pixels = torch.randn(5, 3, SIZE, SIZE)
    tokens = torch.randint(1, VOCABULARY - 2, (5, TOKENS))
    tokens[torch.arange(5), torch.tensor([11, 3, 1, 7, 5])] = VOCABULARY - 1
    for layout, name in ((OpenClip, own.name), (HuggingFace, "hf.safetensors")):
        torch_model = layout(read_safetensors(folder / name), quick_gelu)
        outputs = torch_model.outputs(pixels.double(), tokens)
        reference = folder / "reference.safetensors"
        inputs = {"in.pixels": pixels, "in.tokens": tokens}
        write_safetensors(reference, inputs | {key: x.float() for key, x in outputs.items()})
        said = run("parity", "--model", model_file, "--weights", own, "--reference", reference,
                   "--device", "cpu")
        print(f"{layout.__name__}, quick_gelu {quick_gelu}: {said.splitlines()[-1]}")


for quick_gelu in (False, True):
    with tempfile.TemporaryDirectory() as temporary:
        check(pathlib.Path(temporary), quick_gelu)
