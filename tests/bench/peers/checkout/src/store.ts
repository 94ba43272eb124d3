/** The tables: the same items under the same conditions as our `checkout` writes them. */
import { createHash, randomBytes } from "node:crypto";

import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { BatchGetCommand, TransactWriteCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

import { Problem, type Body, type Money } from "./request";

const MAX_AMOUNT = 1_000_000_000_000_000;
const ATTEMPTS = 8;
const DUE_SHARDS = 16;
/** The value-added tax of Korea, in percent. */
const KOREAN_TAX = 10;

interface Product {
  sku: string;
  name: string;
  price: Money;
  status: "LISTED" | "UNLISTED";
  tax_class?: "STANDARD" | "REDUCED" | "EXEMPT";
  points?: number;
  stock_shards: number;
}

/** A line as the table has it. Its parts follow from it. */
interface StoredLine {
  sku: string;
  name: string;
  quantity: number;
  unit_price: Money;
  tax_rate?: string;
  points?: number;
}

interface Line extends StoredLine {
  line_id: string;
  kind: "PRODUCT";
  discount: Money;
  tax: Money;
  included_tax: Money;
  total: Money;
  quantities: { ordered: number };
}

interface Totals {
  subtotal: Money;
  discount: Money;
  shipping: Money;
  tax: Money;
  included_tax: Money;
  total: Money;
}

interface Hold {
  sku: string;
  shard: number;
  quantity: number;
}

export interface Order {
  order_id: string;
  customer_id: string;
  status: string;
  fulfillment_status: "NOT_REQUIRED";
  lines: Line[];
  totals: Totals;
  placed_at: string;
  expires_at: string;
}

interface Shortage {
  sku: string;
  requested: number;
  available: number;
}

/** Too little is left; nothing was written. */
export class OutOfStock extends Error {
  constructor(readonly shortages: Shortage[]) {
    super("out of stock");
  }
}

export class Store {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly catalog: string,
    private readonly orders: string,
    private readonly reservation: number,
  ) {}

  /** Places the order and takes its stock in one transaction. */
  async place(customer: string, key: string, body: Body, wanted: Map<string, number>): Promise<Order> {
    const products = await this.products([...wanted.keys()]);
    const stored = quote(wanted, products);
    const lines = stored.map(withParts);
    const totals = sum(lines);
    const { total } = totals;
    const expected = body.expected_total;
    if (expected && (expected.amount !== total.amount || expected.currency !== total.currency)) {
      throw new Problem(409, "total-differs", { total });
    }
    const now = Date.now();
    const id = deriveId(["order", customer, key]);
    const order: Order = {
      order_id: format(id),
      customer_id: customer,
      status: "PENDING_PAYMENT",
      fulfillment_status: "NOT_REQUIRED",
      lines,
      totals,
      placed_at: new Date(now).toISOString(),
      expires_at: new Date(now + this.reservation).toISOString(),
    };
    const eventId = uuidV7(now);
    const record = {
      pk: `ORDER#${order.order_id}`,
      order_id: order.order_id,
      customer_id: customer,
      status: order.status,
      lines: stored,
      placed_at: order.placed_at,
      expires_at: order.expires_at,
      fingerprint: createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 32),
      payments: 0,
      version: 1,
      placed_ms: now,
      due_shard: (id[0] ?? 0) % DUE_SHARDS,
      due_ms: now + this.reservation,
      event: {
        id: eventId,
        source: "madang.orders",
        detail_type: "OrderPlaced",
        detail: JSON.stringify({
          metadata: {
            id: eventId,
            occurred_at: order.placed_at,
            actor: { kind: "CUSTOMER", id: customer },
            version: 1,
            trace: process.env["_X_AMZN_TRACE_ID"],
          },
          data: order,
        }),
      },
    };
    let holds = stored.map(({ sku, quantity }) => {
      const shards = products.get(sku)?.stock_shards ?? 1;
      return { sku, quantity, shard: Math.floor(Math.random() * shards) };
    });
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const refused = await this.write(record, holds);
      if (!refused) return order;
      holds = await this.elsewhere(holds, refused, products);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(500, 20 * 2 ** attempt)));
    }
    throw new Error("the stock is too busy");
  }

  private async products(skus: string[]): Promise<Map<string, Product>> {
    const read = new BatchGetCommand({
      RequestItems: { [this.catalog]: { Keys: skus.map((sku) => ({ pk: `PRODUCT#${sku}` })) } },
    });
    const found = (await this.client.send(read)).Responses?.[this.catalog] ?? [];
    return new Map(found.map((item) => [item["sku"] as string, item as Product]));
  }

  /** Writes the order and takes its units; which of the holds were refused, when it did not pass. */
  private async write(record: Record<string, unknown>, holds: Hold[]): Promise<string[] | undefined> {
    const transaction = new TransactWriteCommand({
      TransactItems: [
        {
          Put: {
            TableName: this.orders,
            Item: { ...record, holds },
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        },
        ...holds.map(({ sku, shard, quantity }) => ({
          Update: {
            TableName: this.catalog,
            Key: { pk: `STOCK#${sku}#${shard}` },
            UpdateExpression: "SET available = available - :units",
            ConditionExpression: "available >= :units",
            ExpressionAttributeValues: { ":units": quantity },
          },
        })),
      ],
    });
    try {
      await this.client.send(transaction);
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const [ofOrder, ...ofStock] = (error.CancellationReasons ?? []).map((reason) => reason.Code ?? "None");
      // An attempt whose answer was lost has placed it.
      if (ofOrder === "ConditionalCheckFailed") return undefined;
      return ofStock;
    }
  }

  /** Other shards for the holds that were refused. */
  private async elsewhere(holds: Hold[], codes: string[], products: Map<string, Product>): Promise<Hold[]> {
    const moved = holds.map(async (hold, nth) => {
      const shards = products.get(hold.sku)?.stock_shards ?? 1;
      if (codes[nth] === "None") return hold;
      if (codes[nth] !== "ConditionalCheckFailed") return { ...hold, shard: Math.floor(Math.random() * shards) };
      const keys = Array.from({ length: shards }, (_, shard) => ({ pk: `STOCK#${hold.sku}#${shard}` }));
      const read = new BatchGetCommand({ RequestItems: { [this.catalog]: { Keys: keys, ConsistentRead: true } } });
      const levels = (await this.client.send(read)).Responses?.[this.catalog] ?? [];
      const enough = levels.filter((level) => (level["available"] as number) >= hold.quantity);
      const chosen = enough[Math.floor(Math.random() * enough.length)];
      if (!chosen) {
        const available = levels.reduce((sum, level) => sum + (level["available"] as number), 0);
        throw new OutOfStock([{ sku: hold.sku, requested: hold.quantity, available }]);
      }
      return { ...hold, shard: Number((chosen["pk"] as string).split("#").at(-1)) };
    });
    return Promise.all(moved);
  }
}

/** Each product priced from the catalog, with the tax rate of the shop's country. */
const quote = (wanted: Map<string, number>, products: Map<string, Product>): StoredLine[] => {
  const lines: StoredLine[] = [];
  for (const [sku, quantity] of wanted) {
    const product = products.get(sku);
    if (product?.status !== "LISTED") throw new Problem(422, "product-unavailable", { sku });
    if (lines[0] && lines[0].unit_price.currency !== product.price.currency) throw new Problem(422, "currencies-mixed");
    const points = product.points === undefined ? {} : { points: product.points };
    const tax = product.tax_class === "EXEMPT" ? {} : { tax_rate: String(KOREAN_TAX) };
    lines.push({ sku, name: product.name, quantity, unit_price: product.price, ...tax, ...points });
  }
  return lines;
};

/** A line with its parts. Prices include the tax, which is rounded half up. */
const withParts = (line: StoredLine, nth: number): Line => {
  const { amount, currency } = line.unit_price;
  const total = amount * line.quantity;
  const rate = Number(line.tax_rate ?? 0);
  const included = Math.floor((2 * total * rate + 100 + rate) / (2 * (100 + rate)));
  return {
    line_id: String(nth + 1),
    kind: "PRODUCT",
    ...line,
    discount: { amount: 0, currency },
    tax: { amount: 0, currency },
    included_tax: { amount: included, currency },
    total: { amount: total, currency },
    quantities: { ordered: line.quantity },
  };
};

const sum = (lines: Line[]): Totals => {
  const [first] = lines;
  if (!first) throw new Problem(422, "invalid-lines");
  const { currency } = first.unit_price;
  const all = (part: (line: Line) => Money): Money => ({
    amount: lines.reduce((sum, line) => sum + part(line).amount, 0),
    currency,
  });
  const total = all((line) => line.total);
  if (total.amount > MAX_AMOUNT) throw new Problem(422, "total-too-large");
  const nothing = { amount: 0, currency };
  return {
    subtotal: total,
    discount: nothing,
    shipping: nothing,
    tax: nothing,
    included_tax: all((line) => line.included_tax),
    total,
  };
};

/** A UUIDv8 of a SHA-256 in which no boundary can be moved. */
const deriveId = (parts: string[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
    hash.update(length).update(part);
  }
  return marked(hash.digest().subarray(0, 16), 8);
};

const uuidV7 = (now: number): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return format(marked(bytes, 7));
};

const marked = (bytes: Buffer, version: number): Buffer => {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
};

const format = (bytes: Buffer): string =>
  bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
