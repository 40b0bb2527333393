import * as z from "zod";
import { type Array, np, type Rng } from "../../../array/index.ts";
import { sharedSpace, towers as towersAbility } from "../../../encoders/abilities.ts";
import { type Encoder, encoder, type Inputs, type Params, type Tower } from "../../../encoders/encoder.ts";
import { resnet } from "../../../encoders/resnet.ts";
import { transformer } from "../../../encoders/transformer.ts";
import { vit } from "../../../encoders/vit.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { normalize } from "../../../objectives/parts/normalize.ts";

/** The rest of an encoder's options, by name. */
const others = z.record(z.string(), z.unknown()).default({});

/**
 * An image encoder and a text encoder, each followed by a linear layer into one space: CLIP's dual encoder. Radford et al. 2021,
 * https://arxiv.org/abs/2103.00020
 *
 * Reads `pixels` and `ids` with `mask`. Parameters: `image.*` and `text.*`, which are those of the encoders by themselves, and
 * `imageProjection.weight`, `textProjection.weight` `[dim, width]`, without biases. The representation is both vectors of length 1,
 * the image's first, `[batch, 2 · dim]`. Differs from the paper: the encoders pool as they do by themselves, by default the mean of
 * all patches and of all tokens, which see each other; there, attention or a class token, and the last token of a causal text encoder.
 */
export const towers = encoder({
  name: "towers",
  paper: "https://arxiv.org/abs/2103.00020",
  reads: { pixels: 3, ids: 1, mask: 1 },
  abilities: [towersAbility, sharedSpace],
  options: z.object({
    image: z.enum(["vit", "resnet"]).default("vit").describe("encoder of the images"),
    imageWidth: bounds.width().optional().describe("its width"),
    imageDepth: bounds.depth().optional().describe("blocks of a vit"),
    imageLayers: z
      .enum(["8", "10", "14", "18", "26", "34", "50", "101", "152"])
      .optional()
      .describe("layers of a resnet"),
    imageOptions: others.describe('its other options, as JSON: {"patchSize": 4}'),
    text: z.enum(["transformer"]).default("transformer").describe("encoder of the texts"),
    textWidth: bounds.width().optional().describe("its width"),
    textDepth: bounds.depth().optional().describe("its blocks"),
    textHeads: bounds.width().optional().describe("its attention heads"),
    textOptions: others.describe('its other options, as JSON: {"pooling": "first"}'),
    dim: bounds.width().default(256).describe("width of the space that both share"),
  }),

  build(options, specs, vocabulary) {
    const { pixels, ids, mask } = specs;
    if (!pixels || !ids || !mask) throw new UserError("encoder towers reads images with captions");
    const { dim, imageWidth: width, imageDepth: depth, imageLayers: layers } = options;
    // The whole options of a run that the tower starts from are there: they count.
    const short = definedOnly(options.image === "vit" ? { width, depth } : { width, layers });
    const given = { ...short, ...options.imageOptions };
    const image =
      options.image === "vit"
        ? built(settled(vit.options, given, "image's encoder vit"), (all) => vit.build(all, { pixels }))
        : built(settled(resnet.options, given, "image's encoder resnet"), (all) => resnet.build(all, { pixels }));
    const text = built(
      settled(
        transformer.options,
        {
          ...definedOnly({ width: options.textWidth, depth: options.textDepth, heads: options.textHeads }),
          ...options.textOptions,
        },
        "text's encoder transformer",
      ),
      (all) => transformer.build(all, { ids, mask }, vocabulary),
    );
    const sides = {
      image: { ...image, name: options.image, path: "image" },
      text: { ...text, name: options.text, path: "text" },
    } satisfies Record<string, Tower>;

    const projection = ({ embedDim }: { embedDim: number }, rng: Rng) => ({
      weight: rng.normals([dim, embedDim], embedDim ** -0.5),
    });
    const init = (rng: Rng) => ({
      image: image.encoder.init(rng.split("image")),
      text: text.encoder.init(rng.split("text")),
      imageProjection: projection(image.encoder, rng.split("imageProjection")),
      textProjection: projection(text.encoder, rng.split("textProjection")),
    });
    type TowersParams = { image: Params; text: Params } & Record<`${"image" | "text"}Projection`, { weight: Array }>;

    const vectors = (params: TowersParams, side: "image" | "text", inputs: Inputs): Array => {
      const features = sides[side].encoder.apply(params[side], inputs);
      return normalize(np.matmul(features, np.transpose(params[`${side}Projection`].weight)));
    };
    return {
      name: "towers",
      embedDim: 2 * dim,
      init,
      apply: (params: TowersParams, inputs: Inputs) =>
        np.concatenate([vectors(params, "image", inputs), vectors(params, "text", inputs)], 1),
      hidden: (params: TowersParams, inputs: Inputs) =>
        np.stack([vectors(params, "image", inputs), vectors(params, "text", inputs)], 1),
      towers: sides,
      sharedSpace: {
        dim,
        embed(params: TowersParams, side: string, inputs: Inputs) {
          if (side !== "image" && side !== "text") throw new Error(`towers: no side ${side}`);
          return vectors(params, side, inputs);
        },
      },
      hyperparameters: { dim, image: options.image, text: options.text },
    };
  },
});

const definedOnly = (options: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** An encoder with all of its options. */
const built = <Options extends Readonly<Record<string, unknown>>>(
  options: Options,
  build: (options: Options) => Encoder,
) => ({ encoder: build(options), options });

/** All options of an encoder. @throws UserError for one that it does not have, or of another type */
function settled<Schema extends z.ZodObject>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
  what: string,
): z.infer<Schema> {
  const parsed = z.strictObject(schema.shape).safeParse(given);
  if (parsed.success) return parsed.data as z.infer<Schema>;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `encoder towers: the ${what}: ${issue?.code === "unrecognized_keys" ? `no option ${issue.keys.join(", ").slice(0, 100)}` : `option ${issue?.path.join(".")}: ${issue?.message}`}; its options: ${Object.keys(schema.shape).join(", ")}`,
  );
}
