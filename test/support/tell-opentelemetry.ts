import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

// Loaded before a program: says on standard error when it asks for a package of OpenTelemetry's, but for the few types of its interface, which
// prom-client loads too.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/') && specifier !== '@opentelemetry/api')
      writeSync(2, `loads ${specifier}\n`);
    return next(specifier, context);
  },
});
