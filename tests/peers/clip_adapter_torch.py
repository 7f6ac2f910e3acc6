"""The numbers of tests/models/feature_adapters_test.cpp: loss and gradients of CLIP-Adapter and of
Tip-Adapter-F in PyTorch, on small drawn weights.

    python3 tests/peers/clip_adapter_torch.py

Needs python3-torch. Values are sines, so that the test makes the same ones.
"""

import torch
import torch.nn.functional as F

N, E, K, H, S = 3, 4, 3, 2, 5
RATIO, SCALE, ALPHA, BETA = 0.2, 100.0, 1.17, 1.0
torch.set_default_dtype(torch.float64)


def drawn(count, start):
    return torch.sin(torch.arange(count) * 1.7 + start)


def show(name, tensor):
    print(f"// {name}\n" + ", ".join(f"{value:.9g}" for value in tensor.flatten().tolist()))


features = F.normalize(drawn(N * E, 0.3).reshape(N, E), dim=1)
texts = F.normalize(drawn(K * E, 0.9).reshape(K, E), dim=1)
labels = torch.tensor([0, 2, 1])

down = drawn(H * E, 0.1).reshape(H, E).requires_grad_()
up = drawn(E * H, 0.6).reshape(E, H).requires_grad_()
adapted = F.relu(F.linear(F.relu(F.linear(features, down)), up))
mixed = F.normalize(RATIO * adapted + (1 - RATIO) * features, dim=1)
loss = F.cross_entropy(SCALE * mixed @ texts.T, labels)
loss.backward()
show("CLIP-Adapter: loss", loss)
show("grad image_adapter.fc.0.weight", down.grad)
show("grad image_adapter.fc.2.weight", up.grad)

keys = drawn(S * E, 2.0).reshape(S, E).requires_grad_()
values = F.one_hot(torch.tensor([0, 1, 2, 0, 1]), K).double()
cache = torch.exp(-BETA * (1 - features @ keys.T)) @ values
loss = F.cross_entropy(SCALE * features @ texts.T + ALPHA * cache, labels)
loss.backward()
show("Tip-Adapter-F: loss", loss)
show("grad cache.keys", keys.grad)
