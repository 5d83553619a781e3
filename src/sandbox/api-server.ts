import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallFaults } from './faults/calls.ts';
import { ApiError, errorAnswer } from './http.ts';
import type { Api, ApiAnswer, ApiRequest } from './http.ts';
import type { World } from './world.ts';

/** POSTs that change nothing. */
const READING_POSTS = /\/(wait|listManagedInstances|listInstances|listNetworkEndpoints|getHealth)$/;
/** The log keeps the newest calls. */
const MOST_CALLS = 100_000;
const JSON_TYPE = 'application/json; charset=UTF-8';

/**
 * Serves APIs on one loopback port, logs their calls and plays the faults of the wire (a lost answer is logged with
 * status 0). `/control` and the page at `/` are neither logged nor disturbed.
 */
export async function serveApis(world: World, apis: Api[], port: number) {
  const server = createServer((request, response) => {
    // What fails here is the connection: nobody is left to answer.
    handle(world, apis, request, response).catch(() => response.destroy());
  });
  // A connection closed just as a client sends on it would look like a fault.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  world: World,
  apis: Api[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const { method = 'GET' } = incoming;
  const path = url.pathname;
  const at = world.clock.now();
  const text = await readAll(incoming);
  const writes = method !== 'GET' && !READING_POSTS.test(path);
  const faults = isOurOwn(path)
    ? undefined
    : new CallFaults(world.faults, world.clock, { method, path, body: text }, writes);
  const request = { method, path, query: url.searchParams, body: undefined, ...(faults ? { faults } : {}) };
  const act = async () => forbidden(world, request.path) ?? answerOf(apis, request, text);
  const answer = faults ? await faults.around(act) : await act();
  if (faults) logCall(world, request, at, answer?.status ?? 0, faults.struck);
  if (!answer) {
    incoming.socket.destroy();
    return;
  }
  const { status, body, contentType } = answer;
  response.writeHead(status, { 'content-type': contentType ?? JSON_TYPE });
  response.end(contentType === undefined ? JSON.stringify(body) : body);
}

/** What Google has not: nobody's calls are disturbed or counted there. */
function isOurOwn(path: string): boolean {
  return path === '/' || path.startsWith('/control/');
}

/** The refusal of a project that was named as forbidden; the control endpoint knows no projects. */
function forbidden(world: World, path: string): ApiAnswer | undefined {
  const project = /\/projects\/([^/]+)/.exec(path)?.[1];
  if (project === undefined || !world.forbiddenProjects.has(decodeURIComponent(project))) return undefined;
  return errorAnswer(403, 'forbidden', `The caller does not have permission on project '${project}'.`);
}

/** What the first of the APIs that knows the path answers; errors in Google's body. */
export async function answerOf(apis: Api[], request: ApiRequest, text: string): Promise<ApiAnswer> {
  try {
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    for (const api of apis) {
      const answer = await api({ ...request, body });
      if (answer) return answer;
    }
    return errorAnswer(404, 'notFound', `The sandbox has no ${request.method} ${request.path}.`);
  } catch (error) {
    if (error instanceof ApiError) return errorAnswer(error.status, error.reason, error.message, error.more);
    if (error instanceof SyntaxError || error instanceof URIError)
      return errorAnswer(400, 'parseError', `Parse Error: ${error.message}`);
    console.error(error);
    return errorAnswer(500, 'backendError', `The sandbox failed: ${String(error)}`);
  }
}

/** Notes a call in the world's log; status 0 when its answer was lost. */
export function logCall(
  world: World,
  request: ApiRequest,
  at: number,
  status: number,
  struck: string[],
): void {
  const query = Object.fromEntries(request.query);
  const requestId = request.query.get('requestId') ?? undefined;
  const faults = struck.length > 0 ? { faults: struck } : {};
  world.calls.push({ at, method: request.method, path: request.path, query, status, requestId, ...faults });
  if (world.calls.length > MOST_CALLS) world.calls.shift();
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
