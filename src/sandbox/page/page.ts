import { billOf } from '../bill.ts';
import { UNSET } from '../faults/shorthands.ts';
import type { Api } from '../http.ts';
import { autoscalersTable, backendsTable, groupsTable, othersTable } from './compute.ts';
import type { Shown } from './compute.ts';
import { frontsTable, reservationsTable } from './fronts.ts';
import { html, Html, table } from './html.ts';

const REFRESH_MS = 2_000;
const STRIKES_SHOWN = 10;

/** Raw, since a tag would escape its quotes. */
const STYLE = new Html(`<style>
  :root { color-scheme: light dark; --soft: color-mix(in srgb, currentColor 14%, transparent) }
  body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 78rem; padding: 0 1rem }
  h1 { font-size: 1.3rem; margin: 0 } h2 { margin: 2rem 0 0; border-bottom: 2px solid var(--soft) }
  h3 { font-size: 1rem; margin: 1.2rem 0 .3rem } small, .quiet { opacity: .65 }
  section { overflow-x: auto } table { border-collapse: collapse; width: 100% }
  th { text-align: left; font-weight: 600; font-size: .85em; opacity: .7 }
  th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--soft); vertical-align: top; white-space: nowrap }
  td:last-child { white-space: normal }
  .good { color: #16803c } .bad { color: #c22f2f }
  .bar { display: inline-flex; width: 9rem; height: .6rem; margin-right: .5rem; background: var(--soft) }
  .running { background: #16803c } .provisioning, .staging { background: #d99a11 }
  .suspending, .suspended { background: #5b7bd5 } .stopping, .terminated { background: #8a8a8a }
</style>`);

const SCRIPT = new Html(`<script>
  setInterval(async () => {
    const fresh = await fetch('/').then((answer) => answer.text()).catch(() => undefined)
    const page = fresh && new DOMParser().parseFromString(fresh, 'text/html').querySelector('main')
    document.body.classList.toggle('quiet', !page)
    if (page) document.querySelector('main').replaceWith(page)
  }, ${REFRESH_MS})
</script>`);

/** The page at `/`: what exists in the sandbox, for a person. It changes nothing and refreshes itself. */
export function createPage(shown: Shown): Api {
  return async ({ method, path }) => {
    if (method !== 'GET' || path !== '/') return undefined;
    return { status: 200, body: pageOf(shown).text, contentType: 'text/html; charset=UTF-8' };
  };
}

function pageOf(shown: Shown): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <link rel="icon" href="data:," />
        <title>Premirror sandbox</title>
        ${STYLE}
      </head>
      <body>
        <main>
          ${clockLine(shown)} ${projectsOf(shown).map((project) => projectSection(shown, project))}
          ${faultsSection(shown)} ${billTable(shown)}
        </main>
        ${SCRIPT}
      </body>
    </html> `;
}

function clockLine({ world: { clock, calls } }: Shown): Html {
  const time = new Date(clock.now()).toISOString().slice(0, 19).replace('T', ' ');
  const ranMinutes = (clock.now() - clock.originMs) / 60_000;
  return html`<h1>Premirror sandbox</h1>
    <p>
      <b>${time} UTC</b> at ${clock.speed} × real time, ${ranMinutes.toFixed(1)} min after it began.
      <span class="quiet">${calls.length} API calls in the log.</span>
    </p>`;
}

function projectsOf({ world }: Shown): string[] {
  const { groups, templates, backendServices, healthChecks, urlMaps, reservations, dnsZones } = world;
  const maps = [groups, templates, backendServices, healthChecks, urlMaps, reservations, dnsZones];
  return [...new Set(maps.flatMap((map) => [...map.keys()].map((key) => key.split('/')[0]!)))].sort();
}

function projectSection(shown: Shown, project: string): Html {
  return html`<h2>${project}</h2>
    ${groupsTable(shown, project)} ${backendsTable(shown, project)} ${autoscalersTable(shown, project)}
    ${frontsTable(shown, project)} ${reservationsTable(shown, project)} ${dnsTable(shown, project)}
    ${othersTable(shown, project)}`;
}

function dnsTable({ world }: Shown, project: string): Html | undefined {
  const zones = [...world.dnsZones.values()].filter((zone) => zone.project === project);
  const rows = zones.flatMap(({ name: zone, records }) =>
    records.map(({ name, type, ttl, rrdatas, routingPolicy }) => [
      zone,
      name,
      type,
      String(ttl),
      routingPolicy === undefined ? (rrdatas ?? []).join(', ') : JSON.stringify(routingPolicy),
    ]),
  );
  return table('Cloud DNS', ['Zone', 'Name', 'Type', 'TTL', 'Answers'], rows);
}

function faultsSection({ world }: Shown): Html {
  const {
    rules,
    seed: _,
    ...shorthands
  } = world.faults.view() as Record<string, unknown> & {
    rules: Record<string, unknown>[];
  };
  const set = [
    ...Object.entries(shorthands).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(UNSET[name as keyof typeof UNSET]),
    ),
    ...rules.map((rule) => [String(rule['name']), rule] as const),
  ];
  const strikes = world.faults.strikes.slice(-STRIKES_SHOWN).reverse();
  return html`<h2>Faults and bill</h2>
    ${set.length === 0 && html`<p class="quiet">No faults are set.</p>`}
    ${table(
      'Faults',
      ['Name', 'Says'],
      set.map(([name, value]) => [name, JSON.stringify(value)]),
    )}
    ${table(
      'Newest strikes',
      ['At', 'Rule', 'Effect', 'On'],
      strikes.map(({ at, rule, effect, on }) => [new Date(at).toISOString(), rule, effect, on]),
    )}`;
}

function billTable({ world }: Shown): Html | undefined {
  const { clock } = world;
  const bills = billOf(world, clock.originMs, clock.now()).sort(
    (a, b) => a.zone.localeCompare(b.zone) || a.group.localeCompare(b.group),
  );
  return table(
    'Instance-hours since it began',
    ['Project', 'Where', 'Group', 'Running', 'Suspended', 'Stopped', 'Instances'],
    bills.map(({ project, zone, group, runningHours, suspendedHours, stoppedHours, instances }) => [
      project,
      zone,
      group,
      ...[runningHours, suspendedHours, stoppedHours].map((hours) => hours.toFixed(2)),
      instances,
    ]),
  );
}
