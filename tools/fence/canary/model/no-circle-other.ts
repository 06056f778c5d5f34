import type { Canary } from './no-circle.ts';
export type Other = Canary;
