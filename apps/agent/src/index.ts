export { createAgent, AGENT_VERSION, type Agent, type AgentOptions } from './agent.ts';
export { type BuiltInImages } from './reconcile/prepare-image.ts';
export {
  type ContainerExit,
  type ContainerPlan,
  type ContainerUsage,
  type EngineView,
  type ImageView,
  type ObservedContainer,
  type Owner,
  type PullProgress,
  type RawLogLine,
  type Runtime,
  type RuntimeEvent,
} from './runtime/runtime.ts';
export { type LogStore } from './logs/log-store.ts';
export { createMemoryLogStore } from './logs/memory-log-store.ts';
export { type AgentIdentity, type AgentState, type Authority, type HeldState } from './state/state.ts';
export { createFileState } from './state/file-state.ts';
export { type Files } from './state/files.ts';
export { createFileLeaseStore, leasePath, parseLeaseFile } from './leases/file-lease-store.ts';
export { type LeaseFile, type LeaseStore } from './leases/lease-file.ts';
export { type WatchdogEngine } from './watchdog/engine.ts';
export { runWatchdog } from './watchdog/watchdog.ts';
export { createMemoryState } from './state/memory-state.ts';
export { createStaticCredentials, type Credentials } from './session/credentials.ts';
export { createAddressBook } from './session/address-book.ts';
export { createEnrolment } from './session/enrolment.ts';
export { type Dial, type UsageSample } from './session/session-ports.ts';
export { type ConnectLoopback } from './session/serve-streams.ts';
