"""Times an exported model in OpenVINO's CPU plugin; see worker.py."""

import os

import openvino
import worker

HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "int8": "f32", "int8-weights": "f32"}


def load(folder, stages, precision, threads):
    core = openvino.Core()
    properties = {"INFERENCE_PRECISION_HINT": HINTS[precision], "INFERENCE_NUM_THREADS": threads,
                  "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}

    def network(stage):
        file = f"{stage}.onnx" if HINTS[precision][-2:] == "16" or precision == "float32" else f"{stage}.{precision}.xml"
        compiled = core.compile_model(os.path.join(folder, file), "CPU", properties)
        chosen = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if chosen != HINTS[precision]:
            raise SystemExit(f"this processor has no {precision} in OpenVINO: it takes {chosen}")
        request = compiled.create_infer_request()
        return lambda *inputs: request.infer(list(inputs), share_inputs=True)[0]

    return openvino.__version__.split("-")[0], {stage: network(stage) for stage in stages}


worker.run(load)
