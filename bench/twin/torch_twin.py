"""One training of the twin: `torch_twin.py FEATURES` reads the settings and all batches from the standard input, writes the
features of the labelled images to FEATURES, and prints {"losses": [...], "ms": [CPU time of each step], ...}.

The input is a line of JSON, and then, without anything between, the arrays of every batch, then the images to embed.
"""
import json
import math
import sys
import time

import torch
from torch_methods import methods

source = sys.stdin.buffer
settings = json.loads(source.readline())
training = settings["training"]
torch.set_num_threads(1)
torch.manual_seed(settings["seed"])
dtypes = {"float32": torch.float32, "int32": torch.int32}


def array(shape, dtype):
    size = 4 * math.prod(shape)
    data = source.read(size)
    if len(data) != size:
        sys.exit("the batches ended early")
    return torch.frombuffer(bytearray(data), dtype=dtypes[dtype]).reshape(shape)


def learning_rate(step):
    peak, warmup, steps = training["learningRate"], settings["warmupSteps"], settings["steps"]
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


model = methods[settings["method"]](**settings)
renamed = {"scale": "weight", "shift": "bias", "runningMean": "running_mean", "runningVariance": "running_var"}
if settings["weights"]:
    given = {}
    for path, shape in settings["weights"]:
        *parents, leaf = path.split(".")
        given[".".join([*parents, renamed.get(leaf, leaf)])] = array(shape, "float32")
    _, extra = model.load_state_dict(given, strict=False)
    left = [name for name in model.state_dict() if name not in given and not name.endswith("num_batches_tracked")]
    if extra or left:
        sys.exit(f"weights without a place: {extra}; without a value: {left}")
    if hasattr(model, "start"):
        model.start()
deviations = {name: one.std().item() if one.numel() > 1 else 0.0 for name, one in model.named_parameters()}

# Biases, norms and tokens are not decayed.
decayed = [one for name, one in model.named_parameters() if one.ndim > 1 and not name.endswith("maskToken")]
others = [one for name, one in model.named_parameters() if one.ndim == 1 or name.endswith("maskToken")]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": training["weightDecay"]}, {"params": others, "weight_decay": 0.0}],
    lr=training["learningRate"],
    betas=(0.9, training["beta2"]),
)
losses, ms = [], []
model.train()
for step in range(settings["takenSteps"]):
    batch = {path: array(shape, dtype) for path, shape, dtype in settings["leaves"]}
    progress = step / settings["steps"]
    started = time.process_time()
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step)
    optimizer.zero_grad(set_to_none=True)
    loss = model.loss(batch, progress)
    loss.backward()
    if training["gradientClip"] > 0:
        torch.nn.utils.clip_grad_norm_(model.parameters(), training["gradientClip"])
    if hasattr(model, "before_update"):
        model.before_update(progress)
    optimizer.step()
    model.after_step(progress)
    losses.append(loss.item())
    ms.append(1e3 * (time.process_time() - started))

encoder = model.learned().eval()
with torch.no_grad(), open(sys.argv[1], "wb") as features:
    for shape in settings["images"]:
        features.write(encoder(array(shape, "float32")).numpy().tobytes())
print(json.dumps({"losses": losses, "ms": ms, "width": encoder.width, "deviations": deviations, "torch": torch.__version__}))
