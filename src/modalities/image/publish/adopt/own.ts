import * as z from "zod";
import type { Tensor } from "../../../../array/index.ts";
import { UserError } from "../../../../foundation/errors.ts";
import type { AdoptedModel } from "../../../../interop/publisher.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { hfVit } from "./vit.ts";

const options = z.record(z.string(), z.unknown());

/** What an export of ours says in its `config.json` beside its hyperparameters. */
const Own = z.object({
  autodidact: z.object({ encoder: z.string(), encoderOptions: options, modalityOptions: options }),
});

/** Names of the layers of Hugging Face's ResNet and of ours, part by part. */
const RESNET: readonly (readonly [RegExp, string])[] = [
  [/^resnet\./, ""],
  [/^embedder\.embedder\./, "stem."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\./, "stages.$1.$2.path.$3."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\./, "stages.$1.$2.shortcut."],
  [/convolution\.weight$/, "conv.weight"],
  [/normalization\.weight$/, "norm.scale"],
  [/normalization\.bias$/, "norm.shift"],
  [/normalization\.running_mean$/, "norm.runningMean"],
  [/normalization\.running_var$/, "norm.runningVariance"],
];

/** Parameters by our paths: of an export under our own names, or under those of Hugging Face's ViT or ResNet. */
function parametersOf(checkpoint: Checkpoint): ReadonlyMap<string, Tensor> {
  const { config, weights, names } = checkpoint;
  const type = config.model_type;
  if (type === "vit") return hfVit.read(checkpoint).tensors;
  const renamed = (name: string): string => {
    if (type === "resnet") return RESNET.reduce((path, [part, ours]) => path.replace(part, ours), name);
    return name.replace(/^encoder\./, "");
  };
  return new Map(names.map((name) => [`encoder.${renamed(name)}`, weights.at(name, weights.shapeOf(name))]));
}

/** Whether a model is an export of ours. */
export const isOwn = ({ config }: Pick<Checkpoint, "config">): boolean => config.autodidact !== undefined;

/** A model that `autodidact export` has written. @throws UserError for one that does not say how it was built */
export function adoptOwn(checkpoint: Checkpoint): AdoptedModel {
  const parsed = Own.safeParse(checkpoint.config);
  if (!parsed.success)
    throw new UserError(
      `${checkpoint.folder}: an export without its options, from before they were written; export it again`,
    );
  const { encoder, encoderOptions, modalityOptions } = parsed.data.autodidact;
  const tensors = parametersOf(checkpoint);
  return { encoder, encoderOptions, modalityOptions, files: {}, tensors: () => tensors };
}
