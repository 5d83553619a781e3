import type { protos } from '@google-cloud/compute';
import type { GcpClients } from './clients.ts';
import { CloudError, hasStatus, operationError, toCloudError } from './errors.ts';

type Operation = protos.google.cloud.compute.v1.IOperation;

const REQUEST_LIMIT_MS = 30_000;
/** `wait` itself answers within two minutes; a little more is for the way. */
const WAIT_LIMIT_MS = 130_000;
/** Beyond this an operation is left to run: the caller comes back and reads what became of it. */
const OPERATION_LIMIT_MS = 90_000;
const PAUSE_MS = 250;

/** An operation that is still under way: not a failure, look again later. */
export class StillRunningError extends Error {
  override name = 'StillRunningError';
}

/** One request, with a limit of its own (the REST transport ignores the library's `timeout`) and our errors. Wall ms. */
export async function call<T>(
  what: string,
  request: () => Promise<T>,
  limitMs = REQUEST_LIMIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CloudError(`${what}: no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([request(), limit]);
  } catch (error) {
    throw toCloudError(what, error);
  } finally {
    clearTimeout(timer);
  }
}

/** A read where "not there" is an answer. */
export async function find<T>(
  what: string,
  request: () => Promise<[T, ...unknown[]]>,
): Promise<T | undefined> {
  try {
    return (await call(what, request))[0];
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** So many failed operations of earlier tries are passed over before the caller is told again. */
const MOST_REPEATS = 20;

/**
 * Starts a mutation and waits until its operation is DONE; throws the operation's own error. DONE means "scheduled" for
 * most group operations: what became of the instances is read afterwards. `zone` undefined: a global operation.
 *
 * @param start sends the request; `repeat` counts the failed tries before it and goes into the request id (`again`)
 */
export async function perform(
  clients: GcpClients,
  what: string,
  scope: { project: string; zone?: string },
  start: (repeat: number) => Promise<[{ latestResponse: unknown }, ...unknown[]]>,
): Promise<void> {
  let operation = await begin(what, start);
  const deadline = Date.now() + OPERATION_LIMIT_MS;
  while (operation.status !== 'DONE') {
    if (Date.now() > deadline) throw new StillRunningError(`${what}: still under way`);
    const next = await waitOnce(clients, what, scope, operation.name ?? '');
    // Finished operations are forgotten after a while: the resource itself tells the rest.
    if (!next) return;
    operation = next;
    // `wait` may answer at once: never spin on it.
    if (operation.status !== 'DONE') await pause(PAUSE_MS);
  }
  const failure = operationError(what, operation);
  if (failure) throw failure;
}

/**
 * Starts the operation. An answer that has failed already is that of an earlier try: its request id would answer the
 * same for ever, and what it asked for would never be done. Then the next id is asked.
 */
async function begin(what: string, start: Parameters<typeof perform>[3]): Promise<Operation> {
  for (let repeat = 0; ; repeat++) {
    const [started] = await call(what, () => start(repeat));
    const operation = started.latestResponse as Operation;
    const failedBefore = operation.status === 'DONE' && operationError(what, operation) !== undefined;
    if (!failedBefore || repeat === MOST_REPEATS) return operation;
  }
}

async function waitOnce(
  clients: GcpClients,
  what: string,
  scope: { project: string; zone?: string },
  operation: string,
): Promise<Operation | undefined> {
  const { project, zone } = scope;
  try {
    const [next] = await call(
      `${what}: wait`,
      () =>
        zone === undefined
          ? clients.globalOperations.wait({ project, operation })
          : clients.zoneOperations.wait({ project, zone, operation }),
      WAIT_LIMIT_MS,
    );
    return next;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/**
 * Creates, and reads what came of it. A create that met 409 was overtaken by another try; one that was accepted and left
 * nothing was taken for the repeat of an earlier one, whose work is gone again: it is tried under another request id.
 *
 * @param create `attempt` goes into the request id
 */
export async function untilMade<T>(
  what: string,
  create: (attempt: number) => Promise<void>,
  read: () => Promise<T | undefined>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await create(attempt);
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
    const made = await read();
    if (made) return made;
  }
  throw new Error(`${what} was created and is gone: somebody deletes what we make`);
}

/** False while the deletion is under way; a 404 means that it is through. */
export async function finished(remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return true;
    const busy = hasStatus(error, 400) && (error as CloudError).reason === 'resourceNotReady';
    if (busy || error instanceof StillRunningError) return false;
    throw error;
  }
}

const ATTEMPTS = 5;

/**
 * Reads, decides and writes until a fresh read shows nothing left to do. `attempt` goes into the request id: a write that
 * changed nothing was taken for the repeat of an earlier one. 412 and 409 mean that somebody else was faster.
 *
 * @param once resolves true when nothing was left to do
 */
export async function converge(what: string, once: (attempt: number) => Promise<boolean>): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      if (await once(attempt)) return;
    } catch (error) {
      if (!hasStatus(error, 409, 412)) throw error;
      last = error;
      await pause(PAUSE_MS * (attempt + 1));
    }
  }
  throw new CloudError(`${what}: somebody else keeps changing it`, 412, 'conditionNotMet', last);
}

function pause(wallMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, wallMs));
}
