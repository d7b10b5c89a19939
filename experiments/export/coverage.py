"""Exports the classification networks of torchvision and timm with random weights, in two ways each:

  torchscript   torch.onnx.export(dynamo=False) at opset 11
  dynamo        torch.onnx.export(dynamo=True) at opset 20

and writes, for each, NAME.EXPORTER.onnx, NAME.input.npy and NAME.output.npy (what PyTorch computes from it) into a
folder, for coverage.ts to import, inspect and compare. Nothing is downloaded: weights are drawn from a seed. Statistics
of normalisations and scales of layers are drawn too, since their defaults would hide mistakes.

  python3 experiments/export/coverage.py --out FOLDER [--only NAME,NAME] [--exporters torchscript,dynamo]

Needs torch, torchvision, timm, onnx, onnxscript.
"""

import argparse
import json
import os
import sys
import time
import warnings

import numpy as np
import onnx
import timm
import torch
import torchvision

TORCHVISION = [
    "alexnet", "vgg11", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2",
    "squeezenet1_0", "squeezenet1_1", "densenet121", "googlenet", "inception_v3",
    "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large",
    "mnasnet0_5", "mnasnet1_0", "efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf",
    "convnext_tiny",
]
TIMM = [
    "mobilenetv1_100", "mobilenetv3_small_100", "tf_efficientnet_b0", "convnext_atto", "convnextv2_atto",
    "regnety_002", "seresnext26d_32x4d", "res2net50_14w_8s", "inception_v4", "resnetv2_50", "ghostnet_100",
    "mobilenetv4_conv_small", "repvgg_a0", "xception41",
]
OPSETS = {"torchscript": 11, "dynamo": 20}


def build(source, name):
    torch.manual_seed(0)
    if source == "torchvision":
        extra = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
        if name in ("googlenet", "inception_v3"):
            # As their published weights are used: with the renormalisation of the input.
            extra |= {"transform_input": True, "aux_logits": True}
        model = torchvision.models.get_model(name, weights=None, **extra)
    else:
        model = timm.create_model(name, pretrained=False)
    disturb(model)
    return model.eval()


def disturb(model):
    """Statistics as of a trained network, and scales that matter."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                if module.affine:
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_(0, 0.1)
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.rsplit(".", 1)[-1] in ("gamma", "layer_scale"):
                parameter.uniform_(0.2, 1)


def export(model, image, exporter, file):
    opset = OPSETS[exporter]
    if exporter == "torchscript":
        dynamic = {"input": {0: "images"}, "logits": {0: "images"}}
        torch.onnx.export(model, (image,), file, dynamo=False, opset_version=opset, input_names=["input"],
                          output_names=["logits"], dynamic_axes=dynamic)
    else:
        program = torch.onnx.export(model, (image,), dynamo=True, opset_version=opset, input_names=["input"],
                                    output_names=["logits"], verbose=False,
                                    dynamic_shapes=({0: torch.export.Dim("images")},))
        program.save(file, external_data=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--exporters", default="torchscript,dynamo")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    os.makedirs(options.out, exist_ok=True)
    warnings.filterwarnings("ignore")
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__,
                "onnx": onnx.__version__}
    with open(os.path.join(options.out, "versions.json"), "w") as file:
        json.dump(versions, file)
    failed = []
    for source, name in [("torchvision", n) for n in TORCHVISION] + [("timm", n) for n in TIMM]:
        if only and name not in only:
            continue
        model = build(source, name)
        side = 299 if name.startswith("inception") else 224
        image = torch.randn(2, 3, side, side)
        with torch.no_grad():
            logits = model(image)
        stem = os.path.join(options.out, f"{source}.{name}")
        np.save(f"{stem}.input.npy", image.numpy())
        np.save(f"{stem}.output.npy", logits.numpy())
        for exporter in options.exporters.split(","):
            start = time.time()
            try:
                export(model, image, exporter, f"{stem}.{exporter}.onnx")
                print(f"{name} {exporter} {time.time() - start:.0f} s", flush=True)
            except Exception as error:  # told and counted: one network must not hide the others
                failed.append((name, exporter))
                print(f"{name} {exporter} FAILED: {str(error)[:300]}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
