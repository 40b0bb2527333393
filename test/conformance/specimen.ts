import type { Rng } from "../../src/array/rng.ts";
import { type Ability, offerOf } from "../../src/data/ability.ts";
import type { Modality, ModalityDefinition } from "../../src/data/modality.ts";
import type { Source } from "../../src/data/source.ts";

/** How an ability that only this kind of data has is called: it gives samples. */
export interface Call {
  readonly name: string;
  readonly call: (modality: object, sample: unknown, rng: Rng) => readonly unknown[];
}

/** @example calling(tiles, (cut, sample, rng) => cut(sample, rng, { rows: 2, columns: 2, share: 1 })) */
export const calling = <Need extends Ability>(
  need: Need,
  call: (offer: NonNullable<Need["offer"]>, sample: unknown, rng: Rng) => readonly unknown[],
): Call => ({
  name: need.name,
  call(modality, sample, rng) {
    const offer = offerOf(modality, need);
    return offer === undefined ? [] : call(offer, sample, rng);
  },
});

/** What the suite is given of a kind of data beside its definition. */
export interface Specimen {
  /** The file that exports the definition: a path or URL, loaded in a process of its own. */
  readonly file: string | URL;
  /** At least 16 readable samples of two classes. */
  readonly data: string;
  /** Data of which some entry is broken and another is not. */
  readonly broken: string;
  /** Data of other kinds. */
  readonly others: readonly string[];
  /** Options that make samples small: the suite trains by every method. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Encoders of your own, by their files, with options that make them small; they are tried before the built-in ones. */
  readonly encoders?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Abilities that only this kind of data has. */
  readonly calls?: readonly Call[];
  /** Methods that do not apply although what they need is offered, each with what they say. */
  readonly refused?: Readonly<Record<string, RegExp>>;
}

/** The specimen's data, opened and read once for all tests. */
export interface Opened {
  readonly source: Source<unknown>;
  readonly modality: Modality & Readonly<Record<string, unknown>>;
  readonly samples: readonly unknown[];
  /** Settled options of the kind of data, and files that it learned. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>> | undefined;
  /** Samples as they are learned from, where they are not the source's own. */
  readonly arranged: Source<unknown>;
  close(): Promise<void>;
}

/** Samples that the tests look at. */
const SAMPLES = 16;

export async function openSpecimen(definition: ModalityDefinition, specimen: Specimen): Promise<Opened> {
  const found = await definition.open(specimen.data);
  const options = definition.options.parse({ ...(await definition.infer(found)), ...specimen.options });
  const files = await definition.learn?.(found, options);
  // As runs read their data: options may say what else is read of a sample.
  const source = await definition.reopen(structuredClone(found.manifest), options);
  const arranged = (await definition.arrange?.(source, options, files ?? {})) ?? source;
  const modality = { ...definition.build(options, files) };
  // All over the data, in which classes often lie one after the other.
  const indices = Array.from({ length: SAMPLES }, (_, at) => Math.floor((at * source.length) / SAMPLES));
  const samples = await Promise.all(indices.map((index) => source.read(index)));
  const close = async () => {
    await source.close();
    // What is read may lie in a temporary file of the first.
    await found.close();
  };
  return { source, options, files, arranged, modality, samples, close };
}
