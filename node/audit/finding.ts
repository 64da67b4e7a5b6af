import type { EnvelopeReason, LedgerReason, LogReason } from '../../protocol/reasons.ts'

/**
 * Something that an honest log and its witnesses would not have done. Whatever members do wrong is no finding: a ledger exists to hold it,
 * with what became of it.
 */
export interface Finding {
  readonly code: FindingCode
  /** Why, by the protocol's own code, where it has one. */
  readonly reason?: EnvelopeReason | LedgerReason | LogReason
  /** Of the entry. */
  readonly index?: number
  /** The hash tile that it is about. */
  readonly tile?: { readonly level: number; readonly index: number; readonly width: number }
  /** For people: one sentence without names. */
  readonly detail: string
}

/** Stable, like every code of the protocol. */
export const FINDING_CODES = [
  /** A bundle or hash tile that the checkpoint's size calls for is not there. */
  'tile-missing',
  /** It cannot be read. */
  'tile-malformed',
  /** A hash tile says something else than the entries make. */
  'tile-wrong',
  /** Entry 0 founds no community. */
  'genesis-wrong',
  /** The ledger is another community's than the one that was asked for. */
  'community-wrong',
  /** What stands there is no entry, so nothing after it is believed (SPEC ENTRY-1). */
  'entry-malformed',
  /** An entry is older than the one before it, so nothing after it is believed (SPEC LEDGER-2). */
  'time-backwards',
  /** An entry changes nothing. A log takes only what holds (SPEC ENTRY-3), so an honest one has none. */
  'entry-void',
  /** The checkpoint cannot be read. */
  'checkpoint-malformed',
  /** No key of the community's log signed it, or badly. */
  'checkpoint-unsigned',
  /** The entries make another Merkle root. */
  'root-wrong',
  /** The entries make another state. */
  'state-wrong',
  /** Fewer witnesses than the community wants cosigned it. */
  'witnesses-missing',
  /** A witness's cosignature does not hold. */
  'cosignature-wrong',
  /** The ledger itself holds proof that its log signed two histories. */
  'log-forked',
  /** A checkpoint of the same log does not fit this one: two histories. */
  'split-view',
  /** The log has fewer entries than it had. */
  'log-shrunk',
] as const

export type FindingCode = (typeof FINDING_CODES)[number]
