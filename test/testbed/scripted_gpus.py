"""What the scripted nvidia-smi, amd-smi and rocm-smi share: the machine they pretend to be on.

The machine is a JSON file: the one named by RUNYARD_TESTBED_GPUS, else `gpus.json` beside the script as it was called
(so a link to a script in a folder of its own makes a machine of its own). Every key may be left out:

    {"hang_s": 0,                      before anything else, sleep
     "says": {"text": "…", "exit": 9}, print this instead of an answer
     "unknown_fields": ["mig.mode.current"],   fields that this driver does not know (nvidia-smi)
     "gpus": [{"name": "NVIDIA A100-SXM4-40GB", "uuid": "GPU-…", "memory_mib": 40960, "used_mib": 0, "percent": 0,
               "value": "[Unknown Error]",     what every measured value reads; also [N/A], ERR!, [GPU is lost]
               "lost": false,                  the driver cannot even open it
               "mig": false,
               "processes": [{"pid": 4242, "name": "python3", "used_mib": 18200}]}]}
"""

import json
import os
import sys
import time


def machine():
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "gpus.json")
    with open(os.environ.get("RUNYARD_TESTBED_GPUS") or beside, encoding="utf-8") as file:
        state = json.load(file)
    time.sleep(state.get("hang_s", 0))
    if "says" in state:
        print(state["says"].get("text", ""))
        sys.exit(state["says"].get("exit", 0))
    gpus = state.setdefault("gpus", [])
    for index, gpu in enumerate(gpus):
        gpu["index"] = index
        gpu.setdefault("uuid", "GPU-%08x-1111-2222-3333-444444444444" % index)
        for key, value in (("name", "Scripted GPU"), ("memory_mib", 16384), ("used_mib", 0), ("percent", 0)):
            gpu.setdefault(key, value)
        gpu.setdefault("processes", [])
    return state


def option(name):
    """`--name=value` or `--name value`, else None."""
    for at, argument in enumerate(sys.argv):
        if argument == name and at + 1 < len(sys.argv):
            return sys.argv[at + 1]
        if argument.startswith(name + "="):
            return argument.split("=", 1)[1]
    return None
