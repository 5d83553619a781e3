import type { Config } from '../config/config.ts';
import { existingServer, type Target } from './connection.ts';

/**
 * The server that the configuration names. When it is the one that TEMPORAL_* or temporal.toml name too, their TLS and
 * API key are used.
 */
export function targetOf({ address, namespace }: Config['temporal']): Target {
  const existing = existingServer();
  return { address, namespace, ...(existing?.address === address && { options: existing.options }) };
}
