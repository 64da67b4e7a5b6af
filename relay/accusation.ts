import { decodeEntry } from '../protocol/community/entry.ts'
import { EQUIVOCATION, LEAK } from '../protocol/community/evidence.ts'
import type { Membership } from '../protocol/community/membership.ts'
import { openStatement, type Statement } from '../protocol/community/statement.ts'
import { type Place, placeOf } from '../protocol/community/twins.ts'
import { seal } from '../protocol/envelope.ts'
import { compareTexts, type StatementId } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import type { Signer } from '../protocol/signature.ts'
import type { Store } from './store.ts'

export interface AccusationParts {
  readonly membership: Membership
  readonly store: Store
  /** The log's key. */
  readonly signer: Signer
  /** Ledger time. */
  readonly at: number
}

/**
 * What the log adds to the ledger of itself when it refuses a statement that proves something of somebody (EQUIV-2, LEAK-1): the envelope of
 * a statement that is yet to be judged, or `undefined`.
 */
export async function accusationOf(
  { membership, store, signer, at }: AccusationParts,
  refused: Statement,
  reason: Reason,
): Promise<Uint8Array | undefined> {
  const { community } = membership
  if (reason === 'invitation-used' && refused.type === 'join') {
    if (membership.invitations.get(refused.envelope.payload.invite)?.leaked) return undefined
    const leak = await seal(LEAK, community, { join: refused.envelope.bytes, at }, [signer])
    return leak.bytes
  }
  if (reason !== 'equivocation') return undefined
  const place = placeIn(refused)
  const twin = place && statementAt(membership, store, place)
  if (twin === undefined) return undefined
  const [a, b] = [refused, twin]
    .map(({ envelope }) => envelope)
    .sort((x, y) => compareTexts(x.id, y.id))
    .map(({ bytes }) => bytes) as [Uint8Array, Uint8Array]
  return (await seal(EQUIVOCATION, community, { a, b, at }, [signer])).bytes
}

/** The statement of the ledger that has this place: found from the last one of its chain backwards, which happens once for each key. */
function statementAt(
  { community, devices, roots, members }: Membership,
  store: Store,
  { key, n }: Place,
): Statement | undefined {
  const root = roots.get(key)
  const chain = devices.get(key)?.chain ?? (root && members.get(root.member)?.chain)
  let id: StatementId | undefined = chain?.last
  while (id !== undefined) {
    const index = store.indexOf(id)
    const entry = index === undefined ? undefined : decodeEntry(store.entries(index, 1)[0] as Uint8Array)
    const opened = entry?.ok ? openStatement(community, entry.value.e) : undefined
    if (!opened?.ok) return undefined
    const statement = opened.value
    const place = placeIn(statement)
    if (place?.key !== key) return undefined
    if (place.n === n) return statement
    const { payload } = statement.envelope
    id = 'prev' in payload ? (payload.prev as StatementId) : undefined
  }
  return undefined
}

function placeIn(statement: Statement): Place | undefined {
  switch (statement.type) {
    case 'equivocation':
    case 'leak':
    case 'log-fork':
      return undefined
    default:
      return placeOf(statement)
  }
}
