import { headUsage, pipelineUsage } from "../../../interop/huggingface/usage.ts";
import { OUTPUTS } from "../../../interop/plain.ts";
import type { PublishedModel, Usage } from "../../../interop/publisher.ts";
import type { Hearing } from "../abilities.ts";

/** Name of the file that reads waveforms, and of its input. */
export const WAVEFORM = { file: "waveform.onnx", input: "waveform" } as const;

/** Code that makes a recording as long as the window: its middle, or silence on both sides. */
const fitting = ({ rate, samples }: Hearing) =>
  `// wave: a Float32Array of one channel at ${rate} Hz. The encoder reads ${samples} samples, ${(samples / rate).toFixed(2)} s.
const start = Math.floor((wave.length - ${samples}) / 2);
const fit = Float32Array.from({ length: ${samples} }, (_, at) => wave[start + at] ?? 0);`;

const caution = ({ rate, samples }: Hearing) =>
  `Mix channels to one and resample to ${rate.toLocaleString("en")} Hz before. Of a longer recording the code above reads the middle
${(samples / rate).toFixed(2)} s, and around a shorter one it puts silence, as Autodidact does; padded otherwise, as transformers.js
would, the answers differ. Autodidact cuts long recordings into windows of this length.`;

/** Code after the lines that prepare a recording; imports stay first. */
function prepared(hearing: Hearing, code: string): string {
  const lines = code.split("\n");
  const imports = lines.filter((line) => line.startsWith("import "));
  return [...imports, fitting(hearing), ...lines.filter((line) => !imports.includes(line))].join("\n");
}

const outputsOf = ({ head }: PublishedModel) =>
  [...(head ? [OUTPUTS.logits] : []), OUTPUTS.hidden, OUTPUTS.vector].map((name) => `\`${name}\``).join(", ");

/** How transformers.js runs a model whose feature extractor it has. @param input of the ONNX file, in words */
export function pipelineOrModel(model: PublishedModel, hearing: Hearing, input: string): Usage {
  const onnx = `input \`input_values\` ${input}, outputs ${outputsOf(model)}; the\nbatch is free`;
  const { head } = model;
  if (head) {
    const usage = headUsage(
      head,
      {
        reader: "AutoProcessor",
        model: "AutoModelForAudioClassification",
        input: "await read(fit)",
        multiLabel: false,
      },
      pipelineUsage("audio-classification", "const predictions = await run(fit, { top_k: 3 });", onnx),
    );
    return withCaution({ ...usage, code: prepared(hearing, usage.code) }, hearing);
  }
  return withCaution(
    {
      pipeline: "feature-extraction",
      library: "transformers.js",
      code: prepared(
        hearing,
        `import { AutoModel, AutoProcessor } from "@huggingface/transformers";
const read = await AutoProcessor.from_pretrained("path/to/this/folder");
const model = await AutoModel.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { ${OUTPUTS.vector}: vector } = await model(await read(fit));`,
      ),
      onnx,
    },
    hearing,
  );
}

/** How ONNX Runtime runs the file that reads waveforms, for encoders that no library has. @param input of `model.onnx`, in words */
export function waveformUsage(model: PublishedModel, hearing: Hearing, input: string): Usage {
  const output = model.head ? OUTPUTS.logits : OUTPUTS.vector;
  const { samples } = hearing;
  return withCaution(
    {
      library: "onnx",
      code: prepared(
        hearing,
        `import { InferenceSession, Tensor } from "onnxruntime-node";
const session = await InferenceSession.create("path/to/this/folder/${WAVEFORM.file}");
const { ${output} } = await session.run({ ${WAVEFORM.input}: new Tensor("float32", fit, [1, ${samples}]) });`,
      ),
      onnx: `input ${input}, outputs ${outputsOf(model)}; the\nbatch is free`,
    },
    hearing,
  );
}

/** Usage with what has to be done to recordings before. */
export const withCaution = (usage: Usage, hearing: Hearing): Usage => ({
  ...usage,
  warning: [usage.warning, caution(hearing)].filter((one) => one !== undefined).join("\n\n"),
});

/** Usage of a model with a second file, which reads waveforms. */
export const withWaveform = (usage: Usage): Usage => ({ ...usage, warning: `${usage.warning}\n\n${NOTE}` });

const NOTE = `\`${WAVEFORM.file}\` is the same model with the spectrogram inside: input \`${WAVEFORM.input}\`, float32 \`[batch, samples]\`.`;
