import { refuseFields } from './contract/validate.ts';
import { invalid } from './resources.ts';
import type { Group, InstanceConfig } from './shapes.ts';

/** Whether a configuration asks for anything. */
export function isSaying({ preservedState }: InstanceConfig): boolean {
  return Object.keys(preservedState.metadata).length > 0;
}

/** Throws 501 for what the sandbox would not keep for an instance: disks and addresses. */
export function checkConfigs(configs: InstanceConfig[]): void {
  for (const { preservedState } of configs)
    refuseFields(preservedState, 'disks', 'internalIPs', 'externalIPs');
}

/** Adds configurations or replaces those of the same instances; they act when the instances are updated. */
export function setConfigs(group: Group, configs: InstanceConfig[]): void {
  const added = configs.map(({ name, preservedState: { metadata } }) => [
    name,
    { name, preservedState: { metadata } },
  ]);
  if (added.length > 0) group.configs = { ...group.configs, ...Object.fromEntries(added) };
}

/** Takes configurations away. Throws 400 for an instance that has none. */
export function dropConfigs(group: Group, names: string[]): void {
  const rest = { ...group.configs };
  for (const name of names) {
    if (!rest[name]) throw invalid('names', name, 'It has no per-instance configuration.');
    delete rest[name];
  }
  if (Object.keys(rest).length > 0) group.configs = rest;
  else delete group.configs;
}
