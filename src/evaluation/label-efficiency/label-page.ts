import { escapeHtml, htmlList, htmlNote, htmlTable } from "../drawing/html.ts";
import { grouped } from "../scores/format.ts";
import { contenderNames } from "../worth/names.ts";
import { rowsAndColumns } from "./label-summary.ts";
import { formatFactor, limitations, savingHeadline, savingSummary } from "./label-text.ts";
import { capitalized, formatGain, formatPoint, formatScore, measureText } from "./measure-text.ts";
import { NEIGHBOURS_STYLE, type NeighboursPart, neighboursSection } from "./neighbours-section.ts";
import { type PredictionsPart, predictionsSection } from "./predictions-section.ts";
import type { Curve } from "./savings/label-curves.ts";

export interface LabelPage extends PredictionsPart, NeighboursPart {
  /** SVG: scores against labels, and a map if there are enough samples. */
  readonly scores: string;
  readonly map?: string;
  readonly points: number;
  /** SVG: what probes scored while the run trained, if they were made. */
  readonly probes?: string;
}

const STYLE = `
  body { font: 15px/1.55 system-ui, "DejaVu Sans", Arial, sans-serif; margin: 2rem auto; max-width: 54rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.5rem; font-weight: 600; margin: 0; line-height: 1.3; }
  h2 { font-size: 1.15rem; font-weight: 600; margin: 2.4rem 0 0.5rem; border-top: 1px solid #d9dde2; padding-top: 1.1rem; }
  .lead { color: #5b6470; margin: 0.2rem 0 1.4rem; }
  .answer { background: #f2f6fa; border-left: 4px solid #0072b2; padding: 0.8rem 1.1rem; }
  .answer strong { display: block; font-size: 1.9rem; line-height: 1.2; }
  .answer .factor { white-space: nowrap; } .answer .doubts { font-size: 1.15rem; }
  figure { margin: 1rem 0; }
  figure svg, figure img { max-width: 100%; height: auto; display: block; margin: 0 auto; }
  figcaption, .note { color: #5b6470; font-size: 0.88rem; }
  table { border-collapse: collapse; margin: 0.8rem 0; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
  th, td { padding: 0.22rem 0.8rem 0.22rem 0; text-align: right; border-bottom: 1px solid #e8ebee; vertical-align: top; }
  th { font-weight: 500; } thead th { color: #5b6470; }
  th:first-child { text-align: left; }
  td { white-space: nowrap; } tbody th { min-width: 5rem; overflow-wrap: anywhere; }
  .scroll { overflow-x: auto; }
  .facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
  blockquote { margin: 0.9rem 0 0.2rem; font-weight: 500; }
  .found { margin: 0; padding-left: 1.2rem; } .right { color: #00734f; } .wrong { color: #b04a00; }${NEIGHBOURS_STYLE}
  @media print {
    body { margin: 0; max-width: none; font-size: 10.5pt; }
    h2 { break-after: avoid; } figure, tr, .answer { break-inside: avoid; }
    .scroll { overflow: visible; } table { font-size: 9.5pt; } tbody th { min-width: 0; }
    .answer { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  }`;

/**
 * The label-efficiency report as one self-contained HTML page: images are embedded, nothing is loaded, no code runs.
 */
export function labelPage(page: LabelPage): string {
  const { run, train, test, task, outputs } = page.facts;
  const { name, of, title: predictionsTitle } = measureText[task];
  const title = `What pre-training is worth: ${run.method} on ${run.encoder}`;
  const sections: [name: string, content: string][] = [
    [`${capitalized(name)} against labels`, scoresSection(page)],
    [`Labels saved at equal ${name}`, savingsSection(page)],
    [predictionsTitle, predictionsSection(page)],
    ["Nearest neighbours", neighboursSection(page.facts, page)],
    ["Map of the test samples", mapSection(page)],
    ...(page.probes ? [["While it trained", probesSection(page.probes)] as [string, string]] : []),
    ["Collapse", collapseSection(page)],
    ["Time and cost", costSection(page)],
    ["Limitations", htmlList(limitations(page.facts))],
    ["Settings", settingsSection(page)],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${grouped(train.labelled)} labelled training samples ${of(outputs.length)}, ${grouped(test.labelled)} test samples.</p>
<div class="answer">Labels saved at equal ${name}${headline(page)}${escapeHtml(savingSummary(page.facts))}</div>
${sections.map(([name, content]) => `<section>\n<h2>${name}</h2>\n${content}\n</section>`).join("\n")}
</body>
</html>
`;
}

/** The factor in large type, followed by its caveats. */
function headline({ facts }: LabelPage): string {
  const factor = facts.saved ? formatFactor(facts.saved) : "–";
  const doubts = savingHeadline(facts).slice(factor.length);
  return `<strong><span class="factor">${escapeHtml(factor)}</span><span class="doubts">${escapeHtml(doubts)}</span></strong>`;
}

function scoresSection({ facts: { task, curves, settings, chance }, scores }: LabelPage): string {
  const { chance: baseline } = measureText[task];
  const { rows, counts } = rowsAndColumns(curves);
  const cell = (curve: Curve, count: number) => {
    const point = curve.find(({ labels }) => labels === count);
    if (!point) return "–";
    return `${formatPoint(task, point)}${point.draws === settings.draws ? "" : ` (${point.draws} ${point.draws === 1 ? "draw" : "draws"})`}`;
  };
  const body = counts.map((count) => [grouped(count), ...rows.map(([, curve]) => cell(curve, count))]);
  return `<figure>${scores}</figure>
${htmlTable(["labels", ...rows.map(([contender]) => contenderNames[contender])], body)}
${htmlNote(`${settings.draws === 1 ? "One draw" : `Mean ± sample deviation over ${settings.draws} draws`} of the labels, the same for all models. ${capitalized(baseline)}: ${formatScore(task, chance)}.${task === "regression" ? " Scores below −1 are drawn at −1." : ""}`)}`;
}

function savingsSection({ facts }: LabelPage): string {
  const { task, savings, curves } = facts;
  if (savings.length === 0) return htmlNote(savingSummary(facts));
  const rows = savings.map((saving) => {
    const scratch = curves.scratch?.find(({ labels }) => labels === saving.labels);
    return [
      grouped(saving.labels),
      formatScore(task, saving.score),
      scratch ? formatGain(task, saving.score - scratch.mean) : "–",
      `${saving.kind === "exactly" ? "" : `${saving.kind} `}${grouped(saving.needed)}`,
      formatFactor(saving),
    ];
  });
  return `${htmlTable(["labels", "pretrained", "gain over scratch", "labels needed from scratch", "factor"], rows)}
${htmlNote("The number at the top is the factor at the fewest labels for which the curve from scratch crosses the pretrained score; if it never does, the largest bound.")}`;
}

function mapSection({ facts: { task }, map, points }: LabelPage): string {
  if (!map) return htmlNote("Too few test samples for a map.");
  return `<figure>${map}<figcaption>${grouped(points)} test samples by UMAP of the frozen pretrained features, coloured by ${measureText[task].target}, which UMAP does not see. Nearby points are similar; distances between groups and their sizes mean little.</figcaption></figure>`;
}

const probesSection = (probes: string): string =>
  `<figure>${probes}<figcaption>Held-out entries predicted from the frozen features of the moment, by the labels of others. Nothing was learned from these labels.</figcaption></figure>`;

function collapseSection({ facts: { frozen, width, test } }: LabelPage): string {
  const rows = Object.entries(frozen).map(([name, { effectiveRank, featureDeviation }]) => [
    name,
    `${effectiveRank.toFixed(1)} of ${Math.min(width, 128, test.labelled)}`,
    featureDeviation.toFixed(3),
  ]);
  return `${htmlTable(["frozen features", "effective rank", "deviation"], rows)}
${htmlNote("Computed on up to 128 test samples. The effective rank counts the directions that the features use; 1 means collapse. The deviation of unit-length features is 0 when all are equal and about 1 when they are spread evenly.")}`;
}

const duration = (seconds: number): string =>
  seconds < 120
    ? `${seconds.toFixed(1)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

function costSection({ facts: { cost, frozen, run, pretraining, machine } }: LabelPage): string {
  const rows = [
    [
      "pre-training",
      "1",
      grouped(run.step),
      pretraining.seconds === undefined ? "–" : duration(pretraining.seconds),
      "",
    ],
    ...Object.entries(frozen).map(([name, { seconds }]) => [`${name} features`, "1", "", duration(seconds), ""]),
    ...cost.map(({ contender, trainings, seconds, steps }) => [
      contenderNames[contender],
      grouped(trainings),
      steps === undefined ? "" : grouped(steps),
      duration(seconds),
      duration(seconds / trainings),
    ]),
  ];
  return `${htmlTable(["", "runs", "steps", "time", "per run"], rows)}
${htmlNote(`Training and evaluation on ${machine}. Pre-training, possibly on another machine: ${grouped(pretraining.entries)} samples without labels, ${grouped(run.epoch)} epochs.`)}`;
}

function settingsSection({ facts }: LabelPage): string {
  const { task, run, train, test, settings, width, machine } = facts;
  const { probe, drawn } = measureText[task];
  const side = ({ path, entries, labelled, broken }: typeof train) =>
    `${path}: ${grouped(entries)} entries, ${grouped(labelled)} labelled and readable${broken > 0 ? `, ${grouped(broken)} broken` : ""}`;
  return htmlTable(
    [],
    [
      ["run", run.path],
      ["encoder", `${run.encoder}, ${width} features`],
      ["method", `${run.method}, step ${grouped(run.step)}, seed ${run.seed}`],
      ["training data", side(train)],
      ["test data", side(test)],
      ["shares", `${settings.shares.join(", ")} % of the labels, ${drawn}`],
      ["draws", `${settings.draws}, seeds from ${settings.seed}`],
      ["linear probe", probe],
      [
        "end to end",
        `about ${grouped(settings.steps ?? 1000)} steps, 10 to 20 % of the labels held out to select the best epoch and stop early; fine-tuning starts from a linear probe, with lower learning rates for lower layers`,
      ],
      ["machine", `${machine}; device ${settings.device}`],
    ],
  );
}
