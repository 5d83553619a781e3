import { comparableInventory } from '../../src/cli/up/measure.ts';
import type { AccessRecord, InventoryItem, SandboxControl } from '../../src/cli/up/sandbox-control.ts';
import type { GcpClients } from '../../src/gcp/clients.ts';
import { MIRROR_ZONES, PRIMARY_ZONE, PROJECT } from './faults-decoys.ts';

/** One API call, as the sandbox logged it. */
export interface Call {
  at: number;
  method: string;
  path: string;
  /** 0: its answer was lost. */
  status: number;
}

/** Faults as the control endpoint takes them; `null` takes one away. */
export interface FaultChanges {
  stockOutZones?: string[];
  rateLimit?: { pathIncludes: string; times: number; status?: 429 | 403 } | null;
  lostResponse?: { pathIncludes: string; times: number } | null;
  failOperation?: { pathIncludes: string; times: number; code: string } | null;
  slowBootFactor?: number;
}

export const NO_FAULTS: FaultChanges = {
  stockOutZones: [],
  rateLimit: null,
  lostResponse: null,
  failOperation: null,
  slowBootFactor: 1,
};

/** POSTs that change nothing. */
const READING = /\/(wait|listManagedInstances|listInstances|getHealth)$/;
const OURS = `pm-shop-(?:${MIRROR_ZONES.join('|')})-[0-9a-f]{8}`;
/** All that one application may ever change: its own groups and templates, its backends, its primary's minimum. */
const ALLOWED = [
  new RegExp(`^POST .*/zones/(?:${MIRROR_ZONES.join('|')})/instanceGroupManagers$`),
  new RegExp(`^[A-Z]+ .*/zones/(?:${MIRROR_ZONES.join('|')})/instanceGroupManagers/${OURS}(?:/\\w+)?$`),
  /^POST .*\/global\/instanceTemplates$/,
  new RegExp(`^DELETE .*/global/instanceTemplates/${OURS}$`),
  /^PATCH .*\/global\/backendServices\/shop$/,
  new RegExp(`^PATCH .*/zones/${PRIMARY_ZONE}/autoscalers$`),
];

/** What the sandbox itself says of a case: its inventory, its resources, its log of calls and the access logs. */
export class Witness {
  readonly #control: SandboxControl;
  readonly #clients: GcpClients;
  #inventory: InventoryItem[] = [];
  #resources: Record<string, unknown> = {};
  #unready = 0;

  constructor(control: SandboxControl, clients: GcpClients) {
    this.#control = control;
    this.#clients = clients;
  }

  /** From here on everything is compared with how it is now. Takes all faults away and empties the log of calls. */
  async begin(): Promise<void> {
    await this.#post('reset', {});
    this.#inventory = await comparableInventory(this.#control);
    this.#resources = await this.#readResources();
    this.#unready = unreadyIn(await this.#control.access());
  }

  async setFaults(changes: FaultChanges): Promise<void> {
    await this.#post('faults', changes);
  }

  /** Throws when a fault that was set has struck nobody: the case would show nothing. */
  async expectStruck(set: FaultChanges): Promise<void> {
    const left = (await (await fetch(`${this.#control.url}/faults`)).json()) as FaultChanges;
    for (const name of ['rateLimit', 'lostResponse', 'failOperation'] as const)
      if (set[name] && left[name]?.times === set[name].times)
        throw new Error(`the fault ${JSON.stringify(set[name])} has struck nobody`);
  }

  /** Calls that changed something, or would have, oldest first. */
  async writes(): Promise<Call[]> {
    const calls = (await (await fetch(`${this.#control.url}/calls`)).json()) as Call[];
    return calls.filter(({ method, path }) => method !== 'GET' && !READING.test(path));
  }

  /** What is there and was not, as `kind location/name`. */
  async leftovers(): Promise<string[]> {
    const known = new Set(this.#inventory.map(nameOf));
    return (await comparableInventory(this.#control)).map(nameOf).filter((name) => !known.has(name));
  }

  /** Names of the mirrors' groups that requests have reached. */
  async served(): Promise<string[]> {
    const records = await this.#control.access();
    const served = records.filter(({ group, requests }) => isMirror(group) && requests > 0);
    return [...new Set(served.map(({ group }) => group!))];
  }

  /** Everything that should not be so, in words; empty when nothing that was raised is left and nothing else touched. */
  async problems(): Promise<string[]> {
    const problems = (await this.leftovers()).map((name) => `left: ${name}`);
    const there = new Set((await comparableInventory(this.#control)).map(nameOf));
    for (const item of this.#inventory) if (!there.has(nameOf(item))) problems.push(`gone: ${nameOf(item)}`);
    const resources = await this.#readResources();
    for (const [name, before] of Object.entries(this.#resources)) {
      const [was, is] = [JSON.stringify(before), JSON.stringify(resources[name])];
      if (was !== is) problems.push(`changed: ${name}: was ${was}, is ${is}`);
    }
    for (const { method, path } of await this.writes())
      if (!ALLOWED.some((allowed) => allowed.test(`${method} ${path}`)))
        problems.push(`touched: ${method} ${path}`);
    const unready = unreadyIn(await this.#control.access()) - this.#unready;
    if (unready > 0) problems.push(`${unready} requests reached a mirror that was not ready`);
    return problems;
  }

  /** Whatever is not ours, as its owner made it. What moves by itself (sizes under an autoscaler, status) is left out. */
  async #readResources(): Promise<Record<string, unknown>> {
    const project = PROJECT;
    const resources: Record<string, unknown> = {};
    for (const zone of [PRIMARY_ZONE, ...MIRROR_ZONES]) {
      const [groups] = await this.#clients.groups.list({ project, zone });
      for (const group of groups.filter(({ name }) => !isMirror(name))) {
        const { status: _, currentActions: __, fingerprint: ___, targetSize, ...made } = group;
        resources[`group ${group.name}`] = zone === PRIMARY_ZONE ? made : { ...made, targetSize };
      }
    }
    for (const backendService of ['shop', 'shop-reactive']) {
      const [{ fingerprint: _, ...made }] = await this.#clients.backendServices.get({
        project,
        backendService,
      });
      resources[`backend service ${backendService}`] = made;
    }
    const [autoscalers] = await this.#clients.autoscalers.list({ project, zone: PRIMARY_ZONE });
    for (const { name, target, autoscalingPolicy } of autoscalers)
      resources[`autoscaler ${name}`] = { target, autoscalingPolicy };
    return resources;
  }

  async #post(verb: string, body: object): Promise<void> {
    const answer = await fetch(`${this.#control.url}/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok)
      throw new Error(`The sandbox answered ${answer.status} for ${verb}: ${await answer.text()}`);
  }
}

function isMirror(group: string | null | undefined): boolean {
  return new RegExp(`^${OURS}$`).test(group ?? '');
}

function unreadyIn(records: AccessRecord[]): number {
  return records
    .filter(({ group }) => isMirror(group))
    .reduce((sum, { unreadyRequests }) => sum + unreadyRequests, 0);
}

function nameOf({ kind, location, name }: InventoryItem): string {
  return `${kind} ${location}/${name}`;
}
