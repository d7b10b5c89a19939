"""Writes the small networks of test/network/fixtures/architectures: the blocks of the classification networks of
torchvision and timm, made of the libraries' own classes with few and narrow layers, exported in the two ways of
coverage.py, and what PyTorch computes from one input (outputs.json). Nothing is downloaded; weights come from a seed.

  python3 experiments/export/stand_ins.py [FOLDER]

Needs torch, torchvision, timm, onnx, onnxscript.
"""

import importlib
import json
import os
import sys
import warnings
from functools import partial

import numpy as np
import onnx
import timm
import torch
from coverage import disturb, export
from timm.models import efficientnet as timm_efficientnet
from timm.models import resnet as timm_resnet
from torch import nn
from torchvision.models import convnext, densenet, efficientnet, mobilenetv2, mobilenetv3, regnet
from torchvision.models import shufflenetv2, squeezenet, vgg

# Hidden in its package by the function of the same name.
googlenet = importlib.import_module("torchvision.models.googlenet")

CLASSES = 5
SIDE = 32


def small_vgg():
    net = vgg.VGG(vgg.make_layers([6, "M", 8, "M"], batch_norm=True), num_classes=CLASSES, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d((4, 4))
    net.classifier = nn.Sequential(nn.Linear(8 * 16, 12), nn.ReLU(True), nn.Dropout(), nn.Linear(12, CLASSES))
    return net


def small_resnet(block, **options):
    return timm_resnet.ResNet(block, layers=(1, 1, 1, 1), channels=(8, 8, 12, 12), stem_width=6, num_classes=CLASSES, in_chans=3,
                              **options)


def small_squeezenet():
    net = squeezenet.SqueezeNet("1_1", num_classes=CLASSES)
    fire = squeezenet.Fire
    net.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True),
                                 fire(8, 4, 6, 6), fire(12, 4, 8, 8))
    net.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(16, CLASSES, 1), nn.ReLU(inplace=True),
                                   nn.AdaptiveAvgPool2d((1, 1)))
    return net


class SmallInception(nn.Module):
    """Two of GoogLeNet's blocks, and its renormalisation of the input."""

    def __init__(self):
        super().__init__()
        self.conv1 = googlenet.BasicConv2d(3, 8, kernel_size=3, stride=2, padding=1)
        self.inception3a = googlenet.Inception(8, 4, 4, 6, 2, 4, 4)
        self.inception3b = googlenet.Inception(18, 4, 4, 4, 2, 4, 4)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, CLASSES)
        self.transform_input = True

    def forward(self, x):
        x = googlenet.GoogLeNet._transform_input(self, x)
        x = self.inception3b(self.inception3a(self.conv1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def small_mobilenet_v3():
    row = partial(mobilenetv3.InvertedResidualConfig, dilation=1, width_mult=1.0)
    rows = [row(8, 3, 8, 8, True, "RE", 1), row(8, 3, 16, 8, False, "RE", 1), row(8, 5, 16, 16, True, "HS", 2)]
    return mobilenetv3.MobileNetV3(rows, last_channel=16, num_classes=CLASSES)


def small_efficientnet(block):
    rows = [efficientnet.FusedMBConvConfig(2, 3, 1, 8, 8, 1)] if block == "fused" else []
    rows += [efficientnet.MBConvConfig(1, 3, 1, 8, 8, 1), efficientnet.MBConvConfig(2, 5, 2, 8, 16, 2)]
    return efficientnet.EfficientNet(rows, dropout=0.1, last_channel=16, num_classes=CLASSES)


def small_regnet(se_ratio):
    parameters = regnet.BlockParams.from_init_params(depth=3, w_0=8, w_a=8.0, w_m=2.0, group_width=4, se_ratio=se_ratio)
    return regnet.RegNet(parameters, num_classes=CLASSES, stem_width=8)


def small_convnext():
    rows = [convnext.CNBlockConfig(8, 12, 1), convnext.CNBlockConfig(12, None, 1)]
    return convnext.ConvNeXt(rows, num_classes=CLASSES)


NETWORKS = {
    "vgg": small_vgg,
    "resnet": partial(small_resnet, timm_resnet.BasicBlock),
    "resnext": partial(small_resnet, timm_resnet.Bottleneck, cardinality=2, base_width=32),
    "seresnet-silu": partial(small_resnet, timm_resnet.BasicBlock, act_layer=nn.SiLU,
                             block_args={"attn_layer": "se"}),
    "squeezenet": small_squeezenet,
    "densenet": lambda: densenet.DenseNet(4, (2, 2), 8, bn_size=2, num_classes=CLASSES),
    "googlenet": SmallInception,
    "shufflenet-v2": lambda: shufflenetv2.ShuffleNetV2([2, 1, 1], [6, 8, 12, 16, 16], num_classes=CLASSES),
    "mobilenet-v1": lambda: timm_efficientnet._gen_mobilenet_v1("mobilenetv1_100", 0.05, num_classes=CLASSES),
    "mobilenet-v2": lambda: mobilenetv2.MobileNetV2(CLASSES, 0.25, [[1, 8, 1, 1], [2, 32, 2, 2]]),
    "mobilenet-v3": small_mobilenet_v3,
    "mnasnet": lambda: timm_efficientnet._gen_mnasnet_small("mnasnet_small", 0.25, num_features=16, num_classes=CLASSES),
    "efficientnet": partial(small_efficientnet, "plain"),
    "efficientnet-v2": partial(small_efficientnet, "fused"),
    "regnet-x": partial(small_regnet, None),
    "regnet-y": partial(small_regnet, 0.25),
    "convnext": small_convnext,
    "convnext-atto": lambda: timm.create_model("convnext_atto", depths=(1,) * 4, dims=(8, 8, 12, 12),
                                               num_classes=CLASSES),
}


def image():
    """Numbers that any language gets alike: ((37·i) mod 101) / 50 − 1."""
    count = 2 * 3 * SIDE * SIDE
    return (np.arange(count) * 37 % 101 / 50 - 1).astype(np.float32).reshape(2, 3, SIDE, SIDE)


def strip(file):
    """Leaves out what only tells where the exporter was: stack traces, shapes of every value."""
    model = onnx.load(file)
    del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:], model.functions[:]
    for node in model.graph.node:
        kept = [(entry.key, entry.value) for entry in node.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)
        node.doc_string = ""
    onnx.save(model, file)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "test/network/fixtures/architectures"
    os.makedirs(folder, exist_ok=True)
    warnings.filterwarnings("ignore")
    x = torch.from_numpy(image())
    outputs = {}
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        model = make()
        disturb(model)
        model.eval()
        with torch.no_grad():
            outputs[name] = [[float(f"{float(v):.8g}") for v in row] for row in model(x)]
        for exporter in ("torchscript", "dynamo"):
            file = f"{folder}/{name}.{exporter}.onnx"
            export(model, x, exporter, file)
            strip(file)
        sizes = [os.path.getsize(f"{folder}/{name}.{e}.onnx") // 1024 for e in ("torchscript", "dynamo")]
        print(name, sizes, "kB", flush=True)
    with open(f"{folder}/outputs.json", "w") as file:
        file.write("{\n" + ",\n".join(f' "{name}": {json.dumps(rows)}' for name, rows in outputs.items()) + "\n}\n")


if __name__ == "__main__":
    main()
