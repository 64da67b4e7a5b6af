import { encodeValue, type Value } from '../../../protocol/codec.ts'
import { idBytes, keyBytes } from '../../../protocol/ids.ts'
import { MAX_ENVELOPE_BYTES, MAX_PAYLOAD_BYTES } from '../../../protocol/limits.ts'
import { signerOf } from '../../support/community.ts'
import { type EnvelopeFile, hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { refused } from './envelopes.ts'
import { signBytes, wrap } from './raw.ts'

/** What can be wrong with an envelope before anything is known of its type. */
export async function envelopeFile({ founded, alice }: Cast): Promise<EnvelopeFile> {
  const { community } = founded
  const root = signerOf('Alice root')
  const payload = alice.identity.payloadBytes
  const [good] = await signBytes('identity', community, payload, [root])
  if (good === undefined) throw new Error('nobody signed')
  const entry = { k: keyBytes(good.key), s: good.signature }
  const many = await signBytes(
    'identity',
    community,
    payload,
    Array.from({ length: 17 }, (_, i) => signerOf(`signer ${i}`)),
  )
  const no = (name: string, rule: string, reason: string, value: Value) =>
    refused(name, rule, reason, encodeValue(value))
  const inside = async (name: string, rule: string, reason: string, bytes: Uint8Array) =>
    refused(name, rule, reason, wrap(bytes, await signBytes('identity', community, bytes, [root])))
  const trailing = Uint8Array.from([...alice.identity.bytes, 0])
  return {
    type: 'identity',
    spec: '§4.1',
    community: hex(idBytes(community)),
    cases: [
      refused('nothing', 'CODEC-1', 'malformed', new Uint8Array(0)),
      refused('a byte after it', 'CODEC-1', 'trailing-bytes', trailing),
      refused('cut short', 'CODEC-1', 'malformed', alice.identity.bytes.slice(0, -1)),
      refused('too large', 'ENV-2', 'too-large', new Uint8Array(MAX_ENVELOPE_BYTES + 1)),
      no('an array', 'ENV-1', 'field-invalid', [payload, [entry]]),
      no('no payload', 'ENV-1', 'field-missing', { s: [entry] }),
      no('no signatures', 'ENV-1', 'field-missing', { p: payload }),
      no('a third field', 'ENV-1', 'field-unknown', { p: payload, s: [entry], x: 1 }),
      no('a payload that is not bytes', 'ENV-1', 'field-invalid', { p: 'identity', s: [entry] }),
      no('an empty payload', 'ENV-1', 'field-invalid', { p: new Uint8Array(0), s: [entry] }),
      no('a payload too large', 'ENV-2', 'field-invalid', {
        p: new Uint8Array(MAX_PAYLOAD_BYTES + 1),
        s: [entry],
      }),
      no('nobody signed', 'ENV-4', 'field-invalid', { p: payload, s: [] }),
      refused('seventeen signatures', 'ENV-4', 'field-invalid', wrap(payload, many)),
      refused('one signer twice', 'ENV-4', 'signers-unordered', wrap(payload, [good, good])),
      no('a key of 31 bytes', 'ENV-4', 'field-invalid', {
        p: payload,
        s: [{ ...entry, k: entry.k.slice(1) }],
      }),
      no('a signature of 63 bytes', 'ENV-4', 'field-invalid', {
        p: payload,
        s: [{ ...entry, s: entry.s.slice(1) }],
      }),
      no('a signature with more said', 'ENV-4', 'field-unknown', { p: payload, s: [{ ...entry, x: 1 }] }),
      await inside('a payload that is a list', 'ENV-3', 'field-invalid', encodeValue([1])),
      await inside('a payload with a byte after it', 'CODEC-1', 'trailing-bytes', Uint8Array.of(0xa0, 0)),
      await inside('a payload spelled longer', 'CODEC-6', 'not-canonical', Uint8Array.of(0xb8, 0)),
      await inside('a payload of another major type', 'CODEC-2', 'type-not-allowed', Uint8Array.of(0xf6)),
      await inside('a payload without a type', 'ENV-5', 'field-missing', encodeValue({})),
      await inside('a type of 255 bytes', 'ENV-5', 'unknown-type', encodeValue({ t: `${'é'.repeat(127)}t` })),
      await inside('a type of 256 bytes', 'ENV-5', 'field-invalid', encodeValue({ t: 'é'.repeat(128) })),
      await inside(
        'a payload with its keys out of order',
        'CODEC-5',
        'not-canonical',
        Uint8Array.of(0xa2, 0x61, 0x74, 0x01, 0x61, 0x63, 0x01),
      ),
    ],
  }
}
