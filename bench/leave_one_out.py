"""The loop that people write today: forward hooks, one kernel after another, the whole network each time.

Rebuilds a CIFAR ResNet (He et al. 2015, parameter-free shortcuts), or a network of torchvision, from its state dict and answers requests on stdin,
one JSON object a line: {"kernels": [[module, channel], ...], "out": path}. Writes per kernel and image, one array after
the other: predicted (uint16), loss, kl, margin (float32); prints {"seconds": ..., "cpu": ..., "faults": ...}, these the
page faults that needed no disk. Needs numpy and PyTorch, and torchvision for its networks.
"""

import argparse
import json
import sys
import time


def say(**message):
    print(json.dumps(message), flush=True)


try:
    import resource

    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    say(missing=str(error))
    sys.exit(0)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.stride = stride
        self.more = (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if self.stride != 1 or self.more:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more, self.more))
        return self.relu2(y + x)


class ResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        self.layer1 = nn.Sequential(*[Block(16, 16, 1) for _ in range(blocks)])
        self.layer2 = nn.Sequential(*[Block(16 if i == 0 else 32, 32, 2 if i == 0 else 1) for i in range(blocks)])
        self.layer3 = nn.Sequential(*[Block(32 if i == 0 else 64, 64, 2 if i == 0 else 1) for i in range(blocks)])
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean(dim=(2, 3)))

    def site(self, name):
        """Where percuss cuts the kernels of a convolution: behind its normalisation, and its activation if that follows."""
        if name == "conv1":
            return self.relu
        block, convolution = self.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2]
        return block.relu1 if convolution == "conv1" else block.bn2


def load_model(path):
    weights = {name: torch.from_numpy(array) for name, array in np.load(path).items()}
    blocks = len({name.split(".")[1] for name in weights if name.startswith("layer1.")})
    model = ResNet(blocks)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise SystemExit(f"{path} is no CIFAR ResNet: missing {missing}, unexpected {unexpected}")
    return model.eval()


def load_images(path, count):
    records = np.fromfile(path, dtype=np.uint8, count=count * 3073).reshape(count, 3073)
    mean = np.array([0.485, 0.456, 0.406], dtype=np.float32).reshape(1, 3, 1, 1)
    std = np.array([0.229, 0.224, 0.225], dtype=np.float32).reshape(1, 3, 1, 1)
    pixels = records[:, 1:].reshape(count, 3, 32, 32).astype(np.float32) / 255
    return torch.from_numpy((pixels - mean) / std), torch.from_numpy(records[:, 0].astype(np.int64))


def load_torchvision(name, path):
    """One of torchvision's networks, with weights under its names from a safetensors file."""
    try:
        from torchvision import models
    except ImportError as error:
        say(missing=str(error))
        sys.exit(0)
    model = models.get_model(name, weights=None)
    missing, unexpected = model.load_state_dict(read_safetensors(path), strict=False)
    if unexpected or any(not key.endswith("num_batches_tracked") for key in missing):
        raise SystemExit(f"{path} is no {name}: missing {missing}, unexpected {unexpected}")
    modules = list(model.named_modules())
    norms = {}
    for place, (key, module) in enumerate(modules):
        if isinstance(module, nn.Conv2d):
            norms[key] = next(norm for _, norm in modules[place:] if isinstance(norm, nn.BatchNorm2d))
    # An activation that several places share can't be hooked for one of them; all keep 0 at 0.
    model.site = norms.__getitem__
    return model.eval()


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    return {
        key: torch.frombuffer(data, dtype=torch.float32, count=(end - start) // 4, offset=start).reshape(entry["shape"])
        for key, entry in header.items()
        if key != "__metadata__"
        for start, end in [entry["data_offsets"]]
    }


def load_numbers(path):
    """Images as they go into the network; their class is taken for 0."""
    images = torch.from_numpy(np.load(path))
    return images, torch.zeros(len(images), dtype=torch.int64)


def leave_one_out(model, images, labels, kernels, batch):
    def logits():
        return torch.cat([model(part) for part in images.split(batch)])

    log_p = F.log_softmax(logits().double(), dim=1)
    predicted, losses, divergences, margins = [], [], [], []
    for name, channel in kernels:

        def cut(_module, _inputs, output, channel=channel):
            output[:, channel] = 0
            return output

        handle = model.site(name).register_forward_hook(cut)
        edited = logits()
        handle.remove()
        log_q = F.log_softmax(edited.double(), dim=1)
        top = edited.topk(2, dim=1).values
        predicted.append(edited.argmax(dim=1))
        losses.append(F.nll_loss(log_q, labels, reduction="none"))
        divergences.append((log_p.exp() * (log_p - log_q)).sum(dim=1))
        margins.append(top[:, 0] - top[:, 1])
    return predicted, losses, divergences, margins


def minor_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--architecture", help="one of torchvision's; else a ResNet of CIFAR")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.architecture is None:
        model = load_model(arguments.weights)
        images, labels = load_images(arguments.images, arguments.count)
    else:
        model = load_torchvision(arguments.architecture, arguments.weights)
        images, labels = load_numbers(arguments.images)
    say(ready=torch.__version__)
    for line in sys.stdin:
        request = json.loads(line)
        faults, wall, cpu = minor_faults(), time.perf_counter(), time.process_time()
        with torch.no_grad():
            parts = leave_one_out(model, images, labels, request["kernels"], arguments.batch)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        faults = minor_faults() - faults
        with open(request["out"], "wb") as out:
            for part, kind in zip(parts, [np.uint16, np.float32, np.float32, np.float32]):
                out.write(torch.cat(part).numpy().astype(kind).tobytes())
        say(seconds=wall, cpu=cpu, faults=faults)


main()
