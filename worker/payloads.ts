import { z } from 'zod';
import { Failure } from './failure.ts';

// Payloads are asserted and not merely declared: any SQL may enqueue anything, and old jobs outlive a deployment.

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** Payload of `push_personnummer`: which row of `sync.pushes` to carry. */
const pushPayload = z.object({ push_id: uuid });

/** Payload of `issue_invoice`: which row of `billing.invoices` to issue. */
const invoicePayload = z.object({ invoice_id: uuid });

/** Payload of `process_observation`: which row of `registry.observations` to match again. */
const observationPayload = z.object({ observation_id: uuid });

/** Payload of `carry_out_erasure`: which row of `audit.erasures` to carry out. */
const erasurePayload = z.object({ erasure_id: uuid });

/** Payload of `count_grant`: which row of `reporting.snapshots` to count. */
const grantPayload = z.object({ snapshot_id: uuid });

/** Payload of `check_drift`: nothing for all organisations, or one (slug) and the member after which to go on. */
const driftPayload = z.object({
  organization: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .optional(),
  after: uuid.nullish(),
});

/** Payload of `renew_numbers`: which keys every stored number should have (names of keys), and how far it is. */
const renewalPayload = z.object({
  index_version: z
    .string()
    .regex(/^v[0-9]{1,6}$/)
    .nullable(),
  sealing_kid: z.string().min(1).max(200).nullable(),
  place: z.enum(['members', 'observations', 'offered_numbers', 'resolutions']).optional(),
  after: uuid.nullish(),
  left: z.int().min(0).optional(),
  round: z.int().min(1).optional(),
});

// What is wrong with a payload is not said: it may hold anything.
function read<Schema extends z.ZodType>(schema: Schema): (payload: unknown) => z.infer<Schema> {
  return (payload) => {
    const { success, data } = schema.safeParse(payload);
    if (!success) throw new Failure('payload_invalid');
    return data;
  };
}

/** Each throws the Failure `payload_invalid`. */
export const readPushPayload = read(pushPayload);
export const readInvoicePayload = read(invoicePayload);
export const readObservationPayload = read(observationPayload);
export const readErasurePayload = read(erasurePayload);
export const readGrantPayload = read(grantPayload);
export const readDriftPayload = read(driftPayload);
export const readRenewalPayload = read(renewalPayload);
