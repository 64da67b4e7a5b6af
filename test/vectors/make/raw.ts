import { encodeValue, type Value } from '../../../protocol/codec.ts'
import { type EnvelopeSignature, signedBytes } from '../../../protocol/envelope.ts'
import { type CommunityId, idBytes, type KeyText, keyBytes } from '../../../protocol/ids.ts'
import type { Signer } from '../../../protocol/signature.ts'

/** Fields of a payload as they stand on the wire, whether or not anybody would accept them. */
export type Fields = { readonly [name: string]: Value }

/** A payload with its `t` and `c`. */
export function named(type: string, community: CommunityId | undefined, fields: Fields): Fields {
  return { ...fields, t: type, ...(community === undefined ? {} : { c: idBytes(community) }) }
}

/** Signs any payload bytes as a type of a community, in the order of the keys. */
export async function signBytes(
  type: string,
  community: CommunityId,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<readonly EnvelopeSignature[]> {
  const input = signedBytes(type, community, payload)
  const signatures = await Promise.all(
    signers.map(async (signer) => ({ key: signer.publicKey, signature: await signer.sign(input) })),
  )
  return signatures.sort((a, b) => Buffer.compare(keyBytes(a.key), keyBytes(b.key)))
}

/** An envelope of whatever it is given. */
export function wrap(payload: Value, signatures: readonly EnvelopeSignature[]): Uint8Array {
  return encodeValue({
    p: payload,
    s: signatures.map(({ key, signature }) => ({ k: keyBytes(key), s: signature })),
  })
}

/** Adds the group's order to S: the same signature to whoever does not look. */
export function malleate(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
  return Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ])
}

/** A point of order 4 as a public key: anybody can sign for it. */
export const SMALL_ORDER_KEY = Buffer.alloc(32).toString('base64url') as KeyText
