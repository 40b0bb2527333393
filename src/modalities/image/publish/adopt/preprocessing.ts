import { join } from "node:path";
import * as z from "zod";
import * as bounds from "../../../../foundation/bounds.ts";
import { UserError } from "../../../../foundation/errors.ts";
import { jsonIn } from "../../../../interop/model-folder.ts";
import type { AdoptedEncoder } from "./adopted.ts";
import type { Checkpoint } from "./checkpoint.ts";

const Side = z.union([
  bounds.side().transform((side) => ({ side })),
  z.object({ height: bounds.side(), width: bounds.side() }).transform(({ height }) => ({ side: height })),
  z.object({ shortest_edge: bounds.side() }).transform(({ shortest_edge: side }) => ({ side })),
]);
const numbers = z.array(z.number().finite()).min(1).max(64);
const deviations = z.array(z.number().positive().finite()).min(1).max(64);

/** Hugging Face's `preprocessor_config.json`. */
const Preprocessor = z.object({
  size: Side.optional(),
  crop_size: Side.optional(),
  do_center_crop: z.boolean().optional(),
  do_normalize: z.boolean().default(true),
  image_mean: numbers.optional(),
  image_std: deviations.optional(),
});

/** timm's `config.json`: once beside the other fields, today in `pretrained_cfg`. */
const Timm = z.object({
  input_size: z.tuple([z.int(), bounds.side(), bounds.side()]).optional(),
  mean: numbers.optional(),
  std: deviations.optional(),
});

/**
 * Side, channels, mean and deviation of the images that a model was trained on: of its `preprocessor_config.json`, or of
 * timm's configuration; for images of colours by default ImageNet's.
 * @throws UserError when they are of another number of channels
 */
export async function imageOptions(
  { folder, config }: Pick<Checkpoint, "folder" | "config">,
  { imageSize, channels, multiple = 1 }: Pick<AdoptedEncoder, "imageSize" | "channels" | "multiple">,
): Promise<Readonly<Record<string, unknown>>> {
  const name = "preprocessor_config.json";
  const ofHub = read(Preprocessor, await jsonIn(folder, name), join(folder, name));
  const ofTimm = read(Timm, config.pretrained_cfg ?? config, join(folder, "config.json"));
  const isCropped = ofHub.do_center_crop ?? ofHub.crop_size !== undefined;
  const side =
    (isCropped ? ofHub.crop_size : undefined)?.side ?? ofHub.size?.side ?? ofTimm.input_size?.[1] ?? imageSize;
  const mean = ofHub.do_normalize ? (ofHub.image_mean ?? ofTimm.mean) : Array.from({ length: channels }, () => 0);
  const std = ofHub.do_normalize ? (ofHub.image_std ?? ofTimm.std) : Array.from({ length: channels }, () => 1);
  for (const values of [mean, std])
    if (values && values.length !== channels)
      throw new UserError(
        `${folder}: a model of ${channels} channels, and ${values.length} numbers to normalise them by`,
      );
  return {
    imageSize: Math.max(multiple, Math.floor(side / multiple) * multiple),
    channels,
    augmentation: "photo",
    ...(mean ? { mean } : {}),
    ...(std ? { std } : {}),
  };
}

function read<Schema extends z.ZodType>(schema: Schema, config: unknown, file: string): z.infer<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${file}: ${issue?.path.join(".") || "its content"}: ${issue?.message}`);
}

/** Side of the images of most published models. */
const USUAL_SIDE = 224;

/**
 * The same of a model of which there is only a file to run, such as ONNX; nothing where no file beside it says it.
 * @throws UserError when `preprocessor_config.json` is not what it should be
 */
export async function imageOptionsBeside(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const name = "preprocessor_config.json";
  const json = await jsonIn(folder, name);
  if (json === undefined || Object.keys(json).length === 0) return {};
  const { image_mean: mean } = read(Preprocessor, json, join(folder, name));
  return imageOptions({ folder, config: {} }, { imageSize: USUAL_SIDE, channels: mean?.length ?? 3 });
}
