// What the tests use of Node, loosely typed, so that its type package need not be installed.

declare module "node:*";
declare module "node:test" {
  export interface TestContext {
    after(run: () => unknown): void;
    diagnostic(words: string): void;
  }
  export function test(name: string, run: (t: TestContext) => unknown): void;
  export function before(run: () => unknown): void;
  export function after(run: () => unknown): void;
}
declare module "node:assert/strict" {
  const assert: {
    (value: unknown, message?: string): asserts value;
    ok(value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(actual: string, expected: RegExp, message?: string): void;
    throws(run: () => unknown, expected?: unknown, message?: string): void;
    fail(message: string): never;
  };
  export default assert;
}
declare const process: { env: Record<string, string | undefined>; argv: string[]; pid: number; exit(code: number): never; on(event: string, run: () => void): void };
declare const Buffer: any;
