import { setTimeout } from 'node:timers/promises';
export const canary = setTimeout(1);
