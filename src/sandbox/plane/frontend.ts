import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ForwardingRule, TargetProxy, UrlMap } from '../compute/load-balancing/shapes.ts';
import type { World } from '../world.ts';
import { listenFirst } from './instance-server.ts';
import type { Address } from './instance-server.ts';
import { Routing } from './routing.ts';
import { cut } from './wire.ts';

export interface FrontendOptions {
  world: World;
  project: string;
  /** Name of the forwarding rule. */
  rule: string;
  /** Sandbox time until a change of rule, proxy or URL map takes effect. */
  propagationMs: number;
  /** Serves a request by the backend service's load balancer. */
  serve(backendService: string, request: IncomingMessage, response: ServerResponse): void;
}

/** What answers at a forwarding rule's address: follows its target proxy and that one's URL map to a backend service. */
export class Frontend {
  readonly #options: FrontendOptions;
  readonly #server: Server;
  readonly #changes = new Set<NodeJS.Timeout>();
  #routing?: Routing;
  /** The URL map as it was read last: unchanged maps keep their place in the order of their shares. */
  #content = '';

  constructor(options: FrontendOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#handle(request, response));
    // Clients keep connections; closing an idle one just as it is used would look like a failure.
    this.#server.keepAliveTimeout = 0;
  }

  /** Listens at the rule's own address and port; at a free port where that is taken or not allowed. */
  async open(): Promise<Address> {
    const { IPAddress: host, portRange } = this.#rule()!;
    this.#apply(this.#urlMap());
    const own = { host, port: Number.parseInt(portRange) };
    return listenFirst(this.#server, [own, { host, port: 0 }, { host: '127.0.0.1', port: 0 }]);
  }

  /** Something of the project's routing changed: what it says now takes effect after the propagation delay. */
  changed(): void {
    const map = structuredClone(this.#urlMap());
    const change = this.#options.world.clock.after(this.#options.propagationMs, () => {
      this.#changes.delete(change);
      this.#apply(map);
    });
    this.#changes.add(change);
  }

  async close(): Promise<void> {
    for (const change of this.#changes) clearTimeout(change);
    await cut(this.#server);
  }

  #rule(): ForwardingRule | undefined {
    const { world, project, rule } = this.#options;
    return world.forwardingRules.get(`${project}/global/${rule}`) as ForwardingRule | undefined;
  }

  #urlMap(): UrlMap | undefined {
    const { world, project } = this.#options;
    const named = (link: string | undefined) => `${project}/global/${link?.split('/').at(-1)}`;
    const proxy = world.targetHttpProxies.get(named(this.#rule()?.target)) as TargetProxy | undefined;
    return world.urlMaps.get(named(proxy?.urlMap)) as UrlMap | undefined;
  }

  #apply(map: UrlMap | undefined): void {
    const content = JSON.stringify(map) ?? '';
    if (content === this.#content) return;
    this.#content = content;
    this.#routing = map && new Routing(map);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const service = this.#routing?.serviceFor(request);
    if (service !== undefined) {
      this.#options.serve(service, request, response);
      return;
    }
    request.resume();
    response.writeHead(503).end('no backend service');
  }
}
