import type { AgentStatus } from '../agent-status.ts';

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[letter] ?? letter);

/** `3 s`, `5 min`, `2 h`, `4 days`. */
export function formatAge(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** One sentence of state, with its age and cause. */
export function describeConnection({ device, connection }: Pick<AgentStatus, 'device' | 'connection'>): string {
  if (!device) return `This device has not joined a cluster${connection.reason === undefined ? '' : `: ${connection.reason}`}.`;
  const age = formatAge(connection.forMs);
  if (connection.state === 'connected') return `Connected for ${age}.`;
  const last = connection.lastContactMs === undefined ? 'not since it started' : `${formatAge(connection.lastContactMs)} ago`;
  return `Not connected (last contact: ${last})${connection.reason === undefined ? '' : `: ${connection.reason}`} It tries again by itself; what runs here goes on.`;
}

export const describeLending = ({ lending }: Pick<AgentStatus, 'lending'>): string =>
  lending.state === 'lending' ? 'Lends now.' : `Lends nothing now: ${lending.causes.map(({ message }) => message).join(' ')}`;

/** The device's own page: read-only, no script, refreshes by itself. */
export function renderStatusPage(status: AgentStatus, nonce: string): string {
  const { device, engine, runs, version } = status;
  const rows = runs.map(
    (run) =>
      `<tr><td>${escape(run.app)} · ${run.replica + 1}</td><td>${escape(run.phase)}${run.ready ? ', ready' : ''}</td><td>${escape(run.cause)}</td></tr>`,
  );
  const facts = [
    ['Connection', describeConnection(status)],
    ['Lending', describeLending(status)],
    ['Container engine', `${engine.state}: ${engine.message}`],
    ['Coordinator', status.connection.addresses.join(', ') || 'no address known'],
    ['Agent', version],
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>${escape(device?.name ?? 'Cloudless')}</title>
<style nonce="${nonce}">:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}dt{opacity:.7}dd{margin:0 0 .75rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-top:1px solid #8884;vertical-align:top}</style></head>
<body><main><h1>${escape(device?.name ?? 'This device')}</h1><dl>${facts.map(([name = '', text = '']) => `<dt>${escape(name)}</dt><dd>${escape(text)}</dd>`).join('')}</dl>
<h2>What runs here</h2>${rows.length === 0 ? '<p>Nothing is assigned to this device now.</p>' : `<table><thead><tr><th>Replica</th><th>State</th><th>Why</th></tr></thead><tbody>${rows.join('')}</tbody></table>`}</main></body></html>`;
}
