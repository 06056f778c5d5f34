import { mirror } from '../kvstore/mirror.ts';
export const canary = mirror;
