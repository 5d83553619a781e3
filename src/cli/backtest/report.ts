import type { Row } from '../../backtest/compare.ts';
import type { WorldModel } from '../../backtest/model.ts';
import { STEP_MS, TICKS_PER_STEP } from '../../backtest/model.ts';
import { ABOUT } from '../../backtest/run-backtest.ts';
import { STEP_COLUMNS, stepCosts } from '../../backtest/steps-csv.ts';
import { COLUMNS } from '../../backtest/table.ts';
import type { Line } from './charts.ts';
import { bars, brief, escape, lines } from './charts.ts';

export interface Report {
  about: string;
  /** The optimum first. */
  rows: readonly Row[];
  /** Of the judged part, in instances. */
  demand: Float64Array;
  /** Start of the judged part. */
  fromMs: number;
  model: WorldModel;
}

const ZOOM_STEPS = 12 * 60;
const COURSE_HEIGHT = 190;

/** One self-contained page: the table, and what it looks like. */
export function reportPage(report: Report): string {
  const { about, rows, model } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Premirror backtest</title>
<style>${STYLE}</style>
<h1>Premirror backtest</h1>
<p>${escape(about)}.</p>
<h2>What it cost</h2>
<p>In hours of a full instance: <b class="key-instances">instances billed</b>, and
<b class="key-violations">demand that nobody served</b> at the price of a violation. The dashed line is the clairvoyant
optimum, which no policy can beat. The names are explained below the table.</p>
${costBars(rows)}
<h2>Beyond the optimum, as it went</h2>
${regretCourse(report)}
<h2>The twelve hours around the highest demand</h2>
${shown(rows)
  .map((row) => `<h3>${escape(row.name)}</h3>\n${courseAtPeak(report, row)}`)
  .join('\n')}
<h2>All figures</h2>
<div class="wide">${table(rows)}</div>
<dl>${ABOUT.map(({ name, about: words }) => `<dt>${escape(name)}</dt><dd>${escape(words)}</dd>`).join('')}
<dt>~</dt><dd>utilisation targets above 0.9 allowed; all settings are the cheapest on the training part</dd></dl>
<h2>The world supposed</h2>
<p>An instance serves after ${seconds(model.timesToServe.coldMs)} from cold, ${seconds(model.timesToServe.shadowMs)} as
shadow, ${seconds(model.timesToServe.warmMs)} as warm, and is billed as full on the way; full, warm and shadow cost
${model.prices.full}, ${model.prices.warm} and ${model.prices.shadow} an hour. The newest sample is
${seconds(model.observationDelayMs)} old. Letting go is free and immediate; room there is always.</p>
<h2>The files beside this page</h2>
<p>One CSV a row of the table, a line a minute:</p>
<dl>${STEP_COLUMNS.map(({ name, about: words }) => `<dt>${name}</dt><dd>${escape(words)}</dd>`).join('')}</dl>
</html>
`;
}

function costBars(rows: readonly Row[]): string {
  const list = rows.map(({ name, score, regret }) => ({
    name,
    parts: [
      { value: score.instanceCost, className: 'instances', title: `instances ${brief(score.instanceCost)}` },
      {
        value: score.cost - score.instanceCost,
        className: 'violations',
        title: `violations ${brief(score.cost - score.instanceCost)}`,
      },
    ],
    label: `${brief(score.cost)}${regret > 0 ? `, +${brief(100 * regret)}%` : ''}`,
  }));
  return bars(list, { value: rows[0]!.score.cost, title: 'optimum' });
}

/** The optimum, both policies, and the rival that did best. */
function shown(rows: readonly Row[]): Row[] {
  const own = ['optimum', 'cost', 'interval'];
  const rivals = rows.filter(({ name }) => !/^(optimum|cost|interval)/.test(name));
  const best = rivals.reduce<Row | undefined>(
    (a, b) => (a && a.score.cost <= b.score.cost ? a : b),
    undefined,
  );
  return [...rows.filter(({ name }) => own.includes(name)), ...(best ? [best] : [])];
}

const CLASSES = ['zero', 'one', 'two', 'three'];

function regretCourse({ rows, demand, fromMs, model }: Report): string {
  const optimal = stepCosts(rows[0]!.course, demand, model);
  const list = shown(rows)
    .slice(1)
    .map((row, i): Line => {
      let total = 0;
      const values = stepCosts(row.course, demand, model).map(
        (cost, step) => (total += cost - optimal[step]!),
      );
      return { name: row.name, className: CLASSES[i + 1]!, values };
    });
  return lines(list, fromMs, STEP_MS, 260, 'hours of a full instance');
}

function courseAtPeak({ demand, fromMs }: Report, { course }: Row): string {
  const peak = demand.indexOf(demand.reduce((a, b) => Math.max(a, b), 0));
  const from = Math.max(0, Math.min(demand.length - ZOOM_STEPS, peak - ZOOM_STEPS / 2));
  const to = Math.min(demand.length, from + ZOOM_STEPS);
  const perStep = (counts: Int32Array) =>
    Float64Array.from({ length: to - from }, (_, i) => counts[(from + i) * TICKS_PER_STEP]!);
  const standby = perStep(course.warm).map((warm, i) => warm + course.shadow[(from + i) * TICKS_PER_STEP]!);
  const list: Line[] = [
    { name: 'demand', className: 'demand', values: demand.subarray(from, to), filled: true },
    { name: 'serving', className: 'one', values: perStep(course.serving), stepped: true },
    { name: 'warm and shadow', className: 'two', values: standby, stepped: true },
  ];
  return lines(list, fromMs + from * STEP_MS, STEP_MS, COURSE_HEIGHT, 'instances');
}

function table(rows: readonly Row[]): string {
  const head = COLUMNS.map(({ title }) => `<th>${escape(title)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${COLUMNS.map(({ cell }) => `<td>${escape(cell(row))}</td>`).join('')}</tr>`,
  );
  return `<table><tr>${head}</tr>${body.join('')}</table>`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--quiet:#5b6472;--grid:#e4e7ec;--paper:#fff;--demand:#c9d1dc;--blue:#2457c5;--orange:#c2410c;--green:#15803d;--red:#dc2626}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--quiet:#98a2b3;--grid:#2b323d;--paper:#14181f;--demand:#3b4554;--blue:#7aa2ff;--orange:#fb923c;--green:#4ade80;--red:#f87171}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}h3{font-size:1rem;margin:1rem 0 0}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--ink)}svg text.quiet{fill:var(--quiet)}
.grid{stroke:var(--grid)}.mark{stroke:var(--ink);stroke-dasharray:4 3}.instances{fill:var(--blue)}.violations{fill:var(--red)}.key-instances{color:var(--blue)}.key-violations{color:var(--red)}
.line{fill:none;stroke-width:1.6}.area.demand{fill:var(--demand)}
.line.one{stroke:var(--blue)}.line.two{stroke:var(--orange)}.line.three{stroke:var(--green)}
.key.one{fill:var(--blue)}.key.two{fill:var(--orange)}.key.three{fill:var(--green)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px}th,td{padding:.25rem .6rem;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
th:first-child,td:first-child,th:last-child,td:last-child{text-align:left}td:last-child{white-space:normal;min-width:14rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0}
`;
