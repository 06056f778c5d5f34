import type { Kernel } from '../linux/kernel.ts';
export type Canary = Kernel;
