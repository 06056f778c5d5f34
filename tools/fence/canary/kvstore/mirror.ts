export const mirror = 1;
