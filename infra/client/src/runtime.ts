/**
 * The part of the client that does not depend on the contract: it sends requests, repeats those that are safe to repeat,
 * and reads answers. The operations are in `api.ts`.
 */

/** Settings of a client. */
export interface Config {
  /** The address of the API: the stack's output `ApiUrl`. */
  url: string;
  /**
   * Returns the token of the caller. It is called for each request that needs a token, so it should cache the token. After
   * a 401 it is called once more, with the token that was refused.
   */
  token?: (refused?: string) => string | Promise<string>;
  /** The most tries of a request that is safe to repeat. Default: 4. */
  tries?: number;
  /** The milliseconds that a try may take. Default: 35,000, since API Gateway answers within 30 seconds. */
  timeout?: number;
  /** The longest wait before the second try, in milliseconds. It doubles with each further try. Default: 250. */
  firstDelay?: number;
  /** The longest wait before any try, in milliseconds. The tries end when the API asks for a longer one. Default: 20,000. */
  maxDelay?: number;
  /** Is used instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Settings of one call. */
export interface Options {
  /** Ends the call, also while it waits for the next try. The call throws the signal's reason. */
  signal?: AbortSignal;
  /** As in {@link Config}, for this call. */
  tries?: number;
  /** As in {@link Config}, for this call. */
  timeout?: number;
}

/** A successful answer. `headers` has the described headers, in camel case: `ETag` is `etag`. */
export interface Answer<Status extends number = number, Body = unknown, Headers = unknown> {
  ok: true;
  status: Status;
  body: Body;
  headers: Headers;
}

/** A refused request. */
export interface Refusal<Problem = ProblemDetails> {
  ok: false;
  status: number;
  /** Why. Compare `problem.type`. */
  problem: Problem;
  /** All headers that the page may read, in camel case. */
  headers: { requestId?: string; retryAfter?: string; [name: string]: string | undefined };
  /** The key with which the request was sent. Send it again to make sure that a repeated request takes effect once. */
  idempotencyKey?: string;
}

/** Problem details (RFC 9457). */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The id of the request. */
  instance?: string;
}

/** The answer of API Gateway, or of a proxy, in place of the API: a missing token, too many requests, an unknown route. */
export interface BlankProblem extends ProblemDetails {
  type: "about:blank";
}

/** A problem that this version of the client does not know. */
export interface UnlistedProblem extends ProblemDetails {
  type: Unlisted;
  [member: string]: unknown;
}

/**
 * A text that this version of the client does not list. It is a `string`, and exists for the compiler only: an enum has
 * nothing in common with a listed text, so that a comparison with one excludes this type. `string` would remain.
 */
export declare enum Unlisted {
  Text = "a text that this version of the client does not list",
}

/** An enum of a response: the listed values, and others that later versions add. */
export type Open<Listed extends string> = Listed | (string & {});

/** The types of an operation. */
export interface Operation {
  request: object;
  answer: Answer;
  problem: ProblemDetails;
}

/** The outcome of a call. */
export type Result<O extends Operation> = O["answer"] | Refusal<O["problem"] | BlankProblem | UnlistedProblem>;

/** What a list contains. */
export type ListItem<O extends Operation> = O["answer"]["body"] extends { items: readonly (infer Item)[] } ? Item : never;

/** A page of a list. Iterate over it to get the items of this page and of all further ones. */
export type List<O extends Operation> = Promise<Result<O>> & AsyncIterable<ListItem<O>>;

/** Thrown by {@link orThrow}, and while a list is read: the request was refused. */
export class ProblemError<Problem extends ProblemDetails = ProblemDetails> extends Error {
  override readonly name = "ProblemError";
  readonly refusal: Refusal<Problem>;

  constructor(refusal: Refusal<Problem>) {
    super(`${refusal.problem.title}: ${refusal.problem.detail} (${refusal.problem.type}, ${refusal.problem.instance})`);
    this.refusal = refusal;
  }
}

/**
 * Thrown when there is no answer after the last try; `cause` says why. Whether the request took effect is not known. If it
 * has an idempotency key, repeat it with the same key: it takes effect at most once.
 */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly idempotencyKey: string | undefined;

  constructor(request: string, tries: number, idempotencyKey: string | undefined, cause: unknown) {
    super(`no answer to ${request}, tries: ${tries}`, { cause });
    this.idempotencyKey = idempotencyKey;
  }
}

/** Returns a successful answer, and throws a {@link ProblemError} for a refusal. */
export function orThrow<R extends { ok: boolean }>(result: R): Extract<R, { ok: true }> {
  if (!result.ok) throw new ProblemError(result as unknown as Refusal);
  return result as Extract<R, { ok: true }>;
}

/** How an operation is sent. */
export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path, with its parameters in braces. */
  path: string;
  /** The names of the query parameters. */
  query?: readonly string[];
  /** The names of the headers. */
  headers?: readonly string[];
  /** The media type of the body. */
  body?: string;
  /** Whether the operation needs a token. */
  token?: true;
}

type Values = Readonly<Record<string, unknown>>;

const KEY = "Idempotency-Key";

/** Statuses that a further try may change. A proxy's 502 and 504 say that the answer was lost behind it. */
const RETRIED = [429, 502, 503, 504];

/** Sends the operations of the class that extends it. */
export class Client {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  protected list<O extends Operation>(route: Route, request: object | undefined, options?: Options): List<O> {
    const first = this.call<O>(route, request, options);
    const further = (cursor: string) => this.call<O>(route, { ...request, cursor }, options);
    return Object.assign(first, {
      async *[Symbol.asyncIterator]() {
        for (let page = first; ; ) {
          const { items, next_cursor } = orThrow(await page).body as { items: ListItem<O>[]; next_cursor?: string };
          yield* items;
          if (!next_cursor) return;
          page = further(next_cursor);
        }
      },
    });
  }

  protected async call<O extends Operation>(route: Route, request?: object, options: Options = {}): Promise<Result<O>> {
    const { url, token, timeout = 35_000, tries = 4, firstDelay = 250, maxDelay = 20_000 } = this.#config;
    const values: Values = { ...request };
    const address = new URL(url.replace(/\/+$/, "") + path(route, values));
    const headers = new Headers();
    const key = route.headers?.includes(KEY) ? String(values[camel(KEY)] ?? crypto.randomUUID()) : undefined;
    for (const name of route.headers ?? []) {
      const value = name === KEY ? key : values[camel(name)];
      if (value !== undefined) headers.set(name, String(value));
    }
    const init: RequestInit = { method: route.method, headers };
    if (route.body) {
      headers.set("content-type", route.body);
      init.body = JSON.stringify(values["body"]);
    }
    const allowed = isRepeatable(route, values) ? (options.tries ?? tries) : 1;
    let current = route.token && (await token?.());
    let isRenewed = false;
    for (let number = 1; ; number++) {
      options.signal?.throwIfAborted();
      if (current) headers.set("authorization", `Bearer ${current}`);
      let result: Answer | Refusal | undefined;
      try {
        result = await this.#send(address, init, options.timeout ?? timeout, options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (number >= allowed) throw new NoAnswerError(`${route.method} ${address.pathname}`, number, key, error);
      }
      // Nothing was done, so a request that must not be repeated can be sent with another token.
      if (result?.status === 401 && current && token && !isRenewed) {
        isRenewed = true;
        current = await token(current);
        number--;
        continue;
      }
      const asked = retryAfter(result);
      if (result && (!RETRIED.includes(result.status) || number >= allowed || asked > maxDelay)) {
        if (!result.ok && key) result.idempotencyKey = key;
        return result as Result<O>;
      }
      await pause(asked + backoff(number, firstDelay, maxDelay, Math.random()), options.signal);
    }
  }

  /** Sends a request once. Throws when there is no answer, or none that can be read. */
  async #send(url: URL, init: RequestInit, timeout: number, signal?: AbortSignal): Promise<Answer | Refusal> {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    const late = new DOMException(`no answer within ${timeout} ms`, "TimeoutError");
    const timer = setTimeout(() => controller.abort(late), timeout);
    try {
      const send = this.#config.fetch ?? globalThis.fetch;
      const response = await send(url, { ...init, signal: controller.signal });
      return read(response, await response.text());
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

/**
 * Whether a request can be sent again when its answer is lost.
 *
 * - A GET changes nothing, and a second DELETE finds what the first one left.
 * - By its idempotency key the API recognizes a request that was sent before.
 * - An entity tag in `If-Match` names one version, so a second try cannot undo what somebody else changed since. The API
 *   answers a change that was made already with success. `*` names every version.
 */
function isRepeatable({ method, headers = [] }: Route, values: Values): boolean {
  const tag = headers.includes("If-Match") && values["ifMatch"];
  return method === "GET" || method === "DELETE" || headers.includes(KEY) || (!!tag && !String(tag).includes("*"));
}

/** The path and the query of a request. */
function path({ path, query = [] }: Route, values: Values): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name] ?? "");
    // A URL loses these segments, also encoded ones, and would name another operation.
    if (["", ".", ".."].includes(value)) throw new TypeError(`${name} must not be "${value}"`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const name of query) {
    if (values[name] !== undefined) search.set(name, String(values[name]));
  }
  return `${filled}?${search}`.replace(/\?$/, "");
}

/** The name of a header as a member: `ETag` is `etag`, `Request-Id` is `requestId`. */
function camel(header: string): string {
  return header.toLowerCase().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function read(response: Response, text: string): Answer | Refusal {
  const { status } = response;
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => (headers[camel(name)] = value));
  if (response.ok || status === 304) {
    return { ok: true, status, body: text ? JSON.parse(text) : undefined, headers };
  }
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    // The page of a proxy.
  }
  if (typeof body?.type === "string") return { ok: false, status, problem: body, headers };
  const problem: BlankProblem = { type: "about:blank", title: `HTTP ${status}`, status, detail: body?.message ?? "" };
  if (headers["apigwRequestid"]) problem.instance = headers["apigwRequestid"];
  return { ok: false, status, problem, headers };
}

/** The milliseconds for which an answer asks to wait, as seconds or as a date. */
function retryAfter(result: Answer | Refusal | undefined): number {
  const value = result?.ok === false && result.headers.retryAfter;
  if (!value) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return milliseconds > 0 ? milliseconds : 0;
}

/**
 * The milliseconds to wait after the try `number`: a random part of a limit that doubles with each try ("full jitter"), so
 * that clients that failed together do not come back together. `random` is from 0 to 1.
 */
export function backoff(number: number, firstDelay: number, maxDelay: number, random: number): number {
  return random * Math.min(maxDelay, firstDelay * 2 ** (number - 1));
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
