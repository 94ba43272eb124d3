/** A server for the tests, which answers as planned. */

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A request that has arrived. */
export interface Received {
  method: string;
  /** The path with the query. */
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** What the server does with a request. */
export type Reaction = (response: ServerResponse, received: Received) => void;

/** Answers with a JSON body, or with none. */
export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): Reaction {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return (response) => {
    if (body === undefined) response.writeHead(status, headers).end();
    else response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
  };
}

/** Answers with a problem. */
export function refuse(status: number, code: string, headers?: Record<string, string>, members?: object): Reaction {
  const problem = { type: `urn:madang:problem:${code}`, title: code, status, detail: "", instance: "urn:r", ...members };
  return answer(status, problem, headers);
}

/** Closes the connection without an answer. */
export const lose: Reaction = (response) => response.destroy();

/** Closes the connection in the middle of the answer. */
export const cut: Reaction = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
  response.write('{"items":', () => response.destroy());
};

/** Never answers. */
export const hang: Reaction = () => {};

/** A running server. It stops at the end of the test. */
export class Server {
  url = "";
  readonly received: Received[] = [];
  readonly #reactions: Reaction[];

  private constructor(reactions: Reaction[]) {
    this.#reactions = reactions;
  }

  /** Starts a server that reacts to the first request with the first reaction, and to all further ones with the last. */
  static async start(test: TestContext, ...reactions: Reaction[]): Promise<Server> {
    const started = new Server(reactions);
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { method = "", url = "", headers } = request;
      const received = { method, url, headers, body };
      const number = Math.min(started.received.push(received), started.#reactions.length);
      started.#reactions[number - 1]?.(response, received);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    started.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return started;
  }

  /** The values of a header, by request. */
  sent(header: string): (string | string[] | undefined)[] {
    return this.received.map(({ headers }) => headers[header]);
  }
}
