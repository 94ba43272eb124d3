/** The examples of the README compile. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** What the reader of the examples has. */
const READER = `
import { Madang, orThrow } from "../src/index.js";
declare const shop: Madang;
declare const sku: string;
declare const session: { token(): Promise<string> };
declare const cart: { id: string; items: { sku: string; quantity: number }[] };
`;

test("the examples of the README compile", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code.replace(/^import .*$/gm, ""));
  assert.ok(examples.length > 3);
  const source = READER + examples.map((code) => `void (async () => {\n${code}});\n`).join("");
  const file = join(root, "test/readme-examples.ts");
  const { config } = ts.readConfigFile(join(root, "test/tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, join(root, "test"));
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, source, version) : getSourceFile(name, version, ...rest);
  const program = ts.createProgram([file], { ...options, noEmit: true, noUnusedLocals: false }, host);
  const messages = ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  assert.deepEqual(messages, [], source);
});
