import grpc from '@grpc/grpc-js';
export const canary = grpc;
