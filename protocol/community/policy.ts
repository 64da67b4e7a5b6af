import { map, oneOf, type Read, uint } from '../schema.ts'

/** The largest policy number: nothing sensible is larger, and sums of a few stay exact. */
const MOST = 1_000_000

/**
 * The rules that a community was founded with (SPEC §6.2). They stand in the genesis, so they cannot change under anybody.
 * Times in days unless the name says otherwise.
 */
export const policySchema = map({
  mode: oneOf('default', 'open', 'strict'),
  /** Slots of a founder. A community begins with the people whom its founders know. */
  'founder-slots': uint(MOST),
  /** Slots of a member at first, and how many more with each claim. */
  'first-slots': uint(MOST),
  'more-slots': uint(MOST),
  /** For so long after the genesis, slots of a founder's guests are usable at once. */
  'opening-days': uint(MOST),
  /** After so long, first slots are usable without an attestation. */
  'wait-days': uint(MOST),
  /** A claim: how often, and what it wants. */
  'claim-days': uint(MOST),
  'claim-attesters': uint(MOST),
  'claim-rooms': uint(MOST),
  'claim-minutes': uint(MOST),
  'claim-outside': uint(MOST),
  /** For so long after joining, a ban costs the sponsor points, which fade and cost slots. */
  'answer-days': uint(MOST),
  'ban-points': uint(MOST),
  'fade-days': uint(MOST),
  'slot-points': uint(MOST),
  'pause-points': uint(MOST),
  /** A sponsor may undo a join by a thief of the link for so many hours. */
  'undo-hours': uint(MOST),
})

export type Policy = Read<typeof policySchema>

/** Clubhouse's numbers where it had some: 2 invitations at first, 3 more at a time, earned. */
export const DEFAULT_POLICY: Policy = {
  mode: 'default',
  'founder-slots': 12,
  'first-slots': 2,
  'more-slots': 3,
  'opening-days': 30,
  'wait-days': 7,
  'claim-days': 30,
  'claim-attesters': 3,
  'claim-rooms': 2,
  'claim-minutes': 30,
  'claim-outside': 2,
  'answer-days': 90,
  'ban-points': 10,
  'fade-days': 180,
  'slot-points': 10,
  'pause-points': 30,
  'undo-hours': 24,
}
