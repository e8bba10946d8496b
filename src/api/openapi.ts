import { z } from "zod";
import { describeFailure, type Failure, failureDoors } from "../core/failure.ts";
import { contract } from "./contract.ts";
import { type DoorName, doors } from "./paths.ts";

/** The API as an OpenAPI 3.1 document, out of the same schemas that parse what comes in. */
export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, door] of Object.entries(doors)) {
    const path = door.path.replaceAll(/:([a-z]+)/g, "{$1}");
    paths[path] = { ...paths[path], [door.method.toLowerCase()]: operation(name as DoorName) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Runyard", version, license: { name: "MIT", identifier: "MIT" } },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: problemSchema },
    },
    paths,
  };
}

const problemSchema = {
  type: "object",
  description: `What the yard answers instead: the code, what happened and what to do. Codes: ${Object.keys(failureDoors).join(", ")}.`,
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string" },
    detail: { type: "string" },
    exitCode: { type: "integer" },
    problems: {
      type: "array",
      description: "Of several jobs that came together: what is wrong with which of them, counted from 0.",
      items: {
        type: "object",
        properties: { at: { type: "integer" }, code: { type: "string" }, detail: { type: "string" } },
        required: ["at", "code", "detail"],
      },
    },
  },
  required: ["status", "code", "detail"],
};

const mediaTypes: Partial<Record<DoorName, string>> = {
  output: "application/octet-stream",
  saveOutput: "application/octet-stream",
  readFile: "application/octet-stream",
  archiveFiles: "application/octet-stream",
  events: "text/event-stream",
  metrics: "text/plain",
  exportRuns: "text/csv",
};

const outputHeaders = {
  "runyard-from": { description: "Where the bytes begin in the stream.", schema: { type: "integer" } },
  "runyard-to": { description: "Where they end: read on there.", schema: { type: "integer" } },
  "runyard-ended": { description: "Whether nothing can come after them.", schema: { type: "boolean" } },
};

function operation(name: DoorName): Record<string, unknown> {
  const { params, query, body, answer } = contract[name];
  const door = doors[name];
  const content = { content: { [mediaTypes[name] ?? "application/json"]: { schema: schemaOf(answer, "output") } } };
  return {
    operationId: name,
    ...(door.role === "open" ? { security: [] } : { security: [{ token: [] }], "x-role": door.role }),
    parameters: [...parameters(params, "path"), ...parameters(query, "query")],
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } },
    }),
    ...(name === "uploadSnapshot" && {
      requestBody: { required: true, content: { "application/zip": { schema: { type: "string", format: "binary" } } } },
    }),
    responses: {
      200: { description: "Done.", ...content, ...(name === "output" && { headers: outputHeaders }) },
      ...(name === "ready" && { 503: { description: "Not ready: the checks say why.", ...content } }),
      default: {
        description: "Refused.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function parameters(schema: z.ZodType, place: "path" | "query") {
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", override: leaveOpen });
  return rest;

  /** Answers may say more one day: who reads them must not refuse that. */
  function leaveOpen({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
    if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  }
}

/** What a refusal looks like on the wire (RFC 9457). */
export function problemOf(failure: Failure) {
  const { status, exitCode } = failureDoors[failure.code];
  return {
    type: "about:blank",
    title: failure.code,
    status,
    code: failure.code,
    detail: describeFailure(failure),
    exitCode,
    ...(failure.code === "refused_together" && { problems: failure.problems }),
  };
}
