import { readFile } from "node:fs/promises";
import * as z from "zod";
import { BrokenSample, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { parseJson } from "../../foundation/json.ts";
import type { Run } from "../../training/run/run.ts";
import { unitRows } from "../vectors/normalize.ts";
import type { Placer, SideSample } from "./side-vectors.ts";

/** Texts that stand for a class. */
export interface ClassPrompts {
  readonly name: string;
  readonly prompts: readonly string[];
}

export interface PromptOptions {
  /** Names of the classes, at least two. */
  readonly classes?: readonly string[] | undefined;
  /** Sentences with `{}` for a class's name; all are averaged. By default the name itself. */
  readonly templates?: readonly string[] | undefined;
  /** Prompts of each class in place of its name, or a JSON file of them. */
  readonly prompts?: string | Readonly<Record<string, readonly string[]>> | undefined;
}

const HOLE = "{}";
/** Most classes times prompts, which are all held in memory. */
const MOST = 100_000;

const PromptFile = z.record(
  z.string().min(1),
  z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]),
);

/**
 * The prompts of each class: its name, or those for it, in every template.
 * @param labels classes of the data, if nobody names others
 * @throws UserError when there are fewer than two classes, one occurs twice, or a template has no `{}`
 */
export async function promptsOf({ classes, templates = [HOLE], prompts }: PromptOptions, labels?: readonly string[]) {
  for (const template of templates)
    if (!template.includes(HOLE))
      throw new UserError(
        `template "${template}": has no {} where the name of the class goes, as in "a drawing of {}"`,
      );
  const byClass = typeof prompts === "string" ? await readPrompts(prompts) : prompts;
  const names = (classes ?? (byClass && Object.keys(byClass)) ?? labels ?? []).map((name) => name.trim());
  if (names.includes("")) throw new UserError("classes: a name is empty");
  if (names.length < 2)
    throw new UserError(
      `${names.length === 0 ? "no classes" : `one class, "${names[0]}"`}: name at least two: --classes "cat,dog", or --prompts with a file`,
    );
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new UserError(`classes: "${twice}" occurs twice`);
  const unknown = byClass && Object.keys(byClass).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UserError(`prompts for "${unknown}", which is not among the classes: ${names.join(", ")}`);
  const all = names.map((name): ClassPrompts => {
    const texts = byClass && Object.hasOwn(byClass, name) ? byClass[name]! : [name];
    return {
      name,
      prompts: texts.flatMap((text) => templates.map((template) => template.replaceAll(HOLE, () => text))),
    };
  });
  const count = all.reduce((sum, one) => sum + one.prompts.length, 0);
  if (count > MOST) throw new UserError(`${count} prompts; at most ${MOST}`);
  return all;
}

/** @throws UserError when it is not JSON of that shape */
async function readPrompts(file: string): Promise<Record<string, string[]>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  const advice = 'prompts are JSON: {"cat": ["a cat", "a kitten"], "dog": ["a dog"]}';
  const parsed = PromptFile.safeParse(parseJson(text, file, `; ${advice}`));
  if (!parsed.success)
    throw new UserError(
      `${file}: ${parsed.error.issues[0]?.path.join(".") || "its content"} is not as expected; ${advice}`,
    );
  return parsed.data;
}

/** Prompts as samples of the side that reads them, class by class. */
export interface PromptSamples {
  readonly side: string;
  readonly classes: readonly { readonly name: string; readonly samples: readonly SideSample[] }[];
}

/**
 * Reads prompts as samples of one side of a run on pairs.
 * @param run on that side
 * @throws UserError when that side reads no typed text, or sees nothing of a class's prompts
 */
export async function readPromptSamples(run: Run, classes: readonly ClassPrompts[]): Promise<PromptSamples> {
  const { modality, modalityDefinition } = run;
  const open = modalityDefinition.accepts.text;
  if (!open) throw new UserError(`${run.path}: ${modality.name} data cannot be typed, and prompts are`);
  const result: { name: string; samples: SideSample[] }[] = [];
  for (const { name, prompts } of classes) {
    const samples: SideSample[] = [];
    let reason = "empty";
    for (const prompt of prompts) {
      const source = open(prompt);
      try {
        const sample = await source.read(0);
        const tensors = modality.tensors(sample);
        const unseen = modality.unseen?.(tensors);
        if (unseen === undefined) samples.push({ sample, tensors });
        else reason = unseen;
      } catch (error) {
        if (!(error instanceof BrokenSample)) throw error;
        reason = error.message;
      } finally {
        await source.close();
      }
    }
    if (samples.length === 0) throw new UserError(`class "${name}": ${reason}; give other words for it with --prompts`);
    result.push({ name, samples });
  }
  return { side: modality.name, classes: result };
}

/** A unit vector for each class, `[classes, dim]`: the mean of its prompts' unit vectors, as in CLIP. */
export async function classVectors({ side, classes }: PromptSamples, placer: Placer): Promise<Float32Array> {
  const { dim } = placer;
  const vectors = await placer.place(
    side,
    classes.flatMap(({ samples }) => samples),
  );
  const units = unitRows(vectors, vectors.length / dim, dim);
  const means = new Float32Array(classes.length * dim);
  let row = 0;
  for (const [at, { samples }] of classes.entries())
    for (let sample = 0; sample < samples.length; sample++, row++)
      for (let i = 0; i < dim; i++) means[at * dim + i]! += units[row * dim + i]! / samples.length;
  return unitRows(means, classes.length, dim);
}
