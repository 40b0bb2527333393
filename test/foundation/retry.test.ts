import assert from "node:assert/strict";
import { test } from "node:test";
import { retried } from "../../src/foundation/retry.ts";

const failing = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

test("what may pass is tried again; what will not is thrown at once", async () => {
  for (const code of ["EIO", "EMFILE", "EAGAIN", "ETIMEDOUT", "ESTALE"]) {
    let tries = 0;
    const read = () => {
      if (++tries < 3) throw failing(code);
      return tries;
    };
    assert.equal(await retried("photo.jpg", read), 3);
  }
  let tries = 0;
  const missing = async () => {
    tries++;
    throw failing("ENOENT");
  };
  await assert.rejects(retried("photo.jpg", missing), { code: "ENOENT" });
  assert.equal(tries, 1);
});
