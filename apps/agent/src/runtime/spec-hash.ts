import { effectiveResources, type Assignment } from '@cloudless/proto';

/** cyrb53 (bryc, public domain): 53 bits, enough to tell one allocation's templates apart; nothing is trusted to it. */
function hash53(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 2_654_435_761);
    high = Math.imul(high ^ code, 1_597_334_677);
  }
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & high) + (low >>> 0)).toString(36);
}

/**
 * Names the part of an assignment that a running container cannot change: another hash means another container. Replica count,
 * restart policy, grace and labels are not in it, so changing them restarts nothing.
 */
export function specHashOf(assignment: Assignment): string {
  const { spec } = assignment;
  const env = Object.entries(spec.env).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const ports = spec.ports.map((port) => [port.name, port.containerPort, port.hostPort, port.protocol, port.expose]);
  const { limits } = effectiveResources(spec);
  return hash53(
    JSON.stringify([
      spec.image,
      spec.command ?? null,
      spec.args ?? null,
      env,
      ports,
      limits.cpuMillicores,
      limits.memoryBytes,
      limits.pids,
    ]),
  );
}
