"""Times training steps of open_clip on PyTorch: the peer of `tandem bench step`.

    python3 tests/peers/open_clip_step.py --model configs/models/emoji.yaml --batch 128

Needs torch and open_clip (pip install open_clip_torch), and timm where the model names a tower of
it. Prints JSON: median pairs a second, processor seconds of a step (all threads together) and the
process's peak resident memory.
"""

import argparse
import json
import resource
import statistics
import time

import open_clip
import torch
import yaml
from open_clip.loss import ClipLoss
from open_clip.model import CLIP, CustomTextCLIP


def read_model(path):
    with open(path) as file:
        settings = yaml.safe_load(file)
    settings = settings.get("model", settings)
    known = ("embed_dim", "quick_gelu", "vision_cfg", "text_cfg")
    return {key: settings[key] for key in known if key in settings}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--grad-checkpointing", action="store_true")
    parser.add_argument("--bf16", action="store_true", help="in autocast, as open_clip's amp_bf16")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    settings = read_model(arguments.model)
    by_timm = "timm_model_name" in settings["vision_cfg"]
    model = (CustomTextCLIP if by_timm else CLIP)(**settings)
    model.set_grad_checkpointing(arguments.grad_checkpointing)
    loss_of = ClipLoss()
    decay = [p for p in model.parameters() if p.ndim >= 2]
    plain = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}],
        lr=1e-4, betas=(0.9, 0.98), eps=1e-6)
    size = settings["vision_cfg"]["image_size"]
    text = settings["text_cfg"]
    pixels = torch.randn(arguments.batch, 3, size, size)
    tokens = torch.randint(1, text["vocab_size"] - 1, (arguments.batch, text["context_length"]))
    tokens[:, -1] = text["vocab_size"] - 1
    seconds = []
    processor = []
    for step in range(arguments.warmup + arguments.steps):
        begin = time.perf_counter()
        busy = time.process_time()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
            image_features, text_features, scale = model(pixels, tokens)[:3]
            loss = loss_of(image_features, text_features, scale)
        loss.backward()
        optimizer.step()
        loss.item()
        if step >= arguments.warmup:
            seconds.append(time.perf_counter() - begin)
            processor.append(time.process_time() - busy)
    median = statistics.median(seconds)
    print(json.dumps({
        "open_clip": open_clip.__version__,
        "torch": torch.__version__,
        "threads": arguments.threads,
        "batch": arguments.batch,
        "bf16": arguments.bf16,
        "grad_checkpointing": arguments.grad_checkpointing,
        "pairs_per_second": arguments.batch / median,
        "step_seconds_median": median,
        "processor_seconds_median": statistics.median(processor),
        "resident_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == "__main__":
    main()
