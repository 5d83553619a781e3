import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import { updateRetry } from './update-retry.ts';

/** How to reach a Temporal server. */
export interface Target {
  address: string;
  namespace: string;
  /** TLS, API key and the like, from temporal.toml or TEMPORAL_*. */
  options?: ConnectionOptions;
}

/**
 * The server that the user already has: TEMPORAL_ADDRESS, or the address of a profile in temporal.toml (the same file
 * and variables as the `temporal` command). Undefined: use the embedded one.
 *
 * @param environment instead of the process's own variables
 */
export function existingServer(environment?: Record<string, string>): Target | undefined {
  const profile = loadClientConfigProfile({ overrideEnvVars: environment });
  if (!profile.address) return undefined;
  const { connectionOptions, namespace } = toClientOptions(profile);
  return {
    address: profile.address,
    namespace: namespace ?? 'default',
    options: connectionOptions as ConnectionOptions,
  };
}

/** A client and the connection to close after it. */
export async function connect(target: Target): Promise<{ client: Client; connection: Connection }> {
  const connection = await Connection.connect({ ...target.options, address: target.address });
  const interceptors = { workflow: [updateRetry] };
  return { connection, client: new Client({ connection, namespace: target.namespace, interceptors }) };
}

/** The server that a configuration names. TLS and API key come from temporal.toml or TEMPORAL_* where those name the same one. */
export function targetOf({ address, namespace }: { address: string; namespace: string }): Target {
  const existing = existingServer();
  return existing?.address === address ? { ...existing, namespace } : { address, namespace };
}
