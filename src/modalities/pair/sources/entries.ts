import { type LeftOut, Tally } from "../../../data/files/left-out.ts";
import { type Labels, labelsOf } from "../../../data/labels.ts";
import { type Groups, groupsOf } from "../../../data/parts/groups.ts";
import { UserError } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Captions, packCaptions } from "./captions.ts";
import { keysOf } from "./keys.ts";

/** What is said of an image in one place: a row of a table, a file beside it. */
export interface Said {
  /** The image as it is named there. */
  readonly image: string;
  readonly captions: readonly string[];
  readonly label?: string | undefined;
  readonly group?: string | undefined;
  readonly key?: string | undefined;
  /** Other columns. */
  readonly others?: ReadonlyMap<string, string | undefined>;
  /** Where it is said, for messages: `row 7`. */
  readonly where: string;
}

/** Entries without their images: one for each image, with everything that is said of it. */
export interface Entries {
  readonly captions: Captions;
  readonly keys: Int32Array;
  readonly labels: Labels | undefined;
  readonly groups: Groups | undefined;
  column(name: string): readonly (string | undefined)[] | undefined;
}

interface Entry {
  readonly image: string;
  readonly captions: Set<string>;
  label: string | undefined;
  group: string | undefined;
  key: string | undefined;
}

const cleaned = (text: string): string => text.normalize("NFC").trim();

/** Collects what is said of images; of an image that is named several times, all is kept. */
export class EntryCollector {
  readonly #path: string;
  readonly #entries = new Map<string, Entry>();
  readonly #columns = new Map<string, (string | undefined)[]>();
  readonly #tally = new Tally();

  /** @param path of the data, for messages */
  constructor(path: string) {
    this.#path = path;
  }

  /** The images, in the order in which they are first named. */
  get images(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get count(): number {
    return this.#entries.size;
  }

  get leftOut(): readonly LeftOut[] {
    return this.#tally.leftOut;
  }

  /** Counts what is no entry. */
  leave(others: readonly LeftOut[]): void {
    this.#tally.addAll(others);
  }

  /** @throws UserError when an image has two labels, groups or keys */
  add({ image, captions, label, group, key, others, where }: Said): void {
    const said = captions.map(cleaned).filter((caption) => caption !== "");
    if (image === "" || said.length === 0) {
      if (image === "") this.#tally.add(where, { what: "captions without an image" });
      else this.#tally.add(image, { what: "images without a caption" });
      return;
    }
    const known = this.#entries.get(image);
    const entry = known ?? { image, captions: new Set<string>(), label, group, key };
    for (const caption of said) entry.captions.add(caption);
    if (!known) this.#entries.set(image, entry);
    const same = (what: string, one: string | undefined, other: string | undefined): string | undefined => {
      if (one !== undefined && other !== undefined && one !== other)
        throw new UserError(
          `${this.#path}: ${where} gives ${shortened(image, 200)} the ${what} "${shortened(other)}", and an earlier one "${shortened(one)}"`,
        );
      return one ?? other;
    };
    entry.label = same("label", entry.label, label);
    entry.group = same("group", entry.group, group);
    entry.key = same("key", entry.key, key);
    if (known) return;
    for (const [name, cell] of others ?? []) {
      const column = this.#columns.get(name) ?? [];
      column[this.#entries.size - 1] = cell;
      this.#columns.set(name, column);
    }
  }

  /**
   * Those of the images that are there.
   * @param kept positions of their entries, in their order
   * @param by what the groups are called
   */
  end(kept: readonly number[], by: string | undefined): Entries {
    const all = [...this.#entries.values()];
    const entries = kept.map((at) => all[at]!);
    const captions = entries.map((entry) => [...entry.captions]);
    return {
      captions: packCaptions(captions),
      keys: keysOf(
        captions,
        entries.map(({ key }) => key),
      ),
      labels: labelsOf(entries.map(({ label }) => label)),
      groups: groupsOf(
        entries.map(({ group }) => group),
        by,
      ),
      column: (name) => {
        const column = this.#columns.get(name);
        return column && kept.map((at) => column[at]);
      },
    };
  }
}
