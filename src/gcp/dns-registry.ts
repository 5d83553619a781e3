import type { GroupRef } from '../ports/fleet.ts';
import { groupName, readMarker } from './ownership.ts';

/**
 * Who owns which weight item of an A record. Record sets have no description, so a TXT record beside the A record says
 * it, and both change in one change: `<group> <share> premirror:{…}`, `<group> at <address>` per address, and
 * `ttl <seconds>`: what the A record had before we came.
 */
export interface Entry {
  group: string;
  /** 0..1, as last shifted. */
  share: number;
  /** Addresses of the group's weight item; none while its share is 0. */
  addresses: string[];
  description: string;
}

/** Name of the TXT record beside `name`. */
export function registryName(name: string): string {
  return `_premirror.${name}`;
}

export interface Registry {
  entries: Entry[];
  /** Seconds; undefined while nothing is registered. */
  ttlBefore: number | undefined;
}

export function readRegistry(rrdatas: string[]): Registry {
  const lines = rrdatas.map((text) => (text.startsWith('"') ? (JSON.parse(text) as string) : text));
  const entries: Entry[] = [];
  for (const line of lines) {
    const parts = /^(\S+) ([\d.]+) (premirror:.*)$/.exec(line);
    if (!parts) continue;
    const [, group = '', share = '', description = ''] = parts;
    const prefix = `${group} at `;
    const own = lines.filter((other) => other.startsWith(prefix));
    entries.push({
      group,
      share: Number(share),
      addresses: own.map((text) => text.slice(prefix.length)).sort(),
      description,
    });
  }
  const ttl = lines.map((line) => /^ttl (\d+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  return { entries, ttlBefore: ttl === undefined ? undefined : Number(ttl) };
}

export function writeRegistry(entries: Entry[], ttlBefore: number): string[] {
  const lines = entries.flatMap(({ group, share, addresses, description }) => [
    `${group} ${share} ${description}`,
    ...addresses.map((address) => `${group} at ${address}`),
  ]);
  return [`ttl ${ttlBefore}`, ...lines].map((line) => JSON.stringify(line));
}

/** The group's entry, when its marker proves that it is this group's. */
export function entryOf(entries: Entry[], group: GroupRef): Entry | undefined {
  return entries.find((entry) => {
    const marker = readMarker(entry.description);
    const named = marker && groupName(marker.application, group.zone, marker.run);
    return entry.group === group.name && named === group.name;
  });
}
