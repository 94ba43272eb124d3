/** Compiled and not run: what the compiler accepts, what it refuses, and what it infers. */

import {
  type BlankProblem,
  type CheckoutOperation,
  type ListItem,
  type ListOrdersOperation,
  Madang,
  type Order,
  type OrderStatus,
  type OutOfStockProblem,
  type Product,
  type ProductView,
  type Refusal,
  type UnlistedProblem,
  orThrow,
} from "../src/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when the type of the value is exactly `Type`. */
function is<Type>() {
  return <Found>(_value: Found, _same: Equal<Found, Type>) => {};
}

const body = { items: [{ sku: "tea", quantity: 2 }] };

export async function answersAreTypedByStatus(shop: Madang) {
  const result = await shop.checkout({ body });
  // @ts-expect-error: a refusal has no body
  result.body;
  if (!result.ok) return;
  is<201>()(result.status, true);
  is<Order>()(result.body, true);
  is<string>()(result.headers.location, true);
  is<string | undefined>()(result.headers.idempotencyReplayed, true);
  // @ts-expect-error: an order has no entity tag
  result.headers.etag;
  // @ts-expect-error: a success has no problem
  result.problem;

  const product = orThrow(await shop.getProduct({ sku: "tea", ifNoneMatch: '"v1"' }));
  is<200 | 304>()(product.status, true);
  if (product.status === 304) is<undefined>()(product.body, true);
  else is<ProductView>()(product.body, true);
}

export async function problemsAreNarrowedByType(shop: Madang) {
  const result = await shop.checkout({ body });
  if (result.ok) return;
  const { problem } = result;
  // @ts-expect-error: not every problem has shortages
  problem.shortages;
  if (problem.type === "urn:madang:problem:out-of-stock") {
    is<OutOfStockProblem>()(problem, true);
    is<409>()(problem.status, true);
    is<number | undefined>()(problem.shortages[0]?.available, true);
  }
  // @ts-expect-error: this operation is never refused with it
  if (problem.type === "urn:madang:problem:bid-closed") return;
  switch (problem.type) {
    case "urn:madang:problem:product-unavailable":
      return problem.sku;
    case "about:blank":
      is<BlankProblem>()(problem, true);
      return problem.detail;
    default:
      // Problems of later versions end here.
      return `${problem.type satisfies string}: ${problem.detail}`;
  }
}

export function everyListedProblemCanBeHandled(problem: CheckoutOperation["problem"] | UnlistedProblem) {
  if (problem.type === "urn:madang:problem:out-of-stock") return problem.shortages;
  type Rest = Exclude<CheckoutOperation["problem"], OutOfStockProblem> | UnlistedProblem;
  is<Rest>()(problem, true);
  return problem.detail;
}

export async function requestsAreChecked(shop: Madang) {
  // @ts-expect-error: the body is missing
  await shop.checkout({});
  // @ts-expect-error: the request is missing
  await shop.checkout();
  // @ts-expect-error: a required member is missing
  await shop.checkout({ body: { items: [{ sku: "tea" }] } });
  // @ts-expect-error: a member has the wrong type
  await shop.checkout({ body: { items: [{ sku: "tea", quantity: "2" }] } });
  // @ts-expect-error: there is no such member
  await shop.checkout({ body: { ...body, gift: true } });
  // @ts-expect-error: there is no such parameter
  await shop.checkout({ body, ifMatch: "*" });
  await shop.checkout({ body, idempotencyKey: "cart-1" }, { tries: 2, timeout: 1000, signal: AbortSignal.timeout(9000) });
  // @ts-expect-error: there is no such option
  await shop.checkout({ body }, { retries: 2 });

  // @ts-expect-error: a path parameter is missing
  await shop.getProduct({});
  // @ts-expect-error: the operation has no such filter
  await shop.listOrders({ color: "red" });
  await shop.listOrders({ limit: 10, status: "PAID" });
  // @ts-expect-error: an enum of a request is closed
  await shop.listOrders({ status: "A_LATER_STATUS" });
}

export async function aChangeNeedsAnEntityTagAndNullClears(shop: Madang) {
  const seen = orThrow(await shop.getAdminProduct({ sku: "tea" }));
  if (seen.status === 304) return;
  await shop.updateProduct({ sku: "tea", ifMatch: seen.headers.etag, body: { brand: null, attributes: { Weight: null } } });
  // @ts-expect-error: the entity tag is missing
  await shop.updateProduct({ sku: "tea", body: { brand: null } });
  // @ts-expect-error: a product always has a name
  await shop.updateProduct({ sku: "tea", ifMatch: seen.headers.etag, body: { name: null } });
}

export function enumsOfResponsesAreOpen(order: Order, product: Product) {
  // @ts-expect-error: a later version may answer with another status
  const status: OrderStatus = order.status;
  if (product.status === "A_LATER_STATUS") return;
  switch (order.status) {
    case "PAID":
      return "paid";
    case "A_LATER_STATUS":
      return "later";
    default:
      return status;
  }
}

export async function listsAreRead(shop: Madang) {
  is<Order>()({} as ListItem<ListOrdersOperation>, true);
  for await (const order of shop.listOrders({ status: "PAID" })) is<Order>()(order, true);
  for await (const order of shop.listOrders()) is<Order>()(order, true);
  const page = orThrow(await shop.listOrders());
  is<Order[]>()(page.body.items, true);
  is<string | undefined>()(page.body.next_cursor, true);
}

export function aTokenIsATextOrAPromise() {
  const url = "https://api.example.com";
  new Madang({ url });
  new Madang({ url, token: () => "token" });
  new Madang({ url, token: async (refused) => refused ?? "token" });
  // @ts-expect-error: the address is missing
  new Madang({ token: () => "token" });
  // @ts-expect-error: a token is a text
  new Madang({ url, token: () => 1 });
}

export function aRefusalHasItsKey(refusal: Refusal) {
  is<string | undefined>()(refusal.idempotencyKey, true);
}
