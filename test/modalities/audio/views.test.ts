import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { buildAudio } from "../../../src/modalities/audio/build.ts";
import { AudioOptions } from "../../../src/modalities/audio/options.ts";
import { mixed } from "../../../src/modalities/audio/transforms/mix.ts";

const RATE = 8000;
const tone = (hertz: number) =>
  Float32Array.from({ length: RATE }, (_, at) => 0.5 * Math.sin((2 * Math.PI * hertz * at) / RATE));
const energyAt = (wave: Float32Array, hertz: number): number => {
  let [real, imaginary] = [0, 0];
  wave.forEach((value, at) => {
    real += value * Math.cos((2 * Math.PI * hertz * at) / RATE);
    imaginary += value * Math.sin((2 * Math.PI * hertz * at) / RATE);
  });
  return real ** 2 + imaginary ** 2;
};

test("mixing shares the energy as asked, however loud the other is, and keeps the loudness", () => {
  const [own, other] = [tone(440), tone(1000).map((value) => 0.1 * value)];
  const both = mixed(own, other, 0.25);
  const [kept, added] = [energyAt(both, 440), energyAt(both, 1000)];
  assert.ok(Math.abs(added / (kept + added) - 0.25) < 1e-3);
  assert.ok(Math.abs((kept + added) / energyAt(own, 440) - 1) < 1e-3);
  assert.equal(mixed(own, new Float32Array(RATE), 0.25), own, "silence adds nothing");
});

test("--mix puts another recording of the batch into views, and only there", () => {
  const still = { speed: 0, noise: 0, room: 0, bandStop: 0, gain: 0, shift: 0, rate: RATE, input: "wave" } as const;
  const [own, other] = [440, 1000].map((hertz) => ({ rate: RATE, wave: tone(hertz) }));
  const heard = (mix: number) => {
    const audio = buildAudio(AudioOptions.parse({ ...still, mix }));
    const sound = audio.among(own!, [other!]);
    return [audio.augment(sound, new Rng(2)), audio.perturb(sound, new Rng(2))].map(
      ({ wave }) => energyAt(wave, 1000) / energyAt(wave, 440),
    );
  };
  const [view, light] = heard(0.4);
  assert.ok(view! > 1e-3 && view! < 0.4 / 0.6 + 1e-3);
  assert.ok(light! < 1e-6);
  assert.ok(heard(0).every((share) => share < 1e-6));
  // A curriculum's later options make the view, its first ones tell the sample of the others.
  const [early, late] = [0, 0.4].map((mix) => buildAudio(AudioOptions.parse({ ...still, mix })));
  const { wave } = late!.augment(early!.among(own!, [other!]), new Rng(2));
  assert.ok(energyAt(wave, 1000) / energyAt(wave, 440) > 1e-3);
});
