"""Gradients of adapters on a frozen CLIP by PyTorch: what tests/models/torch_gradients_test.cpp
compares with.

    python3 tests/peers/adapter_gradients.py tests/models/adapter_gradients.safetensors

Needs torch (Debian's python3-torch). The model is tests/models/tiny_model.h's, written out here in
plain PyTorch; its parameters, pixels and texts come from formulas that the test has too. Computed
in double, written as f32.
"""

import json
import math
import struct
import sys

import torch
import torch.nn.functional as F

EMBED, IMAGE, PATCH, VISION, TEXT, CONTEXT, VOCABULARY = 8, 8, 4, 16, 12, 7, 20
HEADS, LAYERS = 2, 2
LABELS = torch.tensor([2, 0])


def values(index, shape, size=0.4):
    """Numbers of the index-th tensor."""
    count = math.prod(shape)
    i = torch.arange(count, dtype=torch.float64)
    return (size * torch.sin(1.7 * index + 0.9 * i)).reshape(shape)


def block_shapes(prefix, width):
    shapes = {}
    for layer in range(LAYERS):
        name = f"{prefix}resblocks.{layer}."
        for norm in ("ln_1", "ln_2"):
            shapes[name + norm + ".weight"] = (width,)
            shapes[name + norm + ".bias"] = (width,)
        shapes[name + "attn.in_proj_weight"] = (3 * width, width)
        shapes[name + "attn.in_proj_bias"] = (3 * width,)
        shapes[name + "attn.out_proj.weight"] = (width, width)
        shapes[name + "attn.out_proj.bias"] = (width,)
        shapes[name + "mlp.c_fc.weight"] = (4 * width, width)
        shapes[name + "mlp.c_fc.bias"] = (4 * width,)
        shapes[name + "mlp.c_proj.weight"] = (width, 4 * width)
        shapes[name + "mlp.c_proj.bias"] = (width,)
    return shapes


def model_shapes():
    grid = (IMAGE // PATCH) ** 2
    shapes = {
        "visual.conv1.weight": (VISION, 3, PATCH, PATCH),
        "visual.class_embedding": (VISION,),
        "visual.positional_embedding": (grid + 1, VISION),
        "visual.proj": (VISION, EMBED),
        "token_embedding.weight": (VOCABULARY, TEXT),
        "positional_embedding": (CONTEXT, TEXT),
        "text_projection": (TEXT, EMBED),
        "logit_scale": (),
    }
    for name, width in (("visual.ln_pre", VISION), ("visual.ln_post", VISION), ("ln_final", TEXT)):
        shapes[name + ".weight"] = (width,)
        shapes[name + ".bias"] = (width,)
    shapes.update(block_shapes("visual.transformer.", VISION))
    shapes.update(block_shapes("transformer.", TEXT))
    return shapes


def parameters(adapter):
    """All tensors by their formula, in the order of their names."""
    shapes = {**model_shapes(), **adapter}
    made = {}
    for index, name in enumerate(sorted(shapes)):
        made[name] = values(index, shapes[name])
        if ".ln_" in name or name.startswith("ln_"):
            made[name] = made[name] + (1 if name.endswith("weight") else 0)
        made[name].requires_grad_(name in adapter)
    return made


def lora_shapes(rank):
    shapes = {}
    for prefix, width in (("visual.transformer.", VISION), ("transformer.", TEXT)):
        for layer in range(LAYERS):
            for part in ("attn.q", "attn.v", "mlp.c_fc"):
                name = f"{prefix}resblocks.{layer}.{part}."
                rows = 4 * width if part == "mlp.c_fc" else width
                shapes[name + "lora_A"] = (rank, width)
                shapes[name + "lora_B"] = (rows, rank)
    return shapes


class Clip:
    def __init__(self, adapter, lora_scale=0.0):
        self.p = parameters(adapter)
        self.lora_scale = lora_scale

    def layer(self, x, weight, bias, part):
        y = x @ weight.T + bias
        if part + ".lora_A" in self.p:
            y = y + self.lora_scale * (x @ self.p[part + ".lora_A"].T) @ self.p[part + ".lora_B"].T
        return y

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.p[name + ".weight"], self.p[name + ".bias"], 1e-5)

    def block(self, x, name, causal):
        p = self.p
        n, t, width = x.shape
        h = self.norm(x, name + "ln_1")
        weights = p[name + "attn.in_proj_weight"].chunk(3)
        biases = p[name + "attn.in_proj_bias"].chunk(3)
        q, k, v = (
            self.layer(h, weights[i], biases[i], name + "attn." + part)
            .reshape(n, t, HEADS, width // HEADS).transpose(1, 2)
            for i, part in enumerate("qkv"))
        scores = q @ k.transpose(2, 3) / math.sqrt(width // HEADS)
        if causal:
            scores = scores + torch.full((t, t), -math.inf, dtype=x.dtype).triu(1)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width)
        x = x + mixed @ p[name + "attn.out_proj.weight"].T + p[name + "attn.out_proj.bias"]
        hidden = F.gelu(self.layer(self.norm(x, name + "ln_2"), p[name + "mlp.c_fc.weight"],
                                   p[name + "mlp.c_fc.bias"], name + "mlp.c_fc"))
        return x + hidden @ p[name + "mlp.c_proj.weight"].T + p[name + "mlp.c_proj.bias"]

    def encode_image(self, pixels):
        p = self.p
        x = F.conv2d(pixels, p["visual.conv1.weight"], stride=PATCH).flatten(2).transpose(1, 2)
        first = p["visual.class_embedding"].expand(len(x), 1, -1)
        x = torch.cat([first, x], 1) + p["visual.positional_embedding"]
        x = self.norm(x, "visual.ln_pre")
        for layer in range(LAYERS):
            x = self.block(x, f"visual.transformer.resblocks.{layer}.", False)
        return F.normalize(self.norm(x[:, 0], "visual.ln_post") @ p["visual.proj"], dim=-1)

    def encode_text(self, embedded, ends):
        p = self.p
        x = embedded + p["positional_embedding"]
        for layer in range(LAYERS):
            x = self.block(x, f"transformer.resblocks.{layer}.", True)
        x = self.norm(x, "ln_final")[torch.arange(len(ends)), ends]
        return F.normalize(x @ p["text_projection"], dim=-1)


def texts(contexts):
    """Start, so many contexts, two words, end; and where the end is."""
    rows = []
    for k in range(3):
        row = [18] + [-1] * contexts + [3 * k, 3 * k + 1, 19]
        rows.append(row + [0] * (CONTEXT - len(row)))
    return torch.tensor(rows), torch.full((3,), 3 + contexts)


def loss_of(model, contexts, shift=None):
    pixels = values(1000, (2, 3, IMAGE, IMAGE), 1.0)
    images = model.encode_image(pixels)
    ids, ends = texts(contexts)
    logits = []
    for n in range(2):
        embedded = model.p["token_embedding.weight"][ids.clamp(min=0)]
        if contexts:
            vectors = model.p["prompt.context"]
            if shift is not None:
                vectors = vectors + shift(images[n])
            embedded = torch.cat(
                [embedded[:, :1], vectors.expand(3, -1, -1), embedded[:, 1 + contexts:]], 1)
        logits.append(images[n] @ model.encode_text(embedded, ends).T)
    return F.cross_entropy(torch.stack(logits) * model.p["logit_scale"].exp(), LABELS)


def gradients(case, model, loss):
    names = [name for name in sorted(model.p) if model.p[name].requires_grad]
    found = torch.autograd.grad(loss, [model.p[name] for name in names])
    result = {f"{case}.loss": loss.detach()}
    result.update({f"{case}.grad.{name}": grad for name, grad in zip(names, found)})
    return result


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        numbers = tensor.to(torch.float32).flatten().tolist()
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    lora = Clip(lora_shapes(3), lora_scale=2 / 3)
    tensors = gradients("lora", lora, loss_of(lora, 0))
    coop = Clip({"prompt.context": (2, TEXT)})
    tensors.update(gradients("coop", coop, loss_of(coop, 2)))
    meta = "prompt.meta_net."
    cocoop = Clip({"prompt.context": (2, TEXT), meta + "linear1.weight": (1, EMBED),
                   meta + "linear1.bias": (1,), meta + "linear2.weight": (TEXT, 1),
                   meta + "linear2.bias": (TEXT,)})

    def shift(image):
        p = cocoop.p
        hidden = F.relu(p[meta + "linear1.weight"] @ image + p[meta + "linear1.bias"])
        return p[meta + "linear2.weight"] @ hidden + p[meta + "linear2.bias"]

    tensors.update(gradients("cocoop", cocoop, loss_of(cocoop, 2, shift)))
    write(sys.argv[1], tensors)


if __name__ == "__main__":
    main()
