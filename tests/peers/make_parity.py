"""Makes references for `tandem parity` with open_clip on PyTorch, of any model file.

    python3 tests/peers/make_parity.py MODEL.yaml PREFIX [--siglip] [--batch 4] [--steps 1]
        [--parameters]

writes PREFIX.weights.safetensors and PREFIX.expected.safetensors: pixels and tokens; features,
logits and loss of the first step; the gradients of the last; with --parameters also the parameters
after each step of AdamW. Computed in double, written in single precision. A model whose image tower
pools by attention is open_clip's CustomTextCLIP with a tower of timm, tensors named as there. Needs
open_clip_torch, safetensors, PyYAML and torch.
"""

import argparse
import json
import math

import timm
import torch
import yaml
from open_clip.loss import ClipLoss, SigLipLoss
from open_clip.model import CLIP, CustomTextCLIP
from safetensors.torch import save_file

FIELDS = ("embed_dim", "quick_gelu", "vision_cfg", "text_cfg")


def timm_tower(vision):
    """Registers a tower of these sizes with timm; gives the settings that name it."""
    sizes = dict(img_size=vision["image_size"], patch_size=vision["patch_size"],
                 embed_dim=vision["width"], depth=vision["layers"],
                 num_heads=vision["width"] // vision["head_width"],
                 mlp_ratio=vision.get("mlp_ratio", 4.0), class_token=False)
    if vision.get("act_kwargs", {}).get("approximate") == "tanh":
        sizes["act_layer"] = "gelu_tanh"

    def vit_parity(num_classes, global_pool, **_):
        return timm.models.VisionTransformer(num_classes=num_classes, global_pool=global_pool,
                                             **sizes)

    timm.models.register_model(vit_parity)
    return dict(image_size=vision["image_size"], timm_model_name="vit_parity", timm_pool="map",
                timm_proj="none")


def make_model(settings, siglip):
    known = {key: settings[key] for key in FIELDS if key in settings}
    by_attention = settings["vision_cfg"].get("pool_type") == "map"
    if by_attention:
        known["vision_cfg"] = timm_tower(settings["vision_cfg"])
    kind = CustomTextCLIP if by_attention else CLIP
    model = kind(**known, init_logit_scale=math.log(10 if siglip else 1 / 0.07),
                 init_logit_bias=-10 if siglip else None, output_dict=True)
    with torch.no_grad():  # biases and norms that are not zero and one
        for parameter in model.parameters():
            if parameter.ndim == 1 or not parameter.any():
                parameter += 0.1 * torch.randn_like(parameter)
        if by_attention:
            # Weights so large that attention is far from even, embeddings so small that it matters
            # what norms add to the variance.
            for name, parameter in model.visual.named_parameters():
                if parameter.ndim == 2:
                    parameter *= 10
                elif "patch_embed" in name:
                    parameter *= 0.05
    return model.double()


def make_inputs(settings, batch):
    size = settings["vision_cfg"]["image_size"]
    text = settings["text_cfg"]
    T, end = text["context_length"], text["vocab_size"] - 1
    tokens = torch.zeros(batch, T, dtype=torch.int64)
    for n in range(batch):
        length = T if n == 0 else int(torch.randint(3, T + 1, ()))
        tokens[n, :length] = torch.randint(1, end - 1, (length,))
        tokens[n, 0], tokens[n, length - 1] = end - 1, end
    return torch.randn(batch, 3, size, size, dtype=torch.float64).float(), tokens


def run_step(model, loss_of, pixels, tokens):
    model.zero_grad()
    out = model(pixels, tokens)
    bias = out.get("logit_bias")
    logits = out["logit_scale"] * out["image_features"] @ out["text_features"].T
    given = () if bias is None else (bias,)
    loss = loss_of(out["image_features"], out["text_features"], out["logit_scale"], *given)
    loss.backward()
    return {"out.image_features": out["image_features"], "out.text_features": out["text_features"],
            "out.logits": logits + (0 if bias is None else bias), "out.loss": loss.reshape(1)}


def plain(tensors):
    kept = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().clone()
        kept[name] = tensor.float() if tensor.is_floating_point() else tensor
    return {name: tensor.contiguous() for name, tensor in kept.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("prefix")
    parser.add_argument("--siglip", action="store_true")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--parameters", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.model) as file:
        # PyYAML takes JSON's 1e-6 for a text.
        settings = json.load(file) if file.name.endswith(".json") else yaml.safe_load(file)
    settings = settings.get("model", settings)
    torch.manual_seed(arguments.seed)
    model = make_model(settings, arguments.siglip)
    parameters = dict(model.named_parameters())
    save_file(plain(parameters), arguments.prefix + ".weights.safetensors", {"format": "pt"})
    # What Tandem reads: weights rounded to single precision.
    model.load_state_dict({name: tensor.float().double() for name, tensor in
                           model.state_dict().items()})
    pixels, tokens = make_inputs(settings, arguments.batch)
    used = {"lr": 1e-3, "wd": 0.2, "beta1": 0.9, "beta2": 0.98, "eps": 1e-6}
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in parameters.values() if p.ndim >= 2], "weight_decay": used["wd"]},
         {"params": [p for p in parameters.values() if p.ndim < 2], "weight_decay": 0.0}],
        lr=used["lr"], betas=(used["beta1"], used["beta2"]), eps=used["eps"])
    loss_of = SigLipLoss() if arguments.siglip else ClipLoss()
    expected = {"in.pixels": pixels, "in.tokens": tokens}
    for step in range(1, arguments.steps + 1):
        results = run_step(model, loss_of, pixels.double(), tokens)
        expected |= results if step == 1 else {}
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if arguments.parameters:
            expected |= {f"after{step}.{name}": p.clone() for name, p in parameters.items()}
    expected |= {"grad." + name: p.grad for name, p in parameters.items()}
    used |= {"steps": arguments.steps, "batch": arguments.batch, "siglip": int(arguments.siglip)}
    save_file(plain(expected), arguments.prefix + ".expected.safetensors",
              {"config": json.dumps(used)})


if __name__ == "__main__":
    main()
