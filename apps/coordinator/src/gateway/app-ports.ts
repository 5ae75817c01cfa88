import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Logger, Timer } from '@cloudless/kernel';
import type { WorkloadId } from '@cloudless/proto';
import type { Certificate, GatewayPort } from './port.ts';

/** A port that could not be opened is tried again this much later: what took it may stop. */
const RETRY_MS = 5_000;

export type AppPortsOptions<Owner> = {
  /** Who has which port now. */
  readonly wanted: () => ReadonlyMap<number, Owner>;
  /** Calls back when that may have changed. Returns how to stop. */
  readonly onChange: (listener: () => void) => () => void;
  readonly host: string;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: Logger;
  /** Called after ports were opened or closed. */
  readonly onOpened?: (open: readonly number[]) => void;
  /** Makes a port whose requests go to `find()`, the app that has it now. */
  readonly createPort: (find: () => Owner | undefined) => GatewayPort;
};

export interface AppPorts {
  /** Opens the ports of every app there is, and follows changes from then on. */
  start(): Promise<void>;
  useCertificate(certificate: Certificate): void;
  /** Ports of apps that could not be opened, and why. */
  problems(): ReadonlyMap<number, string>;
  stop(): Promise<void>;
}

export type AppRequest = (workloadId: WorkloadId | undefined, request: IncomingMessage, response: ServerResponse) => void;
export type AppUpgrade = (workloadId: WorkloadId | undefined, request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listens on the port of each app. Level-triggered: each pass compares what is open with what the store says. */
export function createAppPorts<Owner>({ wanted, onChange, onOpened, host, clock, logger, createPort }: AppPortsOptions<Owner>): AppPorts {
  const open = new Map<number, GatewayPort>();
  const failed = new Map<number, string>();
  let owners: ReadonlyMap<number, Owner> = new Map();
  let pass: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let retry: Timer | undefined;
  let unsubscribe = (): void => undefined;

  async function openPort(port: number): Promise<void> {
    const gatewayPort = createPort(() => owners.get(port));
    try {
      await gatewayPort.listen(port, host);
      open.set(port, gatewayPort);
      failed.delete(port);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      if (!failed.has(port)) logger.warn({ op: 'gateway.appPort', outcome: 'failed', port, message });
      failed.set(port, message);
    }
  }

  async function runPass(): Promise<void> {
    owners = wanted();
    for (const port of failed.keys()) if (!owners.has(port)) failed.delete(port);
    for (const [port, gatewayPort] of open) {
      if (owners.has(port)) continue;
      open.delete(port);
      await gatewayPort.stop();
    }
    for (const port of owners.keys()) if (!open.has(port)) await openPort(port);
    onOpened?.([...open.keys()]);
  }

  async function runPasses(): Promise<void> {
    do {
      again = false;
      await runPass();
    } while (again && !stopped);
    // Here and not in `finally`: what is asked for between the two would be lost.
    pass = undefined;
    retry?.cancel();
    if (failed.size > 0 && !stopped) retry = clock.setTimer(RETRY_MS, reconcile);
  }

  function reconcile(): void {
    if (stopped) return;
    again = true;
    pass ??= runPasses().catch((cause: unknown) => {
      pass = undefined;
      logger.error({ op: 'gateway.appPorts', outcome: 'failed' }, cause);
    });
  }

  return {
    async start() {
      unsubscribe = onChange(reconcile);
      reconcile();
      await pass;
    },
    useCertificate(certificate) {
      for (const port of open.values()) port.useCertificate(certificate);
    },
    problems: () => failed,
    async stop() {
      stopped = true;
      unsubscribe();
      retry?.cancel();
      await pass;
      // Each stops listening at once: another listener may have the port while its answers in flight end.
      const stopping = [...open.values()].map((port) => port.stop());
      open.clear();
      await Promise.all(stopping);
    },
  };
}
