import { started } from './main.ts';
export const canary = started;
