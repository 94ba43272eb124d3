/**
 * The client against a deployed stack, whose address, customer and product are in the environment. The product has 10
 * units. The end-to-end tests run it, and count the orders afterwards.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Madang, type Order, orThrow } from "../src/index.js";
import { type Reaction, Server, lose } from "./server.js";

const { MADANG_API_URL: url = "", MADANG_TOKEN: customer = "", MADANG_SKU: sku = "" } = process.env;

const DEADLINE = 60_000;

/** Passes a request on to the stack, and lets `react` do something else with its answer. */
function forward(react?: Reaction): Reaction {
  return async (response, received) => {
    const { method, body } = received;
    const names = ["authorization", "content-type", "idempotency-key"];
    const headers = names.flatMap((name) => (received.headers[name] ? [[name, String(received.headers[name])]] : []));
    const answered = await fetch(url + received.url, { method, headers, ...(body && { body }) } as RequestInit);
    const text = await answered.text();
    if (react) return react(response, received);
    const kept = ["content-type", "idempotency-replayed", "location", "request-id"];
    for (const name of kept) {
      const value = answered.headers.get(name);
      if (value) response.setHeader(name, value);
    }
    response.writeHead(answered.status).end(text);
  };
}

const token = () => customer;
const direct = new Madang({ url, token });
const order = (quantity: number) => ({ body: { items: [{ sku, quantity }] } });

test("a checkout whose answers are lost after the effect places one order", async (context) => {
  const proxy = await Server.start(context, forward(lose), forward(lose), forward());
  const shop = new Madang({ url: proxy.url, token, firstDelay: 10 });
  const placed = orThrow(await shop.checkout(order(2)));
  assert.equal(placed.status, 201);
  assert.equal(placed.headers.idempotencyReplayed, "true");
  assert.equal(placed.headers.location, `/orders/${placed.body.order_id}`);
  assert.equal(proxy.received.length, 3);
  assert.equal(new Set(proxy.sent("idempotency-key")).size, 1);
  const found = orThrow(await shop.getOrder({ order_id: placed.body.order_id }));
  assert.equal(found.body.order_id, placed.body.order_id);
  const product = orThrow(await shop.getProduct({ sku }));
  assert.equal(product.body?.available, 8);
});

test("all orders are listed, page by page and newest first", async () => {
  const placed = [orThrow(await direct.checkout(order(1))).body, orThrow(await direct.checkout(order(1))).body];
  // The list is eventually consistent.
  const deadline = Date.now() + DEADLINE;
  let listed: Order[];
  do {
    assert.ok(Date.now() < deadline, "the orders are not listed in time");
    listed = [];
    for await (const order of direct.listOrders({ limit: 1 })) listed.push(order);
  } while (listed.length < 3);
  const ids = listed.map((order) => order.order_id);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(
    ids.slice(0, 2),
    placed.map((order) => order.order_id).reverse(),
  );
});

test("an order beyond the stock is refused with the shortage", async () => {
  const result = await direct.checkout(order(900));
  assert.ok(!result.ok && result.problem.type === "urn:madang:problem:out-of-stock");
  assert.equal(result.status, 409);
  const [shortage] = result.problem.shortages;
  assert.equal(shortage?.sku, sku);
  assert.equal(shortage?.requested, 900);
  assert.match(result.problem.instance, /^urn:madang:request:/);
});

test("what the gateway refuses is a blank problem", async () => {
  let asked = 0;
  const shop = new Madang({ url, token: () => `wrong-${asked++}` });
  const result = await shop.checkout(order(1));
  assert.ok(!result.ok && result.problem.type === "about:blank");
  assert.equal(result.status, 401);
  assert.equal(asked, 2);
});

test("a product that has not changed is not sent again", async () => {
  const seen = orThrow(await direct.getProduct({ sku }));
  assert.ok(seen.status === 200 && seen.body.sku === sku);
  const again = orThrow(await direct.getProduct({ sku, ifNoneMatch: seen.headers.etag }));
  assert.equal(again.status, 304);
  assert.equal(again.body, undefined);
});
