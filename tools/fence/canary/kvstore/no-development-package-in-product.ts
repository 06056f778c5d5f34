import fc from 'fast-check';
export const canary = fc.string();
