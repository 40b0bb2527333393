import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { modalities } from "../../../src/data/index.ts";
import { encoders } from "../../../src/encoders/index.ts";
import { methods } from "../../../src/methods/index.ts";
import { TrainingOptions } from "../../../src/training/run/config.ts";

const strict = (schema: z.ZodObject) => z.strictObject(schema.shape);

/** Options of whatever encoder a run has are those of one at least. */
async function isOfSome(given: object = {}, whose: string): Promise<void> {
  const all = await encoders.all();
  assert.ok(
    all.some(({ options }) => strict(options).safeParse(given).success),
    `${whose}: no encoder has the options ${Object.keys(given).join(", ")}`,
  );
}

test("every preset is made of options that exist and are allowed", async () => {
  const kinds = await modalities.all();
  for (const { name, options, presets = {}, defaultEncoder, encoderOptions } of await methods.all()) {
    if (defaultEncoder) {
      assert.ok(strict((await encoders.load(defaultEncoder)).options).safeParse(encoderOptions ?? {}).success, name);
    } else await isOfSome(encoderOptions, name);
    for (const [preset, { summary, ...choices }] of Object.entries(presets)) {
      assert.ok(summary.length > 0);
      const allowed = (schema: z.ZodObject, given: object = {}) => {
        const parsed = strict(schema).safeParse(given);
        assert.ok(parsed.success, `${name}, preset ${preset}: ${parsed.error?.message}`);
      };
      allowed(options, choices.options);
      allowed(TrainingOptions, choices.training);
      const { modalityOptions: ofKind = {} } = choices;
      const fits = kinds.some((kind) => strict(kind.options).safeParse(ofKind).success);
      assert.ok(fits, `${name}, preset ${preset}: no kind of data has the options ${Object.keys(ofKind).join(", ")}`);
      if (choices.encoder) allowed((await encoders.load(choices.encoder)).options, choices.encoderOptions);
      else await isOfSome(choices.encoderOptions, `${name}, preset ${preset}`);
    }
  }
});
