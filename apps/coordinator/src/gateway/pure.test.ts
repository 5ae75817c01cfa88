import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, parseHost } from './addresses.ts';
import { withoutOurCookies, withoutOurSetCookies } from './cookies.ts';
import { createHostPolicy } from './host-policy.ts';
import { routeOf } from './routes.ts';

const policy = (host: string, publicUrl?: string) =>
  createHostPolicy({
    host,
    publicUrls: publicUrl === undefined ? [] : [new URL(publicUrl)],
    machine: () => ({ hostname: 'Attic.home', addresses: ['192.168.1.20', 'fe80::1%eth0'] }),
  });

describe('a Host header', () => {
  it.each([
    ['localhost:7600', { name: 'localhost', port: 7600 }],
    ['[::1]:7600', { name: '::1', port: 7600 }],
    ['Attic.local.', { name: 'attic.local', port: undefined }],
    ['a b', undefined],
    ['[evil]', undefined],
    ['user@localhost', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is read as %j', (header, read) => expect(parseHost(header)).toEqual(read));

  it('is known when it is a name or an address of this machine, or the public one', () => {
    const lan = policy('0.0.0.0', 'https://home.example.org');
    for (const known of [
      'localhost:1',
      '127.0.0.9',
      'app.localhost',
      '[::1]',
      'attic',
      'attic.local:7600',
      '192.168.1.20:7600',
      '[fe80::1]',
      'home.example.org',
    ]) {
      expect([known, lan.isKnown(known)]).toEqual([known, true]);
    }
    for (const unknown of ['evil.example', '192.168.1.21', 'example.org', 'localhost.evil.example', '', undefined])
      expect([unknown, lan.isKnown(unknown)]).toEqual([unknown, false]);
  });

  it('is of loopback alone when the gateway listens there', () => {
    expect(policy('127.0.0.1').isKnown('attic.local')).toBe(false);
    expect(policy('127.0.0.1').loopbackOnly).toBe(true);
    expect(policy('0.0.0.0').loopbackOnly).toBe(false);
  });

  it('is of HTTPS behind a public URL of that scheme', () => {
    expect(policy('127.0.0.1', 'https://home.example.org').schemeOf('home.example.org', false)).toBe('https');
    expect(policy('127.0.0.1', 'https://home.example.org').schemeOf('localhost', false)).toBe('http');
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', true],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
    ['10.0.0.1', false],
    ['localhost', false],
    ['', false],
  ])('%s is loopback: %s', (address, is) => expect(isLoopbackAddress(address)).toBe(is));
});

describe('cookies of Cloudless', () => {
  it('never reach an app, and its own always do', () => {
    expect(
      withoutOurCookies(
        'a=1; cloudless.session_token=s; __Secure-cloudless.session_token=t; __Host-cloudless-x=u; cloudlessish=2; CLOUDLESS.X=3',
      ),
    ).toBe('a=1; cloudlessish=2');
    expect(withoutOurCookies('cloudless.session_token=s')).toBeUndefined();
    expect(withoutOurCookies(undefined)).toBeUndefined();
  });

  it('are never set by an app', () => {
    expect(
      withoutOurSetCookies(['sid=1; Path=/', 'cloudless.session_token=evil; Path=/', ' __Secure-cloudless.session_token=evil']),
    ).toEqual(['sid=1; Path=/']);
  });
});

describe('routes', () => {
  it.each([
    ['/', 'web'],
    ['/trpc/claim.state?batch=1', 'trpc'],
    ['/trpcx', 'web'],
    ['/api/v1', 'rest'],
    ['/api/auth/sign-in/email', 'auth'],
    ['/agent?x=1', 'agent'],
    ['/agents', 'web'],
    ['/metrics', 'metrics'],
    ['http://evil.example/', undefined],
    ['//evil.example/', undefined],
    ['*', undefined],
  ])('%s leads to %s', (target, route) => expect(routeOf(target)).toBe(route));
});
