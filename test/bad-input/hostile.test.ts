import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "../../bench/hostile/attack.ts";

test("the watch sees what may go wrong, and lives on", async () => {
  const outcomes = await attack({
    kindsIn: new URL("../fixtures/hostile-kinds.ts", import.meta.url),
    limits: { milliseconds: 1500, bytes: 512 << 20 },
    each: 1,
  });
  for (const { kind, found } of outcomes)
    assert.deepEqual(
      found.map((fault) => fault.kind),
      kind.startsWith("right") ? [] : [kind.split(",")[0]],
      `${kind}: ${JSON.stringify(found)}`,
    );
  assert.equal(outcomes.length, 12);
});

test("mutants of every kind of file are opened or refused in one readable line", async () => {
  const outcomes = await attack({ each: 3 });
  assert.deepEqual(
    outcomes.flatMap(({ kind, found }) =>
      found.map((fault) => `${kind} ${fault.number}: ${fault.kind}: ${fault.message}`),
    ),
    [],
  );
  const sum = (of: "mutants" | "opened") => outcomes.reduce((total, outcome) => total + outcome[of], 0);
  assert.ok(sum("opened") > 15 && sum("opened") < sum("mutants") - 15, `${sum("opened")} of ${sum("mutants")} opened`);
});
