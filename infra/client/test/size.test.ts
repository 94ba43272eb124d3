/** The size of the client as a browser loads it: minified by esbuild, compressed by gzip at its best level. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { transform } from "esbuild";

const MAX_BYTES = 6_000;

async function compressed(module: string): Promise<number> {
  const source = await readFile(new URL(`../src/${module}.js`, import.meta.url), "utf8");
  const { code } = await transform(source, { minify: true, format: "esm", target: "es2022" });
  return gzipSync(code, { level: 9 }).length;
}

test("the runtime has at most 6 kB", async (context) => {
  const bytes = await compressed("runtime");
  context.diagnostic(`runtime: ${bytes} bytes, operations: ${await compressed("api")} bytes`);
  assert.ok(bytes <= MAX_BYTES, `the runtime has ${bytes} bytes, the limit is ${MAX_BYTES}`);
});
