import type { Client, Connection } from '@temporalio/client';
import { connect, existingServer } from '../../temporal/connection.ts';
import type { Target } from '../../temporal/connection.ts';
import { startEmbeddedServer } from '../../temporal/embedded-server.ts';
import type { EmbeddedServer, EmbeddedServerOptions } from '../../temporal/embedded-server.ts';
import { ensureNamespace, registerSearchAttributes } from '../../temporal/register.ts';

/** The Temporal server of one run: an embedded one, or the user's own. */
export interface TemporalSide {
  target: Target;
  /** Base URL of its UI; undefined for a server of the user's own. */
  uiUrl?: string;
  connect(): Promise<{ client: Client; connection: Connection }>;
  stop(): Promise<void>;
}

export interface TemporalSideOptions {
  namespace: string;
  databaseFile: string;
  logFile: string;
  say: (text: string) => void;
}

/**
 * Uses the server of TEMPORAL_ADDRESS or temporal.toml if there is one, else starts the embedded one and starts it again
 * should it die: its database survives. The namespace is this life's own.
 */
export async function startTemporal(options: TemporalSideOptions): Promise<TemporalSide> {
  const existing = existingServer();
  return existing ? useExisting(existing, options.namespace) : startEmbedded(options);
}

async function useExisting(existing: Target, namespace: string): Promise<TemporalSide> {
  const target = { ...existing, namespace };
  const { connection } = await connect(target);
  try {
    await ensureNamespace(connection, namespace);
    await registerSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
  return { target, connect: () => connect(target), stop: async () => undefined };
}

async function startEmbedded(options: TemporalSideOptions): Promise<TemporalSide> {
  let stopping = false;
  let server = await startEmbeddedServer(options);
  const { address, namespace, uiUrl } = server;
  const again: EmbeddedServerOptions = {
    ...options,
    port: Number(new URL(`http://${address}`).port),
    uiPort: Number(new URL(uiUrl).port),
  };
  const guard = (guarded: EmbeddedServer) =>
    void guarded.exited.then(async () => {
      if (stopping) return;
      options.say('The Temporal server died; starting it again on its database');
      try {
        server = await startEmbeddedServer(again);
        guard(server);
      } catch (error) {
        options.say(`It could not be started again: ${(error as Error).message}`);
      }
    });
  guard(server);
  const target = { address, namespace };
  return {
    target,
    uiUrl,
    connect: () => connect(target),
    async stop() {
      stopping = true;
      await server.stop();
    },
  };
}
