import { command } from '../cli/command.ts';
export const canary = command;
