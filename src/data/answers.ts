import type { Tensor } from "../array/tensor.ts";
import { UserError } from "../foundation/errors.ts";
import { outputsOfUnits, unitLabelsOf } from "./tokens/labels.ts";

/** Kinds of labels: one class, several labels, a number, which samples are similar, or a class for each unit of a sample. */
export const labelTasks = [
  "classification",
  "multi-label",
  "regression",
  "similarity",
  "token-classification",
] as const;
export type LabelTask = (typeof labelTasks)[number];

/** The outputs of a model trained on labels. */
export interface Answers {
  readonly task: LabelTask;
  /** Names of the outputs: classes, labels, `value` or the columns of values; none for similarity. */
  readonly outputs: readonly string[];
}

/** `representation · weightᵀ + bias`: weight `[outputs, embedDim]`, bias `[outputs]`. */
export interface LinearHead {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Separates the labels of a multi-label sample: `cat|indoor`. */
export const SEPARATOR = "|";

const partsOf = (text: string): string[] =>
  text
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter(Boolean);

/*
 * Labels in several columns are one text, `NR-AR=1|NR-AhR=|SR-p53=0`: every column in the order of the user, and nothing
 * behind the sign where nothing was measured.
 */

/**
 * The label of a sample whose labels are in several columns; undefined if none of them was measured.
 * @throws UserError when a column's name has a sign that separates them
 */
export function labelOfColumns(names: readonly string[], cells: readonly (string | undefined)[]): string | undefined {
  for (const name of names)
    if (/[|=]/.test(name))
      throw new UserError(`the column "${name}": rename it; names of several label columns have no | and no =`);
  if (cells.every((cell) => !cell?.trim())) return undefined;
  return names.map((name, at) => `${name}=${(cells[at] ?? "").trim().replaceAll(SEPARATOR, "/")}`).join(SEPARATOR);
}

interface LabelColumns {
  readonly names: readonly string[];
  /** The cells of each label. */
  readonly cells: readonly (readonly string[])[];
}

/** The columns that labels are of, if they are labels of several columns. */
function columnsOf(classes: readonly string[]): LabelColumns | undefined {
  const parts = classes.map((text) => text.split(SEPARATOR));
  const namesIn = (text: readonly string[]) => text.map((part) => part.slice(0, Math.max(0, part.indexOf("="))));
  const names = namesIn(parts[0] ?? []);
  if (names.length < 2 || names.includes("") || new Set(names).size < names.length) return undefined;
  if (parts.some((text) => namesIn(text).join(SEPARATOR) !== names.join(SEPARATOR))) return undefined;
  return { names, cells: parts.map((text) => text.map((part, at) => part.slice(names[at]!.length + 1))) };
}

/** Whether labels are of several columns: `NR-AR=1|NR-AhR=`. */
export const areColumns = (classes: readonly string[]): boolean => columnsOf(classes) !== undefined;

const NO = new Set(["0", "0.0", "false", "no"]);
const YES = new Set(["1", "1.0", "true", "yes"]);

/** @throws UserError when it is neither yes nor no */
function yesOrNo(cell: string, name: string): number {
  const text = cell.toLowerCase();
  if (text === "") return Number.NaN;
  if (NO.has(text) || YES.has(text)) return Number(YES.has(text));
  throw new UserError(
    `the label column "${name}" has "${cell}"; several label columns hold 0 and 1 (or, with --task regression, numbers), and nothing where nothing was measured`,
  );
}

/** The values of several columns, row by row. @throws UserError when a cell is none */
function valuesOfColumns({ names, cells }: LabelColumns): number[][] {
  const columns = names.map((name, at) => {
    const texts = cells.map((row) => row[at]!);
    const given = texts.filter((text) => text !== "");
    const values = new Map(valuesOf(given).map((value, row) => [given[row]!, value]));
    for (const [text, value] of values)
      if (Number.isNaN(value)) throw new UserError(`the label column "${name}" has "${text}", which is not a number`);
    return texts.map((text) => values.get(text) ?? Number.NaN);
  });
  return cells.map((_, row) => columns.map((column) => column[row]!));
}

/** Whole numbers and numbers with a decimal comma, without thousands. */
const DECIMAL_COMMA = /^[+-]?\d*(,\d+)?(e[+-]?\d+)?$/i;

/**
 * The numbers that labels stand for; NaN for one that is none. `0,5` is a half, as spreadsheets write it in most of Europe,
 * if no label has a point and at least one of the commas cannot be that of thousands.
 */
export function valuesOf(classes: readonly string[]): number[] {
  const texts = classes.map((text) => text.trim());
  const isDecimal =
    texts.every((text) => DECIMAL_COMMA.test(text)) && texts.some((text) => /,(\d{1,2}|\d{4,})(\D|$)/.test(text));
  return texts.map((text) => {
    const value = text === "" ? Number.NaN : Number(isDecimal ? text.replace(",", ".") : text);
    return Number.isFinite(value) ? value : Number.NaN;
  });
}

/**
 * The outputs for labels with these texts.
 * @param classes texts of the labels, in the order of their indices in the data
 * @throws UserError when a regression label is not a number
 */
export function answersOf(task: LabelTask, classes: readonly string[]): Answers {
  const columns = columnsOf(classes);
  if (columns) {
    // Both refuse what is not of their kind.
    if (task === "regression") valuesOfColumns(columns);
    else if (task === "multi-label")
      for (const row of columns.cells) for (const [at, cell] of row.entries()) yesOrNo(cell, columns.names[at]!);
    else
      throw new UserError(
        `labels in several columns (${columns.names.slice(0, 3).join(", ")}) are for --task multi-label, of 0 and 1, or --task regression; ${task} takes one column`,
      );
    return { task, outputs: columns.names };
  }
  switch (task) {
    case "classification":
      return { task, outputs: classes };
    case "multi-label":
      return { task, outputs: [...new Set(classes.flatMap(partsOf))].sort() };
    case "regression":
      for (const [at, value] of valuesOf(classes).entries())
        if (Number.isNaN(value))
          throw new UserError(
            `the label "${classes[at]}" is not a number; ${classes[at]?.includes(",") ? "write decimals with a point and thousands without a comma" : "use --task classification for class names"}`,
          );
      return { task, outputs: ["value"] };
    case "similarity":
      return { task, outputs: [] };
    case "token-classification":
      return { task, outputs: outputsOfUnits(classes) };
  }
}

/**
 * The target outputs of each label, made when it is asked for: all of them are as many as the classes, squared. 1 for its class
 * or labels and 0 elsewhere, or the value; NaN for what was not measured. Of labels of units `[units, outputs]`, all 0 for a unit
 * without a label.
 * @param classes all of them, as one shows what another means: the comma of decimals, blanks between labels of units
 * @returns the outputs of the label at an index into `classes`
 */
export function truthReader({ task, outputs }: Answers, classes: readonly string[]): (label: number) => Float32Array {
  const columns = columnsOf(classes);
  if (columns && columns.names.join(SEPARATOR) === outputs.join(SEPARATOR)) {
    if (task !== "regression")
      return (label) => Float32Array.from(columns.cells[label]!, (cell, at) => yesOrNo(cell, outputs[at]!));
    const rows = valuesOfColumns(columns);
    return (label) => Float32Array.from(rows[label]!);
  }
  switch (task) {
    case "classification":
      return (label) => Float32Array.from(outputs, (name) => Number(name === classes[label]));
    case "multi-label":
      return (label) => {
        const own = partsOf(classes[label]!);
        return Float32Array.from(outputs, (name) => Number(own.includes(name)));
      };
    case "regression": {
      const values = valuesOf(classes);
      return (label) => Float32Array.of(values[label]!);
    }
    case "similarity":
      return () => new Float32Array();
    case "token-classification": {
      const units = unitLabelsOf(classes);
      return (label) =>
        Float32Array.from(units[label]!.flatMap((unit) => outputs.map((name) => Number(name === unit))));
    }
  }
}

/** The target outputs of every label: see `truthReader`. */
export function truthsOf(answers: Answers, classes: readonly string[]): Float32Array[] {
  const read = truthReader(answers, classes);
  return classes.map((_, label) => read(label));
}

/**
 * The target outputs of rows, `[rows, outputs]`; NaN for what was not measured.
 * @param classes texts of the labels
 * @param labels index of each row's label in `classes`
 */
export function truthOf(answers: Answers, classes: readonly string[], labels: Int32Array): Float32Array {
  const width = answers.outputs.length;
  const truths = truthsOf(answers, classes);
  const truth = new Float32Array(labels.length * width);
  labels.forEach((label, row) => {
    truth.set(truths[label]!, row * width);
  });
  return truth;
}

/** The first output for labels with these texts that the model does not have. */
export const unknownAmong = ({ task, outputs }: Answers, classes: readonly string[]): string | undefined =>
  answersOf(task, classes).outputs.find((name) => !outputs.includes(name));
