import type { SandboxClock } from '../clock.ts';
import { errorAnswer } from '../http.ts';
import type { ApiAnswer } from '../http.ts';
import type { Faults } from './faults.ts';
import { nameCall } from './method-names.ts';
import type { EffectOf, Kind, Subject } from './rule.ts';

const CALL_KINDS: Kind[] = [
  'error',
  'delay',
  'delayAnswer',
  'loseRequest',
  'loseAnswer',
  'duplicate',
  'operation',
];

export interface IncomingCall {
  /** HTTP method, and path without the query. */
  method: string;
  path: string;
  /** JSON. */
  body: string;
}

/** One API call, and what the rules do to it. */
export class CallFaults {
  /** Names of the rules that have struck it, in order. */
  readonly struck: string[] = [];
  private readonly faults: Faults;
  private readonly clock: SandboxClock;
  private readonly subject: Subject;

  constructor(faults: Faults, clock: SandboxClock, call: IncomingCall, writes: boolean) {
    this.faults = faults;
    this.clock = clock;
    this.subject = faults.has(...CALL_KINDS) ? subjectOf(call, writes) : { resources: [], label: call.path };
  }

  /**
   * Carries the call out as the rules allow: refused or delayed before anything happens, carried out twice, answered
   * late. Undefined when its request or, after success, its answer gets lost.
   */
  async around(act: () => Promise<ApiAnswer>): Promise<ApiAnswer | undefined> {
    await this.sleep(this.strike('delay')?.delayMs);
    if (this.strike('loseRequest')) return undefined;
    const error = this.strike('error');
    if (error) return errorAnswer(error.status, error.reason, error.message);
    let answer = await act();
    const duplicate = this.strike('duplicate');
    if (duplicate) {
      const second = await act();
      if (duplicate.answered === 'second') answer = second;
    }
    await this.sleep(this.strike('delayAnswer')?.delayMs);
    return answer.status < 400 && this.strike('loseAnswer') ? undefined : answer;
  }

  /** How the operation of this call goes wrong; asked when one is really begun. */
  takeOperation(): EffectOf<'operation'> | undefined {
    return this.strike('operation');
  }

  private strike<K extends Kind>(kind: K): EffectOf<K> | undefined {
    if (!this.faults.has(kind)) return undefined;
    const strike = this.faults.strike(kind, this.subject);
    if (strike) this.struck.push(strike.rule);
    return strike?.effect;
  }

  private async sleep(ms: number | undefined): Promise<void> {
    if (ms) await this.clock.sleep(ms);
  }
}

function subjectOf(call: IncomingCall, writes: boolean): Subject {
  const named = nameCall(call.method, call.path);
  const name = named && nameIn(call.body);
  return {
    ...named,
    access: writes ? 'write' : 'read',
    resources: [...(named?.resources ?? []), ...(name === undefined ? [] : [name])],
    path: call.path,
    label: `${call.method} ${call.path}`,
  };
}

/** The name that a body gives to what it makes. */
function nameIn(body: string): string | undefined {
  try {
    const name = (JSON.parse(body) as { name?: unknown } | null)?.name;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
