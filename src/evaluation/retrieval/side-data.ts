import {
  type ModalityDefinition,
  type OpenOptions,
  offerOf,
  type Shown,
  type Source,
  sides as sidesAbility,
} from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { modalityFor, recognitionOf } from "../../data/recognise.ts";
import { UserError } from "../../foundation/errors.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { sharedSides } from "../../training/run/shared-space.ts";
import { columnsFor } from "./parts-of-pairs.ts";
import { sideEmbedder } from "./placers.ts";
import { placeSides, type ReadSide, type SideVectors, sidesOfPairs } from "./side-vectors.ts";

/** Data of one side of a run on pairs: of its own kind, or pairs, whose other side is left aside. */
export interface SideData {
  readonly side: string;
  /** The run on this side, with vectors of the space that both sides share. */
  readonly run: Run;
  readonly source: Source<unknown>;
  /** Whether the entries are pairs. */
  readonly isOfPairs: boolean;
  /** How the side is read from the entries: of a pair perhaps several samples. */
  readonly reads: ReadSide;
}

export interface OpenSideOptions extends OpenOptions {
  /** The side; by default that of the data's own kind. */
  readonly side?: string | undefined;
  /** The side of pairs, if nobody says which. */
  readonly ofPairs?: string | undefined;
}

/** @throws UserError when the run has no such side */
function checkSide({ path, modality }: Run, names: Iterable<string>, side: string | undefined): void {
  const all = [...names];
  if (side !== undefined && !all.includes(side))
    throw new UserError(
      `--side ${side}: ${path} is a run on ${modality.name} data, whose sides are ${all.join(" and ")}`,
    );
}

/** The kind of data at a path: pairs, or one of their sides. @throws UserError when it is another, or not the side wanted */
async function kindAt(run: Run, names: readonly string[], path: Paths, side?: string): Promise<ModalityDefinition> {
  const pairs = run.modalityDefinition;
  if (side !== undefined) {
    const recognition = await recognitionOf(pairs, path).catch(() => undefined);
    return recognition === "proven" || recognition === "certain" ? pairs : modalityFor(path, side);
  }
  const found = await modalityFor(path);
  if (found.name === pairs.name || names.includes(found.name)) return found;
  throw new UserError(
    `${inWords(path)}: ${found.name} data, and ${run.path} is a run on ${pairs.name} data, whose sides are ${names.join(" and ")}; --side says which of them it is`,
  );
}

/** Whether data are of one side's own kind, by what they look like. */
export async function isOfOneSide({ modality }: Run, path: Paths): Promise<boolean> {
  const names: readonly string[] = offerOf(modality, sidesAbility)?.names ?? [];
  const found = await modalityFor(path).catch(() => undefined);
  return found !== undefined && names.includes(found.name);
}

/**
 * Opens data of one side of a run on pairs.
 * @throws UserError when the run has no shared space, or the data are of no side of it
 */
export async function openSide(run: Run, path: Paths, { side, ofPairs, ...open }: OpenSideOptions): Promise<SideData> {
  const sides = await sharedSides(run);
  const names = [...sides.keys()];
  checkSide(run, names, side);
  const kind = await kindAt(run, names, path, side);
  if (kind.name !== run.modality.name) {
    const sideRun = sides.get(kind.name)!;
    const source = await openData(sideRun, path, open);
    return ofOneKind(sideRun, source);
  }
  const name = side ?? ofPairs;
  if (name === undefined)
    throw new UserError(`${inWords(path)}: pairs; --side ${names.join(" or ")} says which side of them is meant`);
  const reads = sidesOfPairs(run).find((one) => one.name === name)!;
  const source = await openData(run, path, { ...open, ...columnsFor(run, path, open) });
  return { side: name, run: sides.get(name)!, source, isOfPairs: true, reads };
}

/** Data of a run's own kind as one side: every entry is one sample. */
export const ofOneKind = (run: Run, source: Source<unknown>): SideData => ({
  ...{ side: run.modality.name, run, source, isOfPairs: false },
  reads: { name: run.modality.name, modality: run.modality, samples: (sample) => [sample] },
});

export interface EmbeddedSide {
  readonly vectors: SideVectors;
  /** Name of each row: that of its entry; a pair's further samples have a number, `pairs.csv:12#2`. */
  readonly names: readonly string[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** The vectors of data of one side, in the space that both share. */
export async function embedSide(
  { side, run, source, reads }: SideData,
  {
    indices,
    onProgress,
  }: { readonly indices?: Int32Array; readonly onProgress?: (done: number, total: number) => void },
): Promise<EmbeddedSide> {
  const embedding = await sideEmbedder(run);
  try {
    const { placed, broken } = await placeSides([reads], source, [embedding.placer], { indices, onProgress });
    const vectors = placed[0]!.get(side)!;
    const names = Array.from(vectors.entries, (entry, row) => rowName(source.name(entry), vectors.places[row]!));
    return { vectors, names, broken };
  } finally {
    await embedding.dispose();
  }
}

const rowName = (name: string, place: number): string => (place === 0 ? name : `${name}#${place + 1}`);

/** The entry that a row's name is of, and its sample of the entry. */
export function rowNamed(
  find: (name: string) => number | undefined,
  name: string,
): { entry: number; place: number } | undefined {
  const whole = find(name);
  if (whole !== undefined) return { entry: whole, place: 0 };
  const [, base = "", place = ""] = /^(.*)#(\d+)$/.exec(name) ?? [];
  const entry = base === "" ? undefined : find(base);
  return entry === undefined ? undefined : { entry, place: Number(place) - 1 };
}

/** A row of data of one side, as pages show it; undefined when it cannot be read any more. */
export async function shownRow(
  { run, source, reads }: SideData,
  { entry, place }: { readonly entry: number; readonly place: number },
): Promise<Shown | undefined> {
  const sample = await source.read(entry).then(
    (read) => reads.samples(read)[place],
    () => undefined,
  );
  return sample === undefined ? undefined : run.modality.show(sample);
}
