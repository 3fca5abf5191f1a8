"""Makes the int8 networks of the other runtimes, each by its own tool: quantize.py EXPORT RUNTIME PRECISION

onnxruntime int8: quantize_dynamic, weights and activations of linears and convolutions in 8 bits.
openvino int8: NNCF's post-training quantisation, activation ranges from a few inputs; int8-weights: weights alone.
"""

import json
import os
import sys

import numpy

SAMPLES = 4


def onnxruntime(folder, stage, precision):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    # ConvInteger exists for unsigned weights alone.
    quantize_dynamic(os.path.join(folder, stage["name"] + ".onnx"), os.path.join(folder, f"{stage['name']}.{precision}.onnx"),
                     weight_type=QuantType.QUInt8)


def openvino(folder, stage, precision):
    import nncf
    from openvino import Core, save_model
    model = Core().read_model(os.path.join(folder, stage["name"] + ".onnx"))
    if precision == "int8-weights":
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
    else:
        random = numpy.random.default_rng(1)

        def sample(i):
            arrays = {}
            for each in stage["inputs"]:
                array = numpy.fromfile(os.path.join(folder, each["file"]), each["type"]).reshape(each["shape"])
                noise = array.ndim == 4 and i > 0
                arrays[each["name"]] = random.standard_normal(array.shape, "float32") if noise else array
            return arrays

        model = nncf.quantize(model, nncf.Dataset([sample(i) for i in range(SAMPLES)]), subset_size=SAMPLES,
                              preset=nncf.QuantizationPreset.MIXED)
    save_model(model, os.path.join(folder, f"{stage['name']}.{precision}.xml"), compress_to_fp16=False)


if __name__ == "__main__":
    folder, runtime, precision = sys.argv[1:]
    with open(os.path.join(folder, "manifest.json")) as file:
        stages = json.load(file)["stages"]
    for stage in stages:
        {"onnxruntime": onnxruntime, "openvino": openvino}[runtime](folder, stage, precision)
