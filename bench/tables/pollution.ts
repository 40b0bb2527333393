/**
 * The example of docs/air-quality.md: hourly weather in Beijing, 2010 to 2014 (Liang et al. 2015, UCI, CC BY 4.0), learned without the
 * fine dust (PM2.5), then the fine dust from 100 and 1,000 measured hours of the years before, tested on 2014: beside the untrained
 * encoder, a linear model and a random forest of the columns, and from scratch. The hour before, as a column of its own, is not read: it
 * would need the measuring that is to be saved.
 *
 *   node bench/tables/pollution.ts [method[:preset]] [epochs] [seeds] [--validation] [--frozen]
 *
 * With --validation the test year is 2013. Data: `$AUTODIDACT_DATA/tabular` or ../shared/data/tabular.
 */
import { benchArguments } from "../arguments.ts";
import { dataLines } from "../lines.ts";
import { machine } from "../series/machine.ts";
import { measure, withTables } from "./worth.ts";

const usage = "node bench/tables/pollution.ts [method[:preset]] [epochs] [seeds] [--validation] [--frozen]";
const { words, has } = benchArguments(usage, ["validation", "frozen"]);
const [method = "simclr:scarf", epochs = "10", seeds = "3"] = words;
const COLUMNS = "month,hour,dew point,temperature,pressure,wind,wind speed,snow,rain";
/** Rows that labels are drawn from: evenly from the years before. */
const LABELLED = 4000;

const started = performance.now();
console.log(`pollution: ${method}, ${epochs} epochs, ${seeds} seeds; ${machine()}`);
await withTables(async (write, folder) => {
  const hours = (await dataLines("tabular/pollution.csv.gz")).slice(1).map((line) => line.split(","));
  // Moving averages of the weather over a day would be engineering; each row is one hour.
  const row = ([, , month, , hour, dust, ...weather]: string[]) =>
    `${month},${hour},${weather.join(",")},${dust === "NA" ? "" : dust}`;
  const tested = has("validation") ? "2013" : "2014";
  const before = hours.filter(([, year]) => Number(year) < Number(tested));
  const measured = before.filter(([, , , , , dust]) => dust !== "NA");
  const some = Array.from({ length: LABELLED }, (_, at) => measured[Math.floor((at * measured.length) / LABELLED)]!);
  const after = hours.filter(([, year, , , , dust]) => year === tested && dust !== "NA");
  const head = `${COLUMNS},pm2.5`;
  await measure({
    pool: await write("pool.csv", [head, ...before.map(row)]),
    train: await write("train.csv", [head, ...some.map(row)]),
    test: await write("test.csv", [head, ...after.map(row)]),
    ...{ labelColumn: "pm2.5", task: "regression", measure: "rootMeanSquaredError", factor: 1, digits: 1 },
    ...{ counts: [100, 1000], draws: 3, seeds: Number(seeds), method, encoder: "mlp", folder, frozen: has("frozen") },
    modalityOptions: { categories: ["month", "hour"] },
    training: { epochs: Number(epochs) },
  });
});
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
