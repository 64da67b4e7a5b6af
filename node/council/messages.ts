import type { Council, LedgerState } from '../../protocol/community/membership.ts'
import { openEntry } from '../../protocol/community/replay.ts'
import type { AppealContent, Opener, ReportContent, SealedPlace } from '../../protocol/community/sealed.ts'
import {
  APPEAL_CONTENT,
  openSealed,
  REPORT_CONTENT,
  recipientsOf,
  sealedVersion,
} from '../../protocol/community/sealed.ts'
import type { CommunityId, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** A report or an appeal as it stands in the ledger, sealed for the council that was then. */
export interface CouncilMessage {
  readonly id: StatementId
  readonly type: 'report' | 'appeal'
  /** Of its entry. */
  readonly index: number
  /** Seconds. */
  readonly at: number
  readonly place: SealedPlace
  readonly from: MemberId
  readonly sealed: Uint8Array
  /** The council for which it says that it was sealed; undefined where there was none of this version. */
  readonly council: Council | undefined
}

type CouncilMessagesIn = (
  state: LedgerState,
  entries: readonly Uint8Array[],
  first: number,
) => readonly CouncilMessage[]

/**
 * Finds what the council is told in the entries of a ledger, which are given in their order and from the first on: the state knows only the last
 * council, and each message was sealed for the one of its time.
 */
export function councilMessages(): CouncilMessagesIn {
  const councils = new Map<number, Council>()
  return (state, entries, first) => {
    const voids = new Set(state.voids.map(({ index }) => index))
    if (first === 0) councils.set(0, { v: 0, ...state.genesis.payload.council })
    return entries.flatMap((bytes, i): readonly CouncilMessage[] => {
      const index = first + i
      // The genesis is no statement of the kinds below.
      const entry = voids.has(index) ? undefined : openEntry(state.community, bytes)
      if (!entry?.ok || !entry.value.statement.ok) return []
      const { type, envelope } = entry.value.statement.value
      if (type === 'council') {
        const { v, k, keys } = envelope.payload
        councils.set(v + 1, { v: v + 1, k, keys })
      }
      if (type !== 'report' && type !== 'appeal') return []
      const { m, n, prev, sealed } = envelope.payload
      const version = sealedVersion(sealed)
      const council = version.ok ? councils.get(version.value) : undefined
      const id = envelope.id as StatementId
      return [{ id, type, index, at: entry.value.at, place: { m, n, prev }, from: m, sealed, council }]
    })
  }
}

/** Everything that the council was ever told, oldest first. */
export async function readCouncilMessages(ledger: Ledger): Promise<readonly CouncilMessage[]> {
  const state = ledger.membership.value
  const messagesIn = councilMessages()
  const found: CouncilMessage[] = []
  for (let first = 0; first < state.size; ) {
    const entries = (await ledger.entries(first)).slice(0, state.size - first)
    if (entries.length === 0) throw new Error(`the stored ledger ends before entry ${first}`)
    found.push(...messagesIn(state, entries, first))
    first += entries.length
  }
  return found
}

/** Whether it was sealed for this key too, by what it says of itself. */
export function isFor({ council }: CouncilMessage, key: Opener['publicKey']): boolean {
  return council !== undefined && recipientsOf(council).includes(key)
}

/** What a message says: a report names its member, an appeal has only words. */
export type SaidToCouncil =
  | ({ readonly type: 'report' } & ReportContent)
  | ({ readonly type: 'appeal' } & AppealContent)

/** Opens a message that is for this opener (`isFor`). */
export function openMessage(
  community: CommunityId,
  { type, place, council, sealed }: CouncilMessage,
  opener: Opener,
): Result<SaidToCouncil, Reason> {
  if (council === undefined) throw new TypeError('it is for no council that ever was')
  if (type === 'appeal') {
    const said = openSealed(APPEAL_CONTENT, community, place, council, sealed, opener)
    return said.ok ? { ok: true, value: { type, ...said.value } } : said
  }
  const said = openSealed(REPORT_CONTENT, community, place, council, sealed, opener)
  return said.ok ? { ok: true, value: { type, ...said.value } } : said
}
