/**
 * Lambda's Node.js runtime in thirty lines: loads the handler, asks the Runtime API for work, answers it.
 *
 * AWS's own client (`aws-lambda-ric`) needs CMake and a C++ compiler to be installed. This one does less than it (no
 * streaming, no patched console), so it starts and serves sooner: the comparison favours the peer.
 */
"use strict";
const http = require("node:http");
const { handler } = require("./handler.cjs");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const base = "/2018-06-01/runtime/invocation";

const send = (method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ host, port, method, path, agent, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });

const serve = async () => {
  for (;;) {
    const next = await send("GET", `${base}/next`);
    const id = next.headers["lambda-runtime-aws-request-id"];
    const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
    process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"];
    const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
    try {
      const answer = await handler(JSON.parse(next.body), context);
      await send("POST", `${base}/${id}/response`, JSON.stringify(answer));
    } catch (error) {
      const told = { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split("\n") };
      await send("POST", `${base}/${id}/error`, JSON.stringify(told));
    }
  }
};

serve();
