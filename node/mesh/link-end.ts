import type { Reason } from '../../protocol/reasons.ts'

/**
 * Why an attempt at a link did not last, apart from what the other side did wrong:
 * - `bye`: the other side has left, or wants no link
 * - `signalling-lost`: the channel ended, or none could be opened
 * - `no-road`: no candidate led to the other side, or none does any more
 * - `no-answer`: nothing came of our description in time
 * - `platform`: the browser could not do what was asked of it
 */
export const WORLD_REASONS = ['bye', 'signalling-lost', 'no-road', 'no-answer', 'platform'] as const
export type WorldReason = (typeof WORLD_REASONS)[number]

/** Stable codes. */
export type LinkReason = Reason | WorldReason

/** How an attempt at a link ended. */
export type LinkEnd =
  | { readonly kind: 'failed'; readonly reason: WorldReason; readonly cause?: unknown }
  /** What the other side sent is bad. */
  | { readonly kind: 'refused'; readonly reason: Reason }
