import { NoPythonError, pythonPackages } from './clients-packages.ts';
import { Discovery } from './discovery.ts';

/** Google's discovery documents, or undefined, said why, where there is no Python to fetch them with. */
export async function discoveryOrWhyNot(): Promise<Discovery | undefined> {
  try {
    return new Discovery(await pythonPackages('test/clients/discovery-requirements.txt', '--no-deps'));
  } catch (error) {
    if (!(error instanceof NoPythonError)) throw error;
    console.warn(`Not held to Google's discovery documents: ${error.message}`);
    return undefined;
  }
}
