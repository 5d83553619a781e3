import type { SecretReference } from '../domain/demand-series.ts';

export interface Secrets {
  /**
   * The secret itself, as it is now. Throws naming field, value and remedy where there is none; never tells the secret.
   * @param field of the specification that refers to it
   */
  read(reference: SecretReference, field: string): string;
}
