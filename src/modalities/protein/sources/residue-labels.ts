import { dirname, join } from "node:path";
import type { Tally } from "../../../data/files/left-out.ts";
import { finderOf } from "../../../data/names.ts";
import { UNLABELLED } from "../../../data/tokens/labels.ts";
import { UserError } from "../../../foundation/errors.ts";
import { isFile } from "../../../foundation/files.ts";
import { idOf, rawLines } from "./fasta.ts";

/** FLIP's name for the file that says which residues have labels. */
const MASK = "mask.fasta";

/** Texts of a FASTA file by the first words of their headers; they are labels or flags and stay as they are. */
async function textsIn(path: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  let id = "";
  for await (const line of rawLines(path)) {
    if ("header" in line) {
      id = idOf(line.header);
      texts.set(id, "");
    } else texts.set(id, (texts.get(id) ?? "") + line.letters.toString("utf8").trim());
  }
  return texts;
}

/** What labels of residues need to know of the sequences. */
export interface Lengths {
  readonly names: readonly string[];
  readonly lengths: ArrayLike<number>;
}

/**
 * Labels for each residue from a second FASTA file, a letter each, `-` for none. Where a `mask.fasta` lies beside it, residues
 * with a 0 there have none (FLIP's secondary structure).
 * @param tally is told of labels that do not fit
 * @returns a label text for every sequence, and what was done
 * @throws UserError when it names no sequence of the data
 */
export async function residueLabels(
  path: string,
  { names, lengths }: Lengths,
  tally: Tally,
): Promise<{ readonly labels: (string | undefined)[]; readonly notes: readonly string[] }> {
  const texts = await textsIn(path);
  const find = finderOf(names);
  const labels: (string | undefined)[] = names.map(() => undefined);
  const mask = join(dirname(path), MASK);
  const flags = (await isFile(mask)) ? await textsIn(mask) : undefined;
  let found = 0;
  for (const [id, text] of texts) {
    const at = find(id);
    if (at === undefined) continue;
    found++;
    const flag = flags?.get(id);
    if (text.length !== lengths[at] || (flag !== undefined && flag.length !== text.length))
      tally.add(id, { what: "labels of another length than their sequence" });
    else labels[at] = flag === undefined ? text : masked(text, flag);
  }
  if (found === 0)
    throw new UserError(
      `${path}: has labels of none of the sequences; its first is ${[...texts.keys()][0] ?? "missing"}, and the data have ${names[0]}`,
    );
  const notes = flags ? [`${mask}: residues with a 0 have no label`] : [];
  return { labels, notes };
}

const masked = (text: string, flags: string): string =>
  [...text].map((label, at) => (flags[at] === "0" ? UNLABELLED : label)).join("");
