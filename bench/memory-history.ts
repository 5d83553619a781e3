import type { DayBalance, DemandDay, LeadScore, Origin, PastLook } from '../src/ports/history.ts';

/** What a backfill writes, in memory: benchmarks may not open a ledger. */
export class MemoryHistory {
  readonly #demand = new Map<string, DemandDay>();
  readonly #rows = new Map<string, unknown>();

  async saveDemandDay(application: string, series: string, day: DemandDay): Promise<void> {
    this.#demand.set(`${application} ${series} ${day.day}`, day);
  }

  async demandDays(application: string, series: string, from: number, to: number): Promise<DemandDay[]> {
    return [...this.#demand]
      .filter(([key, { day }]) => key === `${application} ${series} ${day}` && day >= from && day < to)
      .map(([, day]) => day)
      .sort((a, b) => a.day - b.day);
  }

  async saveBackfilled(application: string, looks: readonly PastLook[]): Promise<void> {
    for (const look of looks) this.#rows.set(`look ${application} ${look.forecast.issuedAt}`, look);
  }

  async saveScores(application: string, origin: Origin, day: number, scores: readonly LeadScore[]) {
    this.#rows.set(`scores ${application} ${origin} ${day}`, scores);
  }

  async saveBalance(application: string, origin: Origin, day: number, balance: DayBalance) {
    this.#rows.set(`balance ${application} ${origin} ${day}`, balance);
  }

  /** All that was written but the demand, as one text. */
  everything(): string {
    return JSON.stringify([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
