/** What compiles and what does not: `tsc` is the test, nothing here runs. */
import { distillRun, type FinetuneOptions, finetune, type PretrainOptions, pretrain } from "../../src/index.ts";

const common = { data: "photos", out: "run" };
declare const name: string;
declare const perhaps: string | undefined;
declare const either: "simclr" | "mae";

export async function namedOptions(): Promise<void> {
  await pretrain({ ...common, method: "simclr", options: { temperature: 0.2 } });
  // @ts-expect-error a misspelt option
  await pretrain({ ...common, method: "simclr", options: { temprature: 0.2 } });
  // @ts-expect-error another method's option
  await pretrain({ ...common, method: "simclr", options: { maskRatio: 0.2 } });
  // @ts-expect-error an option of another type
  await pretrain({ ...common, method: "simclr", options: { temperature: "0.2" } });
  // @ts-expect-error a misspelt method
  await pretrain({ ...common, method: "simcrl" });
  await pretrain({ ...common, method: either, options: { temperature: 0.2, maskRatio: 0.5 } });
  await pretrain({ ...common, method: "jigsaw", encoder: "resnet", encoderOptions: { layers: "10", width: 24 } });
  // @ts-expect-error a misspelt option of the encoder
  await pretrain({ ...common, encoder: "vit", encoderOptions: { widht: 192 } });
  // @ts-expect-error a misspelt encoder
  await pretrain({ ...common, encoder: "vti" });
  await pretrain({ ...common, modality: "image", modalityOptions: { imageSize: 32 } });
  // @ts-expect-error a misspelt option of the data
  await pretrain({ ...common, modality: "image", modalityOptions: { imagSize: 32 } });
  // @ts-expect-error a misspelt kind of data
  await pretrain({ ...common, modality: "images" });
  await pretrain({ ...common, training: { epochs: 3, optimizer: "lars" } });
  // @ts-expect-error a misspelt option of the training
  await pretrain({ ...common, training: { epoch: 3 } });
}

/** What only a file or the data know is checked when the run begins. */
export async function anyOptions(): Promise<void> {
  await pretrain({ ...common, method: "./my-method.ts", options: { mine: 1 } });
  await pretrain({ ...common, method: "rotation+simclr:0.5", options: { temperature: 0.2 } });
  await pretrain({ ...common, method: name, options: { mine: 1 } });
  await pretrain({ ...common, method: perhaps, options: { mine: 1 } });
  await pretrain({ ...common, options: { temperature: 0.2 }, encoderOptions: { width: 3 } });
  const options: PretrainOptions = { ...common, method: name, options: { mine: 1 }, training: { seed: 1 } };
  await pretrain(options);
}

const labelled = { from: "run", train: "labelled", out: "tuned" };

export async function optionsOfOtherVerbs(): Promise<void> {
  await finetune({ ...labelled, options: { labelSmoothing: 0.1 } });
  // @ts-expect-error a misspelt option
  await finetune({ ...labelled, options: { labelSmothing: 0.1 } });
  await finetune({ ...labelled, with: "fixmatch", options: { labelSmoothing: 0.1 } });
  // @ts-expect-error what the labels say
  await finetune({ ...labelled, options: { classes: ["cat"] } });
  await finetune({ ...labelled, with: "mae:0.5", options: { maskRatio: 0.6 } });
  const options: FinetuneOptions = { ...labelled, with: name, options: { mine: 1 } };
  await finetune(options);
  await distillRun({ teacher: "run", data: "photos", out: "small", options: { headLayers: 2 } });
  // @ts-expect-error 3 layers are not allowed
  await distillRun({ teacher: "run", data: "photos", out: "small", options: { headLayers: 3 } });
}
