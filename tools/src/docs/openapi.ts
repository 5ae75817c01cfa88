import { describeRest } from '@cloudless/coordinator/openapi';

/** `docs/openapi.json`: the OpenAPI document of the REST side, as a coordinator serves it. */
export const renderOpenApi = (): string => `${JSON.stringify(describeRest(), null, 2)}\n`;
