import { modalities } from "../../data/index.ts";
import type { SideName } from "./pair.ts";

/** The kinds of data of which pairs are made, each by its own definition: nothing of theirs is written again. */
const [image, text] = await Promise.all([modalities.load("image"), modalities.load("text")]);

export const kinds = { image, text } as const satisfies Readonly<Record<SideName, unknown>>;
