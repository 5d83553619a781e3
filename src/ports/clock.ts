/** Application time: the wall's, or the sandbox's, which may start elsewhere and run faster (DESIGN.md §6). */
export interface Clock {
  /** ms since the epoch, application time. */
  now(): number;
  /** Application seconds per wall second; 1 in production. */
  readonly speed: number;
}
