"""Holds Tandem's export of a SigLIP to SiglipModel of Transformers.

    python3 tests/peers/siglip_transformers.py build/release/tandem

Converts the weights of tests/fixtures/parity/attention_pool_siglip, open_clip's and timm's, to
Hugging Face's layout, loads them into SiglipModel, and compares its features and logits with those
that open_clip computed. Needs transformers and torch.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors.torch import load_file
    from transformers import SiglipConfig, SiglipModel
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

FIXTURE = pathlib.Path(__file__).parents[1] / "fixtures/parity/attention_pool_siglip"


def tower(settings, **more):
    width = settings["width"]
    approximate = settings.get("act_kwargs", {}).get("approximate")
    return dict(hidden_size=width, intermediate_size=int(width * settings["mlp_ratio"]),
                num_hidden_layers=settings["layers"],
                hidden_act="gelu_pytorch_tanh" if approximate == "tanh" else "gelu",
                layer_norm_eps=settings["norm_kwargs"]["eps"], **more)


def make_model(settings):
    vision, text = settings["vision_cfg"], settings["text_cfg"]
    model = SiglipModel(SiglipConfig(
        vision_config=tower(vision, num_attention_heads=vision["width"] // vision["head_width"],
                            image_size=vision["image_size"], patch_size=vision["patch_size"]),
        text_config=tower(text, num_attention_heads=text["heads"],
                          vocab_size=text["vocab_size"],
                          max_position_embeddings=text["context_length"])))
    # Older releases know no projection to another width.
    model.text_model.head = torch.nn.Linear(text["width"], settings["embed_dim"])
    return model.eval()


def main():
    settings = json.loads(FIXTURE.with_suffix(".json").read_text())
    reference = load_file(f"{FIXTURE}.expected.safetensors")
    model = make_model(settings)
    with tempfile.TemporaryDirectory() as folder:
        exported = pathlib.Path(folder) / "hf.safetensors"
        subprocess.run([sys.argv[1], "convert", f"{FIXTURE}.weights.safetensors", exported,
                        "--model", FIXTURE.with_suffix(".json"), "--layout", "huggingface"],
                       check=True)
        model.load_state_dict(load_file(exported))
    with torch.no_grad():
        out = model(input_ids=reference["in.tokens"], pixel_values=reference["in.pixels"])
    for name, ours in (("image_features", out.image_embeds), ("text_features", out.text_embeds),
                       ("logits", out.logits_per_image)):
        theirs = reference["out." + name]
        error = ((ours - theirs).norm() / theirs.norm()).item()
        print(f"{name}: relative difference {error:.1e}")
        if not error <= 1e-5:
            sys.exit(f"{name}: SiglipModel gives something else than open_clip")


main()
