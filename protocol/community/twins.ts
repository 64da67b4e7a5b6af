import { type Envelope, openUntyped, type Signed, signedOf } from '../envelope.ts'
import { type CommunityId, compareTexts, type KeyText } from '../ids.ts'
import { isSimple, type JoinStatement, openJoin, openSimple, type SimpleStatement } from './kinds.ts'

/** Where a statement stands in the chain of a key (SPEC §6.11). */
export interface Place {
  readonly key: KeyText
  readonly n: number
}

/** Two statements for one place, each with the signature of the place's key. */
export interface Twins {
  readonly key: KeyText
  readonly signed: readonly Signed[]
}

/** The place that a statement wants, by itself; undefined when it is of no chain, or has other signers than its type could have. */
export function placeOf(statement: SimpleStatement | JoinStatement): Place | undefined {
  switch (statement.type) {
    case 'identity':
      return placeUnder(statement.envelope.payload.root, statement.envelope)
    case 'device-add':
      return placeUnder(
        signerBeside(statement.envelope, statement.envelope.payload.device),
        statement.envelope,
      )
    case 'root-rotate':
      return placeUnder(signerBeside(statement.envelope, statement.envelope.payload.root), statement.envelope)
    case 'join':
      return placeUnder(statement.parts.device.payload.device, statement.envelope)
    default:
      return placeUnder(signerBeside(statement.envelope), statement.envelope)
  }
}

/** Opens two statements and makes sure of all but their signatures that they are twins, the lower id first (EQUIV-1). */
export function openTwins(community: CommunityId, a: Uint8Array, b: Uint8Array): Twins | undefined {
  const one = openPlaced(community, a)
  const other = openPlaced(community, b)
  if (one === undefined || other === undefined) return undefined
  if (one.place.key !== other.place.key || one.place.n !== other.place.n) return undefined
  if (compareTexts(one.envelope.id, other.envelope.id) >= 0) return undefined
  const { key } = one.place
  const signed = [one, other].map(({ envelope }) => onlyOf(key, signedOf(community, envelope)))
  return signed.every(({ signatures }) => signatures.length === 1) ? { key, signed } : undefined
}

function onlyOf(key: KeyText, { message, signatures }: Signed): Signed {
  return { message, signatures: signatures.filter((signature) => signature.key === key) }
}

function openPlaced(
  community: CommunityId,
  bytes: Uint8Array,
): { readonly envelope: Envelope<unknown>; readonly place: Place } | undefined {
  const untyped = openUntyped(bytes)
  if (!untyped.ok) return undefined
  const { type } = untyped.value
  if (!isSimple(type) && type !== 'join') return undefined
  const opened =
    type === 'join' ? openJoin(community, untyped.value) : openSimple(type, community, untyped.value)
  const place = opened.ok ? placeOf(opened.value) : undefined
  return opened.ok && place ? { envelope: opened.value.envelope, place } : undefined
}

function placeUnder(key: KeyText | undefined, { payload }: Envelope<object>): Place | undefined {
  const n = 'n' in payload ? payload.n : undefined
  return key === undefined || typeof n !== 'number' ? undefined : { key, n }
}

/** The only signer beside one who must have signed too. */
function signerBeside({ signatures }: Envelope<unknown>, beside?: KeyText): KeyText | undefined {
  const others = signatures.filter(({ key }) => key !== beside)
  return others.length === 1 ? others[0]?.key : undefined
}
