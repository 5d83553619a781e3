import { Cron } from 'croner';
import { invalid, timestamp } from '../resources.ts';
import type { ScalingSchedule } from '../shapes.ts';

/** Documented limit of an autoscaler. */
const MOST_SCHEDULES = 128;

export type Schedules = Record<string, ScalingSchedule>;

/** Throws 400 for a schedule that cannot be read, or too many of them. */
export function checkSchedules(schedules: Schedules): void {
  if (Object.keys(schedules).length > MOST_SCHEDULES)
    throw invalid('resource.autoscalingPolicy.scalingSchedules', '', `Use ${MOST_SCHEDULES} at most.`);
  for (const [name, schedule] of Object.entries(schedules)) {
    const field = `resource.autoscalingPolicy.scalingSchedules.${name}`;
    const parts = schedule.schedule.trim().split(/\s+/).length;
    if (parts < 5 || parts > 6)
      throw invalid(
        `${field}.schedule`,
        schedule.schedule,
        'Use cron: minute hour day month weekday [year].',
      );
    try {
      nextStart(schedule, 0);
    } catch (error) {
      const at = String(error).includes('timezone') ? 'timeZone' : 'schedule';
      throw invalid(
        `${field}.${at}`,
        at === 'timeZone' ? schedule.timeZone : schedule.schedule,
        String(error),
      );
    }
  }
}

/** The most instances that any schedule in force asks for; overlapping ones do not add up. 0 without one. */
export function requiredReplicas(schedules: Schedules, now: number): number {
  const active = Object.values(schedules).filter(
    (schedule) => !schedule.disabled && activeSince(schedule, now) !== undefined,
  );
  return Math.max(0, ...active.map(({ minRequiredReplicas }) => minRequiredReplicas));
}

/** Each schedule's `ScalingScheduleStatus`. */
export function scheduleStatus(schedules: Schedules, now: number): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(schedules).map(([name, schedule]) => {
      const since = activeSince(schedule, now);
      const next = nextStart(schedule, now);
      return [
        name,
        {
          state: stateOf(schedule, since, next),
          ...(since === undefined ? {} : { lastStartTime: timestamp(since) }),
          ...(next === undefined ? {} : { nextStartTime: timestamp(next) }),
        },
      ];
    }),
  );
}

function stateOf({ disabled }: ScalingSchedule, since: number | undefined, next: number | undefined): string {
  if (disabled) return 'DISABLED';
  if (since !== undefined) return 'ACTIVE';
  return next === undefined ? 'OBSOLETE' : 'READY';
}

/** When the interval that holds `now` began, ms; undefined outside of all. */
function activeSince(schedule: ScalingSchedule, now: number): number | undefined {
  const start = nextStart(schedule, now - schedule.durationSec * 1000);
  return start !== undefined && start <= now ? start : undefined;
}

/** The first start after `after`, ms; undefined when there will be none. */
function nextStart({ schedule, timeZone }: ScalingSchedule, after: number): number | undefined {
  const [minute, hour, day, month, weekday, year = '*'] = schedule.trim().split(/\s+/);
  const cron = new Cron(`0 ${minute} ${hour} ${day} ${month} ${weekday} ${year}`, {
    timezone: timeZone || 'UTC',
    paused: true,
  });
  return cron.nextRun(new Date(after))?.getTime();
}
