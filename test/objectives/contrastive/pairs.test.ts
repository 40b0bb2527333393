import { clip } from "../../../src/objectives/contrastive/clip.ts";
import { siglip } from "../../../src/objectives/contrastive/siglip.ts";
import { fill } from "../../fixtures/torch/reference.ts";
import { comparing } from "../checks.ts";

const equalsTorch = comparing("pairs");
const vectors = { images: fill("images", [5, 6]), texts: fill("texts", [5, 6]), scale: fill("scale", [], 1, 5) };

equalsTorch("clip", vectors, ({ images, texts, scale }) => clip(images, texts, { scale }));

equalsTorch("siglip", { ...vectors, bias: fill("bias", [], 1, -3) }, ({ images, texts, scale, bias }) =>
  siglip(images, texts, { scale, bias }),
);
