/** A client for the tests of the runtime, whose operations do not change with the contract. */

import { type Answer, Client, type List, type Options, type ProblemDetails, type Result } from "../src/runtime.js";

interface Thing {
  request: object;
  answer: Answer<200, { id: number }, { etag: string; idempotencyReplayed?: string }>;
  problem: ProblemDetails;
}

interface ThingList {
  request: object;
  answer: Answer<200, { items: number[]; next_cursor?: string }, object>;
  problem: ProblemDetails;
}

type Method = (request?: object, options?: Options) => Promise<Result<Thing>>;

/** A client of an API with an operation of each kind. */
export class Things extends Client {
  get: Method = (request, options) =>
    this.call<Thing>({ method: "GET", path: "/things/{id}", headers: ["If-None-Match"] }, request, options);

  create: Method = (request, options) =>
    this.call<Thing>(
      { method: "POST", path: "/things", headers: ["Idempotency-Key"], body: "application/json", token: true },
      request,
      options,
    );

  /** A POST that the API does not recognize when it comes again. */
  report: Method = (request, options) =>
    this.call<Thing>({ method: "POST", path: "/reports", body: "application/json" }, request, options);

  change: Method = (request, options) =>
    this.call<Thing>(
      { method: "PATCH", path: "/things/{id}", headers: ["If-Match"], body: "application/merge-patch+json" },
      request,
      options,
    );

  remove: Method = (request, options) => this.call<Thing>({ method: "DELETE", path: "/things/{id}" }, request, options);

  all(request?: object, options?: Options): List<ThingList> {
    const query = ["limit", "cursor", "name"];
    return this.list<ThingList>({ method: "GET", path: "/things", query, token: true }, request, options);
  }
}
