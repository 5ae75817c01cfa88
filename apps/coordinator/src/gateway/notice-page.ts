import { createHash } from 'node:crypto';

export type Notice = {
  readonly title: string;
  readonly message: string;
  readonly remedy: string;
  readonly code: string;
  /** The page loads itself again after this long. */
  readonly retryAfterS?: number | undefined;
};

const STYLE = `:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;font:15px/1.6 ui-sans-serif,system-ui,sans-serif;background:Canvas;color:CanvasText}main{max-width:34rem;padding:2rem}h1{font-size:1.35rem;line-height:1.3;margin:0 0 .75rem}p{margin:0 0 .75rem;overflow-wrap:anywhere}small{opacity:.7}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

/** A page that needs nothing but itself: no script, no file, for when the dashboard or an app is away. */
export function noticePage({ title, message, remedy, code, retryAfterS }: Notice): {
  readonly html: string;
  readonly contentSecurityPolicy: string;
} {
  const again = retryAfterS === undefined ? '' : `<meta http-equiv="refresh" content="${retryAfterS}">`;
  return {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${again}<title>${escape(title)} · Cloudless</title><style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1><p>${escape(message)}</p><p>${escape(remedy)}</p><small>${escape(code)}</small></main></body></html>`,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
