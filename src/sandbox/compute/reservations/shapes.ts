import { z } from 'zod';
import type { Resource } from '../../world.ts';
import { MACHINE_TYPES } from '../quotas.ts';
import { Name } from '../resources.ts';

/** Bodies of reservations. Unknown fields are kept: clients send more than the sandbox acts on. */
const Count = z.coerce.number().int().min(1).max(1000, 'Reserve 1 to 1000 instances.');
const Time = z.iso.datetime({ offset: true, error: 'Use RFC 3339, such as 2026-01-05T12:00:00Z.' });
/** Numbers of 64 bits travel as strings. */
const Duration = z.looseObject({ seconds: z.string().regex(/^[1-9]\d*$/, 'Use a whole number above 0.') });

/** What is reserved: so many instances of a machine type. */
const InstanceProperties = z.looseObject({
  machineType: z
    .string()
    .refine((type) => MACHINE_TYPES[type], `Use one of ${Object.keys(MACHINE_TYPES).join(', ')}.`),
});

export const ReservationBody = z
  .looseObject({
    name: Name,
    description: z.string().optional(),
    specificReservation: z.looseObject({ count: Count, instanceProperties: InstanceProperties }),
    specificReservationRequired: z.boolean().default(false),
    deleteAtTime: Time.optional(),
    deleteAfterDuration: Duration.optional(),
  })
  .refine(
    ({ deleteAtTime, deleteAfterDuration }) =>
      deleteAtTime === undefined || deleteAfterDuration === undefined,
    { path: ['deleteAtTime'], message: 'Give deleteAtTime or deleteAfterDuration, not both.' },
  );

export const ResizeBody = z.looseObject({ specificSkuCount: Count });

export const FutureReservationBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  planningStatus: z.enum(['DRAFT', 'SUBMITTED']).default('DRAFT'),
  specificSkuProperties: z.looseObject({ totalCount: Count, instanceProperties: InstanceProperties }),
  timeWindow: z
    .looseObject({ startTime: Time, endTime: Time.optional(), duration: Duration.optional() })
    .refine(({ endTime, duration }) => (endTime === undefined) !== (duration === undefined), {
      path: ['endTime'],
      message: 'Give endTime or duration.',
    }),
  specificReservationRequired: z.boolean().default(false),
  autoDeleteAutoCreatedReservations: z.boolean().default(true),
  autoCreatedReservationsDeleteTime: Time.optional(),
  namePrefix: Name.optional(),
  reservationName: Name.optional(),
  progress: z.custom<Progress>().optional(),
});

/** How far a request has come; never shown as it is. Times are sandbox ms. */
export interface Progress {
  submittedAt?: number;
  outcome?: 'FULFILLED' | 'FAILED' | 'CANCELLED';
  /** Name of the reservation that was made of it. */
  reservation?: string;
}

export type Reservation = Resource & z.infer<typeof ReservationBody>;
export type FutureReservation = Resource & z.infer<typeof FutureReservationBody>;
