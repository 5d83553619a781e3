import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mastodonPage, rssPage } from './feed-pages.ts';
import type { FeedScript, SaidText } from './feed-script.ts';
import { drawTalk } from './feed-script.ts';

const RSS_ITEMS = 60;
/** What Mastodon shows unless asked for more, and the most that it shows. */
const STATUSES = { usual: 20, most: 40 };

export interface FeedServer {
  /** `http://127.0.0.1:4185` */
  address: string;
  stop(): Promise<void>;
}

interface Served {
  path: string;
  texts: SaidText[];
  type: string;
  page(query: URLSearchParams, said: readonly SaidText[], address: string): string;
}

/**
 * Serves the script's feeds on loopback: at each time what has been said by then, newest first, as much as a page holds.
 * @param now sandbox time, ms since the epoch
 * @param untilMs talk is drawn until then
 */
export async function serveFeeds(
  script: FeedScript,
  { seed, untilMs, now }: { seed: number; untilMs: number; now: () => number },
): Promise<FeedServer> {
  const feeds = script.feeds.map((feed, i) => served(feed, drawTalk(feed, seed + i, untilMs)));
  const server = createServer((request, response) => answer(request, response, feeds, now()));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${script.port}, which the feeds' script names, is taken: end what listens there`)
          : error,
      ),
    );
    server.listen(script.port, '127.0.0.1', resolve);
  });
  return {
    address: addressOf(server.address() as AddressInfo),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function served({ rss, mastodon }: FeedScript['feeds'][number], texts: SaidText[]): Served {
  if (rss !== undefined)
    return {
      path: rss,
      texts,
      type: 'application/rss+xml; charset=utf-8',
      page: (_, said, address) => rssPage(said.slice(0, RSS_ITEMS), address),
    };
  return {
    path: `/api/v1/timelines/tag/${mastodon}`,
    texts,
    type: 'application/json; charset=utf-8',
    page: (query, said, address) => {
      const asked = Number(query.get('limit') ?? STATUSES.usual);
      return mastodonPage(said.slice(0, Math.min(STATUSES.most, asked)), address);
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  feeds: readonly Served[],
  now: number,
): void {
  const address = addressOf(request.socket.address() as AddressInfo);
  const url = new URL(request.url ?? '/', address);
  const feed = feeds.find(({ path }) => path === url.pathname);
  if (!feed) return void response.writeHead(404).end();
  const said = feed.texts.filter(({ at }) => at <= now).reverse();
  const etag = `"${said.length}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  response
    .writeHead(200, { 'content-type': feed.type, etag })
    .end(feed.page(url.searchParams, said, address));
}

function addressOf({ port }: Pick<AddressInfo, 'port'>): string {
  return `http://127.0.0.1:${port}`;
}
