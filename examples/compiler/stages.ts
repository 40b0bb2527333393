/** What the compiler makes of a small function, stage by stage. `node examples/compiler/stages.ts` renews docs/compiler.md. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import onnxProto from "onnx-proto";
import { type Array, filled, np } from "../../src/array/index.ts";
import { valueAndGrad } from "../../src/engine/index.ts";
import { lower } from "../../src/engine/lower/index.ts";
import { cse } from "../../src/engine/passes/cse.ts";
import { dce } from "../../src/engine/passes/dce.ts";
import { fold } from "../../src/engine/passes/fold.ts";
import { simplify } from "../../src/engine/passes/index.ts";
import { showGraph } from "../../src/engine/show.ts";
import { trace } from "../../src/engine/trace.ts";

/** Mean squared error of a linear layer, and its gradient. */
function lossAndGradient(weight: Array, x: Array, y: Array): Array[] {
  const { loss, gradients } = valueAndGrad(
    ([w]: [Array]) => ({ loss: np.mean(np.square(np.subtract(np.matmul(x, np.transpose(w)), y))), aux: [] }),
    [weight],
  );
  return [loss, gradients[0]];
}

/** The stages' texts, by name. */
export async function compilerStages(): Promise<Readonly<Record<string, string>>> {
  const zeros = (...shape: number[]) => filled(shape, 0);
  const examples = [zeros(4, 3), zeros(8, 3), zeros(8, 4)];
  const { graph } = await trace(lossAndGradient, examples, "lossAndGradient");
  const folded = fold(graph);
  const shared = cse(folded);
  const live = dce(shared);
  const again = dce(cse(fold(live)));
  const final = simplify(graph);
  const model = lower(final, {
    name: "lossAndGradient",
    inputNames: ["weight", "x", "y"],
    outputNames: ["loss", "gradient"],
    portable: false,
  });
  const { node = [] } = onnxProto.onnx.ModelProto.decode(model).graph ?? {};
  const nodes = (node ?? []).map(({ opType, input, output, attribute }) => {
    const options = (attribute ?? []).map(({ name, i, ints }) => `${name}=${ints?.length ? `[${ints}]` : i}`);
    return `${output} = ${[opType, ...(input ?? []), ...options].join(" ")}`;
  });
  return {
    trace: showGraph(graph),
    fold: showGraph(folded),
    cse: showGraph(shared),
    dce: showGraph(live),
    again: showGraph(again),
    inverse: showGraph(final),
    onnx: nodes.join("\n"),
  };
}

/** docs/compiler.md with every stage's block as the compiler has it now. */
export async function withStages(page: string): Promise<string> {
  const stages = await compilerStages();
  return page.replace(
    /(<!-- stage: (.+) -->\n```text\n)[\s\S]*?(\n```)/g,
    (_, start: string, name: string, end: string) => `${start}${stages[name] ?? `no stage ${name}`}${end}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL("../../docs/compiler.md", import.meta.url));
  await writeFile(file, await withStages(await readFile(file, "utf8")));
  process.exit(0);
}
