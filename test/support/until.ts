/** A safety net, not a measurement. */
const LIMIT_MS = 45_000;

/** Reads again and again until it holds; resolves to what was read then. */
export async function untilHolds<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  what = 'what was waited for',
): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not come about: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until it is true. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  await untilHolds(isTrue, Boolean, what);
}
