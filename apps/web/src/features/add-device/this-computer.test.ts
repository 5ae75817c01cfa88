import { describe, expect, it } from 'vitest';
import { findThisComputer } from './this-computer.ts';

const at = (platform: string, userAgent: string, maxTouchPoints = 0, hostname = '192.168.1.5') =>
  findThisComputer({ platform, userAgent, maxTouchPoints, hostname });

describe('the computer that the browser runs on', () => {
  it.each([
    ['linux', 'Linux x86_64', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', 0],
    ['macos', 'MacIntel', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15', 0],
    ['windows', 'Win32', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/149.0', 10],
  ])('is known: %s', (system, platform, userAgent, touches) => expect(at(platform, userAgent, touches)).toBe(system));

  it.each([
    ['an Android phone', 'Linux armv81', 'Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/149.0 Mobile', 5],
    ['an iPhone', 'iPhone', 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148', 5],
    ['an iPad that says it is a Mac', 'MacIntel', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15', 5],
    ['a Chromebook', 'Linux x86_64', 'Mozilla/5.0 (X11; CrOS x86_64 16000.0.0) Chrome/149.0', 0],
    ['a system that no command is for', 'FreeBSD amd64', 'Mozilla/5.0 (X11; FreeBSD amd64) Firefox/140.0', 0],
  ])('is none that may join: %s', (_what, platform, userAgent, touches) => expect(at(platform, userAgent, touches)).toBeUndefined());

  it.each(['localhost', '127.0.0.1', '[::1]'])('is a device already under %s', (hostname) =>
    expect(at('Linux x86_64', 'Mozilla/5.0 (X11; Linux x86_64)', 0, hostname)).toBeUndefined(),
  );
});
