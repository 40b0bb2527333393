import { scalar, type Tensor, tree } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { towers } from "../../../encoders/abilities.ts";
import type { Encoder } from "../../../encoders/encoder.ts";
import { afterPooler, identityPooler } from "../../../interop/huggingface/pooler.ts";
import { plainLayout } from "../../../interop/plain.ts";
import type { Layout, PublishedModel } from "../../../interop/publisher.ts";
import { MOST_LOGIT_SCALE } from "../methods/clip.ts";

/** The folder of the Python class's `config.json`: the one beside it says CLIP, for transformers.js. */
const FOLDER = "vision-text-dual-encoder";

/** Our names of both sides, and the class's. */
const SIDES = [
  { side: "image", model: "vision_model", projection: "visual_projection", type: "vit" },
  { side: "text", model: "text_model", projection: "text_projection", type: "bert" },
] as const;

/** Whether the representation is the first token, which is what the class's poolers read. */
const isFirst = ({ hyperparameters }: Encoder): boolean =>
  hyperparameters.pooling === "first" || hyperparameters.prefix === 1;

/**
 * Both towers as `VisionTextDualEncoderModel`, if they are a ViT and a BERT; else under Autodidact's names.
 * https://huggingface.co/docs/transformers/model_doc/vision-text-dual-encoder
 * @param layouts of the towers by themselves, by side
 */
export function dualEncoderLayout(
  model: PublishedModel,
  layouts: Readonly<Record<"image" | "text", Layout | undefined>>,
): { readonly layout: Layout; readonly files?: Readonly<Record<string, string>> } {
  const params = new Map(tree.entries<Tensor>(model.params));
  const found = SIDES.flatMap(({ side, type, ...names }) => {
    const [tower, layout] = [offerOf(model.encoder, towers)?.[side], layouts[side]];
    const weight = params.get(`encoder.${side}Projection.weight`);
    // A config without a class stands for an encoder that no class has.
    const isNamed = layout?.config?.model_type === type && layout.config.architectures !== undefined;
    return tower && weight && layout && isNamed ? [{ ...names, encoder: tower.encoder, layout, weight }] : [];
  });
  if (found.length < SIDES.length) return { layout: plainLayout(model) };
  const scale = params.get("logitScale");
  const isSigmoid = model.matching?.probability === "sigmoid";
  const isPooled = found.every(({ encoder }) => isFirst(encoder));
  const tensors = found.flatMap(({ model: prefix, projection, encoder, layout, weight }): [string, Tensor][] => [
    ...layout.tensors.map(([name, tensor]): [string, Tensor] => [`${prefix}.${name}`, tensor]),
    ...(isPooled ? identityPooler(`${prefix}.pooler.dense`, encoder.embedDim) : []),
    [`${projection}.weight`, isPooled ? afterPooler(weight) : weight],
  ]);
  const learned = Number(scale?.data[0] ?? 0);
  const logitScale = isSigmoid ? learned : Math.min(learned, MOST_LOGIT_SCALE);
  const [vision, text] = found.map(({ layout }) => layout.config);
  const config = {
    model_type: "vision-text-dual-encoder",
    architectures: ["VisionTextDualEncoderModel"],
    projection_dim: found[0]?.weight.shape[0],
    logit_scale_init_value: logitScale,
    vision_config: vision,
    text_config: text,
  };
  const names = `\`model.safetensors\` has the names of Hugging Face's \`VisionTextDualEncoderModel\`, whose config is in \`${FOLDER}/\``;
  return {
    layout: {
      tensors: [...tensors, ["logit_scale", scalar(logitScale)]],
      note: isPooled
        ? `${names}: \`from_pretrained("path/to/this/folder", config="path/to/this/folder/${FOLDER}")\`. Its poolers are the identity (small weights, then large ones), so keep it in float32.${isSigmoid ? " The class adds no bias to its logits." : ""}`
        : `${names}, which reads the first token of each side. This model's vectors are means of tokens: use the ONNX files.`,
    },
    files: { [`${FOLDER}/config.json`]: `${JSON.stringify(config, null, 2)}\n` },
  };
}
