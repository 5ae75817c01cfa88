import { parseJoinToken } from '@cloudless/identity';
import type { JoinOffer } from '@cloudless/proto';

/** One way to reach the coordinator, as a command for curl has it. */
export type Base = {
  /** Without a slash at the end. */
  readonly url: string;
  /** Base64 of the SHA-256 of the SubjectPublicKeyInfo (RFC 7469 §2.4) that answers there; absent when everybody's certificate authorities judge it, or there is no TLS. */
  readonly pin: string | undefined;
};

export type Commands = Pick<JoinOffer, 'command' | 'codeCommand' | 'url'>;

/** What the shell reads when no installer came (curl 7.75; an older one writes `exit` behind the installer). Parentheses with `||` would not do in fish. */
const END_WITH_STATUS = `-w '%{onerror}exit %{exitcode}'`;

const curl = ({ url, pin }: Base): string =>
  pin === undefined
    ? `curl -fsS '${url}/install' ${END_WITH_STATUS}`
    : `curl -fsSk --pinnedpubkey 'sha256//${pin}' '${url}/install' ${END_WITH_STATUS}`;

/**
 * What the dialog shows. It ends with curl's status when no installer came: 90 is a key that is not the one pinned. `-k` and the pin belong together: the pin alone judges who answers, whatever its certificate says.
 *
 * @param agentSha256 of the agent that the installer has to get; empty when there is none
 */
export function writeCommands(
  base: Base,
  { token, code }: { readonly token: string; readonly code: string },
  agentSha256: string,
): Commands {
  const parsed = parseJoinToken(token);
  const at = parsed?.addresses[0] ?? base.url;
  return {
    command: `${curl(base)} | sh -s -- ${token}${agentSha256 === '' ? '' : ` ${agentSha256}`}`,
    codeCommand: `cloudless-agent join ${code} --at ${at}`,
    url: `${base.url}/add#${token}`,
  };
}
