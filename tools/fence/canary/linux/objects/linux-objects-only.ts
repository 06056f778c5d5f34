import type { Kernel } from '../kernel.ts';
export type Canary = Kernel;
