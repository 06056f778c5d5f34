export { etcd } from './etcd/store.ts';
