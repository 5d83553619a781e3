import type { Course } from '../course.ts';
import { LEVELS } from '../quantile-forecast.ts';
import type { NeuralForecaster } from '../neural.ts';
import type { Expert } from './expert.ts';

/** A neural forecaster as an expert: it serves a day, from the first samples on, and knows events. */
export function neuralExpert(forecaster: NeuralForecaster): Expert {
  return {
    name: forecaster.name,
    prior: 1,
    knowsEvents: true,
    async sketch(course, leads, windows, events) {
      if (!course.values.some((value) => !Number.isNaN(value))) return undefined;
      const { at, maximum } = await forecaster.forecast(historyOf(course), events);
      const rows = new Float64Array((leads.length + windows.length) * LEVELS.length).fill(Number.NaN);
      leads.forEach((lead, i) => rows.set(at(lead) ?? [], i * LEVELS.length));
      windows.forEach((window, i) => {
        rows.set(maximum(window * course.stepMs) ?? [], (leads.length + i) * LEVELS.length);
      });
      return rows;
    },
  };
}

function historyOf(course: Course) {
  const { values, stepMs, endMs } = course;
  return { startAt: endMs - (values.length - 1) * stepMs, stepMs, values };
}
