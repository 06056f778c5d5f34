import type { Other } from './no-circle-other.ts';
export type Canary = Other | undefined;
