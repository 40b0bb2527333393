import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Array, float32, sizeOf, type Tensor, type Traced } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { TensorRecord } from "../../data/modality.ts";
import { drawing, type Picture } from "../../data/picture.ts";
import { sides } from "../../data/sides.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import type { Inputs } from "../../encoders/encoder.ts";
import { compile } from "../../engine/index.ts";
import { complete, type TokenPrediction } from "../../evaluation/language/complete.ts";
import { BrokenSample, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import type { MethodParams } from "../../methods/index.ts";
import { stack } from "../../training/features.ts";
import { methodOf, type Run } from "../../training/run/run.ts";
import { jointTokens } from "./abilities.ts";
import { coveredPatches } from "./boxes.ts";
import { kinds } from "./kinds.ts";
import type { Box } from "./pair.ts";

/** A rectangle in shares of the picture as the encoder sees it, a square, from its upper left corner. */
export type Region = Omit<Box, "phrase">;

export interface CompletePairOptions {
  readonly run: Run;
  /** The file of a picture. */
  readonly image: string;
  /** Its caption; words to predict are `[MASK]`. */
  readonly text: string;
  /** Candidates for each mask; 5 by default. */
  readonly top?: number;
  /** A part of the picture to predict from its caption and the rest of it. */
  readonly hide?: Region;
  /** Point at what the text names. */
  readonly where?: boolean;
}

export interface PairCompletion {
  /** For each mask, from left to right, the most likely tokens. */
  readonly masks?: readonly (readonly TokenPrediction[])[];
  /** The caption with the most likely token in place of each mask. */
  readonly text: string;
  /** The picture as the encoder sees it, with its hidden patches grey, and as predicted. */
  readonly region?: { readonly picture: Picture; readonly hidden: Picture; readonly predicted: Picture };
  /** The middle of the patch that most likely shows what the text names, in shares of the square. */
  readonly where?: { readonly x: number; readonly y: number; readonly probability: number };
}

/**
 * Predicts words of a caption that are hidden from its picture, a hidden part of the picture from the caption, or where in the
 * picture that is what the text names.
 * @throws UserError when the file is no image, the text is too long, nothing is asked for, or the run's method does not predict it
 *
 * @example
 * const run = await openRun("runs/joint");
 * const { masks, text } = await completePair({ run, image: "picture.png", text: "two [MASK] squares" });
 */
export async function completePair(options: CompletePairOptions): Promise<PairCompletion> {
  const { run, text, hide, where } = options;
  const ofImages = offerOf(run.modality, sides)?.modality("image");
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  if (!ofImages || !vocabulary)
    throw new UserError(`${run.path}: a run on ${run.modality.name} data; this completes images with captions`);
  const image = ofImages.tensors(await imageIn(options.image));
  const content = vocabulary.parse(text);
  if (content.length > vocabulary.length - 2)
    throw new UserError(`the text has ${content.length} tokens; this model reads ${vocabulary.length - 2} at most`);
  const hasMasks = content.includes(offerOf(run.modality, maskToken) ?? -1);
  const { method, methodDefinition } = await methodOf(run);
  const refuse = (what: string, others: string): never => {
    throw new UserError(`${run.path}: method ${methodDefinition.name} predicts no ${what}; ${others}`);
  };
  // Without anything else to do, a text without a mask is refused there.
  const isOfWords = hasMasks || (!hide && !where);
  if (isOfWords && !method.tokenLogits) refuse("words", "m3ae and icmlm do");
  const words = isOfWords ? await complete({ run, text, given: image, top: options.top ?? 5 }) : { text };
  const { begin, end } = vocabulary.ids;
  const inputs = { ...image, ...vocabulary.encode([begin, ...content, end]) };
  const { restore, point } = method;
  return {
    ...words,
    ...(hide
      ? {
          region: await predictedRegion(
            run,
            inputs,
            hide,
            restore ?? refuse("regions", "m3ae and region-from-caption do"),
          ),
        }
      : {}),
    ...(where
      ? { where: await pointed(run, inputs, point ?? refuse("places", "region-from-caption with --point-weight does")) }
      : {}),
  };
}

/** The image in a file. @throws UserError when it cannot be read, or is none */
async function imageIn(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const source = kinds.image.accepts.bytes?.(bytes, basename(path), "");
  if (!source) throw new Error("images are not read from bytes");
  return source.read(0).catch((error: unknown) => {
    throw error instanceof BrokenSample ? new UserError(`${path}: ${error.message}`) : error;
  });
}

/** The patches of the run's encoder. */
function patchesOf({ encoder, path }: Run): { grid: readonly number[]; count: number } {
  const patches = offerOf(encoder, jointTokens)?.patches;
  if (!patches) throw new UserError(`${path}: the encoder ${encoder.name} has no patches`);
  return patches;
}

type Apply = (params: Traced<MethodParams>, inputs: Inputs, hidden: Array) => Array;

/** What a function gives of one sample and a number for each patch. */
async function ofSample(run: Run, name: string, inputs: TensorRecord, hidden: Tensor, apply: Apply): Promise<Tensor> {
  const args = [run.methodParams, stack([inputs], 1), hidden] as const;
  const program = await compile(
    (params: Traced<MethodParams>, given: Inputs, at: Array) => ({ result: apply(params, given, at) }),
    args,
    { device: run.config.training.device, name },
  );
  try {
    const { result } = await program.run(...args);
    return await result.read();
  } finally {
    await program.dispose();
  }
}

async function predictedRegion(run: Run, inputs: TensorRecord, hide: Region, restore: Apply) {
  const { grid, count } = patchesOf(run);
  const pixels = inputs.pixels;
  const draw = offerOf(run.modality, drawing)?.draw;
  if (!pixels || !draw) throw new Error("pairs without pixels");
  const covered = coveredPatches([{ ...hide, phrase: "" }], grid);
  const most = Math.max(...covered);
  if (most === 0)
    throw new UserError("the part to hide is outside of the picture; give it as x,y,width,height in shares");
  // Patches of which half is hidden; of a smaller part, the one that has most of it.
  const hidden = covered.map((share) => Number(share >= Math.min(0.5, most)));
  if (hidden.every((one) => one === 1))
    throw new UserError("all of the picture is hidden; leave some of it to be seen");
  const result = await ofSample(run, "restore", inputs, float32(hidden, [1, count]), restore);
  const shown = (values: Tensor): Picture => {
    const picture = draw(values);
    if (!picture) throw new Error("pixels that cannot be drawn");
    return picture;
  };
  return {
    picture: shown(pixels),
    hidden: shown(withoutPatches(pixels, hidden, grid)),
    predicted: shown({ ...result, shape: result.shape.slice(1) }),
  };
}

/** The pixels with some patches at the mean colour. */
function withoutPatches({ data, shape }: Tensor, hidden: Float32Array, [rows = 1, columns = 1]: readonly number[]) {
  const [, height = 1, width = 1] = shape;
  const values = Float32Array.from(data, (value, at) => {
    const [row, column] = [Math.floor(at / width) % height, at % width];
    return hidden[Math.floor((row * rows) / height) * columns + Math.floor((column * columns) / width)] === 1
      ? 0
      : value;
  });
  return float32(values, shape);
}

async function pointed(run: Run, inputs: TensorRecord, point: (params: Traced<MethodParams>, inputs: Inputs) => Array) {
  const { grid } = patchesOf(run);
  const [rows = 1, columns = 1] = grid;
  const none = float32(new Float32Array(sizeOf(grid)), [1, sizeOf(grid)]);
  const { data } = await ofSample(run, "point", inputs, none, (params, given) => point(params, given));
  const best = Float32Array.from(data).reduce((top, share, at) => (share > data[top]! ? at : top), 0);
  return {
    x: ((best % columns) + 0.5) / columns,
    y: (Math.floor(best / columns) + 0.5) / rows,
    probability: data[best]!,
  };
}
