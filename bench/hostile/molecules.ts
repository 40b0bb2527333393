import { someSmiles } from "../../test/fixtures/molecules.ts";
import { type Mutation, pick, placeIn, replaced } from "./mutation.ts";
import { dataOf } from "./openers.ts";
import { lines } from "./texts.ts";

/** Files of molecules, whole, what is done to them, and how they are opened. */

const texts =
  (...all: readonly string[]) =>
  async (): Promise<Buffer[]> =>
    all.map((text) => Buffer.from(text));

const smiles = someSmiles(24);

/** A chain of atoms as a mol block, and fields. */
const record = (atoms: readonly string[], name: string): string =>
  [
    ...[name, "  bench", ""],
    `${String(atoms.length).padStart(3)}${String(atoms.length - 1).padStart(3)}  0  0  0  0  0  0  0  0999 V2000`,
    ...atoms.map((atom, at) => `${at.toFixed(4).padStart(10)}    0.0000    0.0000 ${atom.padEnd(3)} 0  0`),
    ...atoms.slice(1).map((_, at) => `${String(at + 1).padStart(3)}${String(at + 2).padStart(3)}  1  0`),
    ...["M  END", ""],
  ].join("\n");
const records = Array.from({ length: 12 }, (_, at) => record(["C", "N", "O"].concat(Array(at).fill("C")), `m${at}`));

export const smilesFiles = texts(
  smiles.map((one, at) => `${one} molecule ${at}\n`).join(""),
  `smiles name\r\n${smiles.join("\r\n")}`,
);
export const sdfs = texts(records.map((one, at) => `${one}> <LogP>\n${at / 3}\n\n$$$$\n`).join(""));
export const mols = texts(record(["C", "C", "O"], "ethanol"));
export const tables = texts(`id,smiles,label\n${smiles.map((one, at) => `${at},${one},${at % 2}\n`).join("")}`);

/** What molecules are made of, and what ruins RDKit. */
const PIECES = [
  ...[
    "(",
    ")",
    "[",
    "]",
    "=",
    "#",
    "@",
    "@@",
    "%99",
    "1",
    "9",
    ".",
    "/",
    "\\",
    "c",
    "n",
    "[nH]",
    "[C@H]",
    "*",
    "~",
    "->",
  ],
  ...[
    "C".repeat(480),
    "C(".repeat(240),
    "c1ccccc1".repeat(60),
    "NCC(=O)".repeat(90),
    "[U+99]",
    "[999C]",
    "[C:1234567]",
  ],
];
const chemistry: Mutation = (bytes, rng) =>
  replaced(bytes, placeIn(bytes.length, rng), rng.integer(0, 2), Buffer.from(pick(rng, PIECES)));
export const written: readonly Mutation[] = [...Array.from({ length: 20 }, () => chemistry), ...lines];

export const molecule = dataOf("molecule", { maxNodes: 24, maxEdges: 24 });
export const asSmiles = dataOf("molecule", { input: "smiles", maxLength: 32 });
