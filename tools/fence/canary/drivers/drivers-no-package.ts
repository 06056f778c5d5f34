import { Address4 } from 'ip-address';
export const canary = new Address4('10.0.0.1');
