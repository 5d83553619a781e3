/** A complex sequence: real and imaginary parts of equal length. */
export interface Complex {
  re: Float64Array;
  im: Float64Array;
}

/**
 * Discrete Fourier transform of any length, X[k] = sum x[j] exp(-2 pi i jk/n), by Cooley and Tukey's decimation in time over
 * the prime factors of n; fast when those are small, as in a number of days of minutes.
 */
export function fft(x: Complex): Complex {
  const n = x.re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  const cos = new Float64Array(n);
  const sin = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    cos[k] = Math.cos((-2 * Math.PI * k) / n);
    sin[k] = Math.sin((-2 * Math.PI * k) / n);
  }
  transform({ x, out, cos, sin, factors: primeFactors(n) }, n, 0, 1, 0, 0);
  return out;
}

/** The inverse of `fft`, of a spectrum whose sequence is real. */
export function inverseReal(spectrum: Complex): Float64Array {
  const n = spectrum.re.length;
  // The transform of the conjugate is the conjugate of n times the inverse.
  const turned = fft({ re: spectrum.re, im: spectrum.im.map((value) => -value) });
  return turned.re.map((value) => value / n);
}

interface Plan {
  x: Complex;
  out: Complex;
  cos: Float64Array;
  sin: Float64Array;
  factors: number[];
}

/** Transforms x[from], x[from + stride], ... (n of them) into out[to .. to + n - 1]. */
function transform(plan: Plan, n: number, from: number, stride: number, to: number, depth: number): void {
  const { x, out } = plan;
  if (n === 1) {
    out.re[to] = x.re[from]!;
    out.im[to] = x.im[from]!;
    return;
  }
  const radix = plan.factors[depth]!;
  const m = n / radix;
  for (let r = 0; r < radix; r++)
    transform(plan, m, from + r * stride, stride * radix, to + r * m, depth + 1);
  combine(plan, radix, m, stride, to);
}

/** Joins `radix` transforms of length m that lie side by side in `out`. */
function combine({ out, cos, sin }: Plan, radix: number, m: number, stride: number, to: number): void {
  const n = cos.length;
  const re = new Float64Array(radix);
  const im = new Float64Array(radix);
  for (let k = 0; k < m; k++) {
    for (let r = 0; r < radix; r++) {
      re[r] = out.re[to + r * m + k]!;
      im[r] = out.im[to + r * m + k]!;
    }
    for (let q = 0; q < radix; q++) {
      let [sumRe, sumIm] = [0, 0];
      for (let r = 0; r < radix; r++) {
        // exp(-2 pi i r (k + q m) / (radix m)), read from the table of the whole length.
        const turn = (r * (k + q * m) * stride) % n;
        sumRe += re[r]! * cos[turn]! - im[r]! * sin[turn]!;
        sumIm += re[r]! * sin[turn]! + im[r]! * cos[turn]!;
      }
      out.re[to + q * m + k] = sumRe;
      out.im[to + q * m + k] = sumIm;
    }
  }
}

function primeFactors(n: number): number[] {
  const factors: number[] = [];
  for (let p = 2; n > 1; p++)
    while (n % p === 0) {
      factors.push(p);
      n /= p;
    }
  return factors;
}
