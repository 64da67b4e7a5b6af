import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type CHash, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { FrameReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, type AeadKey } from './aead.ts'

/**
 * SFrame (RFC 9605). The bytes of a frame:
 *
 * ```
 * +-+-----+-+-----+------------------+------------------+------------------+-----------+
 * |X|  K  |Y|  C  | KID (0..8 bytes) | CTR (0..8 bytes) | ciphertext …     | tag (16)  |
 * +-+-----+-+-----+------------------+------------------+------------------+-----------+
 * ```
 *
 * X = 0: K is the KID itself, 0 to 7; X = 1: the KID follows in K + 1 bytes, big-endian. Y and C say the same of CTR.
 */
export interface FrameHeader {
  /** 0 to 2^64 - 1. */
  readonly kid: bigint
  /** 0 to 2^64 - 1. */
  readonly ctr: bigint
}

/** A cipher suite of RFC 9605 §4.5 whose AEAD is AES-GCM. */
export interface Suite {
  /** Its number in IANA's registry. */
  readonly id: number
  readonly hash: CHash
  readonly keyBytes: number
}

/** AES_128_GCM_SHA256_128, the one that voices are sealed with. */
export const SUITE: Suite = { id: 0x0004, hash: sha256, keyBytes: 16 }

/** What a base key becomes for one KID (RFC 9605 §4.4.2). */
export interface FrameKey {
  readonly aead: AeadKey
  /** 12 bytes. */
  readonly salt: Uint8Array
}

export function encodeHeader({ kid, ctr }: FrameHeader): Uint8Array {
  const key = field(kid)
  const counter = field(ctr)
  return concatBytes(Uint8Array.of((key.bits << 4) | counter.bits), key.bytes, counter.bytes)
}

/** Reads the header at the start of a frame; numbers in more bytes than they need are refused. */
export function decodeHeader(
  frame: Uint8Array,
): Result<{ readonly header: FrameHeader; readonly length: number }, FrameReason> {
  const [first] = frame
  if (first === undefined) return bad('frame-malformed')
  const kid = readField(frame, first >> 4, 1)
  if (kid === undefined) return bad('frame-malformed')
  const ctr = readField(frame, first & 0xf, kid.end)
  if (ctr === undefined) return bad('frame-malformed')
  return good({ header: { kid: kid.value, ctr: ctr.value }, length: ctr.end })
}

/** Key and salt of one KID (RFC 9605 §4.4.2). */
export async function deriveFrameKey(
  aead: Aead,
  baseKey: Uint8Array,
  kid: bigint,
  suite: Suite = SUITE,
): Promise<FrameKey> {
  const { hash, keyBytes, id } = suite
  const secret = extract(hash, baseKey)
  const tail = concatBytes(bigEndian(kid, 8), bigEndian(BigInt(id), 2))
  const expanded = (label: string, length: number) =>
    expand(hash, secret, concatBytes(utf8ToBytes(`SFrame 1.0 Secret ${label} `), tail), length)
  return {
    aead: await aead.importKey(expanded('key', keyBytes)),
    salt: expanded('salt', AEAD_NONCE_BYTES),
  }
}

/** Seals one frame (RFC 9605 §4.4.3): the header, then ciphertext and tag. The same KID and CTR must never be used twice under one key. */
export async function sealFrame(
  key: FrameKey,
  header: FrameHeader,
  plaintext: Uint8Array,
  metadata: Uint8Array = NOTHING,
): Promise<Uint8Array> {
  const bytes = encodeHeader(header)
  const associated = concatBytes(bytes, metadata)
  return concatBytes(bytes, await key.aead.seal(nonceOf(key, header.ctr), associated, plaintext))
}

/** Opens a frame whose header was read (RFC 9605 §4.4.4). */
export async function openFrame(
  key: FrameKey,
  frame: Uint8Array,
  metadata: Uint8Array = NOTHING,
): Promise<Result<Uint8Array, FrameReason>> {
  const read = decodeHeader(frame)
  if (!read.ok) return read
  const { header, length } = read.value
  if (frame.length < length + AEAD_TAG_BYTES) return bad('frame-malformed')
  const associated = concatBytes(frame.subarray(0, length), metadata)
  const plaintext = await key.aead.open(nonceOf(key, header.ctr), associated, frame.subarray(length))
  return plaintext === undefined ? bad('frame-wrong') : good(plaintext)
}

const NOTHING = new Uint8Array(0)

/** `salt XOR CTR`, the counter at the end (RFC 9605 §4.4.3). */
function nonceOf({ salt }: FrameKey, ctr: bigint): Uint8Array {
  const counter = bigEndian(ctr, AEAD_NONCE_BYTES)
  return salt.map((byte, i) => byte ^ (counter[i] as number))
}

/** The four bits of a number in the first byte, and what follows of it. */
function field(value: bigint): { readonly bits: number; readonly bytes: Uint8Array } {
  if (value < 0n || value >= 1n << 64n) throw new RangeError('a number of a frame has 64 bits')
  if (value < 8n) return { bits: Number(value), bytes: NOTHING }
  let length = 1
  while (value >> BigInt(8 * length) > 0n) length++
  return { bits: 8 | (length - 1), bytes: bigEndian(value, length) }
}

function readField(
  frame: Uint8Array,
  bits: number,
  at: number,
): { readonly value: bigint; readonly end: number } | undefined {
  if (bits < 8) return { value: BigInt(bits), end: at }
  const end = at + (bits & 7) + 1
  if (frame.length < end) return undefined
  let value = 0n
  for (const byte of frame.subarray(at, end)) value = (value << 8n) | BigInt(byte)
  // One spelling: without a leading zero, and in the first byte where it fits there.
  return value < 8n || frame[at] === 0 ? undefined : { value, end }
}

function bigEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn))
}
