type ErrorDescription = {
  name: string;
  code?: string;
  message?: string;
  stack?: string;
  constraint?: string;
  cause?: ErrorDescription;
  errors?: ErrorDescription[];
};

const deepest = 4;

/**
 * What a log may say about an error: name, code, message, stack and the errors beneath it; no other property. Database
 * errors (whose detail, where and parameters hold values) and syntax errors (which quote their input) lose the message too.
 *
 * @param error whatever was thrown
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: `thrown: ${typeof error}` };
  const code = textOf(error, 'code');
  const quotes = quotesValues(error);
  const constraint = quotes ? textOf(error, 'constraint') : undefined;
  const below = depth < deepest;
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(!quotes && { message: error.message }),
    ...(error.stack !== undefined && { stack: quotes ? framesOf(error.stack) : error.stack }),
    ...(below && error.cause instanceof Error && { cause: describeError(error.cause, depth + 1) }),
    ...(below && error instanceof AggregateError && { errors: error.errors.map((e) => describeError(e, depth + 1)) }),
  };
}

function quotesValues(error: Error): boolean {
  return error instanceof SyntaxError || error.name === 'DatabaseError' || textOf(error, 'severity') !== undefined;
}

function textOf(error: Error, property: string): string | undefined {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : undefined;
}

/** The stack without its first lines, which repeat the message. */
export function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
