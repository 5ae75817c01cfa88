import type { TlsIdentity } from '../tls/inner-tls.ts';

/** Who certifies what `startTlsInterceptor` shows. */
export const INSPECTOR = 'Contoso TLS Inspection CA';

/** A certificate of a company's own authority, and that authority behind it, as boxes send that decrypt what passes. */
export const INSPECTOR_IDENTITY: TlsIdentity = {
  certificate: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBszCCAVigAwIBAgIUIMxKgVAvsrsDvDwyoFDJEbnoZYMwCgYIKoZIzj0EAwIw',
    'NjEQMA4GA1UECgwHQ29udG9zbzEiMCAGA1UEAwwZQ29udG9zbyBUTFMgSW5zcGVj',
    'dGlvbiBDQTAeFw0yNjExMjUxNzAzMDZaFw0zNjExMjExNzAzMDZaMBsxGTAXBgNV',
    'BAMMEGludGVyY2VwdGVkLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASn',
    'LqidZ1ARucewbA5cvEeG0PX92IbxHKtDJeC+HzL1SkiG8HVh9DW9cO2engCGYuby',
    'achWrNX17JEGoBIH21vLo18wXTAbBgNVHREEFDASghBpbnRlcmNlcHRlZC50ZXN0',
    'MB0GA1UdDgQWBBQzy8H/qmcVu7zQgjsTIg/lxgkvOjAfBgNVHSMEGDAWgBTzMvX7',
    '+KdeUqvdParcISiKhYc4UjAKBggqhkjOPQQDAgNJADBGAiEA6RhoMSPLuctGCVhp',
    'v9ZxzBep2BSlViaewqnGrg078zwCIQDjWOXXxTpD6ZJlerLL6SnqQAYgpF4E22q4',
    'WCEt5Pfdhw==',
    '-----END CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----',
    'MIIBwjCCAWegAwIBAgIUb/SsdI5hDCAIjux4UDtzh1cX4HkwCgYIKoZIzj0EAwIw',
    'NjEQMA4GA1UECgwHQ29udG9zbzEiMCAGA1UEAwwZQ29udG9zbyBUTFMgSW5zcGVj',
    'dGlvbiBDQTAeFw0yNjExMjUxNzAzMDZaFw0zNjExMjIxNzAzMDZaMDYxEDAOBgNV',
    'BAoMB0NvbnRvc28xIjAgBgNVBAMMGUNvbnRvc28gVExTIEluc3BlY3Rpb24gQ0Ew',
    'WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS/bn4z2N3BwS80QUk3RcCeBP+hg/go',
    'uEKYNAhEJSrYOryf1DXk5W0htXPl4LARmK+s7DsRR7TeX/ctfcUkTrvlo1MwUTAd',
    'BgNVHQ4EFgQU8zL1+/inXlKr3T2q3CEoioWHOFIwHwYDVR0jBBgwFoAU8zL1+/in',
    'XlKr3T2q3CEoioWHOFIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBG',
    'AiEAyNa4EA1E6x4oC0jcm79lKJfmTF2eeUrpcmxSCqqePcgCIQDXTJJ4gx+O9KBz',
    'eKWX9eQ6pmRYB+O7VKkcJQhXQHueIA==',
    '-----END CERTIFICATE-----',
  ].join('\n'),
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA+74DF4lb7dbgmdX',
    'g7Kk9yuJ9rkqfarRaGBSG/LujcahRANCAASnLqidZ1ARucewbA5cvEeG0PX92Ibx',
    'HKtDJeC+HzL1SkiG8HVh9DW9cO2engCGYubyachWrNX17JEGoBIH21vL',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};
