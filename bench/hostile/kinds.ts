import { binary } from "./binary.ts";
import { gzipped, idx, jpeg, parquet, png, safetensors, tar, tiff, zip } from "./formats.ts";
import * as graphs from "./graphs.ts";
import * as molecules from "./molecules.ts";
import type { Mutation } from "./mutation.ts";
import * as open from "./openers.ts";
import * as pairs from "./pairs.ts";
import * as proteins from "./proteins.ts";
import { rowCsvs, rowJsonls, rowParquets } from "./rows.ts";
import * as seeds from "./seeds.ts";
import * as signals from "./signals.ts";
import { json, jsonLines, lines } from "./texts.ts";

/** A kind of file that strangers give us. */
export interface Kind {
  readonly name: string;
  /** Name of the mutant in its folder. */
  readonly file: string;
  readonly seeds: (lab: seeds.Lab) => Promise<readonly Buffer[]>;
  readonly mutations: readonly Mutation[];
  readonly open: open.Opener;
  /** A folder whose files lie beside the mutant: the rest of a run. */
  readonly beside?: ((lab: seeds.Lab) => Promise<string>) | undefined;
}

const kind = (
  name: string,
  file: string,
  from: Kind["seeds"],
  mutations: readonly Mutation[],
  opener: open.Opener,
  beside?: Kind["beside"],
): Kind => ({ name, file, seeds: from, mutations, open: opener, beside });

const H264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];
const LAST = "run/checkpoints/last.safetensors";
const METRICS = "run/metrics.jsonl";
const WEIGHTS = "model/model.safetensors";
const TOKENS = "model/tokenizer.json";

const image = open.dataOf("image", { imageSize: 32 });
const photo = open.given("image", image);
const audio = open.dataOf("audio", { window: 0.25 });
const sound = open.given("audio", audio);
const video = open.dataOf("video", { imageSize: 16, frames: 4, window: 0.6 });
const clip = open.given("video", video);
const series = open.dataOf("series", { window: 16 });
const one = open.given("series", series);
const graph = open.dataOf("graph");
const network = open.given("graph", graph);
const text = open.dataOf("text", { maxLength: 16 });
const rows = open.dataOf("table");
const images = (lab: seeds.Lab) => lab.images();
const texts = (lab: seeds.Lab) => lab.texts();
const imageRun = open.run("data");
const textRun = open.run("corpus.txt");

/** One line for each kind: its name and file, whole files of it, what is done to them, and how the product opens it. */
export const kinds: readonly Kind[] = [
  kind("JPEG", "x.jpg", seeds.jpegs, jpeg, photo),
  kind("PNG", "x.png", seeds.pngs, png, photo),
  kind("GIF", "x.gif", seeds.gifs, binary, photo),
  kind("WebP", "x.webp", seeds.webps, binary, photo),
  kind("TIFF", "x.tif", seeds.tiffs, tiff, photo),
  kind("AVIF", "x.avif", seeds.avifs, binary, photo),
  kind("DICOM", "x.dcm", seeds.dicoms, binary, photo),
  kind("IDX", "train-images-idx3-ubyte", seeds.idxs, idx, image),
  kind("IDX .gz", "train-images-idx3-ubyte.gz", seeds.packed(seeds.idxs), gzipped(idx), image),
  kind("CIFAR", "data_batch_1.bin", seeds.cifars, binary, image),
  kind("zip", "x.zip", seeds.zips, zip, image),
  kind("tar", "x.tar", seeds.tars, tar, image),
  kind("images, Parquet", "x.parquet", seeds.imageParquets, parquet, image),
  kind("pairs, tar", "x.tar", pairs.tars, tar, pairs.pair),
  kind("WAV", "x.wav", seeds.sounds(".wav"), binary, sound),
  kind("FLAC", "x.flac", seeds.sounds(".flac"), binary, sound),
  kind("MP3", "x.mp3", seeds.sounds(".mp3"), binary, sound),
  kind("Ogg Vorbis", "x.ogg", seeds.sounds(".ogg"), binary, sound),
  kind("Opus", "x.opus", seeds.sounds(".opus"), binary, sound),
  kind("AIFF", "x.aiff", seeds.sounds(".aiff"), binary, sound),
  kind("sounds, zip", "x.zip", seeds.soundZips, zip, audio),
  kind("clip, GIF", "x.gif", signals.movingGifs, binary, clip),
  kind("clip, WebP", "x.webp", signals.movingWebps, binary, clip),
  kind("clips, zip", "x.zip", signals.clipZips, zip, video),
  kind("frames", "clips/one/2.png", signals.oneFrame, png, open.folderOf("clips", video), signals.frameFolder),
  // Made and decoded by ffmpeg.
  ...(signals.hasFfmpeg()
    ? [
        kind("MP4", "x.mp4", signals.films("mp4", H264, ["-c:v", "mpeg4"]), binary, clip),
        kind("WebM", "x.webm", signals.films("webm", ["-c:v", "libvpx", "-c:a", "libvorbis"]), binary, clip),
        kind("AVI", "x.avi", signals.films("avi", ["-c:v", "mpeg4"], ["-c:v", "mjpeg"]), binary, clip),
        kind("MKV", "x.mkv", signals.films("mkv", H264), binary, clip),
      ]
    : []),
  kind("series, CSV", "x.csv", signals.csvs, lines, one),
  kind("series, TSV", "x.tsv", signals.tsvs, lines, one),
  kind("series, JSON", "x.json", signals.jsons, json, one),
  kind("series, Parquet", "x.parquet", signals.parquets, parquet, one),
  kind("series, .ts", "x.ts", signals.ucrs, lines, series),
  kind("series, .npy", "x.npy", signals.npys, binary, series),
  kind("SMILES", "x.smi", molecules.smilesFiles, molecules.written, molecules.molecule),
  kind("SMILES, tokens", "x.smi", molecules.smilesFiles, molecules.written, molecules.asSmiles),
  kind("SMILES .gz", "x.smi.gz", seeds.packed(molecules.smilesFiles), gzipped(lines), molecules.molecule),
  kind("SDF", "x.sdf", molecules.sdfs, lines, molecules.molecule),
  kind("mol", "x.mol", molecules.mols, lines, molecules.molecule),
  kind("SMILES, CSV", "x.csv", molecules.tables, molecules.written, molecules.molecule),
  kind("FASTA", "x.fasta", proteins.fastas, lines, proteins.protein),
  kind("FASTA .gz", "x.fa.gz", seeds.packed(proteins.fastas), gzipped(lines), proteins.protein),
  kind("FASTA, labels", "x.fasta", proteins.labelledFastas, lines, proteins.protein),
  kind("A3M", "x.a3m", proteins.a3ms, lines, proteins.protein),
  kind("sequences, CSV", "x.csv", proteins.sequenceTables, lines, proteins.protein),
  kind("labels of residues", "l.fasta", proteins.residueLabelFiles, lines, proteins.residueLabels, proteins.beside),
  kind("graph, GraphML", "x.graphml", graphs.graphmls, lines, graph),
  kind("graph, JSON", "x.json", graphs.nodeLinks, json, network),
  kind("graph, JSON lines", "x.jsonl", graphs.graphLines, jsonLines, graph),
  kind("graph, edges", "edges.csv", graphs.edgeLists, lines, graph, graphs.nodesFolder),
  kind("graph, one text", "x.txt", graphs.oneTexts, lines, graph),
  kind("graph, TU edges", "T_A.txt", graphs.adjacencies, lines, graph, graphs.tuFolder),
  kind("graph, TU graphs", "T_graph_indicator.txt", graphs.indicators, lines, graph, graphs.tuFolder),
  kind("rows of a table, CSV", "x.csv", rowCsvs, lines, rows),
  kind("rows of a table, JSONL", "x.jsonl", rowJsonls, jsonLines, rows),
  kind("rows of a table, Parquet", "x.parquet", rowParquets, parquet, rows),
  kind("pairs, CSV", "x.csv", pairs.csvs, lines, pairs.pair, pairs.besideTable),
  kind("pairs, JSONL", "x.jsonl", pairs.jsonls, jsonLines, pairs.pair, pairs.besideTable),
  kind("pairs, Parquet", "x.parquet", pairs.parquets, parquet, pairs.pair),
  kind("pairs, zip", "x.zip", pairs.zips, zip, pairs.pair),
  kind(
    "pairs, JSON beside",
    "pairs/1.json",
    pairs.captionFiles,
    json,
    open.folderOf("pairs", pairs.pair),
    pairs.besideCaption,
  ),
  kind("request, form", "body", seeds.forms, [...binary, ...lines], open.body(seeds.formType), images),
  kind("request, JSON", "body", seeds.requests, json, open.body("application/json"), texts),
  kind("text", "x.txt", seeds.plainTexts, lines, text),
  kind("text .gz", "x.txt.gz", seeds.packed(seeds.plainTexts), gzipped(lines), text),
  kind("CSV", "x.csv", seeds.csvs, lines, text),
  kind("CSV .gz", "x.csv.gz", seeds.packed(seeds.csvs), gzipped(lines), text),
  kind("TSV", "x.tsv", seeds.tsvs, lines, text),
  kind("JSONL", "x.jsonl", seeds.jsonls, jsonLines, text),
  kind("JSON", "x.json", seeds.jsons, json, text),
  kind("Parquet", "x.parquet", seeds.textParquets, parquet, text),
  kind("labels", "labels.csv", seeds.labelTables, lines, open.labelTable),
  kind("tokenizer", "tokenizer.json", seeds.fileOf(texts, "run/tokenizer.json"), json, open.tokenizer, texts),
  kind("run, config", "run/config.json", seeds.fileOf(images, "run/config.json"), json, imageRun, images),
  kind("run, text config", "run/config.json", seeds.fileOf(texts, "run/config.json"), json, textRun, texts),
  kind("run, tokenizer", "run/tokenizer.json", seeds.fileOf(texts, "run/tokenizer.json"), json, textRun, texts),
  kind("run, weights", LAST, seeds.fileOf(images, LAST), safetensors, imageRun, images),
  kind("run, resumed weights", LAST, seeds.fileOf(images, LAST), safetensors, open.resumed("data"), images),
  kind("run, metrics", METRICS, seeds.fileOf(images, METRICS), jsonLines, open.resumed("data"), images),
  kind("BERT, config", "model/config.json", seeds.fileOf(texts, "model/config.json"), json, open.start, texts),
  kind("BERT, weights", WEIGHTS, seeds.fileOf(texts, WEIGHTS), safetensors, open.start, texts),
  kind("BERT, tokenizer", TOKENS, seeds.fileOf(texts, TOKENS), json, open.start, texts),
  kind("vectors", "vectors.parquet", seeds.fileOf(images, "vectors.parquet"), parquet, open.vectors, images),
  kind("ONNX", "model/model.onnx", seeds.fileOf(images, "model/model.onnx"), binary, open.exported, images),
];
