export const etcd = 1;
