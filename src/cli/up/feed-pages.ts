import type { SaidText } from './feed-script.ts';

/** Texts in the shapes in which the public services give them, newest first. */

export function rssPage(texts: readonly SaidText[], address: string): string {
  const items = texts.map(
    ({ id, at, words }) =>
      `<item><title>${escaped(words)}</title><link>${address}/${id}</link>` +
      `<guid isPermaLink="false">${id}</guid><pubDate>${new Date(at).toUTCString()}</pubDate></item>`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>' +
    `<title>News of the shop</title><link>${address}</link><description>What papers write of the shop</description>` +
    `${items.join('\n')}</channel></rss>\n`
  );
}

/** A page of a tag's public timeline. */
export function mastodonPage(texts: readonly SaidText[], address: string): string {
  return JSON.stringify(
    texts.map(({ id, at, words }) => ({
      id,
      created_at: new Date(at).toISOString(),
      visibility: 'public',
      language: 'en',
      uri: `${address}/statuses/${id}`,
      content: `<p>${escaped(words)}</p>`,
      account: { id: '1', username: 'somebody', acct: 'somebody' },
      replies_count: 0,
      reblogs_count: 0,
      favourites_count: 0,
    })),
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
