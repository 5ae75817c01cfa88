export { createClient, type ClientOptions } from './client.ts';
export type { CallInput, CallOptions, CloudlessClient, Following, FollowHandlers, FollowState } from './client-type.ts';
export { describeCall, type CallDescription } from './describe-call.ts';
export {
  CloudlessError,
  isCloudlessError,
  ERRORS,
  type ErrorCode,
  type InputIssue,
  type ProcedureName,
  type ProcedureOutput,
} from '@cloudless/proto';
