export { application } from './application.ts';
export { backfill } from './backfill.ts';
export { events } from './events.ts';
export { feedback } from './feedback.ts';
export { mirrorRun } from './mirror-run.ts';
export { sweep } from './sweep.ts';
