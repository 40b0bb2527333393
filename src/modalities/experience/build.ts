import type { Rng } from "../../array/rng.ts";
import { float32, int32, type Tensor } from "../../array/tensor.ts";
import type { RunFiles, TensorRecord } from "../../data/modality.ts";
import { patchSide } from "../../data/patch-side.ts";
import type { CropOptions } from "../../data/views.ts";
import type { Observation } from "../../environments/space.ts";
import type { Outcome, Transition } from "./abilities.ts";
import { drawPlanes, shown } from "./draw.ts";
import { learnedIn } from "./learned.ts";
import type { ExperienceOptions } from "./options.ts";
import { planAfter } from "./plans.ts";
import { type Change, MISSING, PRESENT, readerOf } from "./reader.ts";
import { actionAt, type Experience, type ExperienceSample, isSeen, type Seen, shifted } from "./sample.ts";
import { arraysOf, episodeOf, SUCCEEDED, TERMINATED } from "./sources/store.ts";
import { lookAt, lookAtBox, type Planes } from "./transforms/planes.ts";

/** What the encoder reads for settled options, and the views of it. Pure: it runs in every thread. */
export function buildExperience(options: ExperienceOptions, files?: RunFiles) {
  const learned = learnedIn(files);
  const reader = readerOf(options, learned);
  const { horizon, imageSize, patch } = options;
  const { action, image } = learned;
  const { choices } = action;

  const inputsOf = (sample: Experience, change?: Change): TensorRecord =>
    reader.inputs(reader.raw(sample), patch > 0 ? actionAt(sample) : undefined, change);
  const tensors = (sample: ExperienceSample): TensorRecord => (isSeen(sample) ? sample.seen : inputsOf(sample));

  const shiftOf = (rng: Rng): [number, number] => [
    rng.uniform(-options.shift, options.shift),
    rng.uniform(-options.shift, options.shift),
  ];
  const flipOf = (rng: Rng): [number, number] =>
    patch > 0 && options.mirror ? [rng.chance(0.5) ? -1 : 1, rng.chance(0.5) ? -1 : 1] : [1, 1];
  const changeOf = (rng: Rng): Change => ({ shift: shiftOf(rng), flip: flipOf(rng) });

  /** Numbers with noise; those that are not shown, with their mean. */
  const noisy = (sample: Experience, rng: Rng, deviation: number, shown = 1): Seen => {
    const raw = reader.raw(sample);
    if (!(raw instanceof Float32Array)) throw new Error("an image where numbers are read");
    const codes = new Int32Array(raw.length);
    const values = reader.standardised(raw).map((value, at) => {
      const isShown = shown >= 1 || rng.chance(shown);
      codes[at] = isShown ? PRESENT : MISSING;
      return isShown ? value + rng.normal(0, deviation) : 0;
    });
    return { seen: reader.numbers(values, codes) };
  };

  /** A random part of what the encoder sees of an image, at this side. */
  const cut = (sample: Experience, rng: Rng, side: number, scale: readonly [number, number]): Seen => {
    const whole = framed(reader.raw(sample), sample, flipOf(rng));
    const area = rng.uniform(scale[0], scale[1]);
    const [height, width] = [whole.height * Math.sqrt(area), whole.width * Math.sqrt(area)];
    const box = {
      left: rng.uniform(0, whole.width - width),
      top: rng.uniform(0, whole.height - height),
      width,
      height,
    };
    const view = lookAt(whole, lookAtBox(box, side, side), side, side);
    return { seen: reader.pixels(view, { rng, deviation: options.noise }) };
  };
  const framed = (raw: Planes | Float32Array, sample: Experience, flip: [number, number]): Planes => {
    if (raw instanceof Float32Array) throw new Error("numbers where an image is read");
    return patch > 0 ? lookAt(raw, reader.lookAtAction(raw, actionAt(sample), { flip }), imageSize, imageSize) : raw;
  };

  const standardised = (done: ArrayLike<number>): Float32Array =>
    Float32Array.from(done, (value, at) => {
      const place = at % action.size;
      return (value - action.mean[place]!) / action.std[place]!;
    });
  const planSize = horizon * (choices ?? action.size);
  const plan = (done: Float32Array): Tensor => {
    if (choices === undefined) return float32(standardised(done), [planSize]);
    const hot = new Float32Array(planSize);
    for (let step = 0; step < horizon; step++) hot[step * choices + (done[step] ?? 0)] = 1;
    return float32(hot, [planSize]);
  };

  return {
    name: "experience",
    specs: reader.specs,
    tensors,
    augment: (sample: ExperienceSample, rng: Rng): ExperienceSample => {
      if (isSeen(sample)) return sample;
      return image ? cut(sample, rng, imageSize, options.cropScale) : noisy(sample, rng, options.noise);
    },
    perturb: (sample: ExperienceSample, rng: Rng): ExperienceSample => {
      if (isSeen(sample)) return sample;
      return image ? { seen: inputsOf(sample, changeOf(rng)) } : noisy(sample, rng, options.noise / 3);
    },
    crop(sample: ExperienceSample, rng: Rng, { extent, grid, scale }: CropOptions): ExperienceSample {
      if (isSeen(sample)) return sample;
      if (!image) return noisy(sample, rng, options.noise, extent);
      const unit = patchSide(imageSize, grid);
      const side = unit * Math.max(1, Math.round((extent * imageSize) / unit));
      return cut(sample, rng, side, scale ?? options.cropScale);
    },
    ...(image ? { normalization: { mean: learned.mean, std: learned.std } } : {}),
    ...(image ? { drawing: { input: "pixels", draw: (pixels: Tensor) => drawPlanes(pixels, learned) } } : {}),
    transition: {
      ...{ steps: horizon, size: action.size },
      ...(choices === undefined ? {} : { choices }),
      of(sample: ExperienceSample, rng?: Rng): Transition {
        const frame = frameOf(sample);
        const change = rng ? { shift: shiftOf(rng) } : {};
        const done = planAfter(frame, horizon);
        const last = Math.min(frame.row + horizon, endOf(frame)) - 1;
        const whole = { raw: reader.raw(frame), next: reader.raw(shifted(frame, horizon)) };
        return {
          before: reader.inputs(whole.raw, undefined, change),
          action:
            choices === undefined
              ? float32(standardised(done), [horizon * action.size])
              : int32(Int32Array.from(done), [horizon]),
          after: reader.inputs(whole.next, undefined, change),
          terminated: flagOf(frame, last, TERMINATED),
        };
      },
    },
    outcome: {
      ...{ steps: horizon, planSize, perPlan: patch > 0 },
      of(sample: ExperienceSample, rng?: Rng): Outcome {
        const frame = frameOf(sample);
        const end = Math.min(frame.row + horizon, endOf(frame));
        let [succeeded, terminated] = [0, 0];
        for (let row = frame.row; row < end; row++) {
          succeeded = Math.max(succeeded, flagOf(frame, row, SUCCEEDED));
          terminated = Math.max(terminated, flagOf(frame, row, TERMINATED));
        }
        return {
          inputs: rng && image ? inputsOf(frame, changeOf(rng)) : inputsOf(frame),
          plan: plan(planAfter(frame, horizon)),
          ...{ succeeded, failed: terminated === 1 && succeeded === 0 ? 1 : 0 },
        };
      },
      inputs: (observation: Observation, actions?: Float32Array): TensorRecord =>
        reader.inputs(reader.rawOf(observation), actions),
      plan,
    },
    nearby(sample: ExperienceSample, rng: Rng, least: number, most: number): ExperienceSample {
      const frame = frameOf(sample);
      const { first, seen } = episodeOf(frame.store, frame.row);
      const [before, after] = [frame.row - first, first + seen - 1 - frame.row];
      const farthest = Math.max(before, after);
      const count = (room: number) => Math.max(0, Math.min(most, room) - least + 1);
      const total = count(before) + count(after);
      if (total === 0) return shifted(frame, farthest === after ? after : -before);
      const pick = rng.integer(0, total - 1);
      return shifted(frame, pick < count(before) ? -(least + pick) : least + pick - count(before));
    },
    show: (sample: ExperienceSample) => shown(sample, learned),
  } as const;
}

const frameOf = (sample: ExperienceSample): Experience => {
  if (isSeen(sample)) throw new Error("a view is no frame of an episode");
  return sample;
};

/** The row after an episode's last action. */
const endOf = ({ store, row }: Experience): number => {
  const { first, steps } = episodeOf(store, row);
  return first + steps;
};

const flagOf = ({ store }: Experience, row: number, flag: number): number =>
  (arraysOf(store).flags[row] ?? 0) & flag ? 1 : 0;
