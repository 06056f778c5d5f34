import { randomBytes } from 'node:crypto';
export const canary = randomBytes(8);
