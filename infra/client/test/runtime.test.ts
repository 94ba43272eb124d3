/** The runtime against a server that loses answers, is busy, or answers what the API never would. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type Answer, type Config, NoAnswerError, ProblemError, orThrow } from "../src/runtime.js";
import { type Reaction, Server, answer, cut, hang, lose, refuse } from "./server.js";
import { Things } from "./things.js";

/** A client that hardly waits, and the server that reacts to its requests. */
async function start(context: TestContext, reactions: Reaction[], config: Partial<Config> = {}) {
  const server = await Server.start(context, ...reactions);
  return { server, things: new Things({ url: server.url, token: () => "token", firstDelay: 0.01, ...config }) };
}

/** An API that remembers keys: it makes a thing for each new key, and answers an old key with the thing made for it. */
function remembering(made: Map<string, number>, react: Reaction): Reaction {
  return (response, received) => {
    const key = String(received.headers["idempotency-key"]);
    const replayed = made.has(key) ? { "idempotency-replayed": "true" } : {};
    const id = made.get(key) ?? made.size + 1;
    made.set(key, id);
    if (react === lose) lose(response, received);
    else answer(200, { id }, replayed as Record<string, string>)(response, received);
  };
}

const ok = answer(200, { id: 1 });

/** The error that a promise rejects with. */
async function thrown(promise: Promise<unknown>): Promise<unknown> {
  const failed = promise.then(() => assert.fail("nothing was thrown"));
  return failed.catch((error: unknown) => error);
}

test("a request whose answer is lost after the effect takes effect once", async (context) => {
  const made = new Map<string, number>();
  const reactions = [lose, lose, ok].map((reaction) => remembering(made, reaction));
  const { server, things } = await start(context, reactions);
  const created = orThrow(await things.create({ body: { name: "tea" } }));
  assert.deepEqual(created.body, { id: 1 });
  assert.equal(created.headers.idempotencyReplayed, "true");
  assert.equal(made.size, 1);
  assert.equal(server.received.length, 3);
  assert.equal(new Set(server.sent("idempotency-key")).size, 1);
  assert.deepEqual(new Set(server.received.map(({ body }) => body)), new Set(['{"name":"tea"}']));
});

test("all tries of a call have the same key, and each call has another", async (context) => {
  const busy = refuse(503, "unavailable");
  const { server, things } = await start(context, [busy, lose, cut, ok, busy, ok]);
  await things.create({ body: {} });
  await things.create({ body: {} });
  const keys = server.sent("idempotency-key");
  assert.equal(keys.length, 6);
  assert.equal(new Set(keys.slice(0, 4)).size, 1);
  assert.equal(new Set(keys.slice(4)).size, 1);
  assert.notEqual(keys[0], keys[4]);
  assert.match(String(keys[0]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a given key is sent with all tries", async (context) => {
  const { server, things } = await start(context, [lose, ok]);
  await things.create({ idempotencyKey: "cart-1", body: {} });
  assert.deepEqual(server.sent("idempotency-key"), ["cart-1", "cart-1"]);
});

test("a request that is not safe to repeat is sent once", async (context) => {
  for (const reaction of [lose, cut, refuse(503, "unavailable"), refuse(429, "slow"), answer(502), answer(504)]) {
    const { server, things } = await start(context, [reaction, ok]);
    await things.report({ body: {} }, { tries: 9 }).catch((error) => assert.ok(error instanceof NoAnswerError));
    await things.change({ id: 1, ifMatch: "*", body: {} }).catch(() => {});
    assert.equal(server.received.filter(({ method }) => method === "POST").length, 1);
    assert.equal(server.received.filter(({ method }) => method === "PATCH").length, 1);
  }
});

test("a change of any version is sent once, and a change of one version is repeated", async (context) => {
  const { server, things } = await start(context, [lose]);
  await assert.rejects(things.change({ id: 1, ifMatch: "*", body: {} }), NoAnswerError);
  assert.equal(server.received.length, 1);
  await assert.rejects(things.change({ id: 1, ifMatch: '"v1"', body: {} }), NoAnswerError);
  assert.deepEqual(server.sent("if-match"), ["*", '"v1"', '"v1"', '"v1"', '"v1"']);
});

test("reading and deleting are repeated", async (context) => {
  const { server, things } = await start(context, [lose, ok, cut, ok]);
  assert.equal(orThrow(await things.get({ id: 1 })).body.id, 1);
  assert.equal(orThrow(await things.remove({ id: 1 })).body.id, 1);
  assert.deepEqual(
    server.received.map(({ method }) => method),
    ["GET", "GET", "DELETE", "DELETE"],
  );
});

test("a refusal that a further try would not change is returned at once", async (context) => {
  for (const status of [400, 403, 404, 409, 412, 413, 422, 428, 500]) {
    const { server, things } = await start(context, [refuse(status, "refused"), ok]);
    const result = await things.create({ body: {} });
    assert.equal(result.status, status);
    assert.equal(server.received.length, 1);
  }
});

test("the tries end when the API asks for a longer wait than is allowed", async (context) => {
  const { server, things } = await start(context, [refuse(503, "unavailable", { "retry-after": "21" }), ok]);
  const result = await things.create({ body: {} });
  assert.ok(!result.ok);
  assert.equal(result.headers.retryAfter, "21");
  assert.equal(server.received.length, 1);
});

test("the last refusal is returned with the key", async (context) => {
  const { server, things } = await start(context, [refuse(503, "unavailable")], { tries: 3 });
  const result = await things.create({ body: {} });
  assert.ok(!result.ok);
  assert.equal(result.problem.type, "urn:madang:problem:unavailable");
  assert.equal(server.received.length, 3);
  assert.equal(result.idempotencyKey, server.sent("idempotency-key")[0]);
});

test("without any answer an error is thrown with the key", async (context) => {
  const { server, things } = await start(context, [lose]);
  const error = await thrown(things.create({ body: {} }));
  assert.ok(error instanceof NoAnswerError);
  assert.equal(server.received.length, 4);
  assert.equal(error.idempotencyKey, server.sent("idempotency-key")[0]);
  assert.match(error.message, /POST \/things/);
  assert.ok(error.cause instanceof TypeError);
});

test("a try that takes too long is repeated", async (context) => {
  const { server, things } = await start(context, [hang, ok], { timeout: 50, firstDelay: 1 });
  orThrow(await things.create({ body: {} }));
  assert.equal(new Set(server.sent("idempotency-key")).size, 1);
  assert.equal(server.received.length, 2);
});

test("the timeout also ends an answer that stops in the middle", async (context) => {
  const stop: Reaction = (response) => void response.writeHead(200, { "content-length": "9" }).write("{");
  const { things } = await start(context, [stop], { timeout: 50 });
  const error = await thrown(things.report({ body: {} }));
  assert.ok(error instanceof NoAnswerError);
  assert.equal((error.cause as Error).name, "TimeoutError");
});

test("a signal ends a call before, during and between tries", async (context) => {
  const { server, things } = await start(context, [hang, refuse(503, "unavailable")], { firstDelay: 1e6, maxDelay: 1e6 });
  context.mock.method(Math, "random", () => 1);
  const reason = new Error("the customer left");
  const during = new AbortController();
  const waiting = things.create({ body: {} }, { signal: during.signal });
  while (server.received.length < 1) await new Promise(setImmediate);
  during.abort(reason);
  await assert.rejects(waiting, reason);

  const between = new AbortController();
  const setTimeout = globalThis.setTimeout;
  // The wait has begun when its timer is set.
  context.mock.method(globalThis, "setTimeout", ((run: () => void, milliseconds: number) => {
    if (milliseconds === 1e6) setImmediate(() => between.abort(reason));
    return setTimeout(run, milliseconds);
  }) as typeof setTimeout);
  await assert.rejects(things.create({ body: {} }, { signal: between.signal }), reason);
  assert.equal(server.received.length, 2);

  await assert.rejects(things.create({ body: {} }, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(server.received.length, 2);
});

test("a signal ends the last try with its reason, too", async (context) => {
  const { server, things } = await start(context, [hang]);
  const reason = new Error("the customer left");
  const controller = new AbortController();
  const waiting = things.report({ body: {} }, { signal: controller.signal });
  while (server.received.length < 1) await new Promise(setImmediate);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});

test("after a 401 the token is asked for once more, and the request is sent with the same key", async (context) => {
  const refused: (string | undefined)[] = [];
  const token = async (old?: string) => `token-${refused.push(old)}`;
  const unauthorized = answer(401, { message: "Unauthorized" });
  const { server, things } = await start(context, [unauthorized, ok, unauthorized, unauthorized, ok], { token });
  orThrow(await things.create({ body: {} }, { tries: 1 }));
  assert.deepEqual(server.sent("authorization"), ["Bearer token-1", "Bearer token-2"]);
  assert.deepEqual(refused, [undefined, "token-1"]);
  assert.equal(new Set(server.sent("idempotency-key")).size, 1);

  const result = await things.create({ body: {} });
  assert.equal(result.status, 401);
  assert.equal(server.received.length, 4);
});

test("a new token leaves all tries", async (context) => {
  const unauthorized = answer(401, { message: "Unauthorized" });
  const { server, things } = await start(context, [unauthorized, lose, lose, lose, ok]);
  orThrow(await things.create({ body: {} }, { tries: 4 }));
  assert.equal(server.received.length, 5);
});

test("a public operation is sent without a token", async (context) => {
  const { server, things } = await start(context, [ok], { token: () => assert.fail("it was asked for") });
  await things.get({ id: 1 });
  assert.deepEqual(server.sent("authorization"), [undefined]);
});

test("a list is read to its end, page by page as its items are needed", async (context) => {
  const page = (items: number[], next_cursor?: string) => answer(200, { items, next_cursor });
  const { server, things } = await start(context, [page([1, 2], "a&b"), page([], "c"), page([3])]);
  const seen: number[] = [];
  for await (const item of things.all({ limit: 2, name: "green tea" })) {
    seen.push(item);
    assert.equal(server.received.length, item === 3 ? 3 : 1);
  }
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(
    server.received.map(({ url }) => url),
    [
      "/things?limit=2&name=green+tea",
      "/things?limit=2&cursor=a%26b&name=green+tea",
      "/things?limit=2&cursor=c&name=green+tea",
    ],
  );
});

test("one page of a list is an answer", async (context) => {
  const { server, things } = await start(context, [answer(200, { items: [1], next_cursor: "more" })]);
  const page = orThrow(await things.all());
  assert.deepEqual(page.body, { items: [1], next_cursor: "more" });
  assert.equal(server.received[0]?.url, "/things");
  assert.equal(server.received.length, 1);
});

test("a list that is left early asks for no further page", async (context) => {
  const { server, things } = await start(context, [answer(200, { items: [1, 2], next_cursor: "more" })]);
  for await (const _ of things.all()) break;
  assert.equal(server.received.length, 1);
});

test("a refusal of a further page is thrown while the list is read", async (context) => {
  const { things } = await start(context, [answer(200, { items: [1], next_cursor: "x" }), refuse(400, "bad")]);
  const seen: number[] = [];
  const read = async () => {
    for await (const item of things.all()) seen.push(item);
  };
  const error = await thrown(read());
  assert.ok(error instanceof ProblemError);
  assert.equal(error.refusal.problem.type, "urn:madang:problem:bad");
  assert.match(error.message, /urn:madang:problem:bad.*urn:r/);
  assert.deepEqual(seen, [1]);
});

test("path parameters cannot name another operation", async (context) => {
  const { server, things } = await start(context, [ok]);
  for (const id of ["", ".", "..", undefined]) await assert.rejects(things.get({ id }), TypeError);
  assert.equal(server.received.length, 0);
  await things.get({ id: "a/../b?c#d%2e é" });
  assert.equal(server.received[0]?.url, "/things/a%2F..%2Fb%3Fc%23d%252e%20%C3%A9");
});

test("a header that cannot be sent is an error of the caller, not a lost answer", async (context) => {
  const { server, things } = await start(context, [ok]);
  await assert.rejects(things.create({ idempotencyKey: "a\nb", body: {} }), TypeError);
  assert.equal(server.received.length, 0);
});

test("bodies have the described media type, and the address may have a path", async (context) => {
  const server = await Server.start(context, ok);
  const things = new Things({ url: `${server.url}/v1//` });
  await things.change({ id: 1, ifMatch: '"a"', body: { name: null } });
  await things.create({ body: { name: "차" } });
  assert.deepEqual(server.sent("content-type"), ["application/merge-patch+json", "application/json"]);
  assert.deepEqual(
    server.received.map(({ url, body }) => `${url} ${body}`),
    ["/v1/things/1 {\"name\":null}", "/v1/things {\"name\":\"차\"}"],
  );
});

test("an unchanged resource and an empty answer are answers", async (context) => {
  const { server, things } = await start(context, [answer(304, undefined, { etag: '"a"' }), answer(204)]);
  const unchanged = await things.get({ id: 1, ifNoneMatch: '"a"' });
  assert.ok(unchanged.ok);
  assert.deepEqual([unchanged.status, unchanged.body, unchanged.headers.etag], [304, undefined, '"a"']);
  assert.deepEqual(server.sent("if-none-match"), ['"a"']);
  const empty = await things.remove({ id: 1 });
  assert.deepEqual([empty.ok, empty.status, (empty as Answer).body], [true, 204, undefined]);
});

test("an answer of the gateway or of a proxy is a blank problem", async (context) => {
  const { things } = await start(context, [
    answer(404, { message: "Not Found" }, { "content-type": "application/json", "apigw-requestid": "id" }),
    (response) => response.writeHead(403, { "content-type": "text/html" }).end("<p>Forbidden"),
    answer(400, ["not", "a", "problem"]),
    answer(400, null),
  ]);
  const problem = async () => {
    const result = await things.get({ id: 1 });
    assert.ok(!result.ok);
    return result.problem;
  };
  const type = "about:blank";
  assert.deepEqual(await problem(), { type, title: "HTTP 404", status: 404, detail: "Not Found", instance: "id" });
  assert.deepEqual(await problem(), { type, title: "HTTP 403", status: 403, detail: "" });
  assert.deepEqual(await problem(), { type, title: "HTTP 400", status: 400, detail: "" });
  assert.deepEqual(await problem(), { type, title: "HTTP 400", status: 400, detail: "" });
});

test("a proxy's error is a lost answer, and so is a success that cannot be read", async (context) => {
  const page: Reaction = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Log in");
  const { server, things } = await start(context, [answer(502), answer(504), page, ok, page]);
  orThrow(await things.create({ body: {} }));
  assert.equal(new Set(server.sent("idempotency-key")).size, 1);
  const error = await thrown(things.report({ body: {} }));
  assert.ok(error instanceof NoAnswerError && error.cause instanceof SyntaxError);
});

test("a given fetch is used", async () => {
  const urls: string[] = [];
  const fetch: typeof globalThis.fetch = async (url) => {
    urls.push(String(url));
    return Response.json({ id: 7 });
  };
  const things = new Things({ url: "https://api.example.com", fetch });
  assert.equal(orThrow(await things.get({ id: "x" })).body.id, 7);
  assert.deepEqual(urls, ["https://api.example.com/things/x"]);
});
