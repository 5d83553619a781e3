/** What `premirror sandbox` prints: where its parts listen. */
export interface SandboxAddresses {
  rest: string;
  monitoring: string;
  dns: string;
  dnsServer: { host: string; port: number } | string;
  control: string;
  /** For a person: what exists. */
  page: string;
  loadBalancer?: unknown;
}

export interface InventoryItem {
  kind: string;
  location: string;
  name: string;
}

/** Instance-hours of one group within the span asked for. */
export interface GroupBill {
  project: string;
  zone: string;
  group: string;
  runningHours: number;
  suspendedHours: number;
  stoppedHours: number;
}

/** What one instance's own access log says, gone instances included. */
export interface AccessRecord {
  group?: string;
  requests: number;
  /** Requests that arrived while the application on it was not serving. */
  unreadyRequests: number;
}

export interface SandboxClockState {
  originMs: number;
  wallOriginMs: number;
  speed: number;
  now: number;
}

export interface HistoryImport {
  project: string;
  backendService: string;
  stepMs: number;
  /** `at`: end of the step, ms; value in requests/s. */
  points: { at: number; value: number }[];
}

/** The sandbox's control endpoint, seen from outside: what a test bench may know and an application may not. */
export class SandboxControl {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
  }

  clock(): Promise<SandboxClockState> {
    return this.#get('clock');
  }

  inventory(): Promise<InventoryItem[]> {
    return this.#get('inventory');
  }

  /** Instance-hours from `fromMs` to `toMs`, sandbox time. */
  bill(fromMs: number, toMs: number): Promise<GroupBill[]> {
    return this.#get(`bill?from=${Math.round(fromMs)}&to=${Math.round(toMs)}`);
  }

  access(): Promise<AccessRecord[]> {
    return this.#get('access');
  }

  loadBalancers(): Promise<Record<string, { host: string; port: number }>> {
    return this.#get('load-balancers');
  }

  async importHistory(history: HistoryImport): Promise<void> {
    await this.#answer(
      await fetch(`${this.url}/history`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(history),
      }),
    );
  }

  async #get<T>(path: string): Promise<T> {
    return (await this.#answer(await fetch(`${this.url}/${path}`))) as T;
  }

  async #answer(response: Response): Promise<unknown> {
    const text = await response.text();
    if (!response.ok) throw new Error(`The sandbox answered ${response.status} for ${response.url}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
