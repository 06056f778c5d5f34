import * as cockatiel from 'cockatiel';
export const canary = cockatiel;
