import type { IncomingHttpHeaders, Server } from 'node:http';

/** Sandbox time (ms) at which the request was due; latency is counted from here, at any speed. */
export const SCHEDULED = 'x-sandbox-scheduled';
/** How many requests this one on the wire stands for. */
export const STANDS_FOR = 'x-sandbox-stands-for';
/** Sandbox time (ms) that the instance took: waiting plus service. Only instances set it, never the load balancer. */
export const LATENCY = 'x-sandbox-latency-ms';
/** Name of the instance that answered. */
export const INSTANCE = 'x-sandbox-instance';

/** Requests that one wire request stands for: a whole number, 1 without the header. */
export function standsFor(headers: IncomingHttpHeaders): number {
  const weight = Math.round(Number(headers[STANDS_FOR]));
  return weight >= 1 ? weight : 1;
}

/** When the request was due, never later than `now` (sandbox ms). */
export function scheduledAt(headers: IncomingHttpHeaders, now: number): number {
  const scheduled = Number(headers[SCHEDULED]);
  return scheduled > 0 ? Math.min(scheduled, now) : now;
}

/** Connections that may wait to be accepted: a crowd comes at once, and one that is turned away tries again seconds later. */
const BACKLOG = 4_096;

/** Listens, or rejects with the system's error (`code` EADDRINUSE, EADDRNOTAVAIL ...). */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Stops listening and cuts every connection. */
export function cut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
