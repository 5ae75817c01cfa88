// Whether what lies in `node_modules` is what the lockfile asks for. Plain JavaScript: it runs before anything is installed.

/** What a lockfile says of `os`, `cpu` or `libc`: one name or several that are meant, or `!` and those that are not. */
function allows(said, mine) {
  if (said === undefined || mine === undefined) return true;
  const list = [said].flat();
  const refused = list.filter((name) => name.startsWith('!'));
  return refused.length > 0 ? !refused.includes(`!${mine}`) : list.includes(mine);
}

/** An optional package is there for certain only where it is made for this platform; others follow from packages that are not. */
function isWanted({ optional, os, cpu, libc }, platform) {
  if (!optional) return true;
  if (os === undefined && cpu === undefined) return false;
  return allows(os, platform.os) && allows(cpu, platform.cpu) && allows(libc, platform.libc);
}

/**
 * Compares the lockfile with what npm wrote of its last whole install (`node_modules/.package-lock.json`), whoever called npm.
 *
 * @param lock `packages` of `package-lock.json`
 * @param installed `packages` of npm's own, `undefined` when there is none
 * @param platform `os` and `cpu` as npm names them, and `libc` where it is known
 */
export function isInstallOf(lock, installed, platform) {
  if (installed === undefined) return false;
  const isSame = (name) => installed[name].version === lock[name].version && installed[name].integrity === lock[name].integrity;
  return (
    Object.keys(installed).every((name) => lock[name] !== undefined && isSame(name)) &&
    Object.keys(lock).every((name) => name === '' || installed[name] !== undefined || !isWanted(lock[name], platform))
  );
}
