import { Rng } from "../../array/index.ts";
import type { Features } from "../../data/features.ts";
import { type Answers, offerOf, type Source, truthOf, vocabulary } from "../../data/index.ts";
import type { InitialParams } from "../../encoders/index.ts";
import type { Device } from "../../engine/index.ts";
import type { MethodParams } from "../../methods/index.ts";
import { extractFeatures } from "../../training/features.ts";
import type { RunConfig } from "../../training/run/config.ts";
import type { Parts } from "../../training/run/parts.ts";
import { type Start, startFrom } from "../../training/run/start.ts";
import { linearHead } from "../vectors/probe.ts";
import type { Labelled } from "./supervision.ts";
import { encodedTokens, MOST_TOKENS, type TokenFeatureOptions, tokenFeatures } from "./token-features.ts";

/** A linear head fitted to frozen features, as the method's parameters. */
export async function probedHead(
  start: Start,
  config: RunConfig,
  { encoder, modality }: Parts,
  answers: Answers,
  source: Source<unknown>,
  { training, labels, groups: all }: Labelled,
  onNote?: (note: string) => void,
) {
  const empty: MethodParams = { encoder: encoder.init(new Rng(0)) };
  const { encoder: params } = startFrom(start, offerOf(modality, vocabulary), empty);
  const { device, seed } = config.training;
  onNote?.("fitting a linear head to frozen features …");
  const perToken = answers.task === "token-classification";
  const features = perToken
    ? await tokensFor({ encoder, params, modality, device }, { source, answers, indices: training, seed })
    : await extractFeatures({ encoder, params, modality, source, indices: training, device });
  const rowLabels = (perToken && features.labels) || features.indices.map((index) => labels[index]!);
  const truth = truthOf(answers, (perToken ? features.classes : source.classes) ?? [], rowLabels);
  // The tokens of a sample are no independent rows.
  const groups = features.indices.map((index) => all?.[index] ?? index);
  const { weight, bias } = await linearHead(
    answers,
    { ...features, truth, labels: rowLabels, ...(all || perToken ? { groups } : {}) },
    seed,
    {
      by: "loss",
    },
  );
  type Moments = { readonly [Name in "center" | "spread"]?: number | readonly number[] };
  const moments = config.method.options as Moments;
  const of = (values: number | readonly number[], output: number) =>
    typeof values === "number" ? values : values[output]!;
  const center = (output: number) => of(moments.center ?? 0, output);
  const spread = (output: number) => of(moments.spread ?? 1, output);
  return [
    [
      "weight",
      {
        dtype: "float32",
        shape: [bias.length, features.dim],
        data: weight.map((value, at) => value / spread(Math.floor(at / features.dim))),
      },
    ],
    [
      "bias",
      {
        dtype: "float32",
        shape: [bias.length],
        data: bias.map((value, output) => (value - center(output)) / spread(output)),
      },
    ],
  ] as const;
}

/** Vectors of as many labelled tokens as a head needs. */
async function tokensFor(
  {
    encoder,
    params,
    modality,
    device,
  }: Pick<Parts, "encoder" | "modality"> & { params: InitialParams; device: Device },
  options: Omit<TokenFeatureOptions, "modality">,
): Promise<Features> {
  const vectors = await encodedTokens(encoder, params, modality, device);
  try {
    return await tokenFeatures(vectors, { modality, most: MOST_TOKENS, ...options });
  } finally {
    await vectors.dispose();
  }
}
