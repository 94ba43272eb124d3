/**
 * `POST /orders` in TypeScript: the behaviour of our `checkout` for an order without an address, coupons or notes, written as AWS's own
 * guides write it, with the SDK's document client and the idempotency of Powertools for AWS Lambda.
 */
import { makeIdempotent, IdempotencyConfig } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { IdempotencyValidationError } from "@aws-lambda-powertools/idempotency";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";

import { parseBody, parseKey, Problem, sumLines } from "./request";
import { OutOfStock, Store } from "./store";

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const client = new DynamoDBClient({ maxAttempts: 3 });
const store = new Store(
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
  required("CATALOG_TABLE"),
  required("ORDERS_TABLE"),
  Number(required("RESERVATION_MINUTES")) * 60_000,
);

/** What makes a request the same request: the customer and the key; and what must not differ: the body. */
interface Keyed {
  customer: string;
  key: string;
  body: unknown;
}

const config = new IdempotencyConfig({
  eventKeyJmesPath: "[customer, key]",
  payloadValidationJmesPath: "body",
  throwOnNoIdempotencyKey: true,
  expiresAfterSeconds: 24 * 60 * 60,
});
const persistenceStore = new DynamoDBPersistenceLayer({
  tableName: required("IDEMPOTENCY_TABLE"),
  awsSdkV3Client: client,
});

const placeOnce = makeIdempotent(
  async (request: Keyed) => {
    const body = parseBody(request.body);
    return store.place(request.customer, request.key, body, sumLines(body.items));
  },
  { persistenceStore, config },
);

export const handler = async (
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  try {
    const customer = event.requestContext.authorizer?.jwt?.claims?.["sub"];
    if (typeof customer !== "string" || customer === "") throw new Problem(401, "unauthenticated");
    const key = parseKey(event.headers["idempotency-key"]);
    const text = event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64").toString() : (event.body ?? "");
    if (Buffer.byteLength(text) > 64 * 1024) throw new Problem(413, "body-too-large");
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      throw new Problem(400, "malformed-body");
    }
    config.registerLambdaContext(context);
    const order = await placeOnce({ customer, key, body });
    return answer(201, order, "application/json");
  } catch (error) {
    return refuse(error);
  }
};

const answer = (statusCode: number, body: unknown, type: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { "content-type": type },
  body: JSON.stringify(body),
});

const refuse = (error: unknown): APIGatewayProxyStructuredResultV2 => {
  // Powertools wraps what the function threw.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const known =
    cause instanceof Problem
      ? cause
      : cause instanceof OutOfStock
        ? new Problem(409, "out-of-stock", { shortages: cause.shortages })
        : cause instanceof IdempotencyValidationError
          ? new Problem(422, "idempotency-key-reused")
          : undefined;
  if (!known) {
    console.error(JSON.stringify({ level: "ERROR", message: String(error), stack: (error as Error)?.stack }));
    return answer(503, { type: "urn:madang:problem:unavailable", status: 503 }, "application/problem+json");
  }
  const problem = { type: `urn:madang:problem:${known.code}`, status: known.status, ...known.details };
  return answer(known.status, problem, "application/problem+json");
};
