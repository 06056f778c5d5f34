import { hostname } from 'os';
export const canary = hostname();
