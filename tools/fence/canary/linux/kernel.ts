export type Kernel = object;
