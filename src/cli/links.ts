import type { Config } from '../config/config.ts';

/**
 * Page of one workflow in the Temporal UI. Slashes in ids must be escaped, and a trailing slash is a 404; the
 * user-metadata page is where the details are rendered.
 */
export function workflowLink(temporal: Config['temporal'], workflowId: string, runId: string): string {
  const { namespace } = temporal;
  const id = encodeURIComponent(workflowId);
  return `${uiBase(temporal)}/namespaces/${namespace}/workflows/${id}/${runId}/user-metadata`;
}

/** The list of one application's workflows: its own and its mirror runs. */
export function listLink(temporal: Config['temporal'], application: string): string {
  const query = encodeURIComponent(`PremirrorApplication="${application}"`);
  return `${uiBase(temporal)}/namespaces/${temporal.namespace}/workflows?query=${query}`;
}

/** The dev server puts its UI 1000 above its port. */
function uiBase({ ui, address }: Config['temporal']): string {
  if (ui) return ui.replace(/\/$/, '');
  const colon = address.lastIndexOf(':');
  return `http://${address.slice(0, colon)}:${Number(address.slice(colon + 1)) + 1_000}`;
}
