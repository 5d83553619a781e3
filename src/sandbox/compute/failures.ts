import type { CurrentAction, Instance } from '../world.ts';
import { groupLocationOf } from './settings.ts';

/** The newest of a group's errors are kept. */
const MOST_FAILURES = 1000;

export interface Problem {
  code: string;
  message: string;
}

/** An error of an action on one of a group's instances. */
export interface Failure {
  /** Sandbox time, ms since the epoch. */
  at: number;
  instance: Instance;
  action: CurrentAction;
  problem: Problem;
}

/** What went wrong with the instances of every group, oldest first. */
export class Failures {
  private readonly byGroup = new Map<string, Failure[]>();

  record(failure: Failure): void {
    const { project, group } = failure.instance;
    if (group === undefined) return;
    const key = `${project}/${groupLocationOf(failure.instance)}/${group}`;
    const kept = this.byGroup.get(key) ?? [];
    this.byGroup.set(key, [...kept, failure].slice(-MOST_FAILURES));
  }

  of(project: string, location: string, group: string): Failure[] {
    return this.byGroup.get(`${project}/${location}/${group}`) ?? [];
  }

  forget(project: string, location: string, group: string): void {
    this.byGroup.delete(`${project}/${location}/${group}`);
  }
}
