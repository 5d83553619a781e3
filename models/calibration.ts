/**
 * Online conformal calibration of one quantity (one window length, or one horizon of the fan): which quantiles its
 * scaled residuals have. NexCP (Barber et al. 2023): quantiles of past residuals with exponentially fading weights,
 * plus the mass of one unseen residual at infinity. On top, per tail, ACI (Gibbs & Candes 2021): the level moves by
 * `ACI_STEP` against each miss, so that the long-run share of misses is right whatever the series does; never beyond
 * the largest residual counted, so the interval stays finite. Guaranteed is the long run, not a given hour or spike.
 */
export interface Calibration {
  /** Weight of the residuals in each cell of an asinh grid, in units of `unit`. */
  cells: number[];
  /** Sum of the cells. */
  total: number;
  /** Weight that the next residual gets; grows instead of the cells' fading. */
  unit: number;
  /** Miss levels in force: below the lower end, above the upper end. */
  below: number;
  above: number;
  smallest: number;
  largest: number;
  count: number;
}

/** Quantiles of the scaled residual. */
export interface Spread {
  lower: number;
  median: number;
  upper: number;
}

const CELLS = 201;
/** asinh(residual) is kept within +-LIMIT: residuals of up to 1,500 scales. */
const LIMIT = 8;
const ACI_STEP = 0.001;
/**
 * A residual counts as no further beyond the end that was issued than this part of that interval's width, or than `LEAST_BEYOND`
 * scales. How far beyond changes no quantile while few are; the many of a shift, met before the scale has followed, would else
 * hold the interval wide for as long as they are remembered.
 */
const MOST_BEYOND = 0.25;
const LEAST_BEYOND = 1;
const RENORMALISE_AT = 1e6;

export function newCalibration(nominalCoverage: number): Calibration {
  const miss = (1 - nominalCoverage) / 2;
  return {
    cells: Array.from({ length: CELLS }, () => 0),
    total: 0,
    unit: 1,
    below: miss,
    above: miss,
    smallest: 0,
    largest: 0,
    count: 0,
  };
}

/** The quantiles in force. All zero before the first residual. */
export function spread(calibration: Calibration): Spread {
  if (calibration.count === 0) return { lower: 0, median: 0, upper: 0 };
  return {
    // The unseen residual's mass counts against whichever tail is asked for.
    lower: -upperQuantile(calibration, calibration.below, -1),
    median: medianOf(calibration),
    upper: upperQuantile(calibration, calibration.above, 1),
  };
}

/**
 * One matured residual, in scales, with the quantiles that were issued for it.
 * @param memory how many updates a residual's weight lasts (fades to 1/e)
 */
export function learn(
  calibration: Calibration,
  residual: number,
  issued: Spread,
  nominalCoverage: number,
  memory: number,
): void {
  const miss = (1 - nominalCoverage) / 2;
  let counted = residual;
  if (calibration.count > 0) {
    calibration.below = moved(calibration.below, miss, residual < issued.lower);
    calibration.above = moved(calibration.above, miss, residual > issued.upper);
    counted = bounded(residual, issued);
  }
  calibration.unit *= Math.exp(1 / memory);
  const cell = cellOf(counted);
  calibration.cells[cell] = (calibration.cells[cell] ?? 0) + calibration.unit;
  calibration.total += calibration.unit;
  calibration.smallest = Math.min(calibration.smallest, counted);
  calibration.largest = Math.max(calibration.largest, counted);
  calibration.count++;
  if (calibration.unit > RENORMALISE_AT) {
    calibration.cells = calibration.cells.map((weight) => weight / calibration.unit);
    calibration.total /= calibration.unit;
    calibration.unit = 1;
  }
}

function bounded(residual: number, { lower, upper }: Spread): number {
  const beyond = Math.max(LEAST_BEYOND, MOST_BEYOND * (upper - lower));
  return Math.min(upper + beyond, Math.max(lower - beyond, residual));
}

/**
 * ACI's step. The bounds keep a long run of misses, or of none, from winding the level up: at nought the end is the furthest residual
 * counted, and each step below it would hold that for as long again.
 */
function moved(level: number, miss: number, missed: boolean): number {
  return Math.min(4 * miss, Math.max(0, level + ACI_STEP * (miss - (missed ? 1 : 0))));
}

function cellOf(residual: number): number {
  const place = (Math.asinh(residual) + LIMIT) / (2 * LIMIT);
  return Math.min(CELLS - 1, Math.max(0, Math.round(place * (CELLS - 1))));
}

function valueOf(cell: number): number {
  return Math.sinh((cell / (CELLS - 1)) * 2 * LIMIT - LIMIT);
}

/** Value that the residual, times `sign`, exceeds with weight `miss`; the largest seen when the weight runs out. */
function upperQuantile(calibration: Calibration, miss: number, sign: 1 | -1): number {
  const furthest = sign === 1 ? calibration.largest : -calibration.smallest;
  const total = calibration.total + calibration.unit;
  let beyond = calibration.unit;
  if (miss * total <= beyond) return furthest;
  for (let i = 0; i < CELLS; i++) {
    const cell = sign === 1 ? CELLS - 1 - i : i;
    const weight = calibration.cells[cell]!;
    if (weight > 0 && beyond + weight >= miss * total) {
      // Upper edge of the cell: rounding to the grid must not cost coverage.
      const edge = sign * valueOf(cell + sign * 0.5 - sign * ((miss * total - beyond) / weight));
      return Math.min(furthest, edge);
    }
    beyond += weight;
  }
  return -furthest;
}

function medianOf(calibration: Calibration): number {
  const half = calibration.total / 2;
  let sum = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const weight = calibration.cells[cell]!;
    if (sum + weight >= half && weight > 0) return valueOf(cell - 0.5 + (half - sum) / weight);
    sum += weight;
  }
  return 0;
}
