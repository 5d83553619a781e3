import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as SecureServer } from 'node:https';
import { pairOf } from '../compute/load-balancing/certificates.ts';
import type { Certificate, ForwardingRule, TargetProxy, UrlMap } from '../compute/load-balancing/shapes.ts';
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

interface Read {
  map: UrlMap | undefined;
  /** PEM. */
  pair?: { cert: string; key: string };
}

/** What answers at a forwarding rule's address: follows its target proxy and that one's URL map to a backend service. */
export class Frontend {
  readonly #options: FrontendOptions;
  readonly #server: Server | SecureServer;
  readonly #changes = new Set<NodeJS.Timeout>();
  #routing?: Routing;
  /** What was read last: an unchanged URL map keeps its place in the order of its shares. */
  #content = '';

  constructor(options: FrontendOptions) {
    this.#options = options;
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    this.#server = this.#read().pair ? createSecureServer(handle) : createServer(handle);
    // Clients keep connections; closing an idle one just as it is used would look like a failure.
    this.#server.keepAliveTimeout = 0;
  }

  /** Listens at the rule's own address and port; at a free port where that is taken or not allowed. */
  async open(): Promise<Address> {
    const { IPAddress: host, portRange } = this.#rule()!;
    this.#apply(this.#read());
    const own = { host, port: Number.parseInt(portRange) };
    return listenFirst(this.#server, [own, { host, port: 0 }, { host: '127.0.0.1', port: 0 }]);
  }

  /** Something of the project's routing changed: what it says now takes effect after the propagation delay. */
  changed(): void {
    const read = structuredClone(this.#read());
    const change = this.#options.world.clock.after(this.#options.propagationMs, () => {
      this.#changes.delete(change);
      this.#apply(read);
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

  /** The URL map behind the rule's proxy, and the certificate where that is one for HTTPS. */
  #read(): Read {
    const { world, project } = this.#options;
    const named = (link: string | undefined) => `${project}/global/${link?.split('/').at(-1)}`;
    const target = this.#rule()?.target;
    const isSecure = target?.includes('/targetHttpsProxies/');
    const proxies = isSecure ? world.targetHttpsProxies : world.targetHttpProxies;
    const proxy = proxies.get(named(target)) as TargetProxy | undefined;
    const map = world.urlMaps.get(named(proxy?.urlMap)) as UrlMap | undefined;
    const certificate = isSecure && world.sslCertificates.get(named(proxy?.sslCertificates[0]));
    return { map, ...(certificate ? { pair: pairOf(certificate as Certificate) } : {}) };
  }

  #apply(read: Read): void {
    const content = JSON.stringify(read);
    if (content === this.#content) return;
    this.#content = content;
    this.#routing = read.map && new Routing(read.map);
    if (read.pair && 'setSecureContext' in this.#server) this.#server.setSecureContext(read.pair);
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
