/** The zone has no machines left (stock-out): go to another zone, back off minutes. */
export class NoCapacityError extends Error {
  override name = 'NoCapacityError';
}
/** A quota is exhausted: not retryable in the loop. */
export class QuotaError extends Error {
  override name = 'QuotaError';
}
/** Name, marker or id do not prove that we created it: refuse to touch it. */
export class NotOursError extends Error {
  override name = 'NotOursError';
}
/** The application is in a mode that only looks (`observe`, `preview`): nothing was sent. Not retryable. */
export class ReadOnlyModeError extends Error {
  override name = 'ReadOnlyModeError';
}
/** No application of that name is looked after. Not retryable. */
export class UnknownApplicationError extends Error {
  override name = 'UnknownApplicationError';
}
