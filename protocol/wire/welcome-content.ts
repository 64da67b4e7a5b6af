import { SECRET_BYTES } from '../audio/epoch.ts'
import { MAX_ENVELOPE_BYTES, MAX_GENERATION, MAX_UINT } from '../limits.ts'
import { bytes, list, map, uint } from '../schema.ts'
import type { Frame } from './frame.ts'
import { MAX_BEACONS_AN_ANSWER, MAX_OPERATIONS_AN_ANSWER } from './services.ts'
import { MAX_WELCOME_CONTENT_BYTES } from './welcome.ts'

const secret = map({ n: uint(MAX_UINT, 1), g: uint(MAX_GENERATION), s: bytes(SECRET_BYTES) })

/** What is in the box of a welcome (SPEC §8.8), apart from the requests, which a relay knows: the presence of who answers, what they know of the room, and its secret where it is theirs to hand out. */
export const WELCOME_CONTENT = {
  shape: map(
    {
      p: bytes(MAX_ENVELOPE_BYTES, 1),
      ops: list(bytes(MAX_ENVELOPE_BYTES, 1), MAX_OPERATIONS_AN_ANSWER),
      beacons: list(bytes(MAX_ENVELOPE_BYTES, 1), MAX_BEACONS_AN_ANSWER),
    },
    { next: uint(), secret },
  ),
  maxBytes: MAX_WELCOME_CONTENT_BYTES,
} satisfies Frame<unknown>
