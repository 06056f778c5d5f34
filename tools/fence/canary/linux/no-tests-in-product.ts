import { fake } from './fake-kernel.ts';
export const canary = fake;
