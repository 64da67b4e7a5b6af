import { compareBytes } from '../../protocol/bytes.ts'
import { encodeValue } from '../../protocol/codec.ts'
import { type Envelope, signedBytes } from '../../protocol/envelope.ts'
import { type CommunityId, keyBytes } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'

/** Adds a signature to a statement that several have to sign; it stays the same statement. The bytes of the new envelope. */
export async function cosign(
  community: CommunityId,
  { type, payloadBytes, signatures }: Envelope<unknown>,
  signer: Signer,
): Promise<Uint8Array> {
  const signature = await signer.sign(signedBytes(type, community, payloadBytes))
  const all = [
    ...signatures.filter(({ key }) => key !== signer.publicKey),
    { key: signer.publicKey, signature },
  ].map((one) => ({ k: keyBytes(one.key), s: one.signature }))
  return encodeValue({ p: payloadBytes, s: all.sort((a, b) => compareBytes(a.k, b.k)) })
}
