import { type Modality, type Source, tableOptionsOf } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openData } from "../../training/run/open-data.ts";
import { partOf } from "../labels/judge.ts";
import { refuseTestOrSplit } from "../labels/labelled-sources.ts";
import { type Split, splitData } from "../labels/split.ts";
import { type EntryMasks, openMasks } from "./entry-masks.ts";
import type { SegmentOptions } from "./segmentation.ts";

/** Images, with the masks of those that have one. */
export interface MaskedImages {
  readonly source: Source<unknown>;
  readonly masks: EntryMasks;
  /** What must not be split of each entry, by number: by default the entry itself. */
  readonly groups: Int32Array;
}

/** Training and test images, opened. */
export interface MaskedParts extends AsyncDisposable {
  readonly train: MaskedImages;
  readonly test: MaskedImages;
  /** For choosing the L2 strength, if the images are split and it has masks. */
  readonly validation: MaskedImages | undefined;
  readonly split: Split | undefined;
}

/** The file that says how the images were split. */
const SPLIT = "segmentation-split.csv";

/** @throws UserError unless there are test images or a split, or when a part has no masks */
export async function openMasked(options: SegmentOptions, modality: Modality<unknown>): Promise<MaskedParts> {
  const { run, train, masks, test, testMasks = masks, split: by, seed = 0 } = options;
  refuseTestOrSplit({ test, split: by });
  await using opened = new AsyncDisposableStack();
  const columns = tableOptionsOf(options);
  const splitting = { data: train, by: by ?? "", seed, out: run.path, file: SPLIT, ...columns };
  const split = by === undefined ? undefined : await splitData(run, splitting);
  const open = async (path: Paths) => {
    const source = await openData(run, path, { ...columns, splitFile: path === train ? split?.file : undefined });
    opened.adopt(source, (it) => it.close());
    return source;
  };
  const masked = async (source: Source<unknown>, folder: string): Promise<MaskedImages> => {
    const found = await openMasks(folder, source, modality);
    const groups = await groupNumbersOf(run.modalityDefinition, source, found.entries);
    return { source, masks: found, groups: groups ?? Int32Array.from({ length: source.length }, (_, entry) => entry) };
  };
  const whole = await open(train);
  const [first, second, third] = [partOf(whole, "train"), partOf(whole, "validation"), partOf(whole, "test")];
  const parts = {
    train: await masked(first ?? whole, masks),
    test: third ? await masked(third, masks) : await masked(await open(test ?? train), testMasks),
    validation: second && second.length > 0 ? await masked(second, masks) : undefined,
    split,
  };
  const kept = opened.move();
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
