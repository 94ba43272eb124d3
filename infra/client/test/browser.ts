/**
 * Serves a page that uses the built client, also in a worker, and an API that loses the first two answers. Prints its
 * address. The page's title becomes what it got.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const WORKER = `
import { Madang } from "/dist/index.js";
const shop = new Madang({ url: location.origin + "/api" });
const ids = [];
for await (const order of shop.listOrders({ limit: 1 })) ids.push(order.order_id);
postMessage(ids);
`;

const PAGE = `<!doctype html><script type="module">
import { Madang, orThrow } from "/dist/index.js";
const shop = new Madang({ url: location.origin + "/api", token: async () => "token", firstDelay: 1 });
const placed = orThrow(await shop.checkout({ body: { items: [{ sku: "tea", quantity: 1 }] } }));
const unchanged = orThrow(await shop.getProduct({ sku: "tea", ifNoneMatch: '"v1"' }));
const worker = new Worker("/worker.js", { type: "module" });
const listed = await new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = reject;
});
document.title = JSON.stringify([placed.body.order_id, unchanged.status, ...listed]);
</script>`;

/** The idempotency keys of the checkouts. */
const keys: string[] = [];

const server = createServer(async (request, response) => {
  const answer = (type: string, body: string | Buffer) => response.writeHead(200, { "content-type": type }).end(body);
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  if (pathname === "/") answer("text/html", PAGE);
  else if (pathname === "/worker.js") answer("text/javascript", WORKER);
  else if (pathname.startsWith("/dist/")) {
    answer("text/javascript", await readFile(new URL(`../..${pathname}`, import.meta.url)));
  } else if (pathname.startsWith("/api/products/")) response.writeHead(304, { etag: '"v1"' }).end();
  else if (request.method === "POST") {
    if (keys.push(String(request.headers["idempotency-key"])) < 3) response.destroy();
    else answer("application/json", JSON.stringify({ order_id: `${new Set(keys).size} key` }));
  } else {
    const page = searchParams.has("cursor") ? { items: [{ order_id: "b" }] } : { items: [{ order_id: "a" }], next_cursor: "c" };
    answer("application/json", JSON.stringify(page));
  }
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
