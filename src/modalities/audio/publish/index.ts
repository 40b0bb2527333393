import { np, type Tensor } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { hubLayout } from "../../../interop/hub-layout.ts";
import { encoderGraph, type GivenInputs, plainLayout, plainUsage } from "../../../interop/plain.ts";
import type { Graph, Publication, PublishedModel, Publisher } from "../../../interop/publisher.ts";
import { type Hearing, hearing } from "../abilities.ts";
import { framesOf } from "../signal/spectrogram.ts";
import { astLayout, isAst } from "./ast.ts";
import { spectrogramGraph } from "./spectrogram-graph.ts";
import { pipelineOrModel, WAVEFORM, waveformUsage, withCaution, withWaveform } from "./usage.ts";
import { wav2vec2Layout } from "./wav2vec2.ts";

type Map = NonNullable<Hearing["spectrogram"]>;

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/** The transform's kernel may have so many values; above about 50 kHz it has more, and takes longer than a fast transform. */
const MOST_VALUES = 2 ** 23;

/** Spectrograms as AST reads them, `input_values` `[batch, frames, bands]`. */
const transposed = ({ bands, frames }: Map): GivenInputs => ({
  specs: { input_values: { dtype: "float32", shape: [frames, bands] } },
  tensors: ({ input_values: given }) => ({
    spectrogram: np.reshape(np.transpose(given!, [0, 2, 1]), [given!.shape[0]!, 1, bands, frames]),
  }),
});

/** Waveforms, from which the graph makes the spectrogram; none where its transform would be too large. */
function fromWaveform(model: PublishedModel, { rate, samples }: Hearing, map: Map): Graph | undefined {
  const { convention, bands, frames, mean, std } = map;
  const { frame, points, margin, hop } = framesOf({ convention, rate, bands });
  const available = 1 + Math.floor((samples + 2 * margin - frame) / hop);
  if (frame * points > MOST_VALUES || available < 1) return undefined;
  const spectrogram = spectrogramGraph({ convention, rate, bands });
  return encoderGraph(model, {
    specs: { [WAVEFORM.input]: { dtype: "float32", shape: [samples] } },
    tensors({ [WAVEFORM.input]: wave }) {
      const energies = spectrogram(wave!);
      const batch = energies.shape[0]!;
      // As in transformers.js, a map is filled up with 0 before it is normalised.
      const whole =
        available < frames
          ? np.concatenate([energies, np.zeros([batch, bands, frames - available])], 2)
          : available > frames
            ? np.split(energies, [frames], 2)[0]!
            : energies;
      const normalised = np.multiply(np.subtract(whole, mean), 1 / (2 * std));
      return { spectrogram: np.reshape(normalised, [batch, 1, bands, frames]) };
    },
  });
}

function ofMap(model: PublishedModel, heard: Hearing, map: Map): Publication {
  const { bands, frames, mean, std } = map;
  const waveform = fromWaveform(model, heard, map);
  const graphs = waveform && { [WAVEFORM.file]: waveform };
  if (!isAst(model.encoder, heard)) {
    const input = `\`spectrogram\`, float32 \`[batch, 1, ${bands}, ${frames}]\`, log-mel energies in ${map.convention}'s convention as (x ${mean < 0 ? `+ ${-mean}` : `− ${mean}`}) / ${Number((2 * std).toFixed(4))}`;
    return {
      graph: encoderGraph(model),
      graphs,
      layout: plainLayout(model),
      usage: waveform ? withWaveform(waveformUsage(model, heard, input)) : withCaution(plainUsage(model), heard),
    };
  }
  const usage = pipelineOrModel(model, heard, `\`[batch, ${frames}, ${bands}]\``);
  const preprocessor = {
    feature_extractor_type: "ASTFeatureExtractor",
    feature_size: 1,
    sampling_rate: heard.rate,
    num_mel_bins: bands,
    max_length: frames,
    do_normalize: true,
    mean,
    std,
    padding_side: "right",
    padding_value: 0,
    return_attention_mask: false,
  };
  return {
    graph: encoderGraph(model, transposed(map)),
    graphs,
    layout: astLayout(model, map),
    files: { "preprocessor_config.json": json(preprocessor) },
    usage: waveform ? withWaveform(usage) : usage,
  };
}

function ofWave(model: PublishedModel, heard: Hearing): Publication {
  const { samples, rate } = heard;
  const preprocessor = {
    feature_extractor_type: "Wav2Vec2FeatureExtractor",
    feature_size: 1,
    sampling_rate: rate,
    do_normalize: true,
    padding_side: "right",
    padding_value: 0,
    return_attention_mask: false,
  };
  const layout = hubLayout(model, wav2vec2Layout(model.encoder));
  // transformers.js runs the ONNX file whatever is in it, and reads its class from here.
  const config = { model_type: "wav2vec2", ...layout.config };
  return {
    graph: encoderGraph(model, {
      specs: { input_values: { dtype: "float32", shape: [samples] } },
      tensors: ({ input_values: wave }) => ({ wave: np.reshape(wave!, [wave!.shape[0]!, 1, samples]) }),
    }),
    layout: { ...layout, config },
    files: { "preprocessor_config.json": json(preprocessor) },
    usage: pipelineOrModel(model, heard, `\`[batch, ${samples}]\`, with mean 0 and deviation 1`),
  };
}

/**
 * Models of sound. `model.onnx` reads `input_values` as AST or wav2vec 2.0 where the encoder is one of theirs, so that
 * transformers.js runs it; else `spectrogram` `[batch, 1, bands, frames]`. `waveform.onnx` reads waveforms at the encoder's rate.
 * Outputs are `last_hidden_state`, `pooler_output` `[batch, embedDim]` and, with a head, `logits` `[batch, outputs]`.
 */
export const audioPublisher: Publisher = {
  describe(model) {
    const heard = offerOf(model.modality, hearing);
    if (!heard) throw new Error(`${model.modality.name}: not a model of sound`);
    return heard.spectrogram ? ofMap(model, heard, heard.spectrogram) : ofWave(model, heard);
  },
  feeds: ({ spectrogram, wave }) => ({
    ...(spectrogram ? { spectrogram, input_values: framesFirst(spectrogram) } : {}),
    ...(wave ? { input_values: { ...wave, shape: [wave.shape[0]!, wave.shape.at(-1)!] } } : {}),
  }),
};

/** `[batch, 1, bands, frames]` → `[batch, frames, bands]`. */
function framesFirst({ dtype, data, shape }: Tensor): Tensor {
  const [batch = 0, , bands = 0, frames = 0] = shape;
  const values = new Float32Array(data.length);
  for (let row = 0; row < batch; row++)
    for (let band = 0; band < bands; band++)
      for (let frame = 0; frame < frames; frame++)
        values[(row * frames + frame) * bands + band] = data[(row * bands + band) * frames + frame]!;
  return { dtype, data: values, shape: [batch, frames, bands] };
}
