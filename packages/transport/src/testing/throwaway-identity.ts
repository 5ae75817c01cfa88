import type { TlsIdentity } from '../tls/inner-tls.ts';

/** A certificate that nobody trusts, for tests of the wire only: who is who is decided by the callbacks that a test passes. */
export const THROWAWAY_IDENTITY: TlsIdentity = {
  certificate: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBnTCCAUOgAwIBAgIQauk248fQOIF5tnspiJ22BjAKBggqhkjOPQQDAjAcMRow',
    'GAYDVQQDExFDbG91ZGxlc3MgZGV2aWNlczAeFw0yNjExMjMyMDI1MTJaFw0zNjEx',
    'MjAyMTI1MTJaMBwxGjAYBgNVBAMTEUNsb3VkbGVzcyBkZXZpY2VzMFkwEwYHKoZI',
    'zj0CAQYIKoZIzj0DAQcDQgAEIMi1X12tIJR5rQ94d5WQbt6JGZ+ihINV1WyI+M/l',
    '/LXVfNY17w4B/mXUHOJXB/KXGogYugRVgUF9njTkrQLg+6NnMGUwEgYDVR0TAQH/',
    'BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFOOH7vHLDiYrQnsK',
    '+cF5ZNTzkNfgMCAGA1UdHgEB/wQWMBSgEjAQhg50ZXN0LmNsb3VkbGVzczAKBggq',
    'hkjOPQQDAgNIADBFAiEAwpKSYHoD73XJaQ/MWesmNV3wUkl2FUSoj8dhuzLTMAAC',
    'IAV9BiwKYRPRt+vByhPpA8EDxgV5tbHUGzbitqhX6DPy',
    '-----END CERTIFICATE-----',
  ].join('\n'),
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtW+LLC1ktBmvmrQq',
    'S9Lq6WD8FLM6rhbG6XqAQFeVV3mhRANCAAQgyLVfXa0glHmtD3h3lZBu3okZn6KE',
    'g1XVbIj4z+X8tdV81jXvDgH+ZdQc4lcH8pcaiBi6BFWBQX2eNOStAuD7',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};
