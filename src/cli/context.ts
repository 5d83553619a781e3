import type { Client } from '@temporalio/client';
import { findConfig, type Config } from '../config/config.ts';
import { connect, existingServer, targetOf } from '../temporal/connection.ts';

/** Longest wait for an answer, wall ms: a person is waiting. */
const ANSWER_WITHIN_MS = 10_000;
const CONNECT_WITHIN_MS = 3_000;

/** What a verb that talks to Temporal works with. */
export interface Context {
  config: Config;
  client: Client;
}

/**
 * The configuration that the command works by: `--config`, else PREMIRROR_CONFIG, else the one of the `premirror up`
 * that runs in this folder, else the server that TEMPORAL_* or temporal.toml name.
 */
export function commandConfig(path: string | undefined): Config {
  const { config, origin } = findConfig(path);
  const existing = existingServer();
  if (origin || !existing) return config;
  const { address, namespace } = existing;
  return { ...config, temporal: { ...config.temporal, address, namespace } };
}

/** Runs `act` with a client, and closes its connection whatever happens. */
export async function withClient<T>(config: Config, act: (context: Context) => Promise<T>): Promise<T> {
  const target = targetOf(config.temporal);
  const options = { ...target.options, connectTimeout: CONNECT_WITHIN_MS };
  const { client, connection } = await connect({ ...target, options });
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => act({ config, client }));
  } finally {
    await connection.close();
  }
}
