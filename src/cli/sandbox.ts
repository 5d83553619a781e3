/** `premirror sandbox`: the local Google Cloud alone, until Ctrl-C. The one place that starts it in this process. */
export { runMain as runSandbox } from '../sandbox/main.ts';
