import Holidays from 'date-holidays';

/** A public holiday, from midnight to midnight of its region's own clock. */
export interface Holiday {
  start: number;
  end: number;
  name: string;
}

/**
 * Public holidays by region (ISO 3166: a country such as DE, or with a state such as US-CA), from date-holidays. Throws
 * naming the region where it is unknown.
 */
export function holidaysOf(region: string): (year: number) => readonly Holiday[] {
  const calendar = new Holidays();
  const [country, ...parts] = region.split('-');
  const known = calendar.getCountries();
  if (!known[country!.toUpperCase()]) {
    throw new Error(`region ${region}: no such country; write ISO 3166 such as DE or US-CA`);
  }
  const states = calendar.getStates(country!.toUpperCase()) as Record<string, string> | undefined;
  if (parts.length > 0 && !states?.[parts[0]!.toUpperCase()]) {
    const some = Object.keys(states ?? {}).slice(0, 5);
    throw new Error(`region ${region}: ${country} has no such state; it has ${some.join(', ') || 'none'} …`);
  }
  calendar.init(country!.toUpperCase(), ...parts.map((part) => part.toUpperCase()));
  const years = new Map<number, Holiday[]>();
  return (year) => {
    const found =
      years.get(year) ??
      calendar
        .getHolidays(year)
        .filter(({ type }) => type === 'public')
        .map(({ start, end, name }) => ({ start: start.getTime(), end: end.getTime(), name }));
    years.set(year, found);
    return found;
  };
}
