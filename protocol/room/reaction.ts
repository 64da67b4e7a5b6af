import { REACTION_EVERY, REACTION_LIFE } from '../limits.ts'
import { map, oneOf, type Read, uint } from '../schema.ts'

/** What can be said without a voice: few enough to be read at a glance, and to be told by a screen reader. */
export const REACTIONS = ['clap', 'heart', 'laugh', 'agree', 'wow'] as const

export type ReactionKind = (typeof REACTIONS)[number]

/** In a beacon (SPEC §7.5): `ago`, how many milliseconds before the beacon's `seq` it was made. What is older has faded and is sent no more. */
export const REACTION = map({ k: oneOf(...REACTIONS), ago: uint(REACTION_LIFE * 1000) })

/** The last reaction that was taken of a session. */
export interface Reaction {
  readonly kind: ReactionKind
  /** The sender's clock, in milliseconds: what tells one from another. */
  readonly at: number
  /** The receiver's clock, in seconds; 0 for one that a session was first heard of with, which may be old. */
  readonly received: number
}

/**
 * The last reaction of a session after a beacon of it (BEACON-6): one that was made later than the last, and not sooner after it than people react.
 * @param last that of the session until now @param known whether the session was heard of before @param received seconds
 */
export function mergeReaction(
  last: Reaction | undefined,
  { seq, react }: { readonly seq: number; readonly react?: Read<typeof REACTION> | undefined },
  known: boolean,
  received: number,
): Reaction | undefined {
  if (react === undefined) return last
  const at = seq - react.ago
  if (last !== undefined && (at <= last.at || received - last.received < REACTION_EVERY)) return last
  return { kind: react.k, at, received: known ? received : 0 }
}

/** Whether it is still shown at a time in seconds: it fades on the receiver's clock. */
export function isShown({ received }: Reaction, now: number): boolean {
  return now - received < REACTION_LIFE
}
