import { performance } from 'node:perf_hooks';
export const canary = performance.now();
