"""The other side of bench/input.ts: torch_input.py CASE PATH SIZE BATCH WORKERS WARM_UP SECONDS prints {"samples", "seconds"}.

The same transforms in torchvision, on PIL pictures, in its DataLoader. Small pictures lie decoded in memory, as
torchvision's CIFAR10 has them.
"""
import io, json, pathlib, sys, time, zipfile
from PIL import Image
import torch
import torchvision.transforms as T

name, path, size, batch, workers, warm_up, seconds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:8])
s = 0.5
steps = [
    T.RandomResizedCrop(size, scale=(0.2, 1)),
    T.RandomHorizontalFlip(),
    T.RandomApply([T.ColorJitter(0.8 * s, 0.8 * s, 0.8 * s, 0.2 * s)], p=0.8),
    T.RandomGrayscale(p=0.2),
]
if size > 64:
    steps.append(T.RandomApply([T.GaussianBlur(max(3, size // 20 * 2 + 1), (0.1, 2))], p=0.5))
view = T.Compose(steps + [T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


class Pictures(torch.utils.data.Dataset):
    def __init__(self):
        if name == "cifar":
            with zipfile.ZipFile(path) as archive:
                jpegs = [archive.read(entry) for entry in archive.namelist() if entry.endswith(".jpg")]
            self.items = [Image.open(io.BytesIO(jpeg)).convert("RGB") for jpeg in jpegs]
        else:
            self.items = sorted(pathlib.Path(path).glob("*.jpg"))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        item = self.items[index]
        picture = item if name == "cifar" else Image.open(item).convert("RGB")
        return view(picture), view(picture)


def batches(loader):
    while True:
        yield from loader


loader = torch.utils.data.DataLoader(
    Pictures(), batch_size=batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=True
)
source = batches(loader)
for _ in range(warm_up):
    next(source)
start, samples = time.perf_counter(), 0
while time.perf_counter() - start < seconds:
    samples += len(next(source)[0])
print(json.dumps({"samples": samples, "seconds": time.perf_counter() - start}))
