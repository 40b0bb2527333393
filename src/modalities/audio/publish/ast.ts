import { float32, type Tensor } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches } from "../../../encoders/abilities.ts";
import type { Encoder, InitialParams } from "../../../encoders/index.ts";
import { hubLayout } from "../../../interop/hub-layout.ts";
import { lookup } from "../../../interop/huggingface/pieces.ts";
import {
  positionEmbeddings,
  toConvolution,
  unusualPart,
  vitBlocks,
  vitConfig,
} from "../../../interop/huggingface/vit-names.ts";
import { plainLayout } from "../../../interop/plain.ts";
import type { Layout, PublishedModel } from "../../../interop/publisher.ts";
import type { Hearing } from "../abilities.ts";

/** What transformers.js' ASTFeatureExtractor computes, whatever its configuration says. */
const RATE = 16000;
const CONVENTION = "kaldi";

/** Whether transformers.js' classes for AST read a model: a ViT on Kaldi's spectrogram at 16 kHz. */
export const isAst = ({ name }: Encoder, { rate, spectrogram }: Hearing): boolean =>
  name === "vit" && rate === RATE && spectrogram?.convention === CONVENTION;

const LAYER = "classifier.dense";

/**
 * ViT on spectrograms as `ASTModel`. https://huggingface.co/docs/transformers/model_doc/audio-spectrogram-transformer
 *
 * `config.json` is AST's for every ViT, as transformers.js runs the ONNX file; the parameters have AST's names where its
 * Python class computes the same: with square patches and `--pooling distilled`.
 */
export function astLayout(model: PublishedModel, { bands, frames }: NonNullable<Hearing["spectrogram"]>): Layout {
  const { encoder, head } = model;
  const { width, depth, prefix, isPruned, config: common } = vitConfig(encoder);
  const { grid = [], fixedPositions } = offerOf(encoder, patches) ?? {};
  const [rows = 1, columns = 1] = [bands / (grid[0] ?? 1), frames / (grid[1] ?? 1)];
  const config = {
    model_type: "audio-spectrogram-transformer",
    ...common,
    patch_size: rows,
    frequency_stride: rows,
    time_stride: columns,
    num_mel_bins: bands,
    max_length: frames,
  };
  const unusual = unusualPart(encoder);
  const different = unusual
    ? `which has none of the kind: this encoder ${unusual}`
    : prefix !== 2
      ? `which represents a recording by the mean of two tokens in front of the patches' (train with \`--pooling distilled\` for that), and this encoder by ${prefix ? "one" : "the mean of the patches'"}`
      : rows !== columns
        ? `whose patches are square, and this encoder's are ${rows} × ${columns}`
        : isPruned
          ? "which cannot have heads that are together narrower than the width"
          : undefined;
  if (different !== undefined) {
    const architectures = [head ? "ASTForAudioClassification" : "ASTModel"];
    const note = `\`model.safetensors\` has Autodidact's own names, as the encoder differs from Python's \`ASTModel\`, ${different}: use the ONNX file.`;
    return { ...plainLayout(model), config: { ...config, architectures }, note };
  }
  return hubLayout(model, {
    config,
    model: "ASTModel",
    classifier: { model: "ASTForAudioClassification", prefix: "audio_spectrogram_transformer.", layer: LAYER },
    note: (named) =>
      named === "ASTModel"
        ? "`model.safetensors` has the names of Hugging Face's `ASTModel`."
        : `\`model.safetensors\` has the names of Hugging Face's \`${named}\`, which normalises before its classifier. This model does not: in Python load \`ASTModel\`, and multiply its \`pooler_output\` by \`${LAYER}.weight\` and add \`${LAYER}.bias\`; or use the ONNX file.`,
    tensors: (params) => [
      ...embeddings(params, { rows, columns, width, prefix, fixed: fixedPositions?.() }),
      ...vitBlocks(lookup(params), depth),
    ],
  });
}

interface Geometry {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly prefix: number;
  /** Positions of the patches that are not learned. */
  readonly fixed: Tensor | undefined;
}

/** Class token, distillation token, positions and the patches' layer. */
function embeddings(
  params: InitialParams,
  { rows, columns, width, prefix, fixed }: Geometry,
): [name: string, tensor: Tensor][] {
  const at = lookup(params);
  const front = at("classToken").data;
  const token = (which: number) =>
    float32(Float32Array.from(front.subarray(which * width, (which + 1) * width)), [1, 1, width]);
  return [
    ["embeddings.cls_token", token(0)],
    ["embeddings.distillation_token", token(1)],
    ["embeddings.position_embeddings", positionEmbeddings(params, fixed, prefix)],
    ["embeddings.patch_embeddings.projection.weight", toConvolution(at("patch.weight"), [rows, columns])],
    ["embeddings.patch_embeddings.projection.bias", at("patch.bias")],
  ];
}
