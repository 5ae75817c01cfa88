import type { AnyTRPCRouter } from '@trpc/server';
import { generateOpenApiDocument } from 'trpc-to-openapi';

/** The OpenAPI 3.1 document of the REST side, from the same router. */
export const describeRest = (router: AnyTRPCRouter, version: string): object =>
  generateOpenApiDocument(router as never, {
    title: 'Cloudless',
    description: 'Every failure is problem+json (RFC 9457). Changes take If-Match with an ETag, and Idempotency-Key.',
    version,
    openApiVersion: '3.1.0',
    baseUrl: '/api/v1',
    securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An API token: cl_…' } },
  });
