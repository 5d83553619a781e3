import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to an API and its answer, as they went over the wire. */
export interface Exchange {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Parsed JSON; undefined when there was none. */
  body: unknown;
  status: number;
  answer: unknown;
}

export interface Recorder {
  /** Base URL to give to clients in the place of the API's own. */
  url: string;
  exchanges: Exchange[];
  close(): Promise<void>;
}

/** Passes requests on to an API at a base URL and keeps every request with its answer. */
export async function startRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, response) => {
    pass(target, incoming).then(
      ({ exchange, type, text }) => {
        exchanges.push(exchange);
        response.writeHead(exchange.status, { 'content-type': type });
        response.end(text);
      },
      // The API broke the connection: so does this.
      () => response.destroy(),
    );
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function pass(target: string, incoming: IncomingMessage) {
  const { method = 'GET', url = '/' } = incoming;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const sent = Buffer.concat(chunks).toString('utf8');
  const answer = await fetch(`${target}${url}`, {
    method,
    ...(sent === '' ? {} : { body: sent, headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  const { pathname, searchParams } = new URL(url, target);
  const exchange: Exchange = {
    method,
    path: pathname,
    query: searchParams,
    body: sent === '' ? undefined : JSON.parse(sent),
    status: answer.status,
    answer: text === '' ? undefined : JSON.parse(text),
  };
  return { exchange, type: answer.headers.get('content-type') ?? 'application/json', text };
}
