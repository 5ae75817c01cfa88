import type { ContainerExit } from '../runtime.ts';

/** How containers of an image behave in the fake engine. */
export type FakeImage = {
  readonly platform: string;
  /** How long a pull takes; 0 when the engine has it already. */
  readonly pullMs: number;
  readonly bytes: number;
  /** From start to running. */
  readonly startMs: number;
  /** From SIGTERM to the end; longer than the grace means that it is killed. */
  readonly stopMs: number;
  /** Lines printed at each start. */
  readonly prints: readonly string[];
  /** Ends by itself after `afterMs`; absent: it stays. */
  readonly exits?: { readonly afterMs: number; readonly exit: Omit<ContainerExit, 'at'> };
  /** Written to the disk at each start. */
  readonly writesBytes: number;
  /** Refused by the engine at start, with this text. */
  readonly refuses?: string;
  readonly usage: { readonly cpuMillicores: number; readonly memoryBytes: number };
};

export const FAKE_IMAGE: FakeImage = {
  platform: 'linux/amd64',
  pullMs: 0,
  bytes: 10_000_000,
  startMs: 50,
  stopMs: 20,
  prints: ['started'],
  writesBytes: 0,
  usage: { cpuMillicores: 20, memoryBytes: 30_000_000 },
};
