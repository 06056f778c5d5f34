import { etcd } from '../kvstore/open.ts';
export const canary = etcd;
