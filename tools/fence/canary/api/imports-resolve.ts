import { nothing } from './nothing-is-here.ts';
export const canary = nothing;
