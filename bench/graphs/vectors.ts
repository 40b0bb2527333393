/** Vectors of a run's graphs or nodes, and what a linear head makes of them. */
import { type Tensor, tree } from "../../src/array/index.ts";
import { modalities, type Source } from "../../src/data/index.ts";
import type { InitialParams, Inputs, Params } from "../../src/encoders/encoder.ts";
import { linearHead, outputsOf } from "../../src/evaluation/vectors/probe.ts";
import { compile, type Run, read } from "../../src/index.ts";
import { stack } from "../../src/training/features.ts";

export interface Vectors {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly dim: number;
}

/** Of all nodes of a large graph in one pass; node by node, as `embed` does, they are the same to rounding. */
export async function nodeVectors(run: Run, params: InitialParams, source: Source<unknown>): Promise<Vectors> {
  const definition = await modalities.load("graph");
  const arranged = await definition.arrange!(source, run.modalityOptions, run.config.modality.files ?? {});
  const inputs = stack([run.modality.tensors(await arranged.read(0))], 1);
  const apply = (weights: Params, given: Inputs) => ({ features: run.encoder.apply(weights, given) });
  const program = await compile(apply, [params, inputs], { name: "whole graph" });
  const [features] = tree.leaves<Tensor>(await read(await program.run(params, inputs)));
  await program.dispose();
  return { data: Float32Array.from(features!.data), dim: run.encoder.embedDim };
}

export const rowsOf = ({ data, dim }: Vectors, places: ArrayLike<number>): Float32Array => {
  const rows = new Float32Array(places.length * dim);
  for (let at = 0; at < places.length; at++)
    rows.set(data.subarray(places[at]! * dim, (places[at]! + 1) * dim), at * dim);
  return rows;
};

/** Each row of length 1. */
export const ofLengthOne = ({ data, dim }: Vectors): Vectors => {
  const scaled = data.slice();
  for (let start = 0; start < data.length; start += dim) {
    const length = Math.hypot(...data.subarray(start, start + dim)) || 1;
    for (let at = start; at < start + dim; at++) scaled[at]! /= length;
  }
  return { data: scaled, dim };
};

/**
 * A logistic regression of the training rows.
 * @param validation rows that its strength is chosen by; without them a fifth of the training rows
 * @returns accuracy on each of the parts, in per cent
 */
export async function accuracyOf(
  vectors: Vectors,
  labels: ArrayLike<number>,
  classes: number,
  parts: {
    readonly train: readonly number[];
    readonly validation?: readonly number[];
    readonly test: readonly number[];
  },
  { standardized, seed = 0 }: { readonly standardized: boolean; readonly seed?: number },
): Promise<{ validation: number; test: number }> {
  const { dim } = vectors;
  const truthOf = (places: readonly number[]) => {
    const truth = new Float32Array(places.length * classes);
    places.forEach((place, at) => {
      truth[at * classes + labels[place]!] = 1;
    });
    return truth;
  };
  const { train, validation, test } = parts;
  const head = await linearHead(
    { task: "classification", outputs: Array.from({ length: classes }, (_, label) => String(label)) },
    {
      ...{ data: rowsOf(vectors, train), dim, rows: train.length, truth: truthOf(train) },
      labels: Int32Array.from(train, (place) => labels[place]!),
      ...(validation ? { validation: { data: rowsOf(vectors, validation), truth: truthOf(validation) } } : {}),
    },
    seed,
    { standardized },
  );
  const share = (places: readonly number[]): number => {
    const outputs = outputsOf(head, rowsOf(vectors, places));
    const right = places.filter((place, at) => {
      const row = outputs.subarray(at * classes, (at + 1) * classes);
      return row.indexOf(Math.max(...row)) === labels[place];
    });
    return (100 * right.length) / places.length;
  };
  return { validation: validation ? share(validation) : Number.NaN, test: test.length > 0 ? share(test) : Number.NaN };
}

/** The better of rows as they are, standardised by the training rows, and rows of length 1, by the validation part. */
export async function bestAccuracy(
  vectors: Vectors,
  labels: ArrayLike<number>,
  classes: number,
  parts: {
    readonly train: readonly number[];
    readonly validation: readonly number[];
    readonly test: readonly number[];
  },
): Promise<{ validation: number; test: number }> {
  const tried = [
    await accuracyOf(vectors, labels, classes, parts, { standardized: true }),
    await accuracyOf(ofLengthOne(vectors), labels, classes, parts, { standardized: false }),
  ];
  return tried.reduce((best, one) => (one.validation > best.validation ? one : best));
}
