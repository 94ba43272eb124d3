/** The waits between tries. They are recorded and end at once, in a process without connections, which set timers too. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type Config, NoAnswerError, orThrow } from "../src/runtime.js";
import { Things } from "./things.js";

const TIMEOUT = 35_000;

/** A client whose requests get these answers, and its waits. `Math.random` returns `random`. */
function recordWaits(context: TestContext, random: number, answers: (Response | Error)[], config: Partial<Config> = {}) {
  const waits: number[] = [];
  const setTimeout = globalThis.setTimeout;
  const record = (run: () => void, milliseconds: number) => {
    if (milliseconds !== TIMEOUT) waits.push(milliseconds);
    return setTimeout(run, milliseconds === TIMEOUT ? milliseconds : 0);
  };
  context.mock.method(globalThis, "setTimeout", record as typeof setTimeout);
  context.mock.method(Math, "random", () => random);
  const fetch = async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Response) return answer;
    throw answer;
  };
  const things = new Things({ url: "https://api.example.com", fetch, timeout: TIMEOUT, firstDelay: 100, ...config });
  return { waits, things };
}

const lost = new TypeError("fetch failed");
const busy = (status: number, after: string) => new Response("", { status, headers: { "retry-after": after } });
const ok = () => Response.json({ id: 1 });

test("the waits double up to the longest one", async (context) => {
  const { waits, things } = recordWaits(context, 1, [lost], { maxDelay: 500 });
  await assert.rejects(things.get({ id: 1 }, { tries: 6 }), NoAnswerError);
  assert.deepEqual(waits, [100, 200, 400, 500, 500]);
});

test("a wait is a random part of the longest one", async (context) => {
  const { waits, things } = recordWaits(context, 0.25, [lost, lost, ok()]);
  orThrow(await things.get({ id: 1 }));
  assert.deepEqual(waits, [25, 50]);
});

test("the next try comes after the time that the API asks for", async (context) => {
  context.mock.method(Date, "now", () => Date.UTC(2026, 0, 1));
  const answers = [
    busy(503, "2"),
    busy(429, "Thu, 01 Jan 2026 00:00:07 GMT"),
    busy(503, "Wed, 31 Dec 2025 00:00:00 GMT"),
    ok(),
  ];
  const { waits, things } = recordWaits(context, 0.5, answers);
  orThrow(await things.get({ id: 1 }));
  assert.deepEqual(waits, [2050, 7100, 200]);
});

test("the usual longest waits are a quarter of a second, then twice as long each time", async (context) => {
  const { waits, things } = recordWaits(context, 1, [lost], { firstDelay: undefined } as object);
  await assert.rejects(things.get({ id: 1 }), NoAnswerError);
  assert.deepEqual(waits, [250, 500, 1000]);
});
