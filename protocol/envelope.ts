import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes, strictlyAscending } from './bytes.ts'
import { decodeValue, encodeValue, type Value } from './codec.ts'
import { DOMAIN, separated } from './domains.ts'
import { hash } from './hash.ts'
import { type CommunityId, compareTexts, type Id, idBytes, idOf, type KeyText } from './ids.ts'
import { MAX_ENVELOPE_BYTES, MAX_PAYLOAD_BYTES, MAX_SIGNATURES, MAX_TYPE_BYTES } from './limits.ts'
import type { Sha256 } from './log/merkle.ts'
import type { EnvelopeReason, SignatureReason } from './reasons.ts'
import { bad, good, type Result } from './result.ts'
import { bytes, isMap, key, list, map, type Schema } from './schema.ts'
import { SIGNATURE_BYTES, type Signer, type Verifier } from './signature.ts'

/**
 * A signed envelope (SPEC §4.1): `{ "p": payload, "s": [ { "k": key, "s": signature }, … ] }`, signatures in ascending order of their keys.
 * The id covers the payload alone, so a changed signature cannot make a second id.
 */
export interface Envelope<T> {
  readonly type: string
  readonly id: Id
  readonly payload: T
  /** The exact bytes that were hashed and signed. */
  readonly payloadBytes: Uint8Array
  readonly signatures: readonly EnvelopeSignature[]
  /** The exact bytes of the envelope. */
  readonly bytes: Uint8Array
}

export interface EnvelopeSignature {
  readonly key: KeyText
  readonly signature: Uint8Array
}

/** What signatures cover, and each of them with its key, in the order in which they are asked. */
export interface Signed {
  readonly message: Uint8Array
  readonly signatures: readonly EnvelopeSignature[]
}

/** A kind of signed thing: its name on the wire and the closed map of its payload, `t` and `c` aside. */
export interface PayloadType<T> {
  readonly type: string
  readonly fields: Schema<T>
}

/** The community of a genesis, which cannot name itself: 32 zero bytes. */
export const NO_COMMUNITY = idOf<CommunityId>(new Uint8Array(32))

const ENVELOPE = map({
  p: bytes(MAX_PAYLOAD_BYTES, 1),
  s: list(map({ k: key, s: bytes(SIGNATURE_BYTES) }), MAX_SIGNATURES, 1),
})

/** Makes and signs an envelope. Throws when the payload is not what its type asks for or too large, or a signer comes twice. */
export async function seal<T>(
  kind: PayloadType<T>,
  community: CommunityId,
  payload: T,
  signers: readonly Signer[],
): Promise<Envelope<T>> {
  const payloadBytes = encodePayload(kind, community, payload)
  if (payloadBytes.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(`a payload has at most ${MAX_PAYLOAD_BYTES} bytes`)
  const input = signedBytes(kind.type, community, payloadBytes)
  const signatures: EnvelopeSignature[] = []
  for (const signer of sortSigners(signers)) {
    signatures.push({ key: signer.publicKey, signature: await signer.sign(input) })
  }
  return {
    type: kind.type,
    id: payloadId(kind.type, community, payloadBytes),
    payload,
    payloadBytes,
    signatures,
    bytes: encodeEnvelope(payloadBytes, signatures),
  }
}

/** The `t` of the payload inside an envelope, before anything is known of it; for dispatching. */
export function peekType(envelope: Uint8Array): Result<string, EnvelopeReason> {
  const opened = openUntyped(envelope)
  if (!opened.ok) return opened
  return good(opened.value.type)
}

/** The id of what an envelope of any type says. Neither its fields nor its signatures are looked at; for comparing with an id that somebody signed. */
export function peekId(community: CommunityId, envelope: Uint8Array): Result<Id, EnvelopeReason> {
  const opened = openUntyped(envelope)
  if (!opened.ok) return opened
  const { type, fields, payloadBytes } = opened.value
  return good(payloadId(type, fields.c === undefined ? NO_COMMUNITY : community, payloadBytes))
}

/**
 * Reads an envelope of a known kind and community. Signatures are not looked at: see `verifyEnvelope`.
 * Bytes from outside go through here and nowhere else.
 */
export function open<T>(
  kind: PayloadType<T>,
  community: CommunityId,
  envelope: Uint8Array,
  sha256?: Sha256,
): Result<Envelope<T>, EnvelopeReason> {
  const opened = openUntyped(envelope)
  return opened.ok ? openAs(kind, community, opened.value, sha256) : opened
}

/** The same of an envelope whose type was looked at with `openUntyped`. */
export function openAs<T>(
  kind: PayloadType<T>,
  community: CommunityId,
  { type, fields, payloadBytes, signatures, bytes: envelope }: Untyped,
  sha256?: Sha256,
): Result<Envelope<T>, EnvelopeReason> {
  if (type !== kind.type) return bad('unknown-type', type)
  const { c } = fields
  if (community === NO_COMMUNITY) {
    if (c !== undefined) return bad('field-unknown', 'c')
  } else {
    if (c === undefined) return bad('field-missing', 'c')
    if (!(c instanceof Uint8Array) || c.length !== 32) return bad('field-invalid', 'c')
    if (!equalBytes(c, idBytes(community))) return bad('foreign-community')
  }
  const payload = kind.fields.decode(ownFields(fields), '')
  if (!payload.ok) return payload
  return good({
    type,
    id: payloadId(type, community, payloadBytes, sha256),
    payload: payload.value,
    payloadBytes,
    signatures,
    bytes: envelope,
  })
}

/**
 * Checks that exactly the given keys signed, and that each signature is good.
 * Cheap refusals come first: no signature is verified before the set of signers is right.
 */
export async function verifyEnvelope(
  verifier: Verifier,
  community: CommunityId,
  envelope: Envelope<unknown>,
  signers: readonly KeyText[],
): Promise<Result<true, SignatureReason>> {
  const right = checkSigners(envelope, signers)
  return right.ok ? verifySigned(verifier, signedOf(community, envelope)) : right
}

/** Whether exactly the given keys signed (ENV-9). */
export function checkSigners(
  { signatures }: Pick<Signed, 'signatures'>,
  signers: readonly KeyText[],
): Result<true, SignatureReason> {
  const wanted = new Set(signers)
  if (signatures.some(({ key: signer }) => !wanted.has(signer))) return bad('signer-unexpected')
  return signatures.length === wanted.size ? good(true) : bad('signer-missing')
}

/** Verifies every signature, in order, to the first that is bad. */
export async function verifySigned(
  verifier: Verifier,
  { message, signatures }: Signed,
): Promise<Result<true, SignatureReason>> {
  for (const { key: signer, signature } of signatures) {
    const verdict = await verifier.verify(signature, message, signer)
    if (!verdict.ok) return verdict
  }
  return good(true)
}

/** What the signatures of an envelope cover. */
export function signedOf(community: CommunityId, envelope: Envelope<unknown>): Signed {
  const { type, payloadBytes, signatures } = envelope
  return {
    signatures,
    // Who knows already what the signatures are worth never asks.
    get message() {
      return signedBytes(type, community, payloadBytes)
    },
  }
}

/** The single signer's key, for types that one device signs. */
export function soleSigner(envelope: Envelope<unknown>): KeyText | undefined {
  return envelope.signatures.length === 1 ? envelope.signatures[0]?.key : undefined
}

/** An envelope of any type: how it is put together is good, what it says is not looked at. */
export interface Untyped {
  readonly type: string
  readonly fields: { readonly [key: string]: Value }
  readonly payloadBytes: Uint8Array
  readonly signatures: readonly EnvelopeSignature[]
  readonly bytes: Uint8Array
}

/** Reads an envelope as far as that goes without knowing its type; for dispatching. The bytes given are part of what comes of it, and must stay as they are. */
export function openUntyped(envelope: Uint8Array): Result<Untyped, EnvelopeReason> {
  const outer = decodeValue(envelope, MAX_ENVELOPE_BYTES, true)
  if (!outer.ok) return outer
  const parts = ENVELOPE.decode(outer.value, '')
  if (!parts.ok) return parts
  const signatures = parts.value.s.map((s) => ({ key: s.k, signature: s.s }))
  if (!strictlyAscending(signatures, compareSigners)) return bad('signers-unordered')
  const payload = decodeValue(parts.value.p, MAX_PAYLOAD_BYTES, true)
  if (!payload.ok) return payload
  if (!isMap(payload.value)) return bad('field-invalid', 'p')
  const type = payload.value.t
  if (type === undefined) return bad('field-missing', 't')
  if (typeof type !== 'string' || utf8ToBytes(type).length > MAX_TYPE_BYTES) return bad('field-invalid', 't')
  return good({ type, fields: payload.value, payloadBytes: parts.value.p, signatures, bytes: envelope })
}

/** What the type says, beside `t` and `c`. */
function ownFields(fields: Untyped['fields']): Value {
  const own: { [key: string]: Value } = Object.create(null)
  for (const name in fields) {
    if (name !== 't' && name !== 'c') own[name] = fields[name] as Value
  }
  return own
}

function encodePayload<T>(kind: PayloadType<T>, community: CommunityId, payload: T): Uint8Array {
  const fields = kind.fields.encode(payload) as { readonly [key: string]: Value }
  const readable = kind.fields.decode(fields, kind.type)
  if (!readable.ok)
    throw new TypeError(`not a payload that others would read: ${readable.reason} ${readable.at ?? ''}`)
  const named = community === NO_COMMUNITY ? {} : { c: idBytes(community) }
  return encodeValue({ ...fields, t: kind.type, ...named })
}

function encodeEnvelope(payloadBytes: Uint8Array, signatures: readonly EnvelopeSignature[]): Uint8Array {
  return encodeValue(
    ENVELOPE.encode({ p: payloadBytes, s: signatures.map((s) => ({ k: s.key, s: s.signature })) }),
  )
}

function payloadId(
  type: string,
  community: CommunityId,
  payloadBytes: Uint8Array,
  sha256: Sha256 = hash,
): Id {
  return idOf(sha256(separated(DOMAIN.id, type, idBytes(community), payloadBytes)))
}

/** What a signature covers (SPEC §4.1). */
export function signedBytes(type: string, community: CommunityId, payloadBytes: Uint8Array): Uint8Array {
  return separated(DOMAIN.signature, type, idBytes(community), payloadBytes)
}

function sortSigners(signers: readonly Signer[]): Signer[] {
  const sorted = signers.toSorted((a, b) => compareTexts(a.publicKey, b.publicKey))
  sorted.forEach((signer, i) => {
    if (i > 0 && sorted[i - 1]?.publicKey === signer.publicKey) throw new TypeError('a key signs once')
  })
  if (sorted.length === 0 || sorted.length > MAX_SIGNATURES) throw new RangeError('one to sixteen signers')
  return sorted
}

function compareSigners(a: EnvelopeSignature, b: EnvelopeSignature): number {
  return compareTexts(a.key, b.key)
}
