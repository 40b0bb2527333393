import { parseTasks } from "../foundation/combination.ts";
import { UserError } from "../foundation/errors.ts";
import { type OptionsByName, type Registry, registry } from "../foundation/registry.ts";
import { absolutePath, fileExists } from "../foundation/user-file.ts";
import { combine } from "./combine.ts";
import type { MethodDefinition } from "./method.ts";

const lines = {
  aim: () => import("./aim.ts"),
  "arrow-of-time": () => import("./arrow-of-time.ts"),
  "attribute-masking": () => import("./attribute-masking.ts"),
  autoencoder: () => import("./autoencoder.ts"),
  "bag-of-words": () => import("./bag-of-words.ts"),
  "barlow-twins": () => import("./barlow-twins.ts"),
  bart: () => import("./bart.ts"),
  beit: () => import("./beit.ts"),
  bert: () => import("./bert.ts"),
  "best-rq": () => import("./best-rq.ts"),
  "beta-vae": () => import("../modalities/image/methods/beta-vae.ts"),
  byol: () => import("./byol.ts"),
  "causal-lm": () => import("./causal-lm.ts"),
  "cca-ssg": () => import("./cca-ssg.ts"),
  clip: () => import("../modalities/pair/methods/clip.ts"),
  collision: () => import("../modalities/experience/methods/collision.ts"),
  colorization: () => import("../modalities/image/methods/colorization.ts"),
  "context-encoder": () => import("../modalities/image/methods/context-encoder.ts"),
  "context-prediction": () => import("./context-prediction.ts"),
  cpc: () => import("./cpc.ts"),
  "cropped-region": () => import("../modalities/image/methods/cropped-region.ts"),
  data2vec: () => import("./data2vec.ts"),
  dcl: () => import("./dcl.ts"),
  deepcluster: () => import("./deepcluster.ts"),
  "denoising-autoencoder": () => import("./denoising-autoencoder.ts"),
  "descriptor-prediction": () => import("./descriptor-prediction.ts"),
  dgi: () => import("./dgi.ts"),
  dino: () => import("./dino.ts"),
  dinov2: () => import("./dinov2.ts"),
  distill: () => import("./distill.ts"),
  "edge-prediction": () => import("./edge-prediction.ts"),
  electra: () => import("./electra.ts"),
  "exemplar-cnn": () => import("./exemplar-cnn.ts"),
  fixmatch: () => import("./fixmatch.ts"),
  "forward-dynamics": () => import("../modalities/experience/methods/forward-dynamics.ts"),
  "frame-order": () => import("./frame-order.ts"),
  grace: () => import("./grace.ts"),
  "grasp-outcome": () => import("../modalities/experience/methods/grasp-outcome.ts"),
  "graph-mae": () => import("./graph-mae.ts"),
  hubert: () => import("./hubert.ts"),
  "i-jepa": () => import("./i-jepa.ts"),
  ibot: () => import("./ibot.ts"),
  icmlm: () => import("../modalities/pair/methods/icmlm.ts"),
  infograph: () => import("./infograph.ts"),
  "instance-discrimination": () => import("./instance-discrimination.ts"),
  "inverse-dynamics": () => import("../modalities/experience/methods/inverse-dynamics.ts"),
  jigsaw: () => import("../modalities/image/methods/jigsaw.ts"),
  lejepa: () => import("./lejepa.ts"),
  m3ae: () => import("../modalities/pair/methods/m3ae.ts"),
  mae: () => import("./mae.ts"),
  "moco-v2": () => import("./moco-v2.ts"),
  "moco-v3": () => import("./moco-v3.ts"),
  msn: () => import("./msn.ts"),
  nnclr: () => import("./nnclr.ts"),
  "playback-speed": () => import("./playback-speed.ts"),
  "region-from-caption": () => import("../modalities/pair/methods/region-from-caption.ts"),
  "relative-position": () => import("../modalities/image/methods/relative-position.ts"),
  rotation: () => import("../modalities/image/methods/rotation.ts"),
  "sentence-order": () => import("../modalities/text/methods/sentence-order.ts"),
  siglip: () => import("../modalities/pair/methods/siglip.ts"),
  simclr: () => import("./simclr.ts"),
  simcse: () => import("./simcse.ts"),
  simmim: () => import("./simmim.ts"),
  simsiam: () => import("./simsiam.ts"),
  supervised: () => import("./supervised.ts"),
  swav: () => import("./swav.ts"),
  "time-contrastive": () => import("../modalities/experience/methods/time-contrastive.ts"),
  transformation: () => import("./transformation.ts"),
  "ts-tcc": () => import("./ts-tcc.ts"),
  ts2vec: () => import("./ts2vec.ts"),
  vicreg: () => import("./vicreg.ts"),
  vime: () => import("../modalities/table/methods/vime.ts"),
  virtex: () => import("../modalities/pair/methods/virtex.ts"),
  "vq-autoencoder": () => import("./vq-autoencoder.ts"),
  wav2vec2: () => import("./wav2vec2.ts"),
};

/** Every built-in method's options, by its name. */
export type MethodOptions = OptionsByName<typeof lines>;

const single = registry<MethodDefinition>("method", lines);

/** The method of a name, or a combination of several, each found by `find`. */
async function findOrCombine(
  name: string,
  find: (part: string) => Promise<MethodDefinition>,
): Promise<MethodDefinition> {
  if (!name.includes("+")) return find(name);
  const parts = parseTasks(name);
  const tasks = await Promise.all(
    parts.map(async ({ name: part, weight }) => ({ definition: await find(part), weight })),
  );
  const titles = tasks.map(({ definition }) => definition.name);
  const repeated = titles.find((title, index) => titles.indexOf(title) < index);
  if (repeated) throw new UserError(`method "${name}": ${repeated} is named twice; give it a weight instead`);
  const labelled = tasks.filter(({ definition }) => definition.family === "supervised");
  if (labelled.length > 1)
    throw new UserError(
      `method "${name}": ${labelled.map(({ definition }) => definition.name).join(" and ")} both learn from labels; use one of them, alone and without a weight`,
    );
  // The same name must find the same methods from any folder.
  const absolute = tasks.map(({ definition, weight }, index) => {
    const part = parts[index]!.name;
    return `${part === definition.name ? part : absolutePath(part)}${weight === 1 ? "" : `:${weight}`}`;
  });
  return combine(absolute.join("+"), tasks);
}

/** Every method, by name, or several at once: `rotation+simclr:0.5`. */
export const methods: Registry<MethodDefinition> = {
  ...single,
  stored: (name) => (fileExists(name) ? single.stored(name) : findOrCombine(name, single.stored)),
  // A file's name may contain a +.
  load: (name) => (fileExists(name) ? single.load(name) : findOrCombine(name, single.load)),
};
export type { FileFeatures, FrozenFile, FrozenRun } from "./frozen.ts";
export type {
  EpochContext,
  Method,
  MethodContext,
  MethodDefinition,
  MethodParams,
  OutputsWanted,
  Schedule,
} from "./method.ts";
export type { Circumstances, Followed, Preset, Recipe } from "./recipe.ts";
