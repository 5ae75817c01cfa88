import { expect, test } from 'vitest';
import { planService, type ServiceFacts } from './service.ts';

const LINUX: ServiceFacts = { platform: 'linux', isRoot: true, hasSystemd: true, home: '/home/ada' };
const ARGV = ['/opt/node', '/src/tools/bootstrap.mjs', 'start', '--data', '/srv/my "data" 100%'];

test('a unit of the system keeps every argument whole', () => {
  const { path, text } = planService(ARGV, LINUX);
  expect(path).toBe('/etc/systemd/system/cloudless.service');
  expect(text).toContain(String.raw`ExecStart="/opt/node" "/src/tools/bootstrap.mjs" "start" "--data" "/srv/my \"data\" 100%%"`);
  expect(text).toContain('WantedBy=multi-user.target');
});

test('without root it is the person’s own, and lingers', () => {
  const { path, commands } = planService(ARGV, { ...LINUX, isRoot: false });
  expect(path).toBe('/home/ada/.config/systemd/user/cloudless.service');
  expect(commands.map(([program]) => program)).toEqual(['systemctl', 'systemctl', 'systemctl', 'loginctl']);
});

test('launchd gets a plist', () => {
  const { path, text } = planService(['/opt/node', '<x>'], { platform: 'darwin', isRoot: false, hasSystemd: false, home: '/Users/ada' });
  expect(path).toBe('/Users/ada/Library/LaunchAgents/io.cloudless.coordinator.plist');
  expect(text).toContain('<string>&lt;x></string>');
});

test('where nothing keeps programs running, it says so', () => {
  expect(() => planService(ARGV, { ...LINUX, hasSystemd: false })).toThrow(/no systemd or launchd/);
});
