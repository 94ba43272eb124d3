/** What a shopper sends, checked by the rules of our `checkout`. */

/** A refusal that the shopper is told of. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(code);
  }
}

export interface Money {
  amount: number;
  currency: string;
}

export interface Item {
  sku: string;
  quantity: number;
}

export interface Body {
  items: Item[];
  expected_total?: Money;
}

const SKU = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_LINES = 50;
const MAX_QUANTITY = 999;

export const parseKey = (header: string | undefined): string => {
  if (!header || !/^[!-~]{1,255}$/.test(header)) throw new Problem(400, "invalid-idempotency-key");
  return header;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasOnly = (value: Record<string, unknown>, names: string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name));

export const parseBody = (value: unknown): Body => {
  const malformed = new Problem(400, "malformed-body");
  if (!isRecord(value) || !hasOnly(value, ["items", "expected_total"]) || !Array.isArray(value["items"])) {
    throw malformed;
  }
  const items = value["items"].map((item: unknown): Item => {
    if (!isRecord(item) || !hasOnly(item, ["sku", "quantity"])) throw malformed;
    const { sku, quantity } = item;
    if (typeof sku !== "string" || !SKU.test(sku)) throw malformed;
    if (typeof quantity !== "number" || !Number.isSafeInteger(quantity)) throw malformed;
    return { sku, quantity };
  });
  const expected = value["expected_total"];
  if (expected === undefined) return { items };
  if (!isRecord(expected) || typeof expected["currency"] !== "string") throw malformed;
  const amount = expected["amount"];
  if (typeof amount !== "number" || !Number.isSafeInteger(amount) || amount < 0) throw malformed;
  return { items, expected_total: { amount, currency: expected["currency"] } };
};

/** The units of each product, once each: DynamoDB takes an item once a transaction. */
export const sumLines = (items: Item[]): Map<string, number> => {
  if (items.length < 1 || items.length > MAX_LINES) throw new Problem(422, "invalid-lines");
  const sums = new Map<string, number>();
  for (const { sku, quantity } of items) {
    const sum = (sums.get(sku) ?? 0) + quantity;
    if (quantity < 1 || sum > MAX_QUANTITY) throw new Problem(422, "invalid-quantity", { sku });
    sums.set(sku, sum);
  }
  return sums;
};
