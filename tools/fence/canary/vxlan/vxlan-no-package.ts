import * as netlink from 'netlink';
export const canary = netlink;
