import { parentPort, workerData } from 'node:worker_threads';
import { propose, type ProposeRequest } from './proposer.ts';

/** Entry of the thread that proposes settings. */
parentPort!.postMessage(propose(workerData as ProposeRequest));
