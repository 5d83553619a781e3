export { application } from './application.ts';
export { mirrorRun } from './mirror-run.ts';
export { sweep } from './sweep.ts';
