/**
 * Replaces `$(NAME)` by `env.NAME`, after Kubernetes' rules for `command` and `args`
 * (k8s.io/kubernetes/third_party/forked/golang/expansion): an unknown name stays as written, `$$` gives `$`, so `$$(NAME)` gives
 * `$(NAME)`; anything else after `$` stays.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  let expanded = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char !== '$' || next === '') {
      expanded += char;
    } else if (next === '$') {
      expanded += '$';
      at += 1;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end === -1) {
        expanded += '$(';
        at += 1;
        continue;
      }
      const name = text.slice(at + 2, end);
      expanded += Object.hasOwn(env, name) ? env[name] : `$(${name})`;
      at = end;
    } else {
      expanded += `$${next}`;
      at += 1;
    }
  }
  return expanded;
}
